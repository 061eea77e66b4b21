-- Written by test/integration/schema.test.ts. Change the database by a migration.

table activities
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  type text not null
  direction text
  occurred_at timestamp with time zone not null
  occurred_is_day boolean not null
  booked_at timestamp with time zone
  duration_s integer
  outcome text
  subject text
  rep_id uuid
  person_id uuid
  company_id uuid
  deal_id uuid
  url text
  match_keys text[] not null
  attributes jsonb not null
  duplicate_of uuid
  duplicate_rule text
  attributed_deal_id uuid
  attribution_rule text
  said_outcome text
  disposition text
  landed_from timestamp with time zone default landing() not null
  constraint activities_pkey PRIMARY KEY (id)
  constraint activities_direction_check CHECK ((direction = ANY (ARRAY['inbound'::text, 'outbound'::text])))
  CREATE INDEX activities_by_attributed_deal ON tributary.activities USING btree (attributed_deal_id, occurred_at) WHERE (attributed_deal_id IS NOT NULL)
  CREATE INDEX activities_by_company ON tributary.activities USING btree (company_id, occurred_at) WHERE (company_id IS NOT NULL)
  CREATE INDEX activities_by_deal ON tributary.activities USING btree (deal_id, occurred_at) WHERE (deal_id IS NOT NULL)
  CREATE INDEX activities_by_duplicate ON tributary.activities USING btree (duplicate_of) WHERE (duplicate_of IS NOT NULL)
  CREATE INDEX activities_by_match_key ON tributary.activities USING gin (match_keys) WITH (fastupdate=off) WHERE (match_keys <> '{}'::text[])
  CREATE INDEX activities_by_person ON tributary.activities USING btree (person_id, occurred_at) WHERE (person_id IS NOT NULL)
  CREATE INDEX activities_by_record ON tributary.activities USING btree (record_id)
  CREATE INDEX activities_by_time ON tributary.activities USING btree (occurred_at)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.activities FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.activities REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.activities FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.activities REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  comment on duplicate_rule: By which rule it is the same touch as duplicate_of
  comment on attributed_deal_id: Where the source names no deal: the one it is attributed to, by attribution_rule

table api_keys
  id uuid default gen_random_uuid() not null
  name text not null
  key_hash bytea not null
  prefix text not null
  scopes text[] not null
  created_at timestamp with time zone default now() not null
  last_used_at timestamp with time zone
  revoked_at timestamp with time zone
  constraint api_keys_pkey PRIMARY KEY (id)
  constraint api_keys_key_hash_key UNIQUE (key_hash)

table attempts
  id bigint generated always as identity not null
  delivery_id bigint not null
  at timestamp with time zone default now() not null
  status_code integer
  duration_ms integer not null
  error text
  request jsonb
  response jsonb
  constraint attempts_pkey PRIMARY KEY (id)
  constraint attempts_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES deliveries(id) ON DELETE CASCADE
  CREATE INDEX attempts_by_delivery ON tributary.attempts USING btree (delivery_id, id)

table audit_log
  id bigint generated always as identity not null
  at timestamp with time zone default now() not null
  actor text not null
  action text not null
  target text not null
  details jsonb default '{}'::jsonb not null
  constraint audit_log_pkey PRIMARY KEY (id)

table campaigns
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  name text
  status text
  channel text
  sent_at timestamp with time zone
  recipients bigint
  opens bigint
  clicks bigint
  bounces bigint
  unsubscribes bigint
  url text
  attributes jsonb not null
  landed_from timestamp with time zone default landing() not null
  constraint campaigns_pkey PRIMARY KEY (id)
  CREATE INDEX campaigns_by_record ON tributary.campaigns USING btree (record_id)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.campaigns FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.campaigns REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.campaigns FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.campaigns REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table companies
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  is_mention boolean not null
  name text
  domains text[] not null
  phones text[] not null
  rep_id uuid
  lead_created_at timestamp with time zone
  url text
  attributes jsonb not null
  merged_into uuid
  landed_from timestamp with time zone default landing() not null
  constraint companies_pkey PRIMARY KEY (id)
  CREATE INDEX companies_by_record ON tributary.companies USING btree (record_id)
  CREATE INDEX companies_by_winner ON tributary.companies USING btree (merged_into) WHERE (merged_into IS NOT NULL)
  CREATE INDEX companies_leads ON tributary.companies USING btree (lead_created_at) WHERE (lead_created_at IS NOT NULL)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.companies FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.companies REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.companies FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.companies REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table conclusion_tests
  conclusion_id uuid not null
  tested_at timestamp with time zone not null
  verdict text not null
  sentence text not null
  result json not null
  constraint conclusion_tests_pkey PRIMARY KEY (conclusion_id, tested_at)
  constraint conclusion_tests_conclusion_id_fkey FOREIGN KEY (conclusion_id) REFERENCES conclusions(id) ON DELETE CASCADE

table conclusions
  id uuid default gen_random_uuid() not null
  claim json not null
  sentence text not null
  result json not null
  recorded_at timestamp with time zone not null
  recorded_by text not null
  verdict text
  tested_at timestamp with time zone
  changed_at timestamp with time zone
  constraint conclusions_pkey PRIMARY KEY (id)
  constraint conclusions_verdict_check CHECK ((verdict = ANY (ARRAY['holds'::text, 'weaker'::text, 'no_longer_holds'::text, 'not_enough_data'::text])))
  comment on verdict: Of the latest test on records after it was recorded; null: not tested yet

table connections
  id text not null
  connector text not null
  title text not null
  settings jsonb default '{}'::jsonb not null
  credentials text
  state text default 'active'::text not null
  state_code text
  state_reason text
  account_id text
  account_name text
  inbound_token text not null
  inbound_secret text
  schedule jsonb
  streams text[]
  backfill_from date
  live_from timestamp with time zone default now() not null
  created_at timestamp with time zone default now() not null
  updated_at timestamp with time zone default now() not null
  files_from text
  declared jsonb
  constraint connections_pkey PRIMARY KEY (id)
  constraint connections_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
  constraint connections_inbound_token_key UNIQUE (inbound_token)
  constraint connections_state_check CHECK ((state = ANY (ARRAY['active'::text, 'paused'::text, 'needs_auth'::text, 'ended'::text])))
  comment on credentials: Sealed with AES-256-GCM; see core/secrets
  comment on live_from: Changes that happened before this are history: they raise no events
  comment on declared: What its connector says of it by its settings: how often it is pulled, and what each stream gives

