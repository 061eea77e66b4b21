import { DateTime } from "luxon";
import { addDays, dayOf, type Day } from "./time.ts";

/**
 * Working time: a company's business hours less its holidays, by the wall clock of its time zone. Hours are those of the clock: a working day of
 * nine to five has eight hours also on the day on which the clocks change at night.
 */

/** Seconds from midnight, `[from, to)`. */
export type Stretch = readonly [from: number, to: number];

export type WorkingTime = {
  /** By ISO weekday less one: what is worked, in order, without overlaps. */
  readonly week: readonly (readonly Stretch[])[];
  readonly holidays: ReadonlySet<Day>;
};

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

/**
 * @param hours as the config file has them: by weekday, a list of `HH:MM-HH:MM`. Stretches that overlap are one; one that ends before it begins goes
 * on to midnight.
 * @returns null where no hours are given: then all time is working time.
 */
export function workingTime(
  hours: { readonly [weekday: string]: unknown },
  holidays: readonly Day[],
): WorkingTime | null {
  const week = WEEKDAYS.map((day) => merged(stretches(hours[day])));
  return week.some((day) => day.length > 0) ? { week, holidays: new Set(holidays) } : null;
}

function stretches(value: unknown): Stretch[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((text): Stretch[] => {
    const [, h1, m1, h2, m2] = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(String(text)) ?? [];
    if (h1 === undefined) return [];
    const from = Number(h1) * 3600 + Number(m1) * 60;
    const to = Number(h2) * 3600 + Number(m2) * 60;
    return [[from, to > from ? Math.min(to, 86_400) : 86_400]];
  });
}

function merged(day: readonly Stretch[]): Stretch[] {
  const out: [number, number][] = [];
  for (const [from, to] of day.toSorted((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

/** What is worked on a day; nothing on a holiday. */
export function stretchesOf(time: WorkingTime, day: Day): readonly Stretch[] {
  if (time.holidays.has(day)) return [];
  return time.week[DateTime.fromISO(day, { zone: "utc" }).weekday - 1] ?? [];
}

export function isWorkingDay(time: WorkingTime | null, day: Day): boolean {
  return time === null || stretchesOf(time, day).length > 0;
}

/** How many working days there are from one day to another, both inclusive. Without hours every day is one. */
export function workingDays(time: WorkingTime | null, from: Day, to: Day): number {
  let days = 0;
  for (let day = from; day <= to; day = addDays(day, 1)) if (isWorkingDay(time, day)) days += 1;
  return days;
}

/** Seconds that are worked on a day, up to so many seconds after its midnight. */
function workedUntil(time: WorkingTime, day: Day, second: number): number {
  return stretchesOf(time, day).reduce((sum, [from, to]) => sum + Math.max(0, Math.min(second, to) - from), 0);
}

/** Working seconds from one instant to another, negative when that is before it. Without hours: all seconds. */
export function workingSeconds(time: WorkingTime | null, from: Date, to: Date, timeZone: string): number {
  if (to < from) return -workingSeconds(time, to, from, timeZone);
  if (time === null) return (to.getTime() - from.getTime()) / 1000;
  const [first, last] = [dayOf(from, timeZone), dayOf(to, timeZone)];
  const begun = workedUntil(time, first, secondOfDay(from, timeZone));
  let sum = workedUntil(time, last, secondOfDay(to, timeZone)) - begun;
  for (let day = first; day < last; day = addDays(day, 1)) sum += workedUntil(time, day, 86_400);
  return sum;
}

function secondOfDay(at: Date, timeZone: string): number {
  const local = DateTime.fromJSDate(at, { zone: timeZone });
  return local.hour * 3600 + local.minute * 60 + local.second + local.millisecond / 1000;
}
