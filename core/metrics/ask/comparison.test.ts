import { describe, expect, it } from "vitest";
import { workingTime } from "../../base/working-time.ts";
import { comparisonOf } from "./comparison.ts";

const calendar = { timeZone: "Europe/Berlin", weekStart: 1 };
// A Tuesday, 13:02 in Berlin.
const now = new Date("2026-11-24T12:02:30Z");
const at = (instant: string): Date => new Date(instant);

describe("what a running period is compared with", () => {
  it("is the same span of the one before, to the same time of the clock, not the whole", () => {
    expect(comparisonOf("this_month", now, calendar)).toEqual({
      range: { from: "2026-11-01", to: "2026-11-30" },
      previous: {
        range: { from: "2026-10-01", to: "2026-10-24" },
        // Before the clocks changed.
        until: at("2026-10-24T11:00:00Z"),
        name: { kind: "month" },
      },
    });
    expect(comparisonOf("this_week", now, calendar).previous).toEqual({
      range: { from: "2026-11-16", to: "2026-11-17" },
      until: at("2026-11-17T12:00:00Z"),
      name: { kind: "week" },
    });
    expect(comparisonOf("this_year", now, calendar).previous?.range).toEqual({ from: "2025-01-01", to: "2025-11-24" });
  });

  it("ends with the period before when that is shorter", () => {
    const lastOfMarch = new Date("2026-03-31T12:00:00Z");
    expect(comparisonOf("this_month", lastOfMarch, calendar).previous).toMatchObject({
      range: { from: "2026-02-01", to: "2026-02-28" },
      until: null,
    });
  });

  it("is the days before for a period that rolls along, to the same time", () => {
    expect(comparisonOf("last_7_days", now, calendar)).toEqual({
      range: { from: "2026-11-18", to: "2026-11-24" },
      previous: {
        range: { from: "2026-11-11", to: "2026-11-17" },
        until: at("2026-11-17T12:00:00Z"),
        name: { kind: "days", days: 7 },
      },
    });
    expect(comparisonOf("last_month", now, calendar).previous).toEqual({
      range: { from: "2026-08-31", to: "2026-09-30" },
      until: null,
      name: { kind: "month" },
    });
    expect(comparisonOf("all", now, calendar).previous).toBeNull();
  });
});

describe("what a day is compared with", () => {
  const day = (instant: string, working?: ReturnType<typeof workingTime>) =>
    comparisonOf("today", at(instant), working === undefined ? calendar : { ...calendar, working }).previous;

  it("is the working day before, to the same time", () => {
    expect(day("2026-11-24T12:02:30Z")).toEqual({
      range: { from: "2026-11-23", to: "2026-11-23" },
      until: at("2026-11-23T12:00:00Z"),
      name: { kind: "day", day: "2026-11-23", isYesterday: true },
    });
    // A Monday with the Friday, not with the Sunday.
    expect(day("2026-11-23T09:00:00Z")).toMatchObject({
      range: { from: "2026-11-20" },
      name: { day: "2026-11-20", isYesterday: false },
    });
  });

  it("is the same day of the week before where it is no working day", () => {
    expect(day("2026-11-22T09:00:00Z")).toMatchObject({ range: { from: "2026-11-15", to: "2026-11-15" } });
  });

  it("goes by the hours and holidays of the company, where they are known", () => {
    const hours = { sunday: ["09:00-17:00"], monday: ["09:00-17:00"], thursday: ["09:00-17:00"] };
    expect(day("2026-11-23T09:00:00Z", workingTime(hours, []))).toMatchObject({ range: { from: "2026-11-22" } });
    expect(day("2026-11-23T09:00:00Z", workingTime(hours, ["2026-11-22"]))).toMatchObject({
      range: { from: "2026-11-19" },
    });
  });

  it("of one that is over is a whole one", () => {
    // Yesterday was a Monday.
    expect(comparisonOf("yesterday", now, calendar)).toMatchObject({
      range: { from: "2026-11-23" },
      previous: { range: { from: "2026-11-20" }, until: null },
    });
  });
});
