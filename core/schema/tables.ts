import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from "kysely";
import type { Json, JsonObject } from "../base/json.ts";
import type { Day } from "../base/time.ts";
import type {
  ActivityType,
  CanonicalStage,
  DealDoubt,
  DealStatus,
  Direction,
  Measured,
  ValuePeriod,
} from "./canonical.ts";
import type { Attributes } from "./facts.ts";
import type { Outcome } from "./outcomes.ts";

/**
 * What a row is, for every table of the PostgreSQL schema `tributary`. Names are the columns' own, so that SQL and code can be searched
 * together. A test holds this file equal to the migrated database.
 *
 * `timestamptz` is a Date, `date` a Day (`YYYY-MM-DD`), `bigint` and `numeric` a number (refused when it would not be exact).
 */
export type Database = {
  workspace: WorkspaceTable;
  settings: { section: string; value: JSONColumnType<object>; updated_at: Generated<Date> };
  exchange_rates: { day: Day; currency: string; rate: number };
  connections: ConnectionsTable;
  stream_states: StreamStatesTable;
  runs: RunsTable;
  run_logs: RunLogsTable;
  rate_limits: RateLimitsTable;
  inbound_deliveries: InboundDeliveriesTable;
  raw_records: RawRecordsTable;
  raw_versions: RawVersionsTable;
  stream_seen: StreamSeenTable;
  reps: RepsTable;
  teams: TeamsTable;
  team_memberships: TeamMembershipsTable;
  people: PeopleTable;
  companies: CompaniesTable;
  identities: IdentitiesTable;
  identity_links: IdentityLinksTable;
  lead_statuses: LeadStatusesTable;
  labels: {
    connection_id: string;
    namespace: string;
    external_id: string;
    record_id: string;
    name: string;
    landed_from: Landed;
  };
  pipelines: FromSource & { is_mention: boolean; name: string | null; merged_into: string | null };
  stages: StagesTable;
  deals: DealsTable;
  deal_observations: DealObservationsTable;
  deal_changes: DealChangesTable;
  deal_closings: DealClosingsTable;
  deal_entries: DealEntriesTable;
  deal_stays: DealStaysTable;
  activities: ActivitiesTable;
  tickets: TicketsTable;
  conversations: ConversationsTable;
  campaigns: CampaignsTable;
  web_traffic: WebTrafficTable;
  spend: SpendTable;
  goals: GoalsTable;
  metric_points: MetricPointsTable;
  kept_answers: KeptAnswersTable;
  fact_touches: { id: GeneratedAlways<number>; fact: string; at: Generated<Date> };
  reviews: ReviewsTable;
  review_actions: ReviewActionsTable;
  review_picks: {
    deal_id: string;
    rep_id: string | null;
    note: string | null;
    picked_at: Date;
    picked_by: string;
  };
  review_notes: {
    id: GeneratedAlways<number>;
    /** Null: for the coming review. */
    review_id: string | null;
    deal_id: string | null;
    text: string;
    written_at: Date;
    written_by: string;
  };
  conclusions: ConclusionsTable;
  conclusion_tests: {
    conclusion_id: string;
    tested_at: Date;
    verdict: Verdict;
    sentence: string;
    result: JSONColumnType<object>;
  };
  rule_states: {
    rule: string;
    /** What the rule is about: a deal, a rep, a slice. Empty: the whole. */
    subject: string;
    definition: string;
    is_met: boolean;
    state: JSONColumnType<object>;
    since: Date;
  };
  outbox: OutboxTable;
  webhook_endpoints: WebhookEndpointsTable;
  deliveries: DeliveriesTable;
  attempts: AttemptsTable;
  destination_states: DestinationStatesTable;
  users: UsersTable;
  sessions: { token_hash: Buffer; user_id: string; expires_at: Date };
  sign_in_attempts: { subject: string; failures: number; failed_at: Date; free_at: Date };
  known_devices: { token_hash: Buffer; user_id: string; used_at: Date };
  first_admin_code: FirstAdminCodeTable;
  uploads: UploadsTable;
  api_keys: ApiKeysTable;
  idempotency_keys: IdempotencyKeysTable;
  audit_log: AuditLogTable;
  erasures: { id: Generated<string>; at: Date; salt: Buffer; marks: Buffer[] };
  heartbeats: { role: string; process: string; at: Generated<Date> };
};

