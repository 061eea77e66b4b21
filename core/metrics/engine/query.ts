import type { Day } from "../../base/time.ts";
import type { ComparedWith } from "../ask/comparison.ts";
import type { Grain } from "../ask/period.ts";
import type { Unit } from "./define.ts";
import type { SourceReason, SourceState } from "./freshness.ts";

/** A question to the metrics. */
export type MetricQuery = {
  readonly metric: string;
  /** Inclusive days in the workspace's time zone; null is without a bound. */
  readonly from: Day | null;
  readonly to: Day | null;
  readonly by: readonly string[];
  /** A row for each period of this length, also for those without data; null: one row for the whole. */
  readonly grain: Grain | null;
  /** Values of one dimension are alternatives; different dimensions must all hold. */
  readonly filters: readonly MetricFilter[];
  /** Use only what had happened and had landed by then; null: everything that is known, and had happened by `now`. */
  readonly asOf: Date | null;
  readonly now: Date;
  /** Nothing that happened later is used: the end of a span that is compared with one that still runs. */
  readonly until?: Date | null;
  /** For `rep_leaderboard` alone: the metric to rank by. */
  readonly of?: string | null;
};

export type MetricFilter = { readonly dimension: string; readonly value: string };

/** The answer, as `tributary kpi get --json` prints it. Money is in main units of the workspace's currency. */
export type MetricAnswer = {
  readonly metric: string;
  readonly unit: Unit;
  readonly from: Day | null;
  readonly to: Day | null;
  /** ISO instants. */
  readonly as_of: string;
  readonly timezone: string;
  readonly currency: string;
  /** What the sources had changed up to this instant is in the numbers; null when a source has not been read yet. */
  readonly fresh_as_of: string | null;
  /** In order of period, then of the dimensions; a leaderboard in order of rank. */
  readonly rows: readonly MetricRow[];
  /** How many records were left out of the amount or the number, by reason. */
  readonly exceptions: readonly { readonly reason: string; readonly count: number }[];
  /** Of what counts in working time, where the workspace has no business hours: all time is. */
  readonly all_time_is_working?: true;
  /** Every source that should be in the numbers, by title, as it stands now. */
  readonly sources: readonly AnswerSource[];
  /** What is missing or odd, in a short English sentence each; empty: the answer is whole and current. */
  readonly notes: readonly string[];
  /** With `compare`: the same numbers of other periods, in the order asked for. */
  readonly compared?: readonly ComparedAnswer[];
};

/** The rows of the same question over the period that its own is compared with. */
export type ComparedAnswer = {
  readonly with: ComparedWith;
  readonly from: Day | null;
  readonly to: Day | null;
  readonly as_of: string;
  readonly rows: readonly MetricRow[];
};

export type AnswerSource = {
  /** The connection's id. */
  readonly connection: string;
  readonly title: string;
  /** ISO instant. What it had changed until then is in the numbers; null: its first load is not done. */
  readonly fresh_as_of: string | null;
  readonly state: SourceState;
  /** Null: it is current. */
  readonly reason: SourceReason | null;
  /** What its vendor or the reading of it said, where something did. */
  readonly detail: string | null;
  /** Parts that could not be read; records that it lists no more and that were not taken for deleted. */
  readonly refused: number;
  readonly held_deletions: number;
};

export type MetricRow = {
  readonly dimensions: { readonly [dimension: string]: string | null };
  /** The first day of the row's calendar period; null when no grain was asked for. */
  readonly period: Day | null;
  readonly value: number | null;
  readonly numerator: number | null;
  readonly denominator: number | null;
  readonly sample_size: number;
  readonly interval: readonly [number, number] | null;
  /** win_rate_cohort only: how many of the denominator are still open. */
  readonly still_open?: number;
  /** stage_leak only: whether the most is lost from this stage (of those that ten or more deals entered). */
  readonly is_leakiest?: boolean;
  /** rep_leaderboard only. Null where the rep has no value to rank. */
  readonly rank?: number | null;
  /** In the period of equal length before. */
  readonly previous_rank?: number | null;
  /** Places gained since then; negative when lost. */
  readonly movement?: number | null;
};
