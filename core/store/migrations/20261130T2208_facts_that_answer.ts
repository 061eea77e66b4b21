import { type Kysely, sql } from "kysely";

/**
 * Facts that answer questions: what became of a deal, a row for each closing, entry into a stage and stay in one. And the past of what we knew:
 * a fact that is changed or taken away leaves its row in the schema `tributary_past`, with the times between which it held, so that a question
 * as of an instant finds the tables as they were then (the views in `tributary_asof`, one for each table, under the same name).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...STATEMENTS, ...FILL]) await sql.raw(statement).execute(db);
}

/** Every table that KPIs read and that landing changes. */
const KEPT = [
  "reps",
  "teams",
  "team_memberships",
  "people",
  "companies",
  "lead_statuses",
  "labels",
  "pipelines",
  "stages",
  "deals",
  "deal_changes",
  "deal_closings",
  "deal_entries",
  "deal_stays",
  "activities",
  "tickets",
  "conversations",
  "campaigns",
  "web_traffic",
  "spend",
  "goals",
];

const STATEMENTS = [
  // ── what deals did ───────────────────────────────────────────────────────────────────────────────────────────────
  `create table deal_closings (
    deal_id uuid not null,
    connection_id text not null,
    at timestamptz not null,
    at_is_day boolean not null,
    doubt text,
    status text not null check (status in ('won', 'lost')),
    rep_id uuid,
    held_from timestamptz not null,
    held_to timestamptz not null,
    pipeline_id uuid,
    stage_id uuid,
    annual_minor numeric,
    currency text,
    probability double precision
  )`,
  `create index deal_closings_by_time on deal_closings (at)`,
  `create index deal_closings_by_deal on deal_closings (deal_id)`,
  `create index deal_closings_undated on deal_closings (deal_id) where doubt = 'no_closing_date'`,
  `comment on table deal_closings is 'A win or loss, and what of it could be seen from held_from until held_to: until it was undone, or its value was corrected'`,
  `comment on column deal_closings.rep_id is 'Whose deal it was at that instant'`,
  `comment on column deal_closings.doubt is 'Why at is not what the source says; with no_closing_date it is -infinity'`,
  `comment on column deal_closings.stage_id is 'The last of the pipeline''s own stages that it was in'`,
  `create table deal_entries (
    deal_id uuid not null,
    connection_id text not null,
    ordinal integer not null,
    at timestamptz not null,
    at_is_day boolean not null,
    rep_id uuid,
    pipeline_id uuid not null,
    stage_id uuid not null,
    is_skipped boolean not null,
    passed_at timestamptz not null
  )`,
  `create index deal_entries_by_time on deal_entries (at)`,
  `create index deal_entries_by_deal on deal_entries (deal_id)`,
  `comment on table deal_entries is 'A deal entered a stage of its pipeline, or moved over it (is_skipped)'`,
  `comment on column deal_entries.passed_at is 'When it first reached a later stage after it first entered this one; infinity: never'`,
  `create table deal_stays (
    deal_id uuid not null,
    connection_id text not null,
    ordinal integer not null,
    started_at timestamptz not null,
    started_is_day boolean not null,
    ended_at timestamptz,
    ended_is_day boolean not null,
    rep_id uuid,
    pipeline_id uuid not null,
    stage_id uuid not null,
    currency text
  )`,
  `create index deal_stays_by_end on deal_stays (ended_at)`,
  `create index deal_stays_by_deal on deal_stays (deal_id)`,
  `comment on column deal_stays.ended_at is 'When it moved on, back or was closed; infinity: it is still there; null: it ended nobody knows when'`,
  `create index deal_changes_open on deal_changes (held_to, held_from) where status = 'open'`,
  `create index deals_by_creation on deals (created_at)`,

  // What somebody typed for an amount may be absurd: nothing that is made of it overflows.
  `create function workspace_minor(amount numeric, from_currency text, on_day date) returns numeric
    language sql stable parallel safe return
    case
      when amount is null then null
      when from_currency is null or from_currency = (select w.currency from tributary.workspace w) then amount
      else (
        select round(amount * rate * power(10::numeric, tributary.minor_digits((select w.currency from tributary.workspace w)) - tributary.minor_digits(from_currency)))
        from tributary.exchange_rates
        where exchange_rates.currency = from_currency and day <= on_day and day > on_day - 7
        order by day desc limit 1
      )
    end`,

  // ── how far facts were made anew ─────────────────────────────────────────────────────────────────────────────────
  `alter table stream_states add column replay_to_seq bigint not null default 0`,
  `comment on column stream_states.replay_to_seq is 'Records up to this seq had become facts before: made anew, they correct how they were read, and nothing lands'`,

  `update stream_states set replay_to_seq = landed_seq`,

  // ── the past of what we knew ─────────────────────────────────────────────────────────────────────────────────────
  `create function landing() returns timestamptz language sql stable parallel safe return
    coalesce(nullif(current_setting('tributary.landing', true), '')::timestamptz, now())`,
  `comment on function landing() is 'When what this transaction writes has landed; -infinity for history, which was known when it happened'`,
  ...KEPT.flatMap((table) => [
    `alter table ${table} add column landed_from timestamptz not null default '-infinity'`,
    `alter table ${table} alter column landed_from set default tributary.landing()`,
  ]),
  `create function keep_past() returns trigger language plpgsql as $$
    declare
      landed timestamptz := tributary.landing();
    begin
      execute format(
        'insert into tributary_past.%1$I select (jsonb_populate_record(null::tributary_past.%1$I, to_jsonb($1) || jsonb_build_object(''landed_to'', $2))).*',
        tg_table_name) using old, landed;
      if tg_op = 'DELETE' then
        return old;
      end if;
      new.landed_from := landed;
      return new;
    end $$`,
  ...KEPT.map(
    (table) => `create trigger keep_past before update or delete on ${table} for each row
      when (old.landed_from < tributary.landing()) execute function keep_past()`,
  ),
  // Called after every migration, so that a column that is added to a fact is kept of the past, too.
  `create function follow_past() returns void language plpgsql as $$
    declare
      kept text;
      added record;
      columns text;
    begin
      create schema if not exists tributary_past;
      create schema if not exists tributary_asof;
      for kept in
        select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where t.tgname = 'keep_past' and c.relnamespace = 'tributary'::regnamespace
      loop
        execute format('create table if not exists tributary_past.%I (landed_to timestamptz not null)', kept);
        execute format('create index if not exists %I on tributary_past.%I (landed_to)', kept || '_by_landing', kept);
        for added in
          select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a
          where a.attrelid = format('tributary.%I', kept)::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
        loop
          execute format('alter table tributary_past.%I add column if not exists %I %s', kept, added.name, added.type);
        end loop;
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into columns from pg_attribute a
        where a.attrelid = format('tributary.%I', kept)::regclass and a.attnum > 0 and not a.attisdropped;
        execute format('drop view if exists tributary_asof.%I', kept);
        execute format(
          'create view tributary_asof.%1$I as
            select %2$s from tributary.%1$I where landed_from <= current_setting(''tributary.as_of'')::timestamptz
            union all
            select %2$s from tributary_past.%1$I where landed_from <= current_setting(''tributary.as_of'')::timestamptz
              and landed_to > current_setting(''tributary.as_of'')::timestamptz', kept, columns);
      end loop;
    end $$`,
  `create function forget_past(of_connection text) returns void language plpgsql as $$
    declare
      kept text;
    begin
      for kept in select c.relname from pg_class c where c.relnamespace = 'tributary_past'::regnamespace and c.relkind = 'r' loop
        execute format('delete from tributary_past.%I where connection_id = $1', kept) using of_connection;
      end loop;
    end $$`,
];

