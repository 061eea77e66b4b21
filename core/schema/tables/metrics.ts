import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from "kysely";
import type { Json, JsonObject } from "../../base/json.ts";
import type { Day } from "../../base/time.ts";
import type { JsonColumn } from "./columns.ts";

/** Answers that are kept, reviews and conclusions. */

export type MetricPointsTable = {
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

export type KeptAnswersTable = {
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

export type ReviewsTable = {
  id: Generated<string>;
  period_from: Day;
  period_to: Day;
  /** When it was due by the schedule; null: made by hand. */
  due_at: Date | null;
  made_at: Date;
  made_by: string;
  agenda: JSONColumnType<object>;
};

export type ReviewActionsTable = {
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

export type Verdict = "holds" | "weaker" | "no_longer_holds" | "not_enough_data";

export type ConclusionsTable = {
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