/** `infinity` and `-infinity` come back from the driver as the numbers of that name. */
type TimestampOrInfinity = ColumnType<Date | number, Date | string, Date | string>;
type JsonColumn<T> = ColumnType<T, string, string>;

/** The columns every fact row has: which raw record it was made from, and whether the source still has it. */
/** Left out when a row is written. */
type Landed = ColumnType<Date | number, Date | string | undefined, Date | string>;

type FromSource = {
  id: string;
  connection_id: string;
  record_id: string;
  external_id: string;
  deleted_at: Date | null;
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};

type WorkspaceTable = {
  id: Generated<number>;
  name: Generated<string>;
  time_zone: Generated<string>;
  /** ISO weekday: 1 is Monday. */
  week_start: Generated<number>;
  currency: Generated<string>;
  locale: Generated<string>;
  business_hours: JSONColumnType<object>;
  /** Days on which nobody works. */
  holidays: Generated<Day[]>;
  /** A lead is reached in time within so many working minutes. */
  timely_contact_minutes: Generated<number>;
  /** A lead or a deal is cold after so many days without a touch. */
  cold_after_days: Generated<number>;
  /** A stage's touches are counted over so many days from its beginning. */
  landmark_days: Generated<number>;
  /** The month that a fiscal year starts with: 1 is January. */
  fiscal_year_start: Generated<number>;
};

export const CONNECTION_STATES = ["active", "paused", "needs_auth", "ended"] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** At most one row, as long as nobody may sign in. */
type FirstAdminCodeTable = {
  is_only: Generated<boolean>;
  /** Sealed; see core/secrets. */
  code: string;
  created_at: Generated<Date>;
};

/** Files that came by API or console, named `upload:{name}` in settings. */
type UploadsTable = {
  name: string;
  /** Bytes. */
  size: number;
  sha256: string;
  content: Buffer;
  created_by: string;
  created_at: Generated<Date>;
};

type ConnectionsTable = {
  id: string;
  connector: string;
  title: string;
  settings: JsonColumn<JsonObject>;
  /** Sealed; see core/secrets. */
  credentials: string | null;
  state: Generated<ConnectionState>;
  state_code: string | null;
  state_reason: string | null;
  account_id: string | null;
  account_name: string | null;
  /** The last part of `/in/{connection}/{token}`. */
  inbound_token: string;
  /** Sealed: what the vendor signs its webhooks with. */
  inbound_secret: string | null;
  schedule: ColumnType<Schedule | null, string | null, string | null>;
  /** Null: every stream of the connector. */
  streams: string[] | null;
  backfill_from: Day | null;
  /** The folder of the config file that declared the files in the settings: they may lie below it. */
  files_from: string | null;
  /** What its connector says of it by its settings; null: it was set up before that was kept, and no hub has started since. */
  declared: ColumnType<Declared | null, string | null, string | null>;
  /** Changes that happened before this are history: they raise no events. */
  live_from: Generated<Date>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
};

/** How often a connection is pulled where it does not say so itself, and what numbers each of its active streams is counted in. */
export type Declared = { readonly everyS: number; readonly gives: { readonly [stream: string]: readonly Measured[] } };

/** When a connection is pulled: every so many seconds, or by a cron expression in the workspace's time zone. */
export type Schedule = { readonly everyS: number } | { readonly cron: string };

