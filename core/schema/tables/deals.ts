import type { ColumnType, GeneratedAlways } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { Day } from "../../base/time.ts";
import type { CanonicalStage, DealDoubt, DealStatus, ValuePeriod } from "../canonical.ts";
import type { Attributes } from "../facts.ts";
import type { FromSource, JsonColumn, Landed, TimestampOrInfinity } from "./columns.ts";

/** Deals, their history, and what answers questions about it. */

export type StagesTable = FromSource & {
  pipeline_id: string;
  name: string;
  /** The stage's place in its pipeline, from 0. */
  position: number;
  type: DealStatus;
  canonical: CanonicalStage | null;
  probability: number | null;
};

export type DealsTable = FromSource & {
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

export type DealObservationsTable = {
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

export type DealChangesTable = {
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

export type DealClosingsTable = {
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
  /** The pipeline's own stages that it had been in by then, in the order of its first entries. */
  been_in: string[];
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};

export type DealEntriesTable = {
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
  /** When it entered the stage, or moved over it, the time before; null: never. */
  entered_before: TimestampOrInfinity | null;
  /** When it landed as it is here; -infinity: known when it happened. Written by the database. */
  landed_from: Landed;
};

export type DealStaysTable = {
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
