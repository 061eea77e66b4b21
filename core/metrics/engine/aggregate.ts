import { sql } from "kysely";
import type { Db } from "../../store/db.ts";
import type { Period } from "../ask/period.ts";
import type { AggregateMetric, ComposedMetric, Figures, FiguresRow, Group, Scope, Sql } from "./define.ts";
import { joiningWholes } from "./as-of.ts";
import { hasValue, joinsOf, type Dimension } from "./dimensions.ts";
import { gini } from "../../forecast/gini.ts";
import { incidence, stepsOf, type Watched } from "./curves.ts";
import { timeQuantile } from "./time-quantile.ts";
import { wilsonInterval } from "./wilson.ts";

/** How to slice: broken down `by`, and only rows that have the values. */
export type Slicing = {
  readonly by: readonly Dimension[];
  readonly filters: readonly { readonly dimension: Dimension; readonly values: readonly string[] }[];
};

type Cell = {
  readonly key: string | null;
  readonly label: string | null;
  readonly hint: string | null;
  readonly order: string | null;
};

type AggregateRow = {
  readonly period_no: number;
  readonly cells: readonly Cell[];
  readonly counted: number;
  readonly hits: number;
  readonly still_open: number;
  readonly with_amount: number;
  readonly exceptions: number;
  /** Exact, whatever the order of the rows; as text, since it may be more than a JavaScript number holds. */
  readonly total: string | null;
  readonly hit_total: string | null;
  readonly median: number | null;
  readonly per_total: string | null;
  /** Of what takes the amounts one by one: each, whether it is in the numerator, and whether its `per` is 1; in order, those in the numerator first. */
  readonly times: readonly Watched[] | null;
  /** The exceptions as `reason id`. */
  readonly left_out: readonly string[] | null;
};

/** How many records were left out of the amount or the number, by reason. */
export type LeftOut = Map<string, number>;

/**
 * The figures of each slice and period. Without a breakdown there is a row for every period; with one, a row for every slice that has
 * anything and every period. Money is in minor units.
 *
 * @param leftOut takes what was left out. Two aggregates that leave out the same records for the same reason leave them out once.
 */
export async function aggregate(
  db: Db,
  metric: AggregateMetric,
  scope: Scope,
  slicing: Slicing,
  leftOut: LeftOut,
): Promise<FiguresRow[]> {
  const fetched = await withRows(db, metric);
  const ask = (): Promise<{ readonly rows: AggregateRow[] }> => aggregateSql(fetched, scope, slicing).execute(db);
  const { rows } = await (scope.landedBy !== null && metric.joinsWholes === true ? joiningWholes(db, ask) : ask());
  const found = new Map<string, Map<number, Figures>>();
  const groupsOf = new Map<string, readonly Group[]>();
  const labels = await distinctLabels(db, slicing.by, rows);
  const add = (cells: readonly Cell[]): Map<number, Figures> => {
    const id = JSON.stringify(cells.map((cell) => cell.key));
    const known = found.get(id);
    if (known !== undefined) return known;
    const added = new Map<number, Figures>();
    found.set(id, added);
    groupsOf.set(
      id,
      cells.map((cell, index) => ({ key: cell.key, label: labels(index, cell), order: cell.order })),
    );
    return added;
  };
  noteLeftOut(rows, leftOut);
  const { curveBy } = metric;
  if (curveBy !== undefined)
    return rows.flatMap((row) => {
      add(row.cells);
      const groups = groupsOf.get(JSON.stringify(row.cells.map((cell) => cell.key))) ?? [];
      const period = scope.periods[row.period_no];
      return period === undefined ? [] : curveRows(row, groups, period);
    });
  if (slicing.by.length === 0) add([]);
  for (const row of rows) add(row.cells).set(row.period_no, figuresOf(metric, row));
  return scope.periods.flatMap((period, no) =>
    [...found].map(([id, figures]) => ({
      ...(figures.get(no) ?? nothing(metric, period, scope)),
      period,
      groups: groupsOf.get(id) ?? [],
    })),
  );
}

