import type { MetricAnswer, MetricRow } from "../metrics/index.ts";
import type { Column, Exported, ExportRow } from "./columns.ts";

/** Columns that only some KPIs have. */
const EXTRAS: readonly Column[] = [
  { name: "still_open", type: "integer" },
  { name: "is_leakiest", type: "yes_no" },
  { name: "rank", type: "integer" },
  { name: "previous_rank", type: "integer" },
  { name: "movement", type: "integer" },
];

/** A KPI's answer as a table: what was asked, then a row for each slice; each says how fresh it is, and how much was left out of the whole. */
export function exportedAnswer(answer: MetricAnswer): Exported {
  const dimensions = [...new Set(answer.rows.flatMap((row) => Object.keys(row.dimensions)))];
  const extras = EXTRAS.filter(({ name }) => answer.rows.some((row) => Object.hasOwn(row, name)));
  const columns: Column[] = [
    { name: "metric", type: "text" },
    { name: "unit", type: "text" },
    { name: "currency", type: "text" },
    { name: "period", type: "day" },
    ...dimensions.map((name): Column => ({ name: columnOf(name), type: "text" })),
    { name: "value", type: "number" },
    { name: "numerator", type: "number" },
    { name: "denominator", type: "number" },
    { name: "sample_size", type: "integer" },
    { name: "interval_low", type: "number" },
    { name: "interval_high", type: "number" },
    ...extras,
    { name: "left_out", type: "integer" },
    { name: "as_of", type: "time" },
    { name: "fresh_as_of", type: "time" },
  ];
  const leftOut = answer.exceptions.reduce((sum, { count }) => sum + count, 0);
  const shared = {
    metric: answer.metric,
    unit: answer.unit,
    currency: answer.currency,
    left_out: leftOut,
    as_of: new Date(answer.as_of),
    fresh_as_of: answer.fresh_as_of === null ? null : new Date(answer.fresh_as_of),
  };
  const rows = answer.rows.map((row) => ({ ...shared, ...rowOf(row, dimensions) }));
  return { columns, batches: once(rows) };
}

function rowOf(row: MetricRow, dimensions: readonly string[]): ExportRow {
  const { dimensions: labels, interval, ...rest } = row;
  return {
    ...rest,
    ...Object.fromEntries(dimensions.map((name) => [columnOf(name), labels[name] ?? null])),
    interval_low: interval?.[0] ?? null,
    interval_high: interval?.[1] ?? null,
  };
}

const TAKEN = new Set(["metric", "unit", "currency", "period", "value", "numerator", "denominator"]);

/** A dimension that is called like another column keeps its own. */
function columnOf(dimension: string): string {
  return TAKEN.has(dimension) ? `by_${dimension}` : dimension;
}

async function* once(rows: readonly ExportRow[]): AsyncGenerator<readonly ExportRow[]> {
  if (rows.length > 0) yield await Promise.resolve(rows);
}