table conversations
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  channel text
  status text
  started_at timestamp with time zone not null
  first_response_at timestamp with time zone
  closed_at timestamp with time zone
  rep_id uuid
  person_id uuid
  company_id uuid
  url text
  attributes jsonb not null
  landed_from timestamp with time zone default landing() not null
  constraint conversations_pkey PRIMARY KEY (id)
  CREATE INDEX conversations_by_record ON tributary.conversations USING btree (record_id)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.conversations FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.conversations REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.conversations FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.conversations REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table deal_changes
  deal_id uuid not null
  ordinal integer not null
  connection_id text not null
  held_from timestamp with time zone not null
  held_to timestamp with time zone not null
  is_day boolean not null
  known_at timestamp with time zone not null
  changed text[] not null
  status text not null
  pipeline_id uuid
  stage_id uuid
  amount_minor bigint
  currency text
  value_period text not null
  annual_minor bigint generated always as ((amount_minor *
CASE value_period
    WHEN 'monthly'::text THEN 12
    ELSE 1
END)) stored
  rep_id uuid
  probability double precision
  expected_close_on date
  evidence text not null
  doubt text
  landed_from timestamp with time zone default landing() not null
  constraint deal_changes_pkey PRIMARY KEY (deal_id, ordinal)
  constraint deal_changes_doubt_check CHECK ((doubt = ANY (ARRAY['odd_closing_date'::text, 'no_closing_date'::text, 'odd_creation_date'::text])))
  constraint deal_changes_status_check CHECK ((status = ANY (ARRAY['open'::text, 'won'::text, 'lost'::text])))
  CREATE INDEX deal_changes_by_time ON tributary.deal_changes USING btree (held_from)
  CREATE INDEX deal_changes_of_expected ON tributary.deal_changes USING btree (deal_id, held_from) WHERE ('expected_close_on'::text = ANY (changed))
  CREATE INDEX deal_changes_standing ON tributary.deal_changes USING btree (held_to, held_from) INCLUDE (deal_id, rep_id, pipeline_id, stage_id, probability, annual_minor, currency, expected_close_on, landed_from) WHERE (status = 'open'::text)
  CREATE INDEX deal_changes_undated ON tributary.deal_changes USING btree (deal_id) WHERE (doubt = 'no_closing_date'::text)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.deal_changes FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.deal_changes REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.deal_changes FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.deal_changes REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  comment on held_from: -infinity when the source does not say when the deal began
  comment on held_to: Exclusive; infinity for the latest
  comment on known_at: From when we could know: when it landed, or when it happened for history loaded at set-up
  comment on doubt: Why its time is not what the source says. With no_closing_date, held_from is not when it closed

table deal_closings
  deal_id uuid not null
  connection_id text not null
  at timestamp with time zone not null
  at_is_day boolean not null
  doubt text
  status text not null
  rep_id uuid
  held_from timestamp with time zone not null
  held_to timestamp with time zone not null
  pipeline_id uuid
  stage_id uuid
  annual_minor numeric
  currency text
  probability double precision
  landed_from timestamp with time zone default landing() not null
  been_in uuid[] not null
  constraint deal_closings_status_check CHECK ((status = ANY (ARRAY['won'::text, 'lost'::text])))
  CREATE INDEX deal_closings_by_deal ON tributary.deal_closings USING btree (deal_id)
  CREATE INDEX deal_closings_by_time ON tributary.deal_closings USING btree (at)
  CREATE INDEX deal_closings_undated ON tributary.deal_closings USING btree (deal_id) WHERE (doubt = 'no_closing_date'::text)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.deal_closings FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  comment: A win or loss, and what of it could be seen from held_from until held_to: until it was undone, or its value was corrected
  comment on doubt: Why at is not what the source says; with no_closing_date it is -infinity
  comment on rep_id: Whose deal it was at that instant
  comment on stage_id: The last of the pipeline's own stages that it was in
  comment on been_in: The pipeline's own stages that it had been in by then, in the order of its first entries

table deal_entries
  deal_id uuid not null
  connection_id text not null
  ordinal integer not null
  at timestamp with time zone not null
  at_is_day boolean not null
  rep_id uuid
  pipeline_id uuid not null
  stage_id uuid not null
  is_skipped boolean not null
  passed_at timestamp with time zone not null
  landed_from timestamp with time zone default landing() not null
  entered_before timestamp with time zone
  CREATE INDEX deal_entries_by_deal ON tributary.deal_entries USING btree (deal_id)
  CREATE INDEX deal_entries_by_time ON tributary.deal_entries USING btree (at)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.deal_entries FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  comment: A deal entered a stage of its pipeline, or moved over it (is_skipped)
  comment on passed_at: When it first reached a later stage after it first entered this one; infinity: never
  comment on entered_before: When it entered the stage, or moved over it, the time before; null: never

table deal_observations
  deal_id uuid not null
  record_id uuid not null
  key text not null
  connection_id text not null
  kind text not null
  at timestamp with time zone
  is_day boolean not null
  known_at timestamp with time zone not null
  seq bigint not null
  before jsonb not null
  after jsonb not null
  constraint deal_observations_pkey PRIMARY KEY (deal_id, key)
  constraint deal_observations_kind_check CHECK ((kind = ANY (ARRAY['snapshot'::text, 'change'::text])))
  CREATE INDEX deal_observations_by_record ON tributary.deal_observations USING btree (record_id)
  comment: What was witnessed of a deal; deal_changes is folded from it

