import type { RawBuilder } from "kysely";
import type { WorkingTime } from "../../base/working-time.ts";
import type { Measured } from "../../schema/canonical.ts";
import type { Db } from "../../store/db.ts";
import type { Period } from "../ask/period.ts";

/** A piece of SQL with its parameters. */
export type Sql = RawBuilder<unknown>;

/**
 * `money_per_day` and `money` are in the workspace's currency; `ratio` is a part of a whole, or a multiple (1 is all of it); `days`, `hours`,
 * `minutes` and `number` may have fractions.
 */
export const UNITS = ["money", "money_per_day", "count", "number", "ratio", "days", "hours", "minutes"] as const;
export type Unit = (typeof UNITS)[number];

/** What a subject's rows can be told apart by. Pieces of SQL that see the measured row as `r`; see dimensions.ts. */
export type DimensionParts = {
  /** Which joins it needs, each after those it builds on. */
  readonly joins: readonly Join[];
  /** What rows are grouped by: an id, so that two reps of one name stay two. */
  readonly key: Sql;
  /** How a group is shown. */
  readonly label: Sql;
  /** What is added to the label where two have the same, whether both are in the answer or not: a label does not depend on the period. */
  readonly hint: Sql;
  /** A query for the `key`, `label` and `hint` of everything that there is to tell apart, whether or not rows of it are asked for. */
  readonly everyone: Sql;
  /** What the groups are in order by; null: by label. */
  readonly order: Sql;
  /** Whether a row has one of the values, without its joins: of what a row can have several of, so that a filter does not count it twice. */
  readonly has?: (values: readonly string[]) => Sql;
};

/** A join to the measured rows `r`; those of one name are made once. */
export type Join = { readonly name: string; readonly join: Sql };

/**
 * What KPIs are about: deals, activities, tickets. A subject is one file in `core/metrics/subjects` and one line in its index.
 *
 * Its rows are queries with at least `period_no` (which of the scope's periods), `id` (the record), `nth` (tells the rows of one record and
 * period apart, else 0), `at` and `at_is_day` (what dates the row), `connection_id`, `attributes`, `rep_id` where a rep has the credit, and what its
 * own dimensions name.
 */
export type Subject = {
  /** Lower case with underscores; stable. */
  readonly id: string;
  /** The names its rows can be broken down and filtered by, besides `attributes.<name>`. */
  readonly dimensions: { readonly [name: string]: DimensionParts };
  /** Its kinds of rows, each dated by something else that happened: `deal` has those that closed, those created, and all at a period's end. */
  readonly rows: { readonly [name: string]: (scope: Scope) => Sql };
  /** A query for the `attributes` that its rows can have. */
  readonly attributes: Sql;
  /** Which values its dimensions have is seen only in its rows: what a filter asks for is not looked up. */
  readonly isOpaque?: boolean;
  /** A query for the instant (`at`) of the earliest row. */
  readonly firstInstant: Sql;
  /** What a source has to give for its rows to be whole; null: what the KPI's `reads` says. */
  readonly measured: Measured | null;
  /** Where the records behind a number are. */
  readonly records: {
    /** What a record is called in a list of them. */
    readonly kind: string;
    /** Joins the table that has them to `r`, as `record` with at least `external_id`. */
    readonly table: Sql;
    /** `name`, `url`, `created`, `status`, and `sub`, which tells rows of one record and period apart. */
    readonly columns: Sql;
    /**
     * What happened to the row's record at `at`, as JSON: `event` (`won`, `opened`), and what says it better (`stage`, `from`, `status`,
     * `direction`, `outcome`). Absent: nothing but that it is dated so.
     */
    readonly entry?: Sql;
    /** Of touches: the deal one belongs to, and its doubles in other tools, as JSON. */
    readonly deal?: Sql;
    readonly duplicates?: Sql;
  };
};

/** What an evaluation is about: the workspace's calendar and money, what may be known, and the periods asked for. */
export type Scope = {
  readonly timeZone: string;
  readonly currency: string;
  /** Null: all time is working time. */
  readonly working: WorkingTime | null;
  /** Nothing that happened later is used. */
  readonly cutoff: Date;
  /** Nothing that landed later is used; null: whatever is known now. */
  readonly landedBy: Date | null;
  /** What its source had taken away by then does not count: as-of, else now; also where the cutoff is earlier (a span that is compared with one that still runs). */
  readonly deletedBy: Date;
  readonly periods: readonly Period[];
};

/** What people read of a KPI. */
export type Saying = { readonly title: string; readonly question: string; readonly formula: string };

type Described = {
  /** Lower case with underscores; stable. */
  readonly id: string;
  readonly title: string;
  readonly question: string;
  readonly unit: Unit;
  readonly formula: string;
  /** The same in French. Only what is a part of another KPI, or a company's own, may lack it. */
  readonly fr?: Saying;
  /** In words; null where the value is no ratio. */
  readonly numerator: string | null;
  readonly denominator: string | null;
  readonly better: "higher" | "lower" | null;
  /** Whether the company has defined it for itself, in the config. */
  readonly isOwn?: boolean;
  readonly subject: Subject;
  /** Dimensions of the subject that make no sense for it. */
  readonly notBy?: readonly string[];
  /** Only facts change it, and the calendar's day: not how late it is. Absent: it grows older by the minute (what has waited for so long). */
  readonly changesBy?: "facts";
  /** Its rows are joined from whole tables, and nothing is looked up for each: see as-of.ts. */
  readonly joinsWholes?: true;
  /** Broken down by these even when nobody asks. `stage|canonical_stage`: by the first, unless one of the others is asked for. */
  readonly alwaysBy?: readonly string[];
  /** Whether it counts in working time: an answer says so where the workspace has no business hours. */
  readonly isInWorkingTime?: boolean;
  /** A last word on the rows of one period, in order: what can be said of a row only beside the others. `names` are those of its groups. */
  readonly finish?: (rows: readonly FiguresRow[], names: readonly string[]) => readonly FiguresRow[];
};

