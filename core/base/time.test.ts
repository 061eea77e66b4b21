import { expect, test } from "vitest";
import { addDays, dayOf, daysBetween, isAskable, isDay, isTimeZone, startOfDay } from "./time.ts";

test("a day begins at midnight of its zone, also on the days the clocks change", () => {
  expect(startOfDay("2026-03-08", "America/New_York").toISOString()).toBe("2026-03-08T05:00:00.000Z");
  expect(startOfDay("2026-03-09", "America/New_York").toISOString()).toBe("2026-03-09T04:00:00.000Z");
});

test("where midnight does not exist, a day begins at the first instant that does", () => {
  // Santiago goes from 23:59:59 to 01:00 on this night.
  expect(startOfDay("2026-09-06", "America/Santiago").toISOString()).toBe("2026-09-06T04:00:00.000Z");
});

test("the day of an instant is the calendar's day in the zone", () => {
  expect(dayOf(new Date("2026-03-01T03:30:00Z"), "America/New_York")).toBe("2026-02-28");
  expect(dayOf(new Date("2026-03-01T03:30:00Z"), "Pacific/Auckland")).toBe("2026-03-01");
});

test("counts calendar days over month ends and leap days", () => {
  expect(addDays("2024-02-28", 2)).toBe("2024-03-01");
  expect(daysBetween("2016-10-20", "2017-03-01")).toBe(132);
});

test("refuses days that do not exist and zones nobody knows", () => {
  expect(isDay("2026-02-29")).toBe(false);
  expect(isDay("2026-2-9")).toBe(false);
  expect(isTimeZone("Europe/Oslo")).toBe(true);
  expect(isTimeZone("Mars/Olympus")).toBe(false);
});

test("nothing is asked as of years whose periods could not be written", () => {
  const asked = (text: string): boolean => isAskable(new Date(text));
  expect(["1900-01-01T00:00:00Z", "2026-12-01T00:00:00Z", "9998-12-31T23:59:59Z"].map(asked)).toEqual([
    true,
    true,
    true,
  ]);
  expect(["0000-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "9999-12-31T00:00:00Z"].map(asked)).toEqual([
    false,
    false,
    false,
  ]);
  expect(isAskable(new Date(Number.NaN))).toBe(false);
});