table deal_stays
  deal_id uuid not null
  connection_id text not null
  ordinal integer not null
  started_at timestamp with time zone not null
  started_is_day boolean not null
  ended_at timestamp with time zone
  ended_is_day boolean not null
  rep_id uuid
  pipeline_id uuid not null
  stage_id uuid not null
  currency text
  landed_from timestamp with time zone default landing() not null
  CREATE INDEX deal_stays_by_deal ON tributary.deal_stays USING btree (deal_id)
  CREATE INDEX deal_stays_ended ON tributary.deal_stays USING btree (ended_at) INCLUDE (deal_id, started_at, stage_id, pipeline_id, started_is_day, ended_is_day, landed_from)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.deal_stays FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  comment on ended_at: When it moved on, back or was closed; infinity: it is still there; null: it ended nobody knows when

table deals
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  name text
  status text not null
  pipeline_id uuid
  stage_id uuid
  amount_minor bigint
  currency text
  value_period text not null
  annual_minor bigint generated always as ((amount_minor *
CASE value_period
    WHEN 'monthly'::text THEN 12
    ELSE 1
END)) stored
  rep_id uuid
  company_id uuid
  person_id uuid
  probability double precision
  expected_close_on date
  created_at timestamp with time zone
  created_is_day boolean not null
  closed_at timestamp with time zone
  closed_is_day boolean not null
  lost_reason text
  url text
  attributes jsonb not null
  source_time timestamp with time zone
  merged_into uuid
  landed_from timestamp with time zone default landing() not null
  constraint deals_pkey PRIMARY KEY (id)
  constraint deals_status_check CHECK ((status = ANY (ARRAY['open'::text, 'won'::text, 'lost'::text])))
  constraint deals_value_period_check CHECK ((value_period = ANY (ARRAY['one_time'::text, 'monthly'::text, 'annual'::text])))
  CREATE INDEX deals_by_company ON tributary.deals USING btree (company_id) WHERE (company_id IS NOT NULL)
  CREATE INDEX deals_by_creation ON tributary.deals USING btree (created_at)
  CREATE INDEX deals_by_person ON tributary.deals USING btree (person_id) WHERE (person_id IS NOT NULL)
  CREATE INDEX deals_by_record ON tributary.deals USING btree (record_id)
  CREATE INDEX deals_counting ON tributary.deals USING btree (id) INCLUDE (merged_into, deleted_at, landed_from)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.deals FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.deals REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.deals FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.deals REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  comment on closed_at: As the deal itself says; deal_changes is what KPIs go by

table deliveries
  id bigint generated always as identity not null
  endpoint_id uuid not null
  outbox_id bigint not null
  state text default 'pending'::text not null
  attempts_made integer default 0 not null
  next_attempt_at timestamp with time zone default now() not null
  delivered_at timestamp with time zone
  tries_used integer default 0 not null
  leased_until timestamp with time zone
  is_replay boolean default false not null
  constraint deliveries_pkey PRIMARY KEY (id)
  constraint deliveries_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints(id) ON DELETE CASCADE
  constraint deliveries_endpoint_id_outbox_id_key UNIQUE (endpoint_id, outbox_id)
  constraint deliveries_outbox_id_fkey FOREIGN KEY (outbox_id) REFERENCES outbox(id) ON DELETE CASCADE
  constraint deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
  CREATE INDEX deliveries_by_outbox ON tributary.deliveries USING btree (outbox_id)
  CREATE INDEX deliveries_waiting ON tributary.deliveries USING btree (endpoint_id, outbox_id) WHERE (state = 'pending'::text)
  comment on tries_used: Attempts that count against its ten; those that asked whether a receiver is back do not

table destination_states
  destination text not null
  state jsonb default '{}'::jsonb not null
  last_success_at timestamp with time zone
  last_error_code text
  last_error_message text
  updated_at timestamp with time zone default now() not null
  constraint destination_states_pkey PRIMARY KEY (destination)
  comment: How far each configured push (a Geckoboard dataset, a sheet) is

table erasures
  id uuid default gen_random_uuid() not null
  at timestamp with time zone not null
  salt bytea not null
  marks bytea[] not null
  constraint erasures_pkey PRIMARY KEY (id)
  comment on marks: HMAC-SHA256 under the salt of each address, name, number and record by which they were known

table exchange_rates
  day date not null
  currency text not null
  rate numeric not null
  constraint exchange_rates_pkey PRIMARY KEY (currency, day)
  constraint exchange_rates_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text))
  constraint exchange_rates_rate_check CHECK ((rate > (0)::numeric))
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.exchange_rates REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.exchange_rates FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.exchange_rates REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  comment on rate: Units of the workspace currency that one unit of this currency bought on that day

table fact_touches
  id bigint generated always as identity not null
  fact text not null
  at timestamp with time zone default now() not null
  constraint fact_touches_pkey PRIMARY KEY (id)
  comment: Tables of facts that were written since the measuring job last looked

table first_admin_code
  is_only boolean default true not null
  code text not null
  created_at timestamp with time zone default now() not null
  constraint first_admin_code_pkey PRIMARY KEY (is_only)
  constraint first_admin_code_is_only_check CHECK (is_only)

table goals
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  metric text not null
  rep_id uuid
  team_id uuid
  from_day date not null
  to_day date not null
  target double precision not null
  landed_from timestamp with time zone default landing() not null
  constraint goals_pkey PRIMARY KEY (id)
  CREATE INDEX goals_by_record ON tributary.goals USING btree (record_id)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.goals FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.goals REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.goals FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.goals REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table heartbeats
  role text not null
  process text not null
  at timestamp with time zone default now() not null
  constraint heartbeats_pkey PRIMARY KEY (role, process)
  comment: When a process of the hub last did what its role is, or could have

table idempotency_keys
  caller text not null
  key text not null
  request_hash bytea not null
  status integer
  response json
  created_at timestamp with time zone default now() not null
  constraint idempotency_keys_pkey PRIMARY KEY (caller, key)

