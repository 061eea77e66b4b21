import { z } from "zod";
import { addDays, dayOf } from "../../base/time.ts";
import type { MetricFilter, MetricQuery } from "../engine/query.ts";
import type { Catalogue } from "../catalogue.ts";
import {
  comparedRange,
  type ComparedWith,
  comparisonOf,
  type Comparison,
  type Previous,
  type WorkCalendar,
} from "./comparison.ts";
import {
  calendarEnd,
  calendarStart,
  type Calendar,
  type Grain,
  GRAINS,
  namedRange,
  PERIOD_NAMES,
  type PeriodName,
  type Range,
} from "./period.ts";

/**
 * What can be asked of the KPIs, in one form for all who ask: tiles, feeds, datasets, the command line and the API. A question stands still
 * while time goes on (`this_month`); {@link askedNow} makes of it what it asks at an instant.
 */
export type Question = {
  readonly metric: string;
  /** Of a ranking: the KPI to rank by; null: its own. */
  readonly of: string | null;
  readonly by: readonly string[];
  /** By name, or inclusive days in the workspace's time zone. */
  readonly period: PeriodName | Range;
  /** A row for each period of this length. */
  readonly grain: Grain | null;
  readonly filters: readonly MetricFilter[];
  /** What else is asked for beside it: the period before, or the same one a year ago; null: nothing. */
  readonly compare: ComparedWith | null;
  /** With a grain: the last so many periods, the running one included, instead of `period`. */
  readonly limit: number | null;
};

/** How questions are written in settings. Tiles, feeds and datasets take these fields, each with defaults of its own. */
export const questionFields = {
  metric: z.string().describe("The KPI"),
  of: z.string().optional().describe("Of a leaderboard: the KPI to rank by"),
  period: z.enum(PERIOD_NAMES).default("this_month").describe("Over which days"),
  grain: z.enum(GRAINS).describe("A row for each period of this length"),
  filters: z
    .record(z.string(), z.string())
    .default({})
    .describe("Only what has these values, by dimension: `rep: Ann`"),
};

/** A question with what most leave as it is. */
export function question(
  asked: Pick<Question, "metric"> & { readonly [field in keyof Question]?: Question[field] | undefined },
): Question {
  return {
    metric: asked.metric,
    of: asked.of ?? null,
    by: asked.by ?? [],
    period: asked.period ?? "this_month",
    grain: asked.grain ?? null,
    filters: asked.filters ?? [],
    compare: asked.compare ?? null,
    limit: asked.limit ?? null,
  };
}

/** Filters as settings write them, `{ rep: "Ann" }`. */
export function filtersOf(filters: { readonly [dimension: string]: string }): MetricFilter[] {
  return Object.entries(filters).map(([dimension, value]) => ({ dimension, value }));
}

/** A filter as the command line and the API write it: `rep=Ann`. Null: it is not written so. */
export function parseFilter(text: string): MetricFilter | null {
  const equals = text.indexOf("=");
  return equals < 1 ? null : { dimension: text.slice(0, equals).trim(), value: text.slice(equals + 1).trim() };
}

/** Dimensions in one text, as the command line and the API write them: `rep,stage`. */
export function parseDimensions(text: string): string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

export type Asked = {
  readonly query: MetricQuery;
  /** What it is compared with, and what that is. Null: nothing. */
  readonly compared: { readonly query: MetricQuery; readonly with: Previous } | null;
};

/**
 * What a question asks at an instant.
 *
 * @param asOf answers with what was known then, and takes periods by name as they were then; null: with what is known now.
 */
export function askedNow(asked: Question, now: Date, calendar: WorkCalendar, asOf: Date | null = null): Asked {
  const { metric, of, by, grain, filters } = asked;
  const at = asOf ?? now;
  const { range, previous: before } = spanOf(asked, at, calendar);
  const query = { metric, of, by, grain, filters, ...range, asOf, now };
  const previous = asked.compare === "last_year" ? aYearAgo(asked, at, calendar) : before;
  const compared =
    asked.compare === null || previous === null
      ? null
      : { query: { ...query, ...previous.range, until: previous.until }, with: previous };
  return { query, compared };
}

function aYearAgo({ period, grain }: Question, at: Date, calendar: WorkCalendar): Previous | null {
  const found = grain === null ? comparedRange("last_year", period, at, calendar) : null;
  return found === null ? null : { ...found, name: { kind: "last_year" } };
}

function spanOf({ period, grain, limit }: Question, now: Date, calendar: WorkCalendar): Comparison {
  const alone = { previous: null };
  if (grain !== null && limit !== null) return { range: lastPeriods(limit, grain, now, calendar), ...alone };
  if (typeof period !== "string") return { range: period, ...alone };
  return grain === null ? comparisonOf(period, now, calendar) : { range: namedRange(period, now, calendar), ...alone };
}

/** The same question of what its period is compared with; null where there is nothing to compare with. */
export function comparedQuery(
  query: MetricQuery,
  kind: ComparedWith,
  period: Question["period"],
  now: Date,
  calendar: WorkCalendar,
): MetricQuery | null {
  const compared = comparedRange(kind, period, query.asOf ?? now, calendar);
  return compared === null ? null : { ...query, ...compared.range, until: compared.until };
}

/** The last `count` calendar periods, to the end of the running one: so its number keeps its place in the store from day to day. */
export function lastPeriods(count: number, grain: Grain, now: Date, calendar: Calendar): Range {
  const today = dayOf(now, calendar.timeZone);
  let from = calendarStart(today, grain, calendar);
  for (let step = 1; step < count; step += 1) from = calendarStart(addDays(from, -1), grain, calendar);
  return { from, to: calendarEnd(today, grain, calendar) };
}

/**
 * The question whose numbers an answer shows. A ranking shows those that it ranks, by rep.
 *
 * @throws TributaryError `kpi.unknown_metric`, `kpi.bad_definition`
 */
export function numbersOf(asked: Question, catalogue: Catalogue): Question {
  const metric = catalogue.need(asked.metric);
  if (metric.kind !== "ranking") return asked;
  return { ...asked, metric: asked.of ?? metric.defaultOf, of: null, by: ["rep"] };
}
