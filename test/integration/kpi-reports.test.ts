import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { evaluateCompared } from "../../core/metrics/ask/compared.ts";
import { comparedRange } from "../../core/metrics/ask/comparison.ts";
import { compareGroups } from "../../core/metrics/reports/comparison.ts";
import { scorecard } from "../../core/metrics/reports/scorecard.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";

let store: Store;
let world: World;
const march = ["2026-03-01", "2026-03-31"] as const;

beforeAll(async () => {
  store = await testDatabase();
  world = await World.create(store);
});
beforeEach(() => world.clear());

const won = (name: string, rep: string, at: string, amountMinor = 100_00): Promise<void> =>
  world.deal(name, {
    changes: [
      { at: "2025-01-01", rep, amountMinor },
      { at, status: "won" },
    ],
  });

describe("a rep's scorecard", () => {
  beforeEach(async () => {
    for (const rep of ["Ann", "Ben"]) await world.rep(rep);
    await won("A", "Ann", "2026-03-10");
    await won("B", "Ben", "2026-03-11", 300_00);
    await won("C", "Ben", "2026-03-12");
    await won("earlier", "Ann", "2026-02-10", 500_00);
  });
  const ask = (rep: string, metrics: readonly string[] = []): ReturnType<typeof scorecard> =>
    scorecard(store.db, {
      rep,
      period: { from: "2026-03-01", to: "2026-03-31" },
      metrics,
      asOf: null,
      now: new Date("2026-06-30T12:00:00Z"),
    });

  test("has every KPI that is of reps, with the rank among those who have a value", async () => {
    const { rep, rows } = await ask("ann");
    expect(rep.name).toBe("Ann");
    const of = new Map(rows.map((row) => [row.metric, row]));
    expect(of.get("won_value")).toMatchObject({ value: 100, rank: 2, ranked: 2, sample_size: 1 });
    expect(of.get("average_deal_size")).toMatchObject({ value: 100, rank: 2 });
    expect(of.get("deals_lost")).toMatchObject({ value: 0 });
    for (const metric of ["points", "assignment_balance", "quota_attainment", "reply_rate", "speed_to_lead_median"])
      expect(of.has(metric)).toBe(true);
    expect(of.has("stage_conversion")).toBe(false);
  });

  test("says who is meant by a name that nobody has, or that several have", async () => {
    await expect(ask("Zoe")).rejects.toThrow('There is no rep "Zoe"');
    await world.rep("Ann 2", { shownAs: "Ann" });
    await expect(ask("Ann")).rejects.toThrow('Several reps are called "Ann"');
  });
});

describe("two groups", () => {
  /** So many won of so many closed, by rep. */
  async function closed(rep: string, hits: number, total: number): Promise<void> {
    await world.rep(rep);
    for (let no = 0; no < total; no += 1)
      await world.deal(`${rep} ${no}`, {
        changes: [
          { at: "2026-03-01", rep },
          { at: "2026-03-10", status: no < hits ? "won" : "lost" },
        ],
      });
  }
  const compare = (metric = "win_rate"): ReturnType<typeof compareGroups> =>
    compareGroups(store.db, world.query(metric, ...march), "rep", ["Ann", "Ben"]);

  test("of 6 and 4 are not enough: 14 and 16 more", async () => {
    await closed("Ann", 4, 6);
    await closed("Ben", 1, 4);
    const found = await compare();
    expect(found).toMatchObject({ is_clear: false, more_needed: [14, 16] });
    expect(found.groups.map(({ value }) => value)).toEqual([4 / 6, 0.25]);
    expect(found.sentence).toContain("Not enough data (14 and 16 more");
  });

  test("of 20 each, 18 against 4, are told apart without a word of why", async () => {
    await closed("Ann", 18, 20);
    await closed("Ben", 4, 20);
    const found = await compare();
    expect(found).toMatchObject({ is_clear: true, more_needed: null, difference: expect.closeTo(0.7, 9) as number });
    expect(found.interval?.[0]).toBeGreaterThan(0);
    expect(found.sentence).toContain("Ann is higher");
    await expect(compare("won_value")).rejects.toThrow("no share");
    await expect(compare("time_to_close_mean")).rejects.toThrow("no share");
  });
});

describe("beside other periods", () => {
  test("stand the period before and the same one a year ago, several at once", async () => {
    await won("now", "Ann", "2026-03-10");
    await won("february", "Ann", "2026-02-10", 200_00);
    await won("last year", "Ann", "2025-03-31", 300_00);
    await won("not in it", "Ann", "2025-04-01", 900_00);
    const query = world.query("won_value", ...march);
    const period = { from: "2026-03-01", to: "2026-03-31" };
    const { rows, compared } = await evaluateCompared(store.db, query, period, ["previous", "last_year"]);
    expect(rows[0]?.value).toBe(100);
    expect(compared?.map((one) => [one.with, one.from, one.to, one.rows[0]?.value])).toEqual([
      ["previous", "2026-01-29", "2026-02-28", 200],
      ["last_year", "2025-03-01", "2025-03-31", 300],
    ]);
    expect(await evaluateCompared(store.db, query, period, [])).not.toHaveProperty("compared");
    expect((await evaluateCompared(store.db, query, "all", ["last_year"])).compared).toEqual([]);
  });

  test("a period that still runs is compared as far as it has come, days with their weekday, and February's end with its own", () => {
    const calendar = { timeZone: "UTC", weekStart: 1 };
    const now = new Date("2026-03-10T15:00:00Z");
    const lastYear = (period: Parameters<typeof comparedRange>[1], at = now) =>
      comparedRange("last_year", period, at, calendar);
    expect(lastYear("this_month")).toEqual({
      range: { from: "2025-03-01", to: "2025-03-10" },
      until: new Date("2025-03-10T15:00:00Z"),
    });
    expect(lastYear("last_month")).toEqual({ range: { from: "2025-02-01", to: "2025-02-28" }, until: null });
    // 10 March 2026 is a Tuesday, and so was 11 March 2025.
    expect(lastYear("today")?.range).toEqual({ from: "2025-03-11", to: "2025-03-11" });
    const leap = { from: "2025-02-01", to: "2025-02-28" };
    expect(lastYear(leap)?.range).toEqual({ from: "2024-02-01", to: "2024-02-29" });
    const running = { from: "2026-03-01", to: "2026-03-31" };
    expect(comparedRange("previous", running, now, calendar)).toEqual({
      range: { from: "2026-01-29", to: "2026-02-07" },
      until: new Date("2026-02-07T15:00:00Z"),
    });
  });
});