table identities
  entity text not null
  entity_id uuid not null
  key_type text not null
  key_value text not null
  connection_id text not null
  constraint identities_pkey PRIMARY KEY (entity_id, key_type, key_value)
  constraint identities_entity_check CHECK ((entity = ANY (ARRAY['rep'::text, 'person'::text, 'company'::text, 'team'::text, 'pipeline'::text])))
  constraint identities_key_type_check CHECK ((key_type = ANY (ARRAY['email'::text, 'phone'::text, 'domain'::text, 'vendor_id'::text, 'other_id'::text, 'name'::text, 'manual'::text])))
  CREATE INDEX identities_by_key ON tributary.identities USING btree (entity, key_type, key_value)
  comment: What each row could be recognised by

table identity_links
  id bigint generated always as identity not null
  entity text not null
  from_id uuid not null
  into_id uuid not null
  rule text not null
  evidence text not null
  created_at timestamp with time zone default now() not null
  undone_at timestamp with time zone
  undone_by text
  constraint identity_links_pkey PRIMARY KEY (id)
  constraint identity_links_entity_check CHECK ((entity = ANY (ARRAY['rep'::text, 'person'::text, 'company'::text, 'team'::text, 'pipeline'::text])))
  constraint identity_links_from_id_into_id_rule_evidence_key UNIQUE (from_id, into_id, rule, evidence)
  CREATE INDEX identity_links_by_evidence ON tributary.identity_links USING btree (entity, evidence)
  CREATE INDEX identity_links_into ON tributary.identity_links USING btree (into_id)
  comment: Which rows are one, by which rule; an undone link is kept so that it is never made again

table inbound_deliveries
  id bigint generated always as identity not null
  connection_id text not null
  dedupe_key text not null
  received_at timestamp with time zone default now() not null
  headers jsonb not null
  body bytea not null
  processed_at timestamp with time zone
  constraint inbound_deliveries_pkey PRIMARY KEY (id)
  constraint inbound_deliveries_connection_id_dedupe_key_key UNIQUE (connection_id, dedupe_key)
  constraint inbound_deliveries_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES connections(id) ON DELETE CASCADE

table kept_answers
  key text not null
  query jsonb not null
  is_watched boolean default false not null
  is_due boolean default true not null
  answer json
  day date
  holds_until timestamp with time zone
  computed_at timestamp with time zone
  asked_at timestamp with time zone not null
  failure text
  constraint kept_answers_pkey PRIMARY KEY (key)
  CREATE INDEX kept_answers_due ON tributary.kept_answers USING btree (is_watched DESC, key) WHERE is_due
  comment: What screens, feeds and destinations show: computed when what they count was touched, by the measuring job
  comment on day: The workspace's day on which it was computed: on the next it is another
  comment on holds_until: When a fact that is dated ahead begins to count
  comment on failure: Why it could not be computed the last time; the answer is the one before

table known_devices
  token_hash bytea not null
  user_id uuid not null
  used_at timestamp with time zone not null
  constraint known_devices_pkey PRIMARY KEY (token_hash)
  constraint known_devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  CREATE INDEX known_devices_by_user ON tributary.known_devices USING btree (user_id)

table labels
  connection_id text not null
  namespace text not null
  external_id text not null
  record_id uuid not null
  name text not null
  landed_from timestamp with time zone default landing() not null
  constraint labels_pkey PRIMARY KEY (connection_id, namespace, external_id)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.labels FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.labels REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.labels FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.labels REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table lead_statuses
  lead_id uuid not null
  key text not null
  connection_id text not null
  record_id uuid not null
  kind text not null
  at timestamp with time zone not null
  is_day boolean not null
  known_at timestamp with time zone not null
  seq bigint not null
  before text
  status text
  landed_from timestamp with time zone default landing() not null
  constraint lead_statuses_pkey PRIMARY KEY (lead_id, key)
  constraint lead_statuses_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES connections(id) ON DELETE CASCADE
  constraint lead_statuses_kind_check CHECK ((kind = ANY (ARRAY['snapshot'::text, 'change'::text])))
  CREATE INDEX lead_statuses_by_connection ON tributary.lead_statuses USING btree (connection_id)
  CREATE INDEX lead_statuses_by_record ON tributary.lead_statuses USING btree (record_id)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.lead_statuses FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.lead_statuses REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.lead_statuses FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.lead_statuses REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table metric_points
  id bigint generated always as identity not null
  metric text not null
  dimensions jsonb not null
  from_day date
  to_day date
  value double precision
  numerator double precision
  denominator double precision
  sample_size bigint not null
  fresh_as_of timestamp with time zone
  computed_at timestamp with time zone default now() not null
  constraint metric_points_pkey PRIMARY KEY (id)
  CREATE INDEX metric_points_current ON tributary.metric_points USING btree (metric, from_day, to_day, dimensions, id DESC)

table oauth_apps
  id text not null
  name text not null
  secret_hash bytea
  redirect_uris text[] not null
  scopes text[] not null
  created_by text not null
  created_at timestamp with time zone default now() not null
  constraint oauth_apps_pkey PRIMARY KEY (id)
  comment on secret_hash: Null: a public client, which cannot keep one and has PKCE alone

table oauth_grants
  id text not null
  app_id text not null
  user_id uuid not null
  scopes text[] not null
  payload jsonb not null
  created_at timestamp with time zone default now() not null
  last_used_at timestamp with time zone
  constraint oauth_grants_pkey PRIMARY KEY (id)
  constraint oauth_grants_app_id_fkey FOREIGN KEY (app_id) REFERENCES oauth_apps(id) ON DELETE CASCADE
  constraint oauth_grants_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  CREATE INDEX oauth_grants_app ON tributary.oauth_grants USING btree (app_id)
  CREATE INDEX oauth_grants_user ON tributary.oauth_grants USING btree (user_id)

