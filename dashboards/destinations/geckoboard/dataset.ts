import { minorUnitDigits } from "../../../core/base/money.ts";
import { dayOf } from "../../../core/base/time.ts";
import type { MetricAnswer, MetricRow } from "../../../core/metrics/engine/query.ts";
import { type GeckoboardField, type GeckoboardRow, type GeckoboardSchema, ROWS_PER_DATASET } from "./client.ts";

/** Longest text that a string field takes (developer.geckoboard.com, "Schemas and types"). */
const MAX_TEXT = 100;
/** Fields that a dataset has at most (same source). */
const MOST_FIELDS = 10;

/** A KPI's answer as a dataset: a column for the period, one for each dimension, and the value. */
export type DatasetContent = {
  readonly schema: GeckoboardSchema;
  readonly rows: readonly GeckoboardRow[];
  /** Of a history: the field by which the oldest rows are known. Null: the rows are all there is to be. */
  readonly deleteBy: "period" | "day" | null;
};

/**
 * What a KPI's answer is in Geckoboard. Money goes in minor units, ratios as percentages (0 to 1), and a number that has no value as null.
 * Hours and minutes are durations. What is missing from the
 * numbers stands in the column `state` of every row, where there is room for one; `complete`: nothing is. Rows beyond what a dataset holds are cut off at the end of the answer's order.
 */
export function datasetOf(
  answer: MetricAnswer,
  dimensions: readonly string[],
  { isHistory = false }: { readonly isHistory?: boolean } = {},
): DatasetContent {
  const hasPeriod = answer.rows.some((row) => row.period !== null);
  const hasRank = answer.rows.some((row) => row.rank !== undefined);
  // Without a period, the rows of a history are told apart by the day on which they were so.
  const day = isHistory && !hasPeriod ? dayOf(new Date(answer.as_of), answer.timezone) : null;
  const columns = dimensions.map((name) => ({ name, id: fieldId(name) }));
  const fields: { [id: string]: GeckoboardField } = {};
  if (hasPeriod) fields["period"] = { type: "date", name: "Period" };
  if (day !== null) fields["day"] = { type: "date", name: "Day" };
  for (const column of columns) fields[column.id] = { type: "string", name: title(column.name) };
  fields["value"] = valueField(answer);
  if (hasRank) fields["rank"] = { type: "number", name: "Rank", optional: true };
  const hasState = Object.keys(fields).length < MOST_FIELDS;
  if (hasState) fields["state"] = { type: "string", name: "State" };
  const beyond = answer.rows.length - ROWS_PER_DATASET;
  const notes = [
    ...(beyond > 0
      ? [`the last ${beyond} of ${answer.rows.length} rows are left out: a dataset holds ${ROWS_PER_DATASET}`]
      : []),
    ...answer.notes,
  ];
  const state = notes.length === 0 ? "complete" : clipped(notes.join("; "));
  const unique = [
    ...(hasPeriod ? ["period"] : []),
    ...(day === null ? [] : ["day"]),
    ...columns.map((column) => column.id),
  ];
  const rows = answer.rows.slice(0, ROWS_PER_DATASET).map((row): GeckoboardRow => ({
    ...(hasPeriod ? { period: row.period } : {}),
    ...(day === null ? {} : { day }),
    ...Object.fromEntries(columns.map(({ name, id }) => [id, clipped(row.dimensions[name] ?? "(none)")])),
    value: valueOf(answer, row),
    ...(hasRank ? { rank: row.rank ?? null } : {}),
    ...(hasState ? { state } : {}),
  }));
  const deleteBy = isHistory ? (hasPeriod ? "period" : "day") : null;
  return { schema: { fields, unique_by: unique }, rows, deleteBy };
}

/** No half of a character at the end: that would be no valid JSON. */
function clipped(text: string): string {
  return Array.from(text.toWellFormed()).slice(0, MAX_TEXT).join("");
}

function valueField(answer: MetricAnswer): GeckoboardField {
  const name = title(answer.metric);
  switch (answer.unit) {
    case "money":
    case "money_per_day":
      return { type: "money", name, currency_code: answer.currency, optional: true };
    case "ratio":
      return { type: "percentage", name, optional: true };
    case "count":
    case "number":
    // Geckoboard knows no days.
    case "days":
      return { type: "number", name, optional: true };
    case "hours":
    case "minutes":
      return { type: "duration", time_unit: answer.unit, name, optional: true };
    default:
      return answer.unit satisfies never;
  }
}

function valueOf(answer: MetricAnswer, row: MetricRow): number | null {
  if (row.value === null) return null;
  const isMoney = answer.unit === "money" || answer.unit === "money_per_day";
  return isMoney ? Math.round(row.value * 10 ** minorUnitDigits(answer.currency)) : row.value;
}

/** Field ids are at least three lower-case letters, digits or underscores, and begin with a letter (same source). */
function fieldId(dimension: string): string {
  const id = dimension.toLowerCase().replaceAll(/[^a-z0-9_]+/g, "_");
  return /^[a-z].{2,}$/.test(id) ? id : `by_${id}`;
}

function title(name: string): string {
  const words = name.replace(/^attributes\./, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
