import { describe, expect, it } from "vitest";
import { comparisonOf } from "./comparison.ts";

const calendar = { timeZone: "Europe/Berlin", weekStart: 1 };
// A Tuesday.
const now = new Date("2026-11-24T12:00:00Z");

describe("what a running period is compared with", () => {
  it("is the same number of days of the one before, not the whole", () => {
    expect(comparisonOf("this_month", now, calendar)).toMatchObject({
      range: { from: "2026-11-01", to: "2026-11-30" },
      previous: { from: "2026-10-01", to: "2026-10-24" },
    });
    expect(comparisonOf("this_week", now, calendar).previous).toEqual({ from: "2026-11-16", to: "2026-11-17" });
  });

  it("ends with the period before when that is shorter", () => {
    const lastOfMarch = new Date("2026-03-31T12:00:00Z");
    expect(comparisonOf("this_month", lastOfMarch, calendar).previous).toEqual({
      from: "2026-02-01",
      to: "2026-02-28",
    });
  });

  it("is the days before for a period that rolls along", () => {
    expect(comparisonOf("last_7_days", now, calendar)).toMatchObject({
      range: { from: "2026-11-18", to: "2026-11-24" },
      previous: { from: "2026-11-11", to: "2026-11-17" },
    });
    expect(comparisonOf("all", now, calendar).previous).toBeNull();
  });
});