table oauth_records
  model text not null
  id_hash bytea not null
  grant_id text
  payload jsonb not null
  expires_at timestamp with time zone not null
  consumed_at timestamp with time zone
  constraint oauth_records_pkey PRIMARY KEY (model, id_hash)
  constraint oauth_records_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES oauth_grants(id) ON DELETE CASCADE
  CREATE INDEX oauth_records_expiry ON tributary.oauth_records USING btree (expires_at)
  CREATE INDEX oauth_records_grant ON tributary.oauth_records USING btree (grant_id)
  comment: Codes, tokens and sign-ins under way, by the SHA-256 of what their bearer shows

table outbox
  id bigint generated always as identity not null
  event_id text not null
  type text not null
  entity_key text not null
  payload json not null
  occurred_at timestamp with time zone not null
  created_at timestamp with time zone default now() not null
  dispatched_at timestamp with time zone
  constraint outbox_pkey PRIMARY KEY (id)
  constraint outbox_event_id_key UNIQUE (event_id)
  CREATE INDEX outbox_by_type ON tributary.outbox USING btree (type, id DESC)
  CREATE INDEX outbox_waiting ON tributary.outbox USING btree (id) WHERE (dispatched_at IS NULL)
  comment on event_id: Computed from what happened, so the same happening is one event; also the webhook-id

table people
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  is_mention boolean not null
  name text
  title text
  emails text[] not null
  phones text[] not null
  company_id uuid
  rep_id uuid
  lead_created_at timestamp with time zone
  url text
  attributes jsonb not null
  merged_into uuid
  landed_from timestamp with time zone default landing() not null
  constraint people_pkey PRIMARY KEY (id)
  CREATE INDEX people_by_company ON tributary.people USING btree (company_id) WHERE (company_id IS NOT NULL)
  CREATE INDEX people_by_record ON tributary.people USING btree (record_id)
  CREATE INDEX people_by_winner ON tributary.people USING btree (merged_into) WHERE (merged_into IS NOT NULL)
  CREATE INDEX people_leads ON tributary.people USING btree (lead_created_at) WHERE (lead_created_at IS NOT NULL)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.people FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.people REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.people FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.people REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table pipelines
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  is_mention boolean not null
  name text
  merged_into uuid
  landed_from timestamp with time zone default landing() not null
  constraint pipelines_pkey PRIMARY KEY (id)
  CREATE INDEX pipelines_by_record ON tributary.pipelines USING btree (record_id)
  CREATE INDEX pipelines_by_winner ON tributary.pipelines USING btree (merged_into) WHERE (merged_into IS NOT NULL)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.pipelines FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.pipelines REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.pipelines FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.pipelines REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table rate_limits
  connection_id text not null
  bucket text not null
  tokens double precision not null
  capacity double precision not null
  refill_per_s double precision not null
  updated_at timestamp with time zone not null
  blocked_until timestamp with time zone
  constraint rate_limits_pkey PRIMARY KEY (connection_id, bucket)
  constraint rate_limits_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES connections(id) ON DELETE CASCADE

table raw_records
  connection_id text not null
  stream text not null
  external_id text not null
  seq bigint not null
  payload json not null
  hash bytea not null
  source_time timestamp with time zone
  first_fetched_at timestamp with time zone not null
  fetched_at timestamp with time zone not null
  deleted_at timestamp with time zone
  constraint raw_records_pkey PRIMARY KEY (connection_id, stream, external_id)
  CREATE INDEX raw_records_by_seq ON tributary.raw_records USING btree ((((connection_id || '/'::text) || stream)), seq)

table raw_versions
  connection_id text not null
  stream text not null
  external_id text not null
  seq bigint not null
  payload json not null
  source_time timestamp with time zone
  fetched_at timestamp with time zone not null
  constraint raw_versions_pkey PRIMARY KEY (connection_id, stream, external_id, seq)
  comment: Every version of a record that we saw, for streams whose past matters (deals)

table reps
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  is_mention boolean not null
  name text
  email text
  phone text
  is_active boolean
  merged_into uuid
  landed_from timestamp with time zone default landing() not null
  constraint reps_pkey PRIMARY KEY (id)
  CREATE INDEX reps_by_record ON tributary.reps USING btree (record_id)
  CREATE INDEX reps_by_winner ON tributary.reps USING btree (merged_into) WHERE (merged_into IS NOT NULL)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.reps FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.reps REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.reps FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.reps REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table request_counts
  caller text not null
  minute timestamp with time zone not null
  used integer not null
  constraint request_counts_pkey PRIMARY KEY (caller)

table review_actions
  id uuid default gen_random_uuid() not null
  review_id uuid
  kind text not null
  entity text
  subject_id uuid
  rep_id uuid
  text text not null
  due_on date
  note text
  state text default 'open'::text not null
  made_at timestamp with time zone not null
  made_by text not null
  settled_at timestamp with time zone
  settled_by text
  evidence text
  constraint review_actions_pkey PRIMARY KEY (id)
  constraint review_actions_check CHECK (((entity IS NULL) = (subject_id IS NULL)))
  constraint review_actions_check1 CHECK (((state = 'open'::text) = (settled_at IS NULL)))
  constraint review_actions_entity_check CHECK ((entity = ANY (ARRAY['deal'::text, 'lead'::text])))
  constraint review_actions_review_id_fkey FOREIGN KEY (review_id) REFERENCES reviews(id) ON DELETE SET NULL
  constraint review_actions_state_check CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'dropped'::text])))
  CREATE INDEX review_actions_by_time ON tributary.review_actions USING btree (made_at DESC, id DESC)
  CREATE UNIQUE INDEX review_actions_once ON tributary.review_actions USING btree (kind, subject_id) WHERE ((state = 'open'::text) AND (subject_id IS NOT NULL) AND (kind <> 'other'::text))
  comment on subject_id: The deal or lead that it is about
  comment on settled_by: Who ticked it; null: the data said so, and evidence says how