type StreamStatesTable = {
  connection_id: string;
  stream: string;
  checkpoint: ColumnType<Json, string | null, string | null>;
  landed_seq: Generated<number>;
  normalised_seq: Generated<number>;
  running_run_id: number | null;
  first_load_done_at: Date | null;
  fresh_as_of: Date | null;
  last_success_at: Date | null;
  is_partial: Generated<boolean>;
  partial_reason: string | null;
  /** Why what the listing under way does not list may be there all the same. */
  listing_doubt: string | null;
  /** How many records the last listing did not list that were not taken for deleted; partial_reason says why. */
  held_deletions: Generated<number>;
  /** Somebody has said that what the next listing does not list is meant to go. */
  accepts_deletions: Generated<boolean>;
  /** Parts of the source that the last reading of all of it could not read. */
  refused: Generated<number>;
  failures_in_a_row: Generated<number>;
  /** Records up to this seq had become facts before: made anew, they correct how they were read, and nothing lands. */
  replay_to_seq: Generated<number>;
};

export const RUN_KINDS = ["pull", "full", "replay", "inbound", "reconcile"] as const;
export type RunKind = (typeof RUN_KINDS)[number];
export const RUN_TRIGGERS = ["schedule", "manual", "webhook", "start"] as const;
export type RunTrigger = (typeof RUN_TRIGGERS)[number];
export const RUN_STATES = ["running", "waiting", "succeeded", "failed", "interrupted"] as const;
export type RunState = (typeof RUN_STATES)[number];

type RunsTable = {
  id: GeneratedAlways<number>;
  connection_id: string;
  stream: string;
  kind: RunKind;
  trigger: RunTrigger;
  state: Generated<RunState>;
  pages: Generated<number>;
  fetched: Generated<number>;
  added: Generated<number>;
  changed: Generated<number>;
  unchanged: Generated<number>;
  deleted: Generated<number>;
  facts: Generated<number>;
  skipped: Generated<number>;
  progress_done: number | null;
  progress_total: number | null;
  error_code: string | null;
  error_kind: string | null;
  error_message: string | null;
  error_mend: string | null;
  started_at: Generated<Date>;
  finished_at: Date | null;
  /** For a pull that was asked to start again from this instant. */
  since: Date | null;
};

type RunLogsTable = {
  id: GeneratedAlways<number>;
  run_id: number;
  at: Generated<Date>;
  level: "info" | "warn" | "error";
  code: string | null;
  message: string;
  data: ColumnType<Json, string | null, string | null>;
};

type RateLimitsTable = {
  connection_id: string;
  bucket: string;
  tokens: number;
  capacity: number;
  refill_per_s: number;
  updated_at: Date;
  blocked_until: Date | null;
};

type InboundDeliveriesTable = {
  id: GeneratedAlways<number>;
  connection_id: string;
  dedupe_key: string;
  received_at: Generated<Date>;
  headers: JsonColumn<{ readonly [name: string]: string }>;
  body: Buffer;
  processed_at: Date | null;
};

type RawRecordsTable = {
  connection_id: string;
  stream: string;
  external_id: string;
  /** Rises with every landed change of the stream; what normalise has to catch up with is everything above its own mark. */
  seq: number;
  payload: JsonColumn<Json>;
  hash: Buffer;
  source_time: Date | null;
  first_fetched_at: Date;
  fetched_at: Date;
  deleted_at: Date | null;
};

type RawVersionsTable = {
  connection_id: string;
  stream: string;
  external_id: string;
  seq: number;
  payload: JsonColumn<Json>;
  source_time: Date | null;
  fetched_at: Date;
};

/** What a listing that is under way has listed so far, a row per landed batch. */
type StreamSeenTable = {
  connection_id: string;
  stream: string;
  batch: GeneratedAlways<number>;
  external_ids: string[];
};

type RepsTable = FromSource & {
  is_mention: boolean;
  name: string | null;
  email: string | null;
  phone: string | null;
  is_active: boolean | null;
  merged_into: string | null;
};

type TeamsTable = FromSource & {
  is_mention: boolean;
  name: string | null;
  manager: string | null;
  merged_into: string | null;
};

