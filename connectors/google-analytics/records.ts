import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { addDays, type Day, isDay, startOfDay } from "../../core/base/time.ts";
import type { Report, Row } from "./answers.ts";
import type { Property } from "./client.ts";
import type { ReportName } from "./reports.ts";

/**
 * The raw record: one date of one report with all its rows, so that what is landed anew takes the place of the whole date (rows vanish
 * and change their labels while Google restates). `sums` stand at the top, where reconciling looks for them.
 */
const row = z.object({ dimensions: z.array(z.string()), metrics: z.array(z.string()) });
export const dayRecord = z.object({
  date: z.string().refine(isDay, "no day"),
  dimensions: z.array(z.string()),
  metrics: z.array(z.string()),
  rows: z.array(z.unknown()),
  timeZone: z.string(),
  currency: z.string().nullable(),
  isFinal: z.boolean(),
  subjectToThresholding: z.boolean(),
  dataLossFromOtherRow: z.boolean(),
  sampling: z.object({ samplesRead: z.number(), samplingSpace: z.number() }).nullable(),
  restrictedMetrics: z.array(z.string()),
});
export const dayRow = row;
export type DayRecord = z.infer<typeof dayRecord>;

/** Google's numbers may change for so long after a day is over. support.google.com, "Data freshness": 24 to 48 h, and a reserve. */
const RESTATED_MS = 72 * 3_600_000;

/** Metrics whose sum over the rows reconciling compares. Users do not add up: their sum is only shown against the real number. */
const SUMMED = { sessions: "sessions", keyEvents: "keyEvents", totalUsers: "users" } as const;

export type DayContext = {
  readonly name: ReportName;
  readonly property: Property;
  readonly report: Report;
  readonly now: Date;
};

/** @param rows of that date, without the date's column. */
export function makeDayRecord(date: Day, rows: readonly Row[], context: DayContext): JsonObject {
  const { name, property, report, now } = context;
  const timeZone = report.timeZone ?? property.timeZone;
  const isFinal = now.getTime() >= startOfDay(addDays(date, 1), timeZone).getTime() + RESTATED_MS;
  return {
    report: name,
    property: property.id,
    date,
    month: date.slice(0, 7),
    timeZone,
    currency: report.currency ?? property.currency,
    isFinal,
    ...report.quality,
    ...sumsOf(report.metrics, rows),
    dimensions: report.dimensions.slice(1),
    metrics: report.metrics,
    rows,
  };
}

function sumsOf(metrics: readonly string[], rows: readonly Row[]): JsonObject {
  const sums: { [name: string]: number } = {};
  for (const [metric, name] of Object.entries(SUMMED)) {
    const at = metrics.indexOf(metric);
    if (at < 0) continue;
    const sum = rows.reduce((total, each) => total + (Number(each.metrics[at]) || 0), 0);
    // Key events may be fractions; their sum must not end in 0.30000000000000004.
    sums[name] = Math.round(sum * 1e6) / 1e6;
  }
  return sums;
}