table review_notes
  id bigint generated always as identity not null
  review_id uuid
  deal_id uuid
  text text not null
  written_at timestamp with time zone not null
  written_by text not null
  constraint review_notes_pkey PRIMARY KEY (id)
  constraint review_notes_review_id_fkey FOREIGN KEY (review_id) REFERENCES reviews(id) ON DELETE CASCADE
  CREATE INDEX review_notes_by_review ON tributary.review_notes USING btree (review_id)
  comment on review_id: Null: for the coming one

table review_picks
  deal_id uuid not null
  rep_id uuid
  note text
  picked_at timestamp with time zone not null
  picked_by text not null
  constraint review_picks_pkey PRIMARY KEY (deal_id)
  comment: Deals that reps want to talk about at the coming review; those of past ones are in their agendas

table reviews
  id uuid default gen_random_uuid() not null
  period_from date not null
  period_to date not null
  due_at timestamp with time zone
  made_at timestamp with time zone not null
  made_by text not null
  agenda json not null
  constraint reviews_pkey PRIMARY KEY (id)
  constraint reviews_due_at_key UNIQUE (due_at)
  CREATE INDEX reviews_by_time ON tributary.reviews USING btree (made_at DESC)
  comment on due_at: When it was due by the schedule: made once for each time. Null: made by hand

table rule_states
  rule text not null
  subject text not null
  definition text not null
  is_met boolean not null
  state json not null
  since timestamp with time zone not null
  constraint rule_states_pkey PRIMARY KEY (rule, subject)
  comment: On which side of its threshold each subject of a rule is: what was told of is not told of again
  comment on definition: What the rule said then: another rule begins anew

table run_logs
  id bigint generated always as identity not null
  run_id bigint not null
  at timestamp with time zone default now() not null
  level text not null
  code text
  message text not null
  data jsonb
  constraint run_logs_pkey PRIMARY KEY (id)
  constraint run_logs_level_check CHECK ((level = ANY (ARRAY['info'::text, 'warn'::text, 'error'::text])))
  constraint run_logs_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE
  CREATE INDEX run_logs_by_run ON tributary.run_logs USING btree (run_id, id)

table runs
  id bigint generated always as identity not null
  connection_id text not null
  stream text not null
  kind text not null
  trigger text not null
  state text default 'running'::text not null
  pages bigint default 0 not null
  fetched bigint default 0 not null
  added bigint default 0 not null
  changed bigint default 0 not null
  unchanged bigint default 0 not null
  deleted bigint default 0 not null
  facts bigint default 0 not null
  skipped bigint default 0 not null
  progress_done bigint
  progress_total bigint
  error_code text
  error_kind text
  error_message text
  error_mend text
  started_at timestamp with time zone default now() not null
  finished_at timestamp with time zone
  since timestamp with time zone
  constraint runs_pkey PRIMARY KEY (id)
  constraint runs_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES connections(id) ON DELETE CASCADE
  constraint runs_kind_check CHECK ((kind = ANY (ARRAY['pull'::text, 'full'::text, 'replay'::text, 'inbound'::text, 'reconcile'::text])))
  constraint runs_state_check CHECK ((state = ANY (ARRAY['running'::text, 'waiting'::text, 'succeeded'::text, 'failed'::text, 'interrupted'::text])))
  constraint runs_trigger_check CHECK ((trigger = ANY (ARRAY['schedule'::text, 'manual'::text, 'webhook'::text, 'start'::text])))
  CREATE INDEX runs_by_stream ON tributary.runs USING btree (connection_id, stream, id DESC)
  comment on since: For a pull that was asked to start again from this instant

table sessions
  token_hash bytea not null
  user_id uuid not null
  expires_at timestamp with time zone not null
  constraint sessions_pkey PRIMARY KEY (token_hash)
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE

table settings
  section text not null
  value jsonb not null
  updated_at timestamp with time zone default now() not null
  constraint settings_pkey PRIMARY KEY (section)
  comment: Applied sections of the config file that are neither workspace nor connections

table sign_in_attempts
  subject text not null
  failures integer not null
  failed_at timestamp with time zone not null
  free_at timestamp with time zone not null
  constraint sign_in_attempts_pkey PRIMARY KEY (subject)

table spend
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  day date not null
  channel text
  campaign text
  amount_minor bigint not null
  currency text not null
  attributes jsonb not null
  landed_from timestamp with time zone default landing() not null
  constraint spend_pkey PRIMARY KEY (id)
  CREATE INDEX spend_by_record ON tributary.spend USING btree (record_id)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.spend FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.spend REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.spend FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.spend REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table stages
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  pipeline_id uuid not null
  name text not null
  "position" integer not null
  type text not null
  canonical text
  probability double precision
  landed_from timestamp with time zone default landing() not null
  constraint stages_pkey PRIMARY KEY (id)
  constraint stages_probability_check CHECK (((probability >= (0)::double precision) AND (probability <= (1)::double precision)))
  constraint stages_type_check CHECK ((type = ANY (ARRAY['open'::text, 'won'::text, 'lost'::text])))
  CREATE INDEX stages_by_record ON tributary.stages USING btree (record_id)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.stages FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.stages REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.stages FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.stages REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table stream_seen
  connection_id text not null
  stream text not null
  batch bigint generated always as identity not null
  external_ids text[] not null
  constraint stream_seen_pkey PRIMARY KEY (connection_id, stream, batch)
  constraint stream_seen_connection_id_stream_fkey FOREIGN KEY (connection_id, stream) REFERENCES stream_states(connection_id, stream) ON DELETE CASCADE
  comment: What a listing that is under way has listed so far; emptied when it is complete