/**
 * A metric that is one aggregate over measured rows:
 *
 * - `count`         how many rows count
 * - `sum`           Σ amount; null when rows count but none has an amount, 0 when none counts
 * - `mean`,`median` of the amounts; null over nothing. A `median` with a `quantile` is the amount that this share lies below
 * - `share`         rows in the numerator ÷ rows that count, with its Wilson interval
 * - `share_of_sum`  Σ amount of rows in the numerator ÷ Σ amount
 * - `ratio`         Σ amount ÷ Σ per, each over the rows that count; with a Wilson interval where it `isProportion`
 * - `time_quantile` the time (amount) by which the given share of the rows has got there: rows in the numerator had by then, the others have
 *                   not been seen to until their amount (Kaplan-Meier); null where not so many have
 * - `survival`      the whole of that curve: a row for each whole amount, with the share that has got there by it; the rows say `curveBy`
 * - `incidence`     the same where something else can end it: the rows that count `per` 1 have ended, those in the numerator in the way asked for
 *                   (Aalen-Johansen). `incidence_median` is the amount at which it reaches half of what it comes to, `incidence_final` what it comes to
 * - `gini`          how unevenly the amounts are shared: 0 is even; where the rows have `per`, Σ amount ÷ Σ per
 */
export type AggregateMetric = Described & {
  readonly kind:
    | "count"
    | "sum"
    | "mean"
    | "median"
    | "share"
    | "share_of_sum"
    | "ratio"
    | "time_quantile"
    | "survival"
    | "incidence"
    | "incidence_median"
    | "incidence_final"
    | "gini";
  /** Of a curve: the name of the amount, as answers break down by it. */
  readonly curveBy?: string;
  /** Of a `ratio`: whether it counts a part of a whole, so that it has an interval. */
  readonly isProportion?: boolean;
  /** Whether a `share_of_sum` or a `ratio` divides money by money. */
  readonly isOfMoney?: boolean;
  /** Of a `time_quantile` or a `median`: absent, or 0.5, is the median. */
  readonly quantile?: number;
  /** Says how things are at the end of the period, so a period that has not begun has no value. */
  readonly isSnapshot?: boolean;
  /** Whether a row also says how many of those that count are still open. */
  readonly tellsStillOpen?: boolean;
  /** The measured rows, see `measured` in rows.ts. Money amounts are minor units of the workspace's currency. */
  readonly rows: (scope: Scope, slicedBy: ReadonlySet<string>) => Sql;
  /** Of one whose rows have to be fetched first: the metric with them. Its own `rows` are then never asked for. */
  readonly fetched?: (db: Db) => Promise<AggregateMetric>;
  /** With `fetched`: the tables that its rows come from. */
  readonly reads?: readonly string[];
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
  /** What else an answer's row says, under the names that it has there. */
  readonly extras?: Extras;
};

export type Extras = { readonly [name: string]: number | boolean | null };

/** A value of a dimension: what it is told apart by, and how it is shown. */
export type Group = { readonly key: string | null; readonly label: string | null; readonly order: string | null };

/** The figures of a slice in a period. */
export type FiguresRow = Figures & { readonly period: Period; readonly groups: readonly Group[] };

/** A metric worked out from others of the same period and slice. */
export type ComposedMetric = Described & {
  readonly kind: "composed";
  readonly parts: readonly (AggregateMetric | ComposedMetric)[];
  /** The parts whose records are the records behind the number. */
  readonly recordsOf: readonly AggregateMetric[];
  /** Whether it divides money by money. */
  readonly isOfMoney?: boolean;
  /** The figures of each part, in the order of `parts`, of one slice and period. */
  readonly combine: (figures: readonly Figures[], of: { readonly scope: Scope; readonly period: Period }) => Figures;
};

/** The aggregates that a metric is worked out from: itself, where it is one. */
export function aggregatesOf(metric: AggregateMetric | ComposedMetric): readonly AggregateMetric[] {
  return metric.kind === "composed" ? metric.parts.flatMap(aggregatesOf) : [metric];
}

/** A metric of another one, which is asked for with `of`: how far it is towards its goal. */
export type DerivedMetric = Described & {
  readonly kind: "derived";
  readonly defaultOf: string;
  readonly derive: (of: AggregateMetric) => ComposedMetric;
};

/** Reps in the order of another metric; ties share a rank. */
export type RankingMetric = Described & { readonly kind: "ranking"; readonly defaultOf: string };

export type MetricDefinition = AggregateMetric | ComposedMetric | RankingMetric | DerivedMetric;

/** The names that a metric can be broken down and filtered by, besides `attributes.<name>`. */
export function dimensionNames(metric: MetricDefinition): readonly string[] {
  return Object.keys(metric.subject.dimensions).filter((name) => metric.notBy?.includes(name) !== true);
}
