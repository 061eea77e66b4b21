import { fc } from "../../../test/support/properties.ts";
import { describe, expect, test } from "vitest";
import { addDays, daysBetween } from "../../base/time.ts";
import {
  calendarStart,
  GRAINS,
  namedRange,
  PERIOD_NAMES,
  periodsOf,
  previousRange,
  wholePeriod,
  type Calendar,
} from "./period.ts";
import { wordsFor } from "../../base/words/index.ts";

const utc: Calendar = { timeZone: "UTC", weekStart: 1 };
const newYork: Calendar = { timeZone: "America/New_York", weekStart: 7 };
const auckland: Calendar = { timeZone: "Pacific/Auckland", weekStart: 1 };

describe("named periods", () => {
  // 02:00 in UTC on Sunday 1 March 2026 is still Saturday in New York and already Sunday afternoon in Auckland.
  const now = new Date("2026-03-01T02:00:00Z");

  test("today is the workspace's day, not the machine's", () => {
    expect(namedRange("today", now, newYork)).toEqual({ from: "2026-02-28", to: "2026-02-28" });
    expect(namedRange("today", now, auckland)).toEqual({ from: "2026-03-01", to: "2026-03-01" });
  });

  test("weeks begin on the workspace's first day", () => {
    // 28 February 2026 is a Saturday: the week from Sunday the 22nd; 1 March is the last day of the week from Monday 23 February.
    expect(namedRange("this_week", now, newYork)).toEqual({ from: "2026-02-22", to: "2026-02-28" });
    expect(namedRange("this_week", now, auckland)).toEqual({ from: "2026-02-23", to: "2026-03-01" });
    expect(namedRange("last_week", now, newYork)).toEqual({ from: "2026-02-15", to: "2026-02-21" });
  });

  test("months, quarters and years are whole, the running ones too", () => {
    expect(namedRange("this_month", now, utc)).toEqual({ from: "2026-03-01", to: "2026-03-31" });
    expect(namedRange("last_month", now, utc)).toEqual({ from: "2026-02-01", to: "2026-02-28" });
    expect(namedRange("this_quarter", now, utc)).toEqual({ from: "2026-01-01", to: "2026-03-31" });
    expect(namedRange("last_quarter", now, utc)).toEqual({ from: "2025-10-01", to: "2025-12-31" });
    expect(namedRange("this_year", now, utc)).toEqual({ from: "2026-01-01", to: "2026-12-31" });
    expect(namedRange("last_year", now, utc)).toEqual({ from: "2025-01-01", to: "2025-12-31" });
  });

  test("the last so many days end today", () => {
    expect(namedRange("last_7_days", now, utc)).toEqual({ from: "2026-02-23", to: "2026-03-01" });
    expect(namedRange("last_30_days", now, utc)).toEqual({ from: "2026-01-31", to: "2026-03-01" });
    expect(namedRange("all", now, utc)).toEqual({ from: null, to: null });
  });
});

describe("bounds", () => {
  test("the day on which clocks go forward is 23 hours long, the day they go back 25", () => {
    const hours = (day: string, calendar: Calendar): number => {
      const { starts, ends } = wholePeriod({ from: day, to: day }, calendar);
      return ((ends?.getTime() ?? NaN) - (starts?.getTime() ?? NaN)) / 3_600_000;
    };
    expect(hours("2026-03-08", newYork)).toBe(23);
    expect(hours("2026-11-01", newYork)).toBe(25);
    // Southern summer time: ends on 5 April, begins on 27 September.
    expect(hours("2026-04-05", auckland)).toBe(25);
    expect(hours("2026-09-27", auckland)).toBe(23);
  });

  test("a period begins at midnight of the workspace", () => {
    const march = wholePeriod({ from: "2026-03-01", to: "2026-03-31" }, newYork);
    expect(march.starts).toEqual(new Date("2026-03-01T05:00:00Z"));
    // Summer time by then: midnight is at 04:00 UTC.
    expect(march.ends).toEqual(new Date("2026-04-01T04:00:00Z"));
  });

  test("the period before is as long and ends the day before", () => {
    expect(previousRange({ from: "2026-03-01", to: "2026-03-31" })).toEqual({ from: "2026-01-29", to: "2026-02-28" });
    expect(previousRange({ from: null, to: "2026-03-31" })).toBeNull();
  });
});

