import type { Day } from "../base/time.ts";
import type { DealStatus, ValuePeriod } from "../schema/canonical.ts";

/** What is witnessed of a deal; fold-deal.ts makes its history of it. */

/** Columns of `deals` that can change, with their names there. Refs are ids of ours. */
export type FoldState = {
  readonly status: DealStatus;
  readonly pipeline_id: string | null;
  readonly stage_id: string | null;
  readonly amount_minor: number | null;
  readonly currency: string | null;
  readonly value_period: ValuePeriod;
  readonly rep_id: string | null;
  readonly probability: number | null;
  readonly expected_close_on: Day | null;
};

type Witnessed = {
  /** Identifies the observation; the same for the same evidence, however often it is seen. */
  readonly key: string;
  /** A snapshot's source time (or, where the source says none, when it was fetched); a change's own time. */
  readonly at: number;
  readonly isDay: boolean;
  readonly knownAt: number;
  /** The source's own order, for what has the same time. */
  readonly seq: number;
};

export type ChangeObservation = Witnessed & {
  readonly kind: "change";
  readonly before: Partial<FoldState>;
  readonly after: Partial<FoldState>;
  /** Whether it is one into won or lost that the source dates when it cannot have been; `at` is then when it was read. */
  readonly isMisdated: boolean;
};

export type SnapshotObservation = Witnessed & {
  readonly kind: "snapshot";
  /** The record that shows it. Several may show one deal, each some of its fields. */
  readonly record: string;
  /** Which of the records counts where two show the same field: the lowest. */
  readonly precedence: number;
  /** The fields that the source speaks of; null: it says that there is none. */
  readonly state: Partial<FoldState>;
  /** Whether `at` is only when we fetched it, because the source does not say when it changed. */
  readonly isAtFetch: boolean;
  /** The source has taken the record back: from then on it says nothing of the deal any more. */
  readonly isGone?: boolean;
  readonly createdAt: number | null;
  readonly createdIsDay: boolean;
  readonly closedAt: number | null;
  readonly closedIsDay: boolean;
};

export type DealObservation = ChangeObservation | SnapshotObservation;

export const FOLD_FIELDS = [
  "status",
  "pipeline_id",
  "stage_id",
  "amount_minor",
  "currency",
  "value_period",
  "rep_id",
  "probability",
  "expected_close_on",
] as const satisfies readonly (keyof FoldState)[];
