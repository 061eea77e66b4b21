import { type Kysely, sql } from "kysely";

/**
 * The shared schema. Facts point at each other by ids that are computed from the source's own ids, so they may arrive
 * in any order; that is why there are no foreign keys between them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

/** The columns every fact row has: which raw record it was made from, and whether the source still has it. */
const FROM_SOURCE = `
  id uuid primary key,
  connection_id text not null,
  record_id uuid not null,
  external_id text not null,
  deleted_at timestamptz`;

const STATEMENTS = [
  // ── the workspace ────────────────────────────────────────────────────────────────────────────────────────────────
  `create table workspace (
    id smallint primary key default 1 check (id = 1),
    name text not null default 'Tributary',
    time_zone text not null default 'UTC',
    week_start smallint not null default 1 check (week_start between 1 and 7),
    currency text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
    locale text not null default 'en',
    business_hours jsonb not null default '{}'
  )`,
  `insert into workspace default values`,
  `comment on column workspace.week_start is 'ISO weekday: 1 is Monday'`,
  `create table settings (
    section text primary key,
    value jsonb not null,
    updated_at timestamptz not null default now()
  )`,
  `comment on table settings is 'Applied sections of the config file that are neither workspace nor connections'`,
  `create table exchange_rates (
    day date not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    rate numeric not null check (rate > 0),
    primary key (currency, day)
  )`,
  `comment on column exchange_rates.rate is 'Units of the workspace currency that one unit of this currency bought on that day'`,

  // ── accounts, progress, history ──────────────────────────────────────────────────────────────────────────────────
  `create table connections (
    id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    connector text not null,
    title text not null,
    settings jsonb not null default '{}',
    credentials text,
    state text not null default 'active' check (state in ('active', 'paused', 'needs_auth', 'ended')),
    state_code text,
    state_reason text,
    account_id text,
    account_name text,
    inbound_token text not null unique,
    inbound_secret text,
    schedule jsonb,
    streams text[],
    backfill_from date,
    live_from timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `comment on column connections.credentials is 'Sealed with AES-256-GCM; see core/secrets'`,
  `comment on column connections.live_from is 'Changes that happened before this are history: they raise no events'`,
  `create table stream_states (
    connection_id text not null references connections on delete cascade,
    stream text not null,
    checkpoint jsonb,
    landed_seq bigint not null default 0,
    normalised_seq bigint not null default 0,
    running_run_id bigint,
    first_load_done_at timestamptz,
    fresh_as_of timestamptz,
    last_success_at timestamptz,
    is_partial boolean not null default false,
    partial_reason text,
    failures_in_a_row integer not null default 0,
    primary key (connection_id, stream)
  )`,
  `comment on column stream_states.landed_seq is 'The highest raw_records.seq of the stream'`,
  `comment on column stream_states.normalised_seq is 'Records up to this seq have become facts; 0 asks for a replay'`,
  `comment on column stream_states.running_run_id is 'The run that may write; a page of any other run is refused'`,
  `comment on column stream_states.fresh_as_of is 'What the source had changed up to this instant is in the store'`,
  `create table runs (
    id bigint generated always as identity primary key,
    connection_id text not null references connections on delete cascade,
    stream text not null,
    kind text not null check (kind in ('pull', 'full', 'replay', 'inbound', 'reconcile')),
    trigger text not null check (trigger in ('schedule', 'manual', 'webhook', 'start')),
    state text not null default 'running'
      check (state in ('running', 'waiting', 'succeeded', 'failed', 'interrupted')),
    pages bigint not null default 0,
    fetched bigint not null default 0,
    added bigint not null default 0,
    changed bigint not null default 0,
    unchanged bigint not null default 0,
    deleted bigint not null default 0,
    facts bigint not null default 0,
    skipped bigint not null default 0,
    progress_done bigint,
    progress_total bigint,
    error_code text,
    error_kind text,
    error_message text,
    error_mend text,
    started_at timestamptz not null default now(),
    finished_at timestamptz
  )`,
  `create index runs_by_stream on runs (connection_id, stream, id desc)`,
  `create table run_logs (
    id bigint generated always as identity primary key,
    run_id bigint not null references runs on delete cascade,
    at timestamptz not null default now(),
    level text not null check (level in ('info', 'warn', 'error')),
    code text,
    message text not null,
    data jsonb
  )`,
  `create index run_logs_by_run on run_logs (run_id, id)`,
  `create table rate_limits (
    connection_id text not null references connections on delete cascade,
    bucket text not null,
    tokens double precision not null,
    capacity double precision not null,
    refill_per_s double precision not null,
    updated_at timestamptz not null,
    blocked_until timestamptz,
    primary key (connection_id, bucket)
  )`,
  `create table inbound_deliveries (
    id bigint generated always as identity primary key,
    connection_id text not null references connections on delete cascade,
    dedupe_key text not null,
    received_at timestamptz not null default now(),
    headers jsonb not null,
    body bytea not null,
    processed_at timestamptz,
    unique (connection_id, dedupe_key)
  )`,

  // ── raw ──────────────────────────────────────────────────────────────────────────────────────────────────────────
  // json, not jsonb: verbatim means key order, number spelling and \\u0000 survive, and nothing is re-encoded on the way in.
  `create table raw_records (
    connection_id text not null,
    stream text not null,
    external_id text not null,
    seq bigint not null,
    payload json not null,
    hash bytea not null,
    source_time timestamptz,
    first_fetched_at timestamptz not null,
    fetched_at timestamptz not null,
    deleted_at timestamptz,
    primary key (connection_id, stream, external_id)
  )`,
  `create index raw_records_by_seq on raw_records (connection_id, stream, seq)`,
  `create table raw_versions (
    connection_id text not null,
    stream text not null,
    external_id text not null,
    seq bigint not null,
    payload json not null,
    source_time timestamptz,
    fetched_at timestamptz not null,
    primary key (connection_id, stream, external_id, seq)
  )`,
  `comment on table raw_versions is 'Every version of a record that we saw, for streams whose past matters (deals)'`,

  // ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────
  `create table reps (${FROM_SOURCE},
    is_mention boolean not null,
    name text,
    email text,
    phone text,
    is_active boolean,
    merged_into uuid
  )`,
  `create table teams (${FROM_SOURCE},
    is_mention boolean not null,
    name text,
    manager text,
    merged_into uuid
  )`,
  `create table team_memberships (
    rep_id uuid not null,
    team_id uuid not null,
    connection_id text not null,
    held_from timestamptz not null,
    held_to timestamptz,
    primary key (rep_id, team_id, held_from)
  )`,
  `comment on column team_memberships.held_from is '-infinity for the first team that we learned of'`,
  `create table people (${FROM_SOURCE},
    is_mention boolean not null,
    name text,
    title text,
    emails text[] not null,
    phones text[] not null,
    company_id uuid,
    rep_id uuid,
    lead_created_at timestamptz,
    url text,
    attributes jsonb not null,
    merged_into uuid
  )`,
  `create table companies (${FROM_SOURCE},
    is_mention boolean not null,
    name text,
    domains text[] not null,
    phones text[] not null,
    rep_id uuid,
    lead_created_at timestamptz,
    url text,
    attributes jsonb not null,
    merged_into uuid
  )`,
  ...["reps", "teams", "people", "companies"].map((t) => `create index ${t}_by_record on ${t} (record_id)`),
  `create table identities (
    entity text not null check (entity in ('rep', 'person', 'company', 'team')),
    entity_id uuid not null,
    key_type text not null check (key_type in ('email', 'phone', 'domain', 'vendor_id', 'name', 'manual')),
    key_value text not null,
    connection_id text not null,
    primary key (entity_id, key_type, key_value)
  )`,
  `create index identities_by_key on identities (entity, key_type, key_value)`,
  `comment on table identities is 'What each row could be recognised by'`,
  `create table identity_links (
    id bigint generated always as identity primary key,
    entity text not null check (entity in ('rep', 'person', 'company', 'team')),
    from_id uuid not null,
    into_id uuid not null,
    rule text not null,
    evidence text not null,
    created_at timestamptz not null default now(),
    undone_at timestamptz,
    undone_by text,
    unique (from_id, into_id, rule, evidence)
  )`,
  `comment on table identity_links is 'Which rows are one, by which rule; an undone link is kept so that it is never made again'`,
  `create table labels (
    connection_id text not null,
    namespace text not null,
    external_id text not null,
    record_id uuid not null,
    name text not null,
    primary key (connection_id, namespace, external_id)
  )`,

  // ── deals ────────────────────────────────────────────────────────────────────────────────────────────────────────
  `create table pipelines (${FROM_SOURCE},
    is_mention boolean not null,
    name text
  )`,
  `create table stages (
    id uuid primary key,
    connection_id text not null,
    record_id uuid not null,
    external_id text not null,
    deleted_at timestamptz,
    pipeline_id uuid not null,
    name text not null,
    position integer not null,
    type text not null check (type in ('open', 'won', 'lost')),
    canonical text,
    probability double precision check (probability between 0 and 1)
  )`,
  `create index stages_by_record on stages (record_id)`,
  `create table deals (${FROM_SOURCE},
    name text,
    status text not null check (status in ('open', 'won', 'lost')),
    pipeline_id uuid,
    stage_id uuid,
    amount_minor bigint,
    currency text,
    value_period text not null check (value_period in ('one_time', 'monthly', 'annual')),
    annual_minor bigint generated always as (amount_minor * case value_period when 'monthly' then 12 else 1 end) stored,
    rep_id uuid,
    company_id uuid,
    person_id uuid,
    probability double precision,
    expected_close_on date,
    created_at timestamptz,
    created_is_day boolean not null,
    closed_at timestamptz,
    closed_is_day boolean not null,
    lost_reason text,
    url text,
    attributes jsonb not null,
    source_time timestamptz,
    merged_into uuid
  )`,
  `create index deals_by_record on deals (record_id)`,
  `comment on column deals.closed_at is 'As the deal itself says; deal_changes is what KPIs go by'`,
  `create table deal_observations (
    deal_id uuid not null,
    record_id uuid not null,
    key text not null,
    connection_id text not null,
    kind text not null check (kind in ('snapshot', 'change')),
    at timestamptz,
    is_day boolean not null,
    known_at timestamptz not null,
    seq bigint not null,
    before jsonb not null,
    after jsonb not null,
    primary key (deal_id, key)
  )`,
  `create index deal_observations_by_record on deal_observations (record_id)`,
  `comment on table deal_observations is 'What was witnessed of a deal; deal_changes is folded from it'`,
  `create table deal_changes (
    deal_id uuid not null,
    ordinal integer not null,
    connection_id text not null,
    held_from timestamptz not null,
    held_to timestamptz not null,
    is_day boolean not null,
    known_at timestamptz not null,
    changed text[] not null,
    status text not null check (status in ('open', 'won', 'lost')),
    pipeline_id uuid,
    stage_id uuid,
    amount_minor bigint,
    currency text,
    value_period text not null,
    annual_minor bigint generated always as (amount_minor * case value_period when 'monthly' then 12 else 1 end) stored,
    rep_id uuid,
    probability double precision,
    expected_close_on date,
    evidence text not null,
    primary key (deal_id, ordinal)
  )`,
  `create index deal_changes_by_time on deal_changes (held_from)`,
  `comment on column deal_changes.held_from is '-infinity when the source does not say when the deal began'`,
  `comment on column deal_changes.held_to is 'Exclusive; infinity for the latest'`,
  `comment on column deal_changes.known_at is 'From when we could know: when it landed, or when it happened for history loaded at set-up'`,

  // ── touches and the rest ─────────────────────────────────────────────────────────────────────────────────────────
  `create table activities (${FROM_SOURCE},
    type text not null,
    direction text check (direction in ('inbound', 'outbound')),
    occurred_at timestamptz not null,
    occurred_is_day boolean not null,
    booked_at timestamptz,
    duration_s integer,
    outcome text,
    subject text,
    rep_id uuid,
    person_id uuid,
    company_id uuid,
    deal_id uuid,
    url text,
    match_keys text[] not null,
    attributes jsonb not null,
    duplicate_of uuid
  )`,
  `create index activities_by_record on activities (record_id)`,
  `create index activities_by_time on activities (occurred_at)`,
  `create table tickets (${FROM_SOURCE},
    subject text,
    status text,
    priority text,
    channel text,
    opened_at timestamptz not null,
    first_reply_at timestamptz,
    solved_at timestamptz,
    reopens integer,
    satisfaction text check (satisfaction in ('good', 'bad')),
    rep_id uuid,
    person_id uuid,
    company_id uuid,
    url text,
    attributes jsonb not null
  )`,
  `create table conversations (${FROM_SOURCE},
    channel text,
    status text,
    started_at timestamptz not null,
    first_response_at timestamptz,
    closed_at timestamptz,
    rep_id uuid,
    person_id uuid,
    company_id uuid,
    url text,
    attributes jsonb not null
  )`,
  `create table campaigns (${FROM_SOURCE},
    name text,
    status text,
    channel text,
    sent_at timestamptz,
    recipients bigint,
    opens bigint,
    clicks bigint,
    bounces bigint,
    unsubscribes bigint,
    url text,
    attributes jsonb not null
  )`,
  `create table web_traffic (${FROM_SOURCE},
    day date not null,
    channel text,
    source_medium text,
    landing_page text,
    sessions bigint,
    users bigint,
    key_events bigint,
    attributes jsonb not null
  )`,
  `create table spend (${FROM_SOURCE},
    day date not null,
    channel text,
    campaign text,
    amount_minor bigint not null,
    currency text not null,
    attributes jsonb not null
  )`,
  `create table goals (${FROM_SOURCE},
    metric text not null,
    rep_id uuid,
    team_id uuid,
    from_day date not null,
    to_day date not null,
    target bigint not null
  )`,
  ...["pipelines", "tickets", "conversations", "campaigns", "web_traffic", "spend", "goals"].map(
    (t) => `create index ${t}_by_record on ${t} (record_id)`,
  ),

  // ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────
  `create table metric_points (
    id bigint generated always as identity primary key,
    metric text not null,
    dimensions jsonb not null,
    from_day date,
    to_day date,
    value double precision,
    numerator double precision,
    denominator double precision,
    sample_size bigint not null,
    fresh_as_of timestamptz,
    computed_at timestamptz not null default now()
  )`,
  `create index metric_points_latest on metric_points (metric, from_day, to_day, computed_at desc)`,
  // The amount in the workspace's currency at the rate of a day: the latest known on it or up to seven days before (markets close
  // on weekends and holidays). Null without an amount or a rate. ×10^(difference of minor-unit digits) is part of the rate's own
  // definition, which is between main units.
  `create function minor_digits(currency text) returns integer language sql immutable parallel safe return
    case
      when currency in ('BIF','CLP','DJF','GNF','ISK','JPY','KMF','KRW','PYG','RWF','UGX','UYI','VND','VUV','XAF','XOF','XPF') then 0
      when currency in ('BHD','IQD','JOD','KWD','LYD','OMR','TND') then 3
      else 2
    end`,
  `create function workspace_minor(amount bigint, from_currency text, on_day date) returns numeric
    language sql stable parallel safe return
    case
      when amount is null then null
      when from_currency is null or from_currency = (select w.currency from tributary.workspace w) then amount::numeric
      else (
        select round(amount * rate * power(10::numeric, tributary.minor_digits((select w.currency from tributary.workspace w)) - tributary.minor_digits(from_currency)))
        from tributary.exchange_rates
        where exchange_rates.currency = from_currency and day <= on_day and day > on_day - 7
        order by day desc limit 1
      )
    end`,

  // ── what leaves ──────────────────────────────────────────────────────────────────────────────────────────────────
  `create table outbox (
    id bigint generated always as identity primary key,
    event_id text not null unique,
    type text not null,
    entity_key text not null,
    payload json not null,
    occurred_at timestamptz not null,
    created_at timestamptz not null default now(),
    dispatched_at timestamptz
  )`,
  `create index outbox_waiting on outbox (id) where dispatched_at is null`,
  `create index outbox_by_type on outbox (type, id desc)`,
  `comment on column outbox.event_id is 'Computed from what happened, so the same happening is one event; also the webhook-id'`,
  `create table webhook_endpoints (
    id uuid primary key default gen_random_uuid(),
    url text not null,
    event_types text[] not null,
    secret text not null,
    is_ordered boolean not null default false,
    state text not null default 'active' check (state in ('active', 'paused')),
    state_reason text,
    description text,
    created_by text not null,
    failures_in_a_row integer not null default 0,
    created_at timestamptz not null default now()
  )`,
  `create table deliveries (
    id bigint generated always as identity primary key,
    endpoint_id uuid not null references webhook_endpoints on delete cascade,
    outbox_id bigint not null references outbox on delete cascade,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
    attempts_made integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    delivered_at timestamptz,
    unique (endpoint_id, outbox_id)
  )`,
  `create index deliveries_due on deliveries (next_attempt_at) where state = 'pending'`,
  `create table attempts (
    id bigint generated always as identity primary key,
    delivery_id bigint not null references deliveries on delete cascade,
    at timestamptz not null default now(),
    status_code integer,
    duration_ms integer not null,
    error text
  )`,
  `create index attempts_by_delivery on attempts (delivery_id, id)`,
  `create table destination_states (
    destination text primary key,
    state jsonb not null default '{}',
    last_success_at timestamptz,
    last_error_code text,
    last_error_message text,
    updated_at timestamptz not null default now()
  )`,
  `comment on table destination_states is 'How far each configured push (a Geckoboard dataset, a sheet) is'`,

  // ── who may, who did ─────────────────────────────────────────────────────────────────────────────────────────────
  `create table users (
    id uuid primary key default gen_random_uuid(),
    email text not null unique,
    password_hash text not null,
    role text not null check (role in ('admin', 'viewer')),
    created_at timestamptz not null default now()
  )`,
  `create table sessions (
    token_hash bytea primary key,
    user_id uuid not null references users on delete cascade,
    expires_at timestamptz not null
  )`,
  `create table api_keys (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    key_hash bytea not null unique,
    prefix text not null,
    scopes text[] not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at timestamptz
  )`,
  `create table idempotency_keys (
    caller text not null,
    key text not null,
    request_hash bytea not null,
    status integer,
    response json,
    created_at timestamptz not null default now(),
    primary key (caller, key)
  )`,
  `create table audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    target text not null,
    details jsonb not null default '{}'
  )`,
];
