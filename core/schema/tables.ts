import type { Generated, GeneratedAlways, JSONColumnType } from "kysely";
import type { Day } from "../base/time.ts";
import type { FromSource, Landed } from "./tables/columns.ts";
import type {
  DealChangesTable,
  DealClosingsTable,
  DealEntriesTable,
  DealObservationsTable,
  DealStaysTable,
  DealsTable,
  StagesTable,
} from "./tables/deals.ts";
import type {
  ActivitiesTable,
  CampaignsTable,
  CompaniesTable,
  ConversationsTable,
  GoalsTable,
  LeadStatusesTable,
  PeopleTable,
  RepsTable,
  SpendTable,
  TeamMembershipsTable,
  TeamsTable,
  TicketsTable,
  WebTrafficTable,
} from "./tables/facts.ts";
import type { IdentitiesTable, IdentityLinksTable } from "./tables/identity.ts";
import type {
  ConclusionsTable,
  KeptAnswersTable,
  MetricPointsTable,
  ReviewActionsTable,
  ReviewsTable,
  Verdict,
} from "./tables/metrics.ts";
import type {
  AttemptsTable,
  DeliveriesTable,
  DestinationStatesTable,
  OutboxTable,
  WebhookEndpointsTable,
} from "./tables/outbox.ts";
import type {
  InboundDeliveriesTable,
  RateLimitsTable,
  RawRecordsTable,
  RawVersionsTable,
  RunLogsTable,
  RunsTable,
  StreamSeenTable,
  StreamStatesTable,
} from "./tables/pulls.ts";
import type {
  ApiKeysTable,
  AuditLogTable,
  ConnectionsTable,
  FirstAdminCodeTable,
  IdempotencyKeysTable,
  OauthAppsTable,
  OauthGrantsTable,
  OauthRecordsTable,
  UploadsTable,
  UsersTable,
  WorkspaceTable,
} from "./tables/setup.ts";

/**
 * What a row is, for every table of the PostgreSQL schema `tributary`. Names are the columns' own, so that SQL and code can be searched
 * together. A test holds this file and those of `tables/` equal to the migrated database.
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
  user_identities: {
    issuer: string;
    subject: string;
    user_id: string;
    created_at: Generated<Date>;
    used_at: Date;
  };
  sessions: { token_hash: Buffer; user_id: string; expires_at: Date };
  sign_in_attempts: { subject: string; failures: number; failed_at: Date; free_at: Date };
  known_devices: { token_hash: Buffer; user_id: string; used_at: Date };
  first_admin_code: FirstAdminCodeTable;
  uploads: UploadsTable;
  api_keys: ApiKeysTable;
  oauth_apps: OauthAppsTable;
  oauth_grants: OauthGrantsTable;
  oauth_records: OauthRecordsTable;
  request_counts: { caller: string; minute: Date; used: number };
  idempotency_keys: IdempotencyKeysTable;
  audit_log: AuditLogTable;
  erasures: { id: Generated<string>; at: Date; salt: Buffer; marks: Buffer[] };
  heartbeats: { role: string; process: string; at: Generated<Date> };
};
