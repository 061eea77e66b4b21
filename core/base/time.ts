import { DateTime } from "luxon";

/** A calendar day `YYYY-MM-DD`, without a time zone of its own. */
export type Day = string;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Whether the text is a day that exists (`2026-02-30` does not, nor does any of a year 0). */
export function isDay(text: string): text is Day {
  return DAY.test(text) && !text.startsWith("0000") && DateTime.fromISO(text, { zone: "utc" }).isValid;
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

/** The years that sources may speak of: those of four digits, with the room that time zones need at both ends. */
const FIRST_INSTANT_MS = new Date("0001-01-02T00:00:00Z").getTime();
const LAST_INSTANT_MS = new Date("9999-12-30T00:00:00Z").getTime();

/** Whether an instant exists and lies in a year that can be written with four digits, wherever on earth. */
export function isStorableInstant(instant: Date): boolean {
  const ms = instant.getTime();
  return ms >= FIRST_INSTANT_MS && ms <= LAST_INSTANT_MS;
}

/** An instant as PostgreSQL reads it, to the millisecond. ISO 8601 in the years 1 to 9999; before them with "BC", after them without a sign. */
export function instantText(instant: Date): string {
  const text = instant.toISOString();
  const year = instant.getUTCFullYear();
  if (year >= 1 && year <= 9999) return text;
  const rest = text.slice(text.indexOf("-", 1));
  return year >= 1 ? `${year}${rest}` : `${String(1 - year).padStart(4, "0")}${rest} BC`;
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

/**
 * Whether anything can be asked as of an instant: periods before and after it have to have days of four digits, and no company's records are older.
 */
export function isAskable(instant: Date): boolean {
  const year = instant.getUTCFullYear();
  return year >= 1900 && year <= 9998;
}

/** Whether people of this locale (BCP 47) read a clock of 12 hours; not where the name is none. */
export function has12Hours(locale: string): boolean {
  try {
    return new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12 === true;
  } catch {
    return false;
  }
}