describe("a year that starts with another month", () => {
  const april: Calendar = { timeZone: "UTC", weekStart: 1, yearStart: 4 };
  const february: Calendar = { timeZone: "UTC", weekStart: 1, yearStart: 2 };

  test("moves years and quarters, and nothing else", () => {
    const now = new Date("2026-02-10T12:00:00Z");
    expect(namedRange("this_year", now, april)).toEqual({ from: "2025-04-01", to: "2026-03-31" });
    expect(namedRange("last_year", now, april)).toEqual({ from: "2024-04-01", to: "2025-03-31" });
    expect(namedRange("this_quarter", now, february)).toEqual({ from: "2026-02-01", to: "2026-04-30" });
    expect(namedRange("last_quarter", now, february)).toEqual({ from: "2025-11-01", to: "2026-01-31" });
    expect(namedRange("this_month", now, february)).toEqual({ from: "2026-02-01", to: "2026-02-28" });
    expect(periodsOf({ from: "2026-01-01", to: "2026-05-01" }, "quarter", february).map(({ from }) => from)).toEqual([
      "2026-01-01",
      "2026-02-01",
      "2026-05-01",
    ]);
  });
});

describe("cutting a range into periods", () => {
  const day = fc.integer({ min: 0, max: 4000 }).map((count) => addDays("2020-01-01", count));
  const calendar = fc.record({
    timeZone: fc.constantFrom("UTC", "America/New_York", "Pacific/Auckland", "America/Santiago"),
    weekStart: fc.integer({ min: 1, max: 7 }),
    yearStart: fc.integer({ min: 1, max: 12 }),
  });

  test("leaves no day and no instant out, and counts none twice", () => {
    fc.assert(
      fc.property(day, fc.nat(400), fc.constantFrom(...GRAINS), calendar, (from, length, grain, days) => {
        const to = addDays(from, length);
        const periods = periodsOf({ from, to }, grain, days);
        expect(periods[0]?.from).toBe(from);
        expect(periods.at(-1)?.to).toBe(to);
        for (const [index, period] of periods.slice(1).entries()) {
          expect(daysBetween(periods[index]?.to ?? "", period.from ?? "")).toBe(1);
          expect(period.starts).toEqual(periods[index]?.ends);
        }
        for (const period of periods) expect(period.label).toBe(calendarStart(period.from ?? "", grain, days));
      }),
      { numRuns: 30 },
    );
  });

  test("refuses more rows than anyone can read", () => {
    expect(() => periodsOf({ from: "1900-01-01", to: "2026-01-01" }, "day", utc)).toThrowError(
      expect.objectContaining({ code: "kpi.too_many_periods" }) as Error,
    );
  });
});

test("a period that ends with the last day there is has no end", () => {
  const calendar = { timeZone: "UTC", weekStart: 1 };
  expect(wholePeriod({ from: "9999-12-31", to: "9999-12-31" }, calendar).ends).toBeNull();
  const years = periodsOf({ from: "9998-06-01", to: "9999-12-31" }, "year", calendar);
  expect(years.map(({ from, to }) => [from, to])).toEqual([
    ["9998-06-01", "9998-12-31"],
    ["9999-01-01", "9999-12-31"],
  ]);
});

test.each(["en", "fr"])("every period has a name in %s", (language) => {
  expect(PERIOD_NAMES.filter((name) => wordsFor(language).periods[name] === undefined)).toEqual([]);
});
