import type { Day } from "../../base/time.ts";
import type { ActivityType, Direction } from "../canonical.ts";
import type { Attributes } from "../facts.ts";
import type { Outcome } from "../outcomes.ts";
import type { FromSource, JsonColumn, Landed, TimestampOrInfinity } from "./columns.ts";

/** What a source’s records say, a row each. */

export type RepsTable = FromSource & {
  is_mention: boolean;
  name: string | null;
  email: string | null;
  phone: string | null;
  is_active: boolean | null;
  merged_into: string | null;
};

export type TeamsTable = FromSource & {
  is_mention: boolean;
  name: string | null;
  manager: string | null;
  merged_into: string | null;
};

export type TeamMembershipsTable = {
  rep_id: string;
  team_id: string;
  connection_id: string;
  /** -infinity for the first team that we learned of. */
  held_from: TimestampOrInfinity;
  held_to: Date | null;
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};

export type PeopleTable = FromSource & {
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

export type CompaniesTable = FromSource & {
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
export type LeadStatusesTable = {
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

export type ActivitiesTable = FromSource & {
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

export type TicketsTable = FromSource & {
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

export type ConversationsTable = FromSource & {
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

export type CampaignsTable = FromSource & {
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

export type WebTrafficTable = FromSource & {
  day: Day;
  channel: string | null;
  source_medium: string | null;
  landing_page: string | null;
  sessions: number | null;
  users: number | null;
  key_events: number | null;
  attributes: JsonColumn<Attributes>;
};

export type SpendTable = FromSource & {
  day: Day;
  channel: string | null;
  campaign: string | null;
  amount_minor: number;
  currency: string;
  attributes: JsonColumn<Attributes>;
};

export type GoalsTable = FromSource & {
  metric: string;
  rep_id: string | null;
  team_id: string | null;
  from_day: Day;
  /** Inclusive. */
  to_day: Day;
  /** In the metric's unit; minor units for money. */
  target: number;
};