/** A record that is left out in several periods or slices is left out once. */
function noteLeftOut(rows: readonly AggregateRow[], leftOut: LeftOut): void {
  const counts = new Map<string, number>();
  for (const one of new Set(rows.flatMap((row) => row.left_out ?? []))) {
    const reason = one.slice(0, one.indexOf(" "));
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  for (const [reason, count] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    leftOut.set(reason, Math.max(count, leftOut.get(reason) ?? 0));
}

/** The metric with its rows at hand. */
export async function withRows(db: Db, metric: AggregateMetric): Promise<AggregateMetric> {
  return metric.fetched === undefined ? metric : metric.fetched(db);
}

function aggregateSql(
  metric: AggregateMetric,
  scope: Scope,
  { by, filters }: Slicing,
): ReturnType<typeof sql<AggregateRow>> {
  // Grouped outside, by column: inside, an attribute's name is a parameter, and PostgreSQL holds two parameters to be two expressions.
  const column = (part: string, index: number): Sql => sql.ref(`s.${part}_${index}`);
  const parts = by.flatMap((d, i) => [
    sql`${d.key} as ${sql.id(`key_${i}`)}, ${d.label} as ${sql.id(`label_${i}`)}, ${d.hint} as ${sql.id(`hint_${i}`)}, ${d.order} as ${sql.id(`order_${i}`)}`,
  ]);
  const cells = by.map((_, i) => {
    const [key, label, hint, order] = ["key", "label", "hint", "order"].map((part) => column(part, i));
    return sql`json_build_object('key', ${key}, 'label', min(${label}), 'hint', min(${hint}), 'order', min(${order}))`;
  });
  return sql<AggregateRow>`
    select s.period_no, json_build_array(${sql.join(cells)}) as cells,
      count(*) filter (where s.counted) as counted,
      count(*) filter (where s.counted and s.in_numerator) as hits,
      ${metric.tellsStillOpen === true ? sql`count(*) filter (where s.counted and s.status = 'open')` : sql`0`} as still_open,
      count(s.amount) filter (where s.counted) as with_amount,
      count(s.exception) as exceptions,
      array_agg(s.exception || ' ' || s.id) filter (where s.exception is not null) as left_out,
      ${SUMMED.has(metric.kind) ? sql`(sum(s.amount::numeric) filter (where s.counted))::text` : sql`null`} as total,
      ${metric.kind === "share_of_sum" ? sql`(sum(s.amount::numeric) filter (where s.counted and s.in_numerator))::text` : sql`null`} as hit_total,
      ${metric.kind === "ratio" || metric.kind === "gini" ? sql`(sum(s.per::numeric) filter (where s.counted))::text` : sql`null`} as per_total,
      ${ONE_BY_ONE.has(metric.kind) ? TIMES : sql`null`} as times,
      ${metric.kind === "median" ? sql`percentile_cont(${metric.quantile ?? 0.5}::float8) within group (order by s.amount::float8) filter (where s.counted)` : sql`null`} as median
    from (
      select ${sql.join([sql`r.*`, ...parts])} ${slicedRows(metric, scope, { by, filters })} and (r.counted or r.exception is not null)
    ) s
    group by ${sql.join([sql`s.period_no`, ...by.map((_, i) => column("key", i))])}`;
}

/** Whose value is made of Σ amount. */
const SUMMED: ReadonlySet<AggregateMetric["kind"]> = new Set(["sum", "mean", "ratio", "share_of_sum", "gini"]);

/** Whose value is made of the amounts one by one. */
const ONE_BY_ONE: ReadonlySet<AggregateMetric["kind"]> = new Set([
  "time_quantile",
  "survival",
  "incidence",
  "incidence_median",
  "incidence_final",
  "gini",
]);
const TIMES = sql`
  json_agg(json_build_array(s.amount, s.in_numerator, s.per = 1) order by s.amount, s.in_numerator desc)
    filter (where s.counted and s.amount is not null)`;

/** A curve's steps as rows, with one group more than the slice has. */
function curveRows(row: AggregateRow, groups: readonly Group[], period: Period): FiguresRow[] {
  return stepsOf(row.times ?? []).map(({ step, figures }) => {
    const at = { key: String(step), label: String(step), order: String(step).padStart(9, "0") };
    const plain = { numerator: null, denominator: null, interval: null, exceptions: row.exceptions };
    return { ...plain, ...figures, period, groups: [...groups, at] };
  });
}

/** `from … where …` of the measured rows in the slice, for every reader of them, with further joins of the reader's own. */
export function slicedRows(metric: AggregateMetric, scope: Scope, { by, filters }: Slicing, joins: Sql = sql``): Sql {
  const dimensions = [...by, ...filters.map((filter) => filter.dimension).filter(({ has }) => has === undefined)];
  const names = new Set([...by, ...filters.map((filter) => filter.dimension)].map((dimension) => dimension.name));
  const conditions = filters.map((filter) => hasValue(filter.dimension, filter.values));
  return sql`
    from (${metric.rows(scope, names)}) r ${joinsOf(dimensions)} ${joins}
    where ${sql.join([sql`true`, ...conditions], sql` and `)}`;
}

/** Labels as shown: what is called like another is told apart from it by its hint, also where the other is not in the answer. */
async function distinctLabels(
  db: Db,
  by: readonly Dimension[],
  rows: readonly AggregateRow[],
): Promise<(index: number, cell: Cell) => string | null> {
  const shared: ReadonlySet<string>[] = [];
  for (const [index, { everyone }] of by.entries()) {
    // What has no hint is called by what it is told apart by.
    const asked = new Set(rows.flatMap(({ cells }) => (cells[index]?.hint == null ? [] : (cells[index].label ?? []))));
    shared.push(asked.size === 0 ? new Set() : await sharedLabels(db, everyone, [...asked]));
  }
  return (index, { label, hint }) =>
    label !== null && hint !== null && shared[index]?.has(label) === true ? `${label} (${hint})` : label;
}

async function sharedLabels(db: Db, everyone: Sql, asked: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ label: string }>`
    select label from (${everyone}) e where label = any(${asked}::text[]) group by label having count(*) > 1
  `.execute(db);
  return new Set(rows.map((row) => row.label));
}

function figuresOf(metric: AggregateMetric, row: AggregateRow): Figures {
  const { counted, hits, with_amount: withAmount } = row;
  const [total, hitTotal, perTotal] = [toNumber(row.total), toNumber(row.hit_total), toNumber(row.per_total)];
  const plain = { numerator: null, denominator: null, interval: null, exceptions: row.exceptions };
  switch (metric.kind) {
    case "count":
      return { ...plain, value: counted, sampleSize: counted };
    case "sum":
      return { ...plain, value: total ?? (counted === 0 ? 0 : null), sampleSize: withAmount };
    case "mean":
      return { ...plain, ...ratio(total, withAmount), sampleSize: withAmount };
    case "median":
      return { ...plain, value: row.median, sampleSize: withAmount };
    case "share": {
      const figures = {
        ...plain,
        ...ratio(hits, counted),
        interval: wilsonInterval(hits, counted),
        sampleSize: counted,
      };
      return metric.tellsStillOpen === true ? { ...figures, extras: { still_open: row.still_open } } : figures;
    }
    case "ratio":
      return {
        ...plain,
        ...ratio(total, perTotal ?? 0),
        interval: metric.isProportion === true ? wilsonInterval(total ?? 0, perTotal ?? 0) : null,
        sampleSize: counted,
      };
    case "time_quantile":
      return { ...plain, value: timeQuantile(row.times ?? [], metric.quantile ?? 0.5), sampleSize: counted };
    case "incidence_median":
    case "incidence_final": {
      const { final, medianAge, medianToAnyEnd } = incidence(row.times ?? []);
      const extras =
        metric.kind === "incidence_median" ? { final_chance: final, median_to_any_close: medianToAnyEnd } : {};
      return { ...plain, value: metric.kind === "incidence_median" ? medianAge : final, sampleSize: counted, extras };
    }
    case "survival":
    case "incidence":
      // Those are rows of their own; a slice that has none has no value.
      return { ...plain, value: null, sampleSize: counted };
    case "gini":
      return perTotal === null
        ? { ...plain, value: gini((row.times ?? []).map(([amount]) => amount)), sampleSize: counted }
        : { ...plain, ...ratio(total, perTotal), sampleSize: counted };
    case "share_of_sum":
      return { ...plain, ...ratio(total === null ? null : (hitTotal ?? 0), total ?? 0), sampleSize: withAmount };
    default:
      return metric.kind satisfies never;
  }
}

/** The nearest number there is. */
function toNumber(text: string | null): number | null {
  return text === null ? null : Number(text);
}

function ratio(numerator: number | null, denominator: number): Pick<Figures, "value" | "numerator" | "denominator"> {
  const isNothing = numerator === null || denominator === 0;
  return { value: isNothing ? null : numerator / denominator, numerator, denominator };
}

/** The figures of a slice that has no rows in a period. How things are at the end of a period that has not begun, nobody knows. */
export function nothing(metric: AggregateMetric | ComposedMetric, period: Period, scope: Scope): Figures {
  if (metric.kind === "composed") {
    const parts = metric.parts.map((part) => nothing(part, period, scope));
    return metric.combine(parts, { scope, period });
  }
  const hasBegun = period.starts === null || period.starts <= scope.cutoff;
  const none = {
    period_no: 0,
    cells: [],
    counted: 0,
    hits: 0,
    still_open: 0,
    with_amount: 0,
    exceptions: 0,
    total: null,
    hit_total: null,
    median: null,
    per_total: null,
    times: null,
    left_out: null,
  };
  const figures = figuresOf(metric, none);
  return metric.isSnapshot === true && !hasBegun ? { ...figures, value: null } : figures;
}