/** What the histories that are stored already answer. */
const PLACED = `
  placed as (
    select c.*, s.id as open_stage_id, s.pipeline_id as open_pipeline_id, s.position
    from deal_changes c left join stages s on s.id = c.stage_id and s.type = 'open')`;
const FILL = [
  `select set_config('tributary.landing', '-infinity', true)`,
  `with ${PLACED},
    ranked as (
      select p.*, lag(status) over deal as before,
        (select x.open_stage_id from placed x where x.deal_id = p.deal_id and x.ordinal <= p.ordinal and x.open_stage_id is not null
          order by x.ordinal desc limit 1) as last_stage_id
      from placed p window deal as (partition by deal_id order by ordinal)),
    spans as (
      select r.*, count(*) filter (where status is distinct from before) over (partition by deal_id order by ordinal) as span
      from ranked r)
    insert into deal_closings (deal_id, connection_id, at, at_is_day, doubt, status, rep_id, held_from, held_to, pipeline_id, stage_id,
      annual_minor, currency, probability)
    select deal_id, connection_id,
      case when first_value(doubt) over closing = 'no_closing_date' then '-infinity' else first_value(held_from) over closing end,
      first_value(is_day) over closing, first_value(doubt) over closing, status,
      first_value(rep_id) over closing, held_from, held_to, pipeline_id, last_stage_id, annual_minor, currency, probability
    from spans where status <> 'open' and held_from < held_to
    window closing as (partition by deal_id, span order by ordinal)`,
  `with ${PLACED},
    moves as (
      select p.*, lag(open_stage_id) over deal as before_id, lag(open_pipeline_id) over deal as before_pipeline_id, lag(position) over deal as before_position
      from placed p where open_stage_id is not null window deal as (partition by deal_id order by ordinal)),
    entered as (
      select m.*, t.id as stage, t.position as stage_position, min(m.ordinal) over (partition by m.deal_id, t.id) as first_ordinal
      from moves m join stages t on t.pipeline_id = m.open_pipeline_id and t.type = 'open' and (t.id = m.open_stage_id
        or t.deleted_at is null and m.before_pipeline_id = m.open_pipeline_id and t.position > m.before_position and t.position < m.position)
      where m.before_id is distinct from m.open_stage_id)
    insert into deal_entries (deal_id, connection_id, ordinal, at, at_is_day, rep_id, pipeline_id, stage_id, is_skipped, passed_at)
    select deal_id, connection_id, ordinal, held_from, is_day, rep_id, open_pipeline_id, stage, stage <> open_stage_id, coalesce((
      select min(x.held_from) from placed x where x.deal_id = e.deal_id and x.ordinal >= e.first_ordinal
        and x.open_pipeline_id = e.open_pipeline_id and x.position > e.stage_position), 'infinity')
    from entered e`,
  `with ${PLACED},
    stood as (select p.*, case when status = 'open' then open_stage_id end as stood_in from placed p),
    begun as (
      select s.*, ordinal = min(ordinal) over deal or stood_in is distinct from lag(stood_in) over deal as begins
      from stood s window deal as (partition by deal_id order by ordinal)),
    ended as (
      select b.*, lead(held_from) over deal as ended_at, lead(is_day) over deal as ended_is_day,
        lead(doubt) over deal as ended_doubt
      from begun b where begins window deal as (partition by deal_id order by ordinal))
    insert into deal_stays (deal_id, connection_id, ordinal, started_at, started_is_day, ended_at, ended_is_day, rep_id, pipeline_id, stage_id, currency)
    select deal_id, connection_id, ordinal, held_from, is_day,
      case when ended_doubt = 'no_closing_date' then null else coalesce(ended_at, 'infinity') end, coalesce(ended_is_day, false), rep_id,
      open_pipeline_id, stood_in, currency
    from ended where stood_in is not null`,
  `select set_config('tributary.landing', '', true)`,
];
