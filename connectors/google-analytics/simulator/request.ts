import { z } from "zod";
import { addDays, dayOf, type Day, isDay } from "../../../core/base/time.ts";

/** int64 comes as text or number; enums as names or numbers. */
const int64 = z.coerce.number().int();
const filter = z.object({
  filter: z.object({
    fieldName: z.string(),
    inListFilter: z.object({ values: z.array(z.string()) }).optional(),
    stringFilter: z.object({ matchType: z.union([z.string(), z.number()]).optional(), value: z.string() }).optional(),
  }),
});
const body = z.object({
  dateRanges: z.array(z.object({ startDate: z.string(), endDate: z.string() })).min(1),
  dimensions: z.array(z.object({ name: z.string() })).default([]),
  metrics: z.array(z.object({ name: z.string() })).default([]),
  dimensionFilter: filter.optional(),
  orderBys: z
    .array(z.object({ dimension: z.object({ dimensionName: z.string() }).optional(), desc: z.boolean().optional() }))
    .default([]),
  limit: int64.default(10_000),
  offset: int64.default(0),
  keepEmptyRows: z.boolean().default(false),
  returnPropertyQuota: z.boolean().default(false),
});

export type ReportRequest = Omit<z.infer<typeof body>, "dateRanges" | "dimensions" | "metrics" | "dimensionFilter"> & {
  readonly from: Day;
  readonly to: Day;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  /** Only these values of a dimension. */
  readonly only: { readonly dimension: string; readonly values: readonly string[] } | null;
};

const MOST = { dateRanges: 4, dimensions: 9, metrics: 10, limit: 250_000 } as const;

/** @returns why not, as Google would say it. */
export function readRequest(
  text: string,
  known: { readonly dimensions: ReadonlySet<string>; readonly metrics: ReadonlySet<string> },
  now: { readonly at: Date; readonly timeZone: string },
): ReportRequest | string {
  const parsed = body.safeParse(parse(text));
  if (!parsed.success) return `Invalid JSON payload received. ${z.prettifyError(parsed.error)}`;
  const { dateRanges, dimensionFilter, ...rest } = parsed.data;
  const dimensions = rest.dimensions.map(({ name }) => name);
  const metrics = rest.metrics.map(({ name }) => name);
  if (dateRanges.length > MOST.dateRanges) return `Requests are limited to ${MOST.dateRanges} dateRanges.`;
  if (dimensions.length > MOST.dimensions) return `Requests are limited to ${MOST.dimensions} dimensions.`;
  if (metrics.length > MOST.metrics) return `Requests are limited to ${MOST.metrics} metrics.`;
  if (rest.limit < 1 || rest.limit > MOST.limit) return `The limit must be between 1 and ${MOST.limit}.`;
  if (rest.offset < 0) return "The offset must not be negative.";
  const odd =
    dimensions.find((name) => !known.dimensions.has(name)) ?? metrics.find((name) => !known.metrics.has(name));
  if (odd !== undefined) return `Field ${odd} is not a valid dimension or metric.`;
  const [range, second] = dateRanges;
  if (range === undefined || second !== undefined) return "This simulator takes one dateRange.";
  const [from, to] = [resolve(range.startDate, now), resolve(range.endDate, now)];
  if (from === null || to === null) return "A date is YYYY-MM-DD, today, yesterday or NdaysAgo.";
  if (to < from) return "The endDate must not be before the startDate.";
  return { ...rest, from, to, dimensions, metrics, only: onlyOf(dimensionFilter?.filter) };
}

function onlyOf(wanted: z.infer<typeof filter>["filter"] | undefined): ReportRequest["only"] {
  if (wanted === undefined) return null;
  const values = wanted.inListFilter?.values ?? [wanted.stringFilter?.value ?? ""];
  return { dimension: wanted.fieldName, values };
}

/** In the PROPERTY's time zone, whatever the caller's. */
function resolve(text: string, { at, timeZone }: { readonly at: Date; readonly timeZone: string }): Day | null {
  const today = dayOf(at, timeZone);
  const ago = text === "today" ? "0" : text === "yesterday" ? "1" : /^(\d+)daysAgo$/.exec(text)?.[1];
  if (ago !== undefined) return addDays(today, -Number(ago));
  return isDay(text) ? text : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
