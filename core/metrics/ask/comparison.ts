import { addDays, dayOf, daysBetween } from "../../base/time.ts";
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
  readonly previous: Range | null;
  /** What `previous` is, in words: `same days of the month before`. */
  readonly previousName: string;
};

const RUNNING: { readonly [name in PeriodName]?: Grain } = {
  this_week: "week",
  this_month: "month",
  this_quarter: "quarter",
  this_year: "year",
};

/**
 * What a relative period stands for now, and the period before it. A period that still runs is compared with the same number of days
 * of the one before, never with the whole of it: on the third of a month every number would look like a collapse.
 */
export function comparisonOf(name: PeriodName, now: Date, calendar: Calendar): Comparison {
  const range = namedRange(name, now, calendar);
  const grain = RUNNING[name];
  if (grain === undefined || range.from === null) {
    return {
      range,
      previous: previousRange(range),
      previousName: name === "today" ? "yesterday" : "the period before",
    };
  }
  const today = dayOf(now, calendar.timeZone);
  const from = calendarStart(addDays(range.from, -1), grain, calendar.weekStart);
  const sameDay = addDays(from, daysBetween(range.from, today));
  const last = addDays(range.from, -1);
  return {
    range,
    previous: { from, to: sameDay < last ? sameDay : last },
    previousName: `same days of the ${grain} before`,
  };
}
