import { startOfDay } from "../../../core/base/time.ts";
import type { Random } from "./random.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How much of an ordinary month's new business each month brings: summer and December are slow, autumn is busy. */
const LEADS_BY_MONTH = [1.05, 1.0, 1.1, 1.02, 1.0, 0.95, 0.85, 0.7, 1.12, 1.15, 1.05, 0.75];
const LEADS_BY_WEEKDAY = [0.25, 1.15, 1.2, 1.15, 1.1, 0.9, 0.2];

/** Relative number of new leads on an instant's day (UTC is near enough for a weight). */
export function leadWeight(atMs: number): number {
  const date = new Date(atMs);
  return (LEADS_BY_MONTH[date.getUTCMonth()] ?? 1) * (LEADS_BY_WEEKDAY[date.getUTCDay()] ?? 1);
}

/** Relative number of touches that a rep makes in an instant's month: people are away in August and after mid-December. */
export function workWeight(atMs: number): number {
  const date = new Date(atMs);
  if (date.getUTCMonth() === 7) return 0.8;
  return date.getUTCMonth() === 11 && date.getUTCDate() > 18 ? 0.4 : 1;
}

/** The first instant of the calendar quarter after the one that an instant is in (UTC). */
export function nextQuarter(atMs: number): number {
  const date = new Date(atMs);
  return Date.UTC(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / 3) * 3 + 3, 1);
}

/** Working hours of one person: local midnights are looked up once a day, since zone arithmetic is what a large company would wait for. */
export type WorkCalendar = {
  /** The instant itself when it is in working hours, else a moment of the next working morning. */
  atWork(random: Random, atMs: number): number;
  /** Another moment of working hours on the same local day, or on the next working day. */
  sameDay(random: Random, atMs: number): number;
};

const OPENS_MIN = 8 * 60 + 30;
const CLOSES_MIN = 18 * 60;
/** Local midnight before or at an instant. */
function midnight(atMs: number, timeZone: string): number {
  const utcDay = Math.floor(atMs / DAY_MS);
  for (const day of [utcDay + 1, utcDay]) {
    const startMs = startOf(day, timeZone);
    if (startMs <= atMs) return startMs;
  }
  return startOf(utcDay - 1, timeZone);
}

const starts = new Map<string, number>();

/** When the calendar day with the number of a UTC day begins in a zone. */
function startOf(dayNumber: number, timeZone: string): number {
  const key = `${timeZone}/${dayNumber}`;
  const known = starts.get(key);
  if (known !== undefined) return known;
  const utcMs = dayNumber * DAY_MS;
  const date = new Date(utcMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const first = offsetOn(Date.UTC(year, month, 1), timeZone);
  // Clocks are put forward or back in two months of the year; in the others one look-up serves for all days.
  const isSteady = first === offsetOn(Date.UTC(year, month + 1, 1), timeZone);
  const startMs = utcMs + (isSteady ? first : offsetOn(utcMs, timeZone));
  starts.set(key, startMs);
  return startMs;
}

const offsets = new Map<string, number>();

/** How much later than in UTC a day begins in a zone. */
function offsetOn(utcMs: number, timeZone: string): number {
  const key = `${timeZone}/${utcMs}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const offset = startOfDay(new Date(utcMs).toISOString().slice(0, 10), timeZone).getTime() - utcMs;
  offsets.set(key, offset);
  return offset;
}

/** Working days are Monday to Friday, 8:30 to 18:00 local time. */
export function workCalendar(timeZone: string): WorkCalendar {
  function workday(atMs: number): number {
    let day = midnight(atMs, timeZone);
    while (isWeekend(day)) day = midnight(day + 26 * HOUR_MS, timeZone);
    return day;
  }

  function atWork(random: Random, atMs: number): number {
    const day = workday(atMs);
    const minute = (atMs - day) / MINUTE_MS;
    if (minute >= OPENS_MIN && minute < CLOSES_MIN) return Math.round(atMs);
    const morning = minute < OPENS_MIN ? day : workday(day + 26 * HOUR_MS);
    return Math.round(morning + (OPENS_MIN + random.between(0, 150)) * MINUTE_MS);
  }

  return {
    atWork,
    sameDay(random, atMs) {
      const day = workday(atMs);
      return Math.round(Math.max(atMs, day + random.between(OPENS_MIN, CLOSES_MIN) * MINUTE_MS));
    },
  };
}

function isWeekend(midnightMs: number): boolean {
  // Noon is on the same calendar day in UTC as in every zone from -11 to +12 hours.
  const weekday = new Date(midnightMs + 12 * HOUR_MS).getUTCDay();
  return weekday === 0 || weekday === 6;
}