type TeamMembershipsTable = {
  rep_id: string;
  team_id: string;
  connection_id: string;
  /** -infinity for the first team that we learned of. */
  held_from: TimestampOrInfinity;
  held_to: Date | null;
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};

type PeopleTable = FromSource & {
  is_mention: boolean;
  name: string | null;
  title: string | null;
  emails: string[];
  phones: string[];
  company_id: string | null;
  rep_id: string | null;
  lead_created_at: Date | null;
  url: string | null;
  attributes: JsonColumn<Attributes>;
  merged_into: string | null;
};

type CompaniesTable = FromSource & {
  is_mention: boolean;
  name: string | null;
  domains: string[];
  phones: string[];
  rep_id: string | null;
  lead_created_at: Date | null;
  url: string | null;
  attributes: JsonColumn<Attributes>;
  merged_into: string | null;
};

/** What was witnessed of where a lead stands. */
type LeadStatusesTable = {
  /** Of a person or a company. */
  lead_id: string;
  /** Tells the witnesses of one lead apart. */
  key: string;
  connection_id: string;
  record_id: string;
  kind: "snapshot" | "change";
  /** A change: from when it holds. A snapshot: as of when it was seen. */
  at: Date;
  is_day: boolean;
  /** From when we could know; -infinity for history that was loaded at set-up. */
  known_at: TimestampOrInfinity;
  seq: number;
  before: string | null;
  status: string | null;
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};

export const IDENTITY_ENTITIES = ["rep", "person", "company", "team", "pipeline"] as const;
export type IdentityEntity = (typeof IDENTITY_ENTITIES)[number];
export const IDENTITY_KEY_TYPES = ["email", "phone", "domain", "vendor_id", "other_id", "name", "manual"] as const;
export type IdentityKeyType = (typeof IDENTITY_KEY_TYPES)[number];

type IdentitiesTable = {
  entity: IdentityEntity;
  entity_id: string;
  key_type: IdentityKeyType;
  key_value: string;
  connection_id: string;
};

type IdentityLinksTable = {
  id: GeneratedAlways<number>;
  entity: IdentityEntity;
  from_id: string;
  into_id: string;
  rule: string;
  evidence: string;
  created_at: Generated<Date>;
  undone_at: Date | null;
  undone_by: string | null;
};

type StagesTable = FromSource & {
  pipeline_id: string;
  name: string;
  /** The stage's place in its pipeline, from 0. */
  position: number;
  type: DealStatus;
  canonical: CanonicalStage | null;
  probability: number | null;
};

type DealsTable = FromSource & {
  name: string | null;
  status: DealStatus;
  pipeline_id: string | null;
  stage_id: string | null;
  amount_minor: number | null;
  currency: string | null;
  value_period: ValuePeriod;
  annual_minor: GeneratedAlways<number | null>;
  rep_id: string | null;
  company_id: string | null;
  person_id: string | null;
  probability: number | null;
  expected_close_on: Day | null;
  created_at: Date | null;
  created_is_day: boolean;
  /** As the deal itself says; deal_changes is what KPIs go by. */
  closed_at: Date | null;
  closed_is_day: boolean;
  lost_reason: string | null;
  url: string | null;
  attributes: JsonColumn<Attributes>;
  source_time: Date | null;
  merged_into: string | null;
};

type DealObservationsTable = {
  deal_id: string;
  record_id: string;
  key: string;
  connection_id: string;
  kind: "snapshot" | "change";
  at: Date | null;
  is_day: boolean;
  known_at: Date;
  seq: number;
  before: JsonColumn<JsonObject>;
  after: JsonColumn<JsonObject>;
};

