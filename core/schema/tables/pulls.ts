import type { ColumnType, Generated, GeneratedAlways } from "kysely";
import type { Json } from "../../base/json.ts";
import type { JsonColumn } from "./columns.ts";

/** What is pulled, how it went, and what came as it came. */

export type StreamStatesTable = {
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

export type RunsTable = {
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

export type RunLogsTable = {
  id: GeneratedAlways<number>;
  run_id: number;
  at: Generated<Date>;
  level: "info" | "warn" | "error";
  code: string | null;
  message: string;
  data: ColumnType<Json, string | null, string | null>;
};

export type RateLimitsTable = {
  connection_id: string;
  bucket: string;
  tokens: number;
  capacity: number;
  refill_per_s: number;
  updated_at: Date;
  blocked_until: Date | null;
};

export type InboundDeliveriesTable = {
  id: GeneratedAlways<number>;
  connection_id: string;
  dedupe_key: string;
  received_at: Generated<Date>;
  headers: JsonColumn<{ readonly [name: string]: string }>;
  body: Buffer;
  processed_at: Date | null;
};

export type RawRecordsTable = {
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

export type RawVersionsTable = {
  connection_id: string;
  stream: string;
  external_id: string;
  seq: number;
  payload: JsonColumn<Json>;
  source_time: Date | null;
  fetched_at: Date;
};

/** What a listing that is under way has listed so far, a row per landed batch. */
export type StreamSeenTable = {
  connection_id: string;
  stream: string;
  batch: GeneratedAlways<number>;
  external_ids: string[];
};
