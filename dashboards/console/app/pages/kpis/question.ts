import type { Input } from "../../api/client.ts";
import { GRAINS, type Grain, type Period, PERIODS } from "../../words/kpis.ts";

/** What is asked of a KPI, as it stands in the address: so a question can be sent to somebody. */
export type Question = {
  readonly period: Period | "days";
  readonly from: string;
  readonly to: string;
  readonly by: string;
  readonly grain: Grain | "";
  readonly compare: "" | "previous" | "last_year";
  /** A day; empty: now. */
  readonly asOf: string;
  /** `DIM=VALUE`; empty: all. */
  readonly filter: string;
};

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function questionOf(search: { readonly [name: string]: string | undefined }): Question {
  const { period, from = "", to = "", by = "", grain = "", compare, as_of: asOf = "", filter = "" } = search;
  const hasDays = DAY.test(from) && DAY.test(to);
  return {
    period: PERIODS.find((one) => one === period) ?? (hasDays ? "days" : "this_month"),
    from: DAY.test(from) ? from : "",
    to: DAY.test(to) ? to : "",
    by,
    grain: GRAINS.find((one) => one === grain) ?? "",
    compare: compare === "last_year" || compare === "none" ? (compare === "none" ? "" : "last_year") : "previous",
    asOf: DAY.test(asOf) ? asOf : "",
    filter,
  };
}

/** Back into the address; what is as usual is left out. */
export function searchOf(question: Question): { readonly [name: string]: string } {
  const { period, from, to, by, grain, compare, asOf, filter } = question;
  const all = {
    ...(period === "days" ? { from, to } : { period }),
    by,
    grain,
    compare: compare === "previous" ? "" : compare === "" ? "none" : compare,
    as_of: asOf,
    filter,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

type Query = NonNullable<Input<"GET /kpis/{metric}">["query"]>;

/** @param endOfDay the last instant of a day, in the workspace's time zone. */
export function queryOf(question: Question, endOfDay: (day: string) => string): Query {
  return {
    ...(question.period === "days" ? { from: question.from, to: question.to } : { period: question.period }),
    ...(question.by === "" ? {} : { by: question.by }),
    ...(question.grain === "" ? {} : { grain: question.grain }),
    ...(question.filter === "" ? {} : { filter: question.filter }),
    ...(question.asOf === "" ? {} : { as_of: endOfDay(question.asOf) }),
  };
}

/**
 * The days to compare with. A period that still runs is compared with as many days of the one before: the whole of it would always look better.
 *
 * @returns null where there is none: all time, or days that are not known yet.
 */
export function comparedDays(
  question: Question,
  range: { readonly from: string | null; readonly to: string | null },
  today: string,
): { readonly from: string; readonly to: string } | null {
  if (question.compare === "" || range.from === null || range.to === null) return null;
  const from = range.from;
  const to = range.to > today ? today : range.to;
  if (to < from) return null;
  if (question.compare === "last_year") return { from: addMonths(from, -12), to: addMonths(to, -12) };
  const months = MONTHS[question.period];
  const length = days(from, range.to) + 1;
  const start = months === undefined ? addDays(from, -length) : addMonths(from, -months);
  return { from: start, to: to === range.to ? addDays(from, -1) : addDays(start, days(from, to)) };
}

const MONTHS: { readonly [period: string]: number } = {
  this_month: 1,
  last_month: 1,
  this_quarter: 3,
  last_quarter: 3,
  this_year: 12,
  last_year: 12,
};

function days(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(day) + count * 86_400_000).toISOString().slice(0, 10);
}

/** The same day of another month; its last one where it has no such day. */
function addMonths(day: string, count: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month - 1 + count + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + count, Math.min(date, last))).toISOString().slice(0, 10);
}
