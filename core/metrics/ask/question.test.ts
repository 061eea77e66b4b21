import { describe, expect, it } from "vitest";
import { catalogueOf } from "../catalogue.ts";
import { METRICS } from "../registry.ts";
import { askedNow, numbersOf, parseDimensions, parseFilter, question } from "./question.ts";

const calendar = { timeZone: "Europe/Berlin", weekStart: 1 };
// A Tuesday.
const now = new Date("2026-11-24T12:00:00Z");

describe("a question", () => {
  it("asks of the named period as it is now, and as it was then where it is asked as of an instant", () => {
    const asked = question({ metric: "won_value", period: "this_month" });
    expect(askedNow(asked, now, calendar)).toMatchObject({
      query: { metric: "won_value", from: "2026-11-01", to: "2026-11-30", asOf: null, now },
      compared: null,
    });
    const then = new Date("2026-03-31T22:30:00Z"); // April has begun in Berlin.
    expect(askedNow(asked, now, calendar, then).query).toMatchObject({
      from: "2026-04-01",
      to: "2026-04-30",
      asOf: then,
    });
  });

  it("asks of the same span of the period before where it compares", () => {
    const asked = question({ metric: "won_value", compare: "previous" });
    expect(askedNow(asked, now, calendar).compared).toMatchObject({
      query: { from: "2026-10-01", to: "2026-10-24", until: new Date("2026-10-24T11:00:00Z") },
      with: { name: { kind: "month" } },
    });
  });

  it("of the last periods runs to the end of the running one, in the workspace's time zone", () => {
    const lastThree = question({ metric: "won_value", grain: "month", limit: 3 });
    expect(askedNow(lastThree, now, calendar).query).toMatchObject({ from: "2026-09-01", to: "2026-11-30" });
    // 23:30 UTC is the next day, and the next month, in Berlin.
    const lateEvening = new Date("2026-11-30T23:30:00Z");
    expect(askedNow({ ...lastThree, limit: 1 }, lateEvening, calendar).query).toMatchObject({
      from: "2026-12-01",
      to: "2026-12-31",
    });
  });

  it("of a ranking is about the numbers that it ranks, by rep", () => {
    const ranking = question({ metric: "rep_leaderboard", by: ["team"] });
    const builtIn = catalogueOf(METRICS);
    expect(numbersOf(ranking, builtIn)).toEqual(question({ metric: "won_value", by: ["rep"] }));
    expect(numbersOf({ ...ranking, of: "win_rate" }, builtIn)).toMatchObject({ metric: "win_rate", of: null });
    expect(() => numbersOf(question({ metric: "won_vlaue" }), builtIn)).toThrow("won_vlaue");
  });

  it("is written alike on the command line and in the API", () => {
    expect(parseDimensions(" rep, stage,")).toEqual(["rep", "stage"]);
    expect(parseFilter("team = North=East")).toEqual({ dimension: "team", value: "North=East" });
    expect(parseFilter("=x")).toBeNull();
  });

  it("are compared with the same days a year ago, as far as a running period has come; a period without a length with nothing", () => {
    const asked = question({ metric: "won_value", period: "this_month", compare: "last_year" });
    const at = new Date("2026-10-21T12:02:00Z");
    const { compared } = askedNow(asked, at, { timeZone: "UTC", weekStart: 1 });
    expect(compared?.with).toEqual({
      range: { from: "2025-10-01", to: "2025-10-21" },
      until: new Date("2025-10-21T12:00:00Z"),
      name: { kind: "last_year" },
    });
    expect(askedNow({ ...asked, period: "all" }, at, { timeZone: "UTC", weekStart: 1 }).compared).toBeNull();
  });
});
