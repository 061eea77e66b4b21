import { DateTime } from "luxon";
import { addDays, dayOf, daysBetween, type Day } from "../../base/time.ts";
import { isWorkingDay, type WorkingTime } from "../../base/working-time.ts";
import {
  type Calendar,
  type Grain,
  type PeriodName,
  type Range,
  calendarStart,
  namedRange,
  previousRange,
} from "./period.ts";

/** A range and what it is fairly compared with. */
export type Comparison = {
  readonly range: Range;
  /** Null: there is nothing to compare with. */
  readonly previous: Previous | null;
};

/** What a range is compared with. */
export type Previous = {
  readonly range: Range;
  /** Of a range that still runs: as far as it has come, by the clock. Null: to the end. */
  readonly until: Date | null;
  readonly name: PreviousName;
};

/** What it is: a day, the calendar period before, as many days before, the same a year ago. */
export type PreviousName =
  | { readonly kind: "day"; readonly day: Day; readonly isYesterday: boolean }
  | { readonly kind: "week" | "month" | "quarter" | "year" | "last_year" }
  | { readonly kind: "days"; readonly days: number };

/** How the workspace counts days, and which of them it works. */
export type WorkCalendar = Calendar & { readonly working?: WorkingTime | null };

const RUNNING: { readonly [name in PeriodName]?: Exclude<Grain, "day"> } = {
  this_week: "week",
  this_month: "month",
  this_quarter: "quarter",
  this_year: "year",
};

/** What is compared with stands still for so long, so that it is computed once for all who look. */
const STEP_MS = 5 * 60_000;

/**
 * What a relative period stands for now, and what it is compared with. A period that still runs is compared with the same span of the one before, to
 * the same time of the clock: against the whole of it, every number would look like a collapse until the evening of the last day. A day is
 * compared with the last one of its kind: a working day with a working day, any other with the same day of the week before.
 */
export function comparisonOf(name: PeriodName, now: Date, calendar: WorkCalendar): Comparison {
  const range = namedRange(name, now, calendar);
  if (range.from === null || range.to === null) return { range, previous: null };
  const today = dayOf(now, calendar.timeZone);
  if (name === "today" || name === "yesterday") {
    const day = comparableDay(range.from, calendar.working ?? null);
    const until = name === "today" ? sameTimeOn(day, now, calendar) : null;
    const isYesterday = day === addDays(today, -1);
    return { range, previous: { range: { from: day, to: day }, until, name: { kind: "day", day, isYesterday } } };
  }
  const grain = RUNNING[name];
  if (grain !== undefined) return { range, previous: sameSpan(range.from, grain, now, calendar) };
  const before = previousRange(range);
  if (before?.to == null) return { range, previous: null };
  // What rolls along to today has come as far today as what it is compared with on its last day.
  const until = range.to === today ? sameTimeOn(before.to, now, calendar) : null;
  return { range, previous: { range: before, until, name: nameOf(name, range.from, range.to) } };
}

function nameOf(name: PeriodName, from: Day, to: Day): PreviousName {
  switch (name) {
    case "last_week":
      return { kind: "week" };
    case "last_month":
      return { kind: "month" };
    case "last_quarter":
      return { kind: "quarter" };
    case "last_year":
      return { kind: "year" };
    default:
      return { kind: "days", days: daysBetween(from, to) + 1 };
  }
}

/** The same days of the calendar period before; all of it where it is shorter. */
function sameSpan(first: Day, grain: Exclude<Grain, "day">, now: Date, calendar: Calendar): Previous {
  const from = calendarStart(addDays(first, -1), grain, calendar);
  const sameDay = addDays(from, daysBetween(first, dayOf(now, calendar.timeZone)));
  const last = addDays(first, -1);
  const isShorter = sameDay > last;
  return {
    range: { from, to: isShorter ? last : sameDay },
    until: isShorter ? null : sameTimeOn(sameDay, now, calendar),
    name: { kind: grain },
  };
}

/** What a number can be set beside: the period before it, or the same one a year ago. */
export const COMPARED_WITH = ["previous", "last_year"] as const;
export type ComparedWith = (typeof COMPARED_WITH)[number];

/**
 * What a range is compared with, whether it has a name or not. One that still runs is compared as far as it has come. Weeks and days are
 * compared with the same weekdays of 52 weeks ago, everything else with the same dates a year ago.
 *
 * @returns null where there is nothing to compare with: a range without a beginning or an end has no length.
 */
export function comparedRange(
  kind: ComparedWith,
  period: PeriodName | Range,
  now: Date,
  calendar: WorkCalendar,
): Pick<Previous, "range" | "until"> | null {
  const range = typeof period === "string" ? namedRange(period, now, calendar) : period;
  if (kind === "previous" && typeof period === "string") return comparisonOf(period, now, calendar).previous;
  if (range.from === null || range.to === null) return null;
  const today = dayOf(now, calendar.timeZone);
  const isRunning = range.from <= today && today <= range.to;
  const shift = kind === "previous" ? backBy(daysBetween(range.from, range.to) + 1) : aYearBefore(period, range);
  const last = isRunning ? today : range.to;
  return {
    range: { from: shift(range.from), to: shift(last) },
    until: isRunning ? sameTimeOn(shift(today), now, calendar) : null,
  };
}

type Shift = (day: Day) => Day;

function backBy(days: number): Shift {
  return (day) => addDays(day, -days);
}

/** Days and weeks are compared with the same days of the week. */
function aYearBefore(period: PeriodName | Range, range: Range): Shift {
  const isByWeekday =
    typeof period === "string"
      ? ["today", "yesterday", "this_week", "last_week"].includes(period)
      : range.from === range.to;
  if (isByWeekday) return backBy(364);
  return (day) => {
    const date = DateTime.fromISO(day, { zone: "utc" });
    const before = date.minus({ years: 1 });
    // The end of February stays one.
    const isLast = date.day === date.daysInMonth;
    return (isLast ? before.endOf("month") : before).toFormat("yyyy-MM-dd");
  };
}

/** Where nobody has said when the company works, it does so from Monday to Friday. */
function isWorked(day: Day, working: WorkingTime | null): boolean {
  if (working !== null) return isWorkingDay(working, day);
  return DateTime.fromISO(day, { zone: "utc" }).weekday <= 5;
}

/** So far back a working day is looked for: longer holidays are no rule to go by. */
const MOST_DAYS_BACK = 14;

function comparableDay(day: Day, working: WorkingTime | null): Day {
  if (isWorked(day, working)) {
    for (let back = 1; back <= MOST_DAYS_BACK; back += 1) {
      const before = addDays(day, -back);
      if (isWorked(before, working)) return before;
    }
  }
  return addDays(day, -7);
}

/** When the clock showed on that day what it shows now, to the step. */
function sameTimeOn(day: Day, now: Date, { timeZone }: Calendar): Date {
  const at = DateTime.fromMillis(Math.floor(now.getTime() / STEP_MS) * STEP_MS, { zone: timeZone });
  const time = { hour: at.hour, minute: at.minute };
  return DateTime.fromISO(day, { zone: timeZone }).set(time).toJSDate();
}