type DealChangesTable = {
  deal_id: string;
  /** From 0, in the order of time. */
  ordinal: number;
  connection_id: string;
  /** -infinity when the source does not say when the deal began. */
  held_from: TimestampOrInfinity;
  /** Exclusive; infinity for the latest. */
  held_to: TimestampOrInfinity;
  is_day: boolean;
  /** From when we could know: when it landed, or when it happened for history loaded at set-up. */
  known_at: Date;
  /** Why its time is not what the source says. With `no_closing_date`, held_from is not when it closed. */
  doubt: DealDoubt | null;
  /** The columns that differ from the row before; `created` for the first. */
  changed: string[];
  status: DealStatus;
  pipeline_id: string | null;
  stage_id: string | null;
  amount_minor: number | null;
  currency: string | null;
  value_period: ValuePeriod;
  annual_minor: GeneratedAlways<number | null>;
  rep_id: string | null;
  probability: number | null;
  expected_close_on: Day | null;
  /** The key of the observation that showed it. */
  evidence: string;
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};

type DealClosingsTable = {
  deal_id: string;
  connection_id: string;
  /** Of the win or loss. */
  at: TimestampOrInfinity;
  at_is_day: boolean;
  /** Why `at` is not what the source says. With `no_closing_date` it is -infinity. */
  doubt: DealDoubt | null;
  status: Exclude<DealStatus, "open">;
  /** Whose deal it was at that instant. */
  rep_id: string | null;
  /** From when until when it was to be seen so: until it was undone, or its value was corrected. */
  held_from: TimestampOrInfinity;
  held_to: TimestampOrInfinity;
  pipeline_id: string | null;
  /** The last of the pipeline's own stages that it was in. */
  stage_id: string | null;
  annual_minor: number | null;
  currency: string | null;
  probability: number | null;
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};

type DealEntriesTable = {
  deal_id: string;
  connection_id: string;
  /** Of the change that it came with. */
  ordinal: number;
  at: TimestampOrInfinity;
  at_is_day: boolean;
  rep_id: string | null;
  pipeline_id: string;
  stage_id: string;
  /** The deal moved over it. */
  is_skipped: boolean;
  /** When it first reached a later stage after it first entered this one; infinity: never. */
  passed_at: TimestampOrInfinity;
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};

type DealStaysTable = {
  deal_id: string;
  connection_id: string;
  ordinal: number;
  started_at: TimestampOrInfinity;
  started_is_day: boolean;
  /** When it moved on, back or was closed; infinity: it is still there; null: it ended nobody knows when. */
  ended_at: ColumnType<Date | number | null, Date | string | null, Date | string | null>;
  ended_is_day: boolean;
  rep_id: string | null;
  pipeline_id: string;
  stage_id: string;
  currency: string | null;
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};

type ActivitiesTable = FromSource & {
  type: ActivityType;
  direction: Direction | null;
  occurred_at: Date;
  occurred_is_day: boolean;
  booked_at: Date | null;
  duration_s: number | null;
  outcome: Outcome | null;
  /** What the record itself says; `outcome` is what its disposition's label says, else this. */
  said_outcome: Outcome | null;
  /** The tool's own word, or the external_id of a label of namespace `outcome`. */
  disposition: string | null;
  subject: string | null;
  rep_id: string | null;
  person_id: string | null;
  company_id: string | null;
  deal_id: string | null;
  url: string | null;
  match_keys: string[];
  attributes: JsonColumn<Attributes>;
  duplicate_of: string | null;
  duplicate_rule: string | null;
  /** Where the source names no deal. */
  attributed_deal_id: string | null;
  attribution_rule: string | null;
};

type TicketsTable = FromSource & {
  subject: string | null;
  status: string | null;
  priority: string | null;
  channel: string | null;
  opened_at: Date;
  first_reply_at: Date | null;
  solved_at: Date | null;
  reopens: number | null;
  satisfaction: "good" | "bad" | null;
  rep_id: string | null;
  person_id: string | null;
  company_id: string | null;
  url: string | null;
  attributes: JsonColumn<Attributes>;
};

type ConversationsTable = FromSource & {
  channel: string | null;
  status: string | null;
  started_at: Date;
  first_response_at: Date | null;
  closed_at: Date | null;
  rep_id: string | null;
  person_id: string | null;
  company_id: string | null;
  url: string | null;
  attributes: JsonColumn<Attributes>;
};

