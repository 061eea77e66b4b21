import { DateTime } from "luxon";

/** A calendar day `YYYY-MM-DD`, without a time zone of its own. */
export type Day = string;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Whether the text is a day that exists (`2026-02-30` does not). */
export function isDay(text: string): text is Day {
  return DAY.test(text) && DateTime.fromISO(text, { zone: "utc" }).isValid;
}

/** The calendar day an instant falls on in a time zone. */
export function dayOf(instant: Date, timeZone: string): Day {
  return DateTime.fromJSDate(instant, { zone: timeZone }).toFormat("yyyy-MM-dd");
}

/** The instant at which a day begins in a time zone. Where midnight does not exist (a clock change), the first that does. */
export function startOfDay(day: Day, timeZone: string): Date {
  return DateTime.fromISO(day, { zone: timeZone }).startOf("day").toJSDate();
}

/** The day `count` calendar days later (earlier when negative). */
export function addDays(day: Day, count: number): Day {
  return DateTime.fromISO(day, { zone: "utc" }).plus({ days: count }).toFormat("yyyy-MM-dd");
}

/** Whole calendar days from one day to another; negative when `to` is earlier. */
export function daysBetween(from: Day, to: Day): number {
  return DateTime.fromISO(to, { zone: "utc" }).diff(DateTime.fromISO(from, { zone: "utc" }), "days").days;
}

/** Whether the name is a time zone that this machine knows (IANA). */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