table stream_states
  connection_id text not null
  stream text not null
  checkpoint jsonb
  landed_seq bigint default 0 not null
  normalised_seq bigint default 0 not null
  running_run_id bigint
  first_load_done_at timestamp with time zone
  fresh_as_of timestamp with time zone
  last_success_at timestamp with time zone
  is_partial boolean default false not null
  partial_reason text
  failures_in_a_row integer default 0 not null
  listing_doubt text
  held_deletions bigint default 0 not null
  accepts_deletions boolean default false not null
  refused bigint default 0 not null
  replay_to_seq bigint default 0 not null
  constraint stream_states_pkey PRIMARY KEY (connection_id, stream)
  constraint stream_states_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES connections(id) ON DELETE CASCADE
  comment on landed_seq: The highest raw_records.seq of the stream
  comment on normalised_seq: Records up to this seq have become facts; 0 asks for a replay
  comment on running_run_id: The run that may write; a page of any other run is refused
  comment on fresh_as_of: What the source had changed up to this instant is in the store
  comment on listing_doubt: Why what the listing under way does not list may be there all the same
  comment on held_deletions: How many records the last listing did not list that were not taken for deleted; partial_reason says why
  comment on accepts_deletions: Somebody has said that what the next listing does not list is meant to go
  comment on refused: Parts of the source that the last reading of all of it could not read
  comment on replay_to_seq: Records up to this seq had become facts before: made anew, they correct how they were read, and nothing lands

table team_memberships
  rep_id uuid not null
  team_id uuid not null
  connection_id text not null
  held_from timestamp with time zone not null
  held_to timestamp with time zone
  landed_from timestamp with time zone default landing() not null
  constraint team_memberships_pkey PRIMARY KEY (rep_id, team_id, held_from)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.team_memberships FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.team_memberships REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.team_memberships FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.team_memberships REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  comment on held_from: -infinity for the first team that we learned of

table teams
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  is_mention boolean not null
  name text
  manager text
  merged_into uuid
  landed_from timestamp with time zone default landing() not null
  constraint teams_pkey PRIMARY KEY (id)
  CREATE INDEX teams_by_record ON tributary.teams USING btree (record_id)
  CREATE INDEX teams_by_winner ON tributary.teams USING btree (merged_into) WHERE (merged_into IS NOT NULL)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.teams FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.teams REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.teams FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.teams REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table tickets
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  subject text
  status text
  priority text
  channel text
  opened_at timestamp with time zone not null
  first_reply_at timestamp with time zone
  solved_at timestamp with time zone
  reopens integer
  satisfaction text
  rep_id uuid
  person_id uuid
  company_id uuid
  url text
  attributes jsonb not null
  landed_from timestamp with time zone default landing() not null
  constraint tickets_pkey PRIMARY KEY (id)
  constraint tickets_satisfaction_check CHECK ((satisfaction = ANY (ARRAY['good'::text, 'bad'::text])))
  CREATE INDEX tickets_by_record ON tributary.tickets USING btree (record_id)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.tickets FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.tickets REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.tickets FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.tickets REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table uploads
  name text not null
  size integer not null
  sha256 text not null
  content bytea not null
  created_by text not null
  created_at timestamp with time zone default now() not null
  constraint uploads_pkey PRIMARY KEY (name)

table user_identities
  issuer text not null
  subject text not null
  user_id uuid not null
  created_at timestamp with time zone default now() not null
  used_at timestamp with time zone not null
  constraint user_identities_pkey PRIMARY KEY (issuer, subject)
  constraint user_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  constraint user_identities_user_id_issuer_key UNIQUE (user_id, issuer)

table users
  id uuid default gen_random_uuid() not null
  email text not null
  password_hash text
  role text not null
  created_at timestamp with time zone default now() not null
  constraint users_pkey PRIMARY KEY (id)
  constraint users_email_key UNIQUE (email)
  constraint users_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'viewer'::text])))
  comment on password_hash: Null: signs in at a provider alone

table web_traffic
  id uuid not null
  connection_id text not null
  record_id uuid not null
  external_id text not null
  deleted_at timestamp with time zone
  day date not null
  channel text
  source_medium text
  landing_page text
  sessions bigint
  users bigint
  key_events bigint
  attributes jsonb not null
  landed_from timestamp with time zone default landing() not null
  constraint web_traffic_pkey PRIMARY KEY (id)
  CREATE INDEX web_traffic_by_record ON tributary.web_traffic USING btree (record_id)
  CREATE TRIGGER keep_past BEFORE DELETE OR UPDATE ON tributary.web_traffic FOR EACH ROW WHEN ((old.landed_from < landing())) EXECUTE FUNCTION keep_past()
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.web_traffic REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.web_traffic FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.web_traffic REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()

table webhook_endpoints
  id uuid default gen_random_uuid() not null
  event_types text[] not null
  is_ordered boolean default false not null
  state text default 'active'::text not null
  state_reason text
  description text
  created_by text not null
  failures_in_a_row integer default 0 not null
  created_at timestamp with time zone default now() not null
  destination text not null
  name text not null
  settings jsonb not null
  paused_by text
  failing_since timestamp with time zone
  not_before timestamp with time zone
  filters jsonb default '{}'::jsonb not null
  per_second double precision
  paid_until timestamp with time zone
  grant_id text
  constraint webhook_endpoints_pkey PRIMARY KEY (id)
  constraint webhook_endpoints_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES oauth_grants(id) ON DELETE CASCADE
  constraint webhook_endpoints_paused_by_check CHECK ((paused_by = ANY (ARRAY['person'::text, 'failures'::text, 'gone'::text])))
  constraint webhook_endpoints_paused_check CHECK (((state = 'paused'::text) = (paused_by IS NOT NULL)))
  constraint webhook_endpoints_per_second_check CHECK ((per_second > (0)::double precision))
  constraint webhook_endpoints_state_check CHECK ((state = ANY (ARRAY['active'::text, 'paused'::text])))
  CREATE INDEX webhook_endpoints_grant ON tributary.webhook_endpoints USING btree (grant_id) WHERE (grant_id IS NOT NULL)
  comment on settings: As the destination declares them; secrets are sealed
  comment on not_before: Nothing is sent to it before