type CampaignsTable = FromSource & {
  name: string | null;
  status: string | null;
  channel: string | null;
  sent_at: Date | null;
  recipients: number | null;
  opens: number | null;
  clicks: number | null;
  bounces: number | null;
  unsubscribes: number | null;
  url: string | null;
  attributes: JsonColumn<Attributes>;
};

type WebTrafficTable = FromSource & {
  day: Day;
  channel: string | null;
  source_medium: string | null;
  landing_page: string | null;
  sessions: number | null;
  users: number | null;
  key_events: number | null;
  attributes: JsonColumn<Attributes>;
};

type SpendTable = FromSource & {
  day: Day;
  channel: string | null;
  campaign: string | null;
  amount_minor: number;
  currency: string;
  attributes: JsonColumn<Attributes>;
};

type GoalsTable = FromSource & {
  metric: string;
  rep_id: string | null;
  team_id: string | null;
  from_day: Day;
  /** Inclusive. */
  to_day: Day;
  /** In the metric's unit; minor units for money. */
  target: number;
};

type MetricPointsTable = {
  id: GeneratedAlways<number>;
  metric: string;
  dimensions: JsonColumn<{ readonly [dimension: string]: string | null }>;
  from_day: Day | null;
  to_day: Day | null;
  /** In the metric's unit; minor units of the workspace's currency for money. */
  value: number | null;
  numerator: number | null;
  denominator: number | null;
  sample_size: number;
  fresh_as_of: Date | null;
  computed_at: Generated<Date>;
};

type KeptAnswersTable = {
  /** Computed from the query. */
  key: string;
  query: JsonColumn<JsonObject>;
  is_watched: Generated<boolean>;
  /** Waits to be computed. */
  is_due: Generated<boolean>;
  answer: ColumnType<Json | null, string | null, string | null>;
  /** The workspace's day on which it was computed. */
  day: Day | null;
  /** When a fact that is dated ahead begins to count. */
  holds_until: Date | null;
  computed_at: Date | null;
  /** When somebody last looked, to the minute. */
  asked_at: Date;
  /** Why it could not be computed the last time. */
  failure: string | null;
};

type OutboxTable = {
  id: GeneratedAlways<number>;
  event_id: string;
  type: string;
  /** Deliveries of one entity go out in order where the endpoint asks for it. */
  entity_key: string;
  payload: JsonColumn<JsonObject>;
  occurred_at: Date;
  created_at: Generated<Date>;
  dispatched_at: Date | null;
};

/** Who or what has paused a receiver: a person, its own failures (it is tried again by itself), or its word that it is gone. */
export const PAUSED_BY = ["person", "failures", "gone"] as const;
export type PausedBy = (typeof PAUSED_BY)[number];

/** What of its types a receiver wants; what says nothing lets everything through. Amounts in main units of the event's currency. */
export type EventFilters = {
  /** Of events about a deal: those of these pipelines, by name. */
  readonly pipelines?: readonly string[] | undefined;
  /** Of events about a deal: those of at least this value. */
  readonly min_amount?: number | undefined;
  /** Of events about a KPI: these KPIs alone. */
  readonly metrics?: readonly string[] | undefined;
  /** Of events about a KPI: when its value comes to this or more, from less. */
  readonly rises_to?: number | undefined;
  /** Of events about a KPI: when its value comes to this or less, from more. */
  readonly falls_to?: number | undefined;
  /** Of what rules tell: that of these rules, by id. */
  readonly rules?: readonly string[] | undefined;
  /** Of digests: these, by id. */
  readonly digests?: readonly string[] | undefined;
};

