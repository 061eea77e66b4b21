import { describe, expect, it } from "vitest";
import { isWorkingDay, workingDays, workingSeconds, workingTime } from "./working-time.ts";

const NINE_TO_FIVE = { monday: ["09:00-17:00"], tuesday: ["09:00-17:00"], wednesday: ["09:00-17:00"] };
const hours = (from: string, to: string, zone = "UTC", given: Parameters<typeof workingTime>[0] = NINE_TO_FIVE) =>
  workingSeconds(workingTime(given, ["2026-03-04"]), new Date(from), new Date(to), zone) / 3600;

describe("working time", () => {
  it("counts only the hours that are worked", () => {
    // Monday 2 March 10:00 to Tuesday 3 March 10:00: 7 hours and 1 hour.
    expect(hours("2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z")).toBe(8);
    expect(hours("2026-03-02T18:00:00Z", "2026-03-03T08:00:00Z")).toBe(0);
    expect(hours("2026-03-03T10:00:00Z", "2026-03-02T10:00:00Z")).toBe(-8);
  });

  it("leaves holidays and days without hours out", () => {
    // Wednesday the 4th is a holiday; Thursday to Sunday have no hours; Monday the 9th has one hour by ten.
    expect(hours("2026-03-03T17:00:00Z", "2026-03-09T10:00:00Z")).toBe(1);
    const time = workingTime(NINE_TO_FIVE, ["2026-03-04"]);
    expect(workingDays(time, "2026-03-02", "2026-03-09")).toBe(3);
    expect(isWorkingDay(time, "2026-03-04")).toBe(false);
  });

  it("goes by the clock of the workspace's zone", () => {
    // 10:00 in New York is 15:00 UTC before the clocks change on 8 March.
    expect(hours("2026-03-02T15:00:00Z", "2026-03-02T16:30:00Z", "America/New_York")).toBe(1.5);
    expect(hours("2026-03-02T09:00:00Z", "2026-03-02T14:00:00Z", "America/New_York")).toBe(0);
  });

  it("takes stretches that overlap for one, and knows pauses", () => {
    const given = { monday: ["09:00-12:00", "11:00-13:00", "14:00-24:00"] };
    expect(hours("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", "UTC", given)).toBe(4 + 10);
  });

  it("is all time where no hours are given", () => {
    expect(workingTime({}, ["2026-03-04"])).toBeNull();
    expect(hours("2026-03-02T00:00:00Z", "2026-03-08T00:00:00Z", "UTC", {})).toBe(144);
    expect(workingDays(null, "2026-03-02", "2026-03-08")).toBe(7);
  });
});