table workspace
  id smallint default 1 not null
  name text default 'Tributary'::text not null
  time_zone text default 'UTC'::text not null
  week_start smallint default 1 not null
  currency text default 'USD'::text not null
  locale text default 'en'::text not null
  business_hours jsonb default '{}'::jsonb not null
  holidays date[] default '{}'::date[] not null
  timely_contact_minutes integer default 60 not null
  cold_after_days integer default 30 not null
  landmark_days integer default 7 not null
  fiscal_year_start smallint default 1 not null
  constraint workspace_pkey PRIMARY KEY (id)
  constraint workspace_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text))
  constraint workspace_fiscal_year_start_check CHECK (((fiscal_year_start >= 1) AND (fiscal_year_start <= 12)))
  constraint workspace_id_check CHECK ((id = 1))
  constraint workspace_week_start_check CHECK (((week_start >= 1) AND (week_start <= 7)))
  CREATE TRIGGER touched_by_delete AFTER DELETE ON tributary.workspace REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  CREATE TRIGGER touched_by_insert AFTER INSERT ON tributary.workspace FOR EACH STATEMENT EXECUTE FUNCTION touch_fact()
  CREATE TRIGGER touched_by_update AFTER UPDATE ON tributary.workspace REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_changed_fact()
  comment on week_start: ISO weekday: 1 is Monday

CREATE OR REPLACE FUNCTION tributary.as_of()
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (current_setting('tributary.as_of'::text))::timestamp with time zone

CREATE OR REPLACE FUNCTION tributary.follow_past()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
        -- The indexes by which a question finds rows, but for those by which only the writing of facts does.
        for added in
          select i.relname as name, pg_get_indexdef(x.indexrelid) as definition
          from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am m on m.oid = i.relam
          where x.indrelid = format('tributary.%I', kept)::regclass and m.amname = 'btree' and i.relname not like '%\_by\_record'
            and to_regclass(format('tributary_past.%I', i.relname)) is null
        loop
          execute regexp_replace(added.definition, '^CREATE (UNIQUE )?INDEX (.*) ON tributary\.', 'CREATE INDEX \2 ON tributary_past.');
        end loop;
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into columns from pg_attribute a
        where a.attrelid = format('tributary.%I', kept)::regclass and a.attnum > 0 and not a.attisdropped;
        execute format('drop view if exists tributary_asof.%I', kept);
        -- One part below the condition, so that PostgreSQL looks into present and past by their indexes, from whichever table it comes.
        execute format(
          'create view tributary_asof.%1$I as
            select %2$s from (
              select %2$s, ''infinity''::timestamptz as landed_to from tributary.%1$I
              union all
              select %2$s, landed_to from tributary_past.%1$I
            ) facts
            where landed_from <= tributary.as_of() and landed_to > tributary.as_of()', kept, columns);
      end loop;
    end $function$

CREATE OR REPLACE FUNCTION tributary.forget_past(of_connection text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
    declare
      kept text;
    begin
      for kept in select c.relname from pg_class c where c.relnamespace = 'tributary_past'::regnamespace and c.relkind = 'r' loop
        execute format('delete from tributary_past.%I where connection_id = $1', kept) using of_connection;
      end loop;
    end $function$

CREATE OR REPLACE FUNCTION tributary.keep_past()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
    end $function$

CREATE OR REPLACE FUNCTION tributary.landing()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN COALESCE((NULLIF(current_setting('tributary.landing'::text, true), ''::text))::timestamp with time zone, now())

CREATE OR REPLACE FUNCTION tributary.minor_digits(currency text)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (currency = ANY (ARRAY['BIF'::text, 'CLP'::text, 'DJF'::text, 'GNF'::text, 'ISK'::text, 'JPY'::text, 'KMF'::text, 'KRW'::text, 'PYG'::text, 'RWF'::text, 'UGX'::text, 'UYI'::text, 'VND'::text, 'VUV'::text, 'XAF'::text, 'XOF'::text, 'XPF'::text])) THEN 0 WHEN (currency = ANY (ARRAY['BHD'::text, 'IQD'::text, 'JOD'::text, 'KWD'::text, 'LYD'::text, 'OMR'::text, 'TND'::text])) THEN 3 ELSE 2 END

CREATE OR REPLACE FUNCTION tributary.touch_changed_fact()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
    begin
      if exists (select from changed) then
        insert into tributary.fact_touches (fact) values (tg_table_name);
      end if;
      return null;
    end $function$

CREATE OR REPLACE FUNCTION tributary.touch_fact()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
    begin
      insert into tributary.fact_touches (fact) values (tg_table_name);
      return null;
    end $function$

CREATE OR REPLACE FUNCTION tributary.workspace_minor(amount bigint, from_currency text, on_day date)
 RETURNS numeric
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN CASE WHEN (amount IS NULL) THEN NULL::numeric WHEN ((from_currency IS NULL) OR (from_currency = (SELECT w.currency FROM workspace w))) THEN (amount)::numeric ELSE (SELECT round((((workspace_minor.amount)::numeric * exchange_rates.rate) * power((10)::numeric, ((minor_digits((SELECT w.currency FROM workspace w)) - minor_digits(workspace_minor.from_currency)))::numeric))) AS round FROM exchange_rates WHERE ((exchange_rates.currency = workspace_minor.from_currency) AND (exchange_rates.day <= workspace_minor.on_day) AND (exchange_rates.day > (workspace_minor.on_day - 7))) ORDER BY exchange_rates.day DESC LIMIT 1) END

CREATE OR REPLACE FUNCTION tributary.workspace_minor(amount numeric, from_currency text, on_day date)
 RETURNS numeric
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN CASE WHEN (amount IS NULL) THEN NULL::numeric WHEN ((from_currency IS NULL) OR (from_currency = (SELECT w.currency FROM workspace w))) THEN amount ELSE (SELECT round(((workspace_minor.amount * exchange_rates.rate) * power((10)::numeric, ((minor_digits((SELECT w.currency FROM workspace w)) - minor_digits(workspace_minor.from_currency)))::numeric))) AS round FROM exchange_rates WHERE ((exchange_rates.currency = workspace_minor.from_currency) AND (exchange_rates.day <= workspace_minor.on_day) AND (exchange_rates.day > (workspace_minor.on_day - 7))) ORDER BY exchange_rates.day DESC LIMIT 1) END