type WebhookEndpointsTable = {
  id: Generated<string>;
  /** The key of the destination whose receiver it is: `webhooks`. */
  destination: string;
  /** What people know it by: a webhook's address. */
  name: string;
  /** As the destination declares them; secrets are sealed. */
  settings: JsonColumn<JsonObject>;
  event_types: string[];
  is_ordered: Generated<boolean>;
  /** Of what it is subscribed to, only what fits. */
  filters: ColumnType<EventFilters, string | undefined, string>;
  /** At most so many a second; null: as many as it takes. */
  per_second: number | null;
  /** Until when what it was sent has used that up. */
  paid_until: Date | null;
  state: Generated<"active" | "paused">;
  /** Null: not paused. */
  paused_by: PausedBy | null;
  state_reason: string | null;
  description: string | null;
  created_by: string;
  failures_in_a_row: Generated<number>;
  /** Since when nothing has been taken; null: the last attempt succeeded, or there was none. */
  failing_since: Date | null;
  /** Nothing is sent before. */
  not_before: Date | null;
  created_at: Generated<Date>;
};

type ReviewsTable = {
  id: Generated<string>;
  period_from: Day;
  period_to: Day;
  /** When it was due by the schedule; null: made by hand. */
  due_at: Date | null;
  made_at: Date;
  made_by: string;
  agenda: JSONColumnType<object>;
};

type ReviewActionsTable = {
  id: Generated<string>;
  review_id: string | null;
  kind: string;
  entity: "deal" | "lead" | null;
  subject_id: string | null;
  rep_id: string | null;
  text: string;
  due_on: Day | null;
  note: string | null;
  state: Generated<"open" | "done" | "dropped">;
  made_at: Date;
  made_by: string;
  settled_at: Date | null;
  /** Null: the data said so. */
  settled_by: string | null;
  evidence: string | null;
};

type Verdict = "holds" | "weaker" | "no_longer_holds" | "not_enough_data";

type ConclusionsTable = {
  id: Generated<string>;
  claim: JSONColumnType<object>;
  sentence: string;
  result: JSONColumnType<object>;
  recorded_at: Date;
  recorded_by: string;
  verdict: Verdict | null;
  tested_at: Date | null;
  changed_at: Date | null;
};

type DeliveriesTable = {
  id: GeneratedAlways<number>;
  endpoint_id: string;
  outbox_id: number;
  state: Generated<"pending" | "delivered" | "failed">;
  attempts_made: Generated<number>;
  /** Attempts that count against its ten; those that asked whether a receiver is back do not. */
  tries_used: Generated<number>;
  next_attempt_at: Generated<Date>;
  /** Somebody sends it, or has died over it, until then. */
  leased_until: Date | null;
  delivered_at: Date | null;
  is_replay: Generated<boolean>;
};

type AttemptsTable = {
  id: GeneratedAlways<number>;
  delivery_id: number;
  at: Generated<Date>;
  status_code: number | null;
  duration_ms: number;
  error: string | null;
  /** Bounded, and without secrets. */
  request: ColumnType<JsonObject | null, string | null, string | null>;
  response: ColumnType<JsonObject | null, string | null, string | null>;
};

type DestinationStatesTable = {
  destination: string;
  state: JSONColumnType<JsonObject>;
  last_success_at: Date | null;
  last_error_code: string | null;
  last_error_message: string | null;
  updated_at: Generated<Date>;
};

type UsersTable = {
  id: Generated<string>;
  email: string;
  password_hash: string;
  role: "admin" | "viewer";
  created_at: Generated<Date>;
};

type ApiKeysTable = {
  id: Generated<string>;
  name: string;
  key_hash: Buffer;
  prefix: string;
  scopes: string[];
  created_at: Generated<Date>;
  last_used_at: Date | null;
  revoked_at: Date | null;
};

type IdempotencyKeysTable = {
  caller: string;
  key: string;
  request_hash: Buffer;
  status: number | null;
  response: ColumnType<Json, string | null, string | null>;
  created_at: Generated<Date>;
};

type AuditLogTable = {
  id: GeneratedAlways<number>;
  at: Generated<Date>;
  actor: string;
  action: string;
  target: string;
  details: JSONColumnType<JsonObject>;
};
