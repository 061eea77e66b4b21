import { DateTime } from "luxon";
import { TributaryError } from "../../base/errors.ts";
import { addDays, dayOf, daysBetween, startOfDay, type Day } from "../../base/time.ts";

/**
 * Periods of calendar days in the workspace's time zone. A period is `[from 00:00, day after to 00:00)`: 23 or 25 hours long on the day
 * of a clock change, because its bounds are found from days and never by adding hours.
 */
export const GRAINS = ["day", "week", "month", "quarter", "year"] as const;
export type Grain = (typeof GRAINS)[number];

export const PERIOD_NAMES = [
  "today",
  "yesterday",
  "this_week",
  "this_month",
  "this_quarter",
  "this_year",
  "last_7_days",
  "last_30_days",
  "last_90_days",
  "last_week",
  "last_month",
  "last_quarter",
  "last_year",
  "all",
] as const;
export type PeriodName = (typeof PERIOD_NAMES)[number];

/** Days from and to, both inclusive; null is without a bound. */
export type Range = { readonly from: Day | null; readonly to: Day | null };

export type Period = Range & {
  /** The first day of the calendar period that the row stands for; null when no grain was asked for. */
  readonly label: Day | null;
  /** Null: from the beginning. */
  readonly starts: Date | null;
  /** Exclusive. Null: without an end. */
  readonly ends: Date | null;
};

/** How the workspace counts days. */
export type Calendar = {
  readonly timeZone: string;
  /** An ISO weekday: 1 is Monday, 7 is Sunday. */
  readonly weekStart: number;
  /** The month that years, and with them quarters, start with; absent: 1, January. */
  readonly yearStart?: number;
};
type Starts = Omit<Calendar, "timeZone">;

/** A day per row for 13 years; more is a slip of the keyboard. */
const MAX_PERIODS = 5000;

/** Days have years of four digits: a period that ends with the last of them has no end. */
const LAST_DAY: Day = "9999-12-31";

const utc = (day: Day): DateTime => DateTime.fromISO(day, { zone: "utc" });
const toDay = (date: DateTime): Day => date.toFormat("yyyy-MM-dd");

/** The first day of the day, week, month, quarter or year that a day is in. */
export function calendarStart(day: Day, grain: Grain, { weekStart, yearStart = 1 }: Starts): Day {
  if (grain === "day") return day;
  if (grain === "week") return addDays(day, -((utc(day).weekday - weekStart + 7) % 7));
  const ahead = { months: grain === "month" ? 0 : yearStart - 1 };
  return toDay(utc(day).minus(ahead).startOf(grain).plus(ahead));
}

/** The last day of the day, week, month, quarter or year that a day is in. */
export function calendarEnd(day: Day, grain: Grain, starts: Starts): Day {
  return addDays(nextStart(calendarStart(day, grain, starts), grain), -1);
}

function nextStart(start: Day, grain: Grain): Day {
  return toDay(utc(start).plus({ [grain]: 1 }));
}

/** The days that a relative name stands for. The current week, month, quarter and year run to their end, which may lie ahead. */
export function namedRange(name: PeriodName, now: Date, calendar: Calendar): Range {
  const today = dayOf(now, calendar.timeZone);
  const current = (grain: Grain): Range => ({
    from: calendarStart(today, grain, calendar),
    to: calendarEnd(today, grain, calendar),
  });
  const previous = (grain: Grain): Range => {
    const to = addDays(calendarStart(today, grain, calendar), -1);
    return { from: calendarStart(to, grain, calendar), to };
  };
  switch (name) {
    case "today":
      return current("day");
    case "yesterday":
      return previous("day");
    case "this_week":
      return current("week");
    case "this_month":
      return current("month");
    case "this_quarter":
      return current("quarter");
    case "this_year":
      return current("year");
    case "last_7_days":
      return { from: addDays(today, -6), to: today };
    case "last_30_days":
      return { from: addDays(today, -29), to: today };
    case "last_90_days":
      return { from: addDays(today, -89), to: today };
    case "last_week":
      return previous("week");
    case "last_month":
      return previous("month");
    case "last_quarter":
      return previous("quarter");
    case "last_year":
      return previous("year");
    case "all":
      return { from: null, to: null };
    default:
      return name satisfies never;
  }
}

/** The range of equal length that ends the day before this one begins; null when the range has no length. */
export function previousRange(range: Range): Range | null {
  if (range.from === null || range.to === null) return null;
  return { from: addDays(range.from, -1 - daysBetween(range.from, range.to)), to: addDays(range.from, -1) };
}

/** The whole range as one period. */
export function wholePeriod(range: Range, calendar: Calendar): Period {
  return {
    ...range,
    label: null,
    starts: range.from === null ? null : startOfDay(range.from, calendar.timeZone),
    ends: range.to === null || range.to >= LAST_DAY ? null : startOfDay(addDays(range.to, 1), calendar.timeZone),
  };
}

/**
 * The range cut into calendar periods, in order, with none left out. The first and last are cut short where the range is.
 *
 * @throws TributaryError `kpi.too_many_periods`
 */
export function periodsOf(range: { from: Day; to: Day }, grain: Grain, calendar: Calendar): Period[] {
  const periods: Period[] = [];
  let label = calendarStart(range.from, grain, calendar);
  while (label <= range.to) {
    if (periods.length === MAX_PERIODS) {
      throw new TributaryError({
        code: "kpi.too_many_periods",
        kind: "config",
        message: `${range.from} to ${range.to} by ${grain} is more than ${MAX_PERIODS} rows.`,
        mend: "Ask for a shorter period or a coarser grain.",
      });
    }
    const next = nextStart(label, grain);
    const from = label < range.from ? range.from : label;
    const isLast = next.length > LAST_DAY.length;
    const last = isLast ? LAST_DAY : addDays(next, -1);
    periods.push({ ...wholePeriod({ from, to: last > range.to ? range.to : last }, calendar), label });
    if (isLast) break;
    label = next;
  }
  return periods;
}
