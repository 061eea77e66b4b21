import type { RawBuilder } from "kysely";
import type { Period } from "../ask/period.ts";

/** A piece of SQL with its parameters. */
export type Sql = RawBuilder<unknown>;

/** `money_per_day` and `money` are in the workspace's currency; `ratio` is 0 to 1; `days` may have fractions. */
export const UNITS = ["money", "money_per_day", "count", "ratio", "days"] as const;
export type Unit = (typeof UNITS)[number];

/** What the records behind a metric are. */
export type Subject = "deal" | "activity" | "lead";

/** What an evaluation is about: the workspace's calendar and money, what may be known, and the periods asked for. */
export type Scope = {
  readonly timeZone: string;
  readonly currency: string;
  /** Nothing that happened later is used. */
  readonly cutoff: Date;
  /** Nothing that landed later is used; null: whatever is known now. */
  readonly landedBy: Date | null;
  readonly periods: readonly Period[];
};

type Described = {
  /** Lower case with underscores; stable. */
  readonly id: string;
  readonly title: string;
  readonly question: string;
  readonly unit: Unit;
  readonly formula: string;
  /** In words; null where the value is no ratio. */
  readonly numerator: string | null;
  readonly denominator: string | null;
  readonly better: "higher" | "lower" | null;
  readonly subject: Subject;
  /** The names it can be broken down and filtered by, besides `attributes.<name>`. */
  readonly dimensions: readonly string[];
  /** Broken down by these even when nobody asks. */
  readonly alwaysBy?: readonly string[];
};

/**
 * A metric that is one aggregate over measured rows:
 *
 * - `count`         how many rows count
 * - `sum`           Σ amount; null when rows count but none has an amount, 0 when none counts
 * - `mean`,`median` of the amounts; null over nothing
 * - `share`         rows in the numerator ÷ rows that count, with its Wilson interval
 * - `share_of_sum`  Σ amount of rows in the numerator ÷ Σ amount
 */
export type AggregateMetric = Described & {
  readonly kind: "count" | "sum" | "mean" | "median" | "share" | "share_of_sum";
  /** Says how things are at the end of the period, so a period that has not begun has no value. */
  readonly isSnapshot?: boolean;
  /** Whether a row also says how many of those that count are still open. */
  readonly tellsStillOpen?: boolean;
  /** The measured rows, see `measured` in rows.ts. Money amounts are minor units of the workspace's currency. */
  readonly rows: (scope: Scope) => Sql;
};

/** The plain numbers of one row, money in minor units of the workspace's currency. */
export type Figures = {
  readonly value: number | null;
  readonly numerator: number | null;
  readonly denominator: number | null;
  readonly sampleSize: number;
  readonly interval: readonly [number, number] | null;
  /** How many records have an exception. */
  readonly exceptions: number;
  /** For a cohort: how many of the denominator are still open. */
  readonly stillOpen?: number;
};

/** A metric worked out from others of the same period and slice. */
export type ComposedMetric = Described & {
  readonly kind: "composed";
  readonly parts: readonly AggregateMetric[];
  /** The parts whose records are the records behind the number. */
  readonly recordsOf: readonly AggregateMetric[];
  /** The figures of each part, in the order of `parts`. */
  readonly combine: (figures: readonly Figures[]) => Figures;
};

/** Reps in the order of another metric. */
export type RankingMetric = Described & { readonly kind: "ranking"; readonly defaultOf: string };

export type MetricDefinition = AggregateMetric | ComposedMetric | RankingMetric;

export const DEAL_DIMENSIONS = [
  "rep",
  "team",
  "pipeline",
  "stage",
  "canonical_stage",
  "company",
  "connection",
  "currency",
  "lost_reason",
  "status",
] as const;
export const ACTIVITY_DIMENSIONS = [
  "type",
  "direction",
  "outcome",
  "rep",
  "team",
  "company",
  "deal",
  "connection",
] as const;
export const LEAD_DIMENSIONS = ["kind", "rep", "team", "connection"] as const;
