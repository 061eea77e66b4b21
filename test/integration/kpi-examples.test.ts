import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { METRICS, metricRecords } from "../../core/metrics/index.ts";
import { testDatabase } from "../support/database.ts";
import { fraction, World } from "./kpi-world.ts";

let world: World;
beforeAll(async () => {
  world = await World.create(await testDatabase());
});
beforeEach(() => world.clear());

/** Five deals created on 1 March: A 1,000.00, B 3,000.00, C without a value, D 2,000.00, E 4,000.00. */
async function fiveDeals(laterOfA: readonly { at: string; status: "open" | "won" | "lost" }[] = []): Promise<void> {
  const deal = (
    name: string,
    amountMinor: number | null,
    closed: { at: string; status: "won" | "lost" } | null,
    more: typeof laterOfA = [],
  ) =>
    world.deal(name, { changes: [{ at: "2026-03-01", amountMinor }, ...(closed === null ? [] : [closed]), ...more] });
  await deal("A", 100_000, { at: "2026-03-11", status: "won" }, laterOfA);
  await deal("B", 300_000, { at: "2026-03-31", status: "won" });
  await deal("C", null, { at: "2026-03-21", status: "won" });
  await deal("D", 200_000, { at: "2026-03-15", status: "lost" });
  await deal("E", 400_000, null);
}
const march = ["2026-03-01", "2026-03-31"] as const;

describe("worked example 1: five deals in March", () => {
  beforeEach(() => fiveDeals());

  test("three are won, for 1,000 + 3,000 = 4,000.00 of which two have a value", async () => {
    expect(await world.value("deals_won", ...march)).toBe(3);
    const { rows, unit, currency } = await world.ask("won_value", ...march);
    expect({ unit, currency, rows }).toEqual({
      unit: "money",
      currency: "USD",
      rows: [
        {
          dimensions: {},
          period: null,
          value: 4000,
          numerator: null,
          denominator: null,
          sample_size: 2,
          interval: null,
        },
      ],
    });
  });

  test("the average deal size is 4,000 ÷ 2 = 2,000.00", async () => {
    const { rows } = await world.ask("average_deal_size", ...march);
    expect(rows[0]).toMatchObject({ value: 2000, numerator: 4000, denominator: 2, sample_size: 2 });
  });

  test("the win rate is 3 ÷ 4 = 0.75 with its Wilson interval", async () => {
    const { rows } = await world.ask("win_rate", ...march);
    expect(rows[0]).toMatchObject({ value: 0.75, numerator: 3, denominator: 4, sample_size: 4 });
    expect(rows[0]?.interval?.[0]).toBeCloseTo(0.3006, 3);
    expect(rows[0]?.interval?.[1]).toBeCloseTo(0.9544, 3);
  });

  test("the win rate by value is 4,000 ÷ 6,000", async () => {
    const { rows } = await world.ask("win_rate_value", ...march);
    expect(rows[0]).toMatchObject({ value: 4000 / 6000, numerator: 4000, denominator: 6000, interval: null });
  });

  test("of the cohort 3 ÷ 5 are won, and one is still open", async () => {
    const { rows } = await world.ask("win_rate_cohort", ...march);
    expect(rows[0]).toMatchObject({ value: 0.6, numerator: 3, denominator: 5, still_open: 1 });
  });

  test("closing took (10 + 30 + 20) ÷ 3 = 20 days, and 20 in the middle", async () => {
    const { rows } = await world.ask("time_to_close_mean", ...march);
    expect(rows[0]).toMatchObject({ value: 20, numerator: 60, denominator: 3, sample_size: 3 });
    expect(await world.value("time_to_close_median", ...march)).toBe(20);
  });

  test("4,000.00 is in the open pipeline, in one deal of five", async () => {
    expect(await world.value("open_pipeline_value", ...march)).toBe(4000);
    expect(await world.value("open_deal_count", ...march)).toBe(1);
    expect(await world.value("deal_count", ...march)).toBe(5);
  });

  test("one is lost, for 2,000.00", async () => {
    expect(await world.value("deals_lost", ...march)).toBe(1);
    expect(await world.value("lost_value", ...march)).toBe(2000);
  });

  test("the velocity is 1 × 0.75 × 2,000 ÷ 20 = 75.00 per day", async () => {
    const { rows, unit } = await world.ask("sales_velocity", ...march);
    expect(unit).toBe("money_per_day");
    expect(rows[0]).toMatchObject({ value: 75, numerator: 1500, denominator: 20 });
  });

  test("the records behind the win rate are the four that closed, three of them in its numerator", async () => {
    const { records, next_cursor } = await metricRecords(world.store.db, world.query("win_rate", ...march), {
      limit: 10,
      cursor: null,
    });
    expect(next_cursor).toBeNull();
    expect(records.map((r) => [r.external_id, r.in_numerator, r.rule, r.why])).toEqual([
      ["B", true, "deals won in the period", "won on 31 Mar 2026"],
      ["C", true, "deals won in the period", "won on 21 Mar 2026"],
      ["D", false, "deals won or lost in the period", "lost on 15 Mar 2026"],
      ["A", true, "deals won in the period", "won on 11 Mar 2026"],
    ]);
    expect(records[0]).toMatchObject({
      kind: "deal",
      connection: "crm",
      name: "B",
      url: "https://crm.example/B",
      at: "2026-03-31T00:00:00.000Z",
      created_at: "2026-03-01T00:00:00.000Z",
      status: "won",
      value: null,
      counted: true,
    });
  });

  test("every KPI answers, names its records, and says the same of itself", async () => {
    for (const metric of METRICS) {
      const answer = await world.ask(metric.id, ...march);
      const { records } = await metricRecords(world.store.db, world.query(metric.id, ...march), {
        limit: 100,
        cursor: null,
      });
      expect(answer.metric).toBe(metric.id);
      const sum = answer.rows.reduce((all, row) => all + (row.value ?? 0), 0);
      const behind = records.filter(({ counted }) => counted).length;
      expect({ metric: metric.id, behind }).toEqual({
        metric: metric.id,
        behind: metric.kind === "count" ? sum : behind,
      });
    }
  });
});

describe("worked example 2: A is reopened on 5 April and lost on 9 April", () => {
  beforeEach(() =>
    fiveDeals([
      { at: "2026-04-05", status: "open" },
      { at: "2026-04-09", status: "lost" },
    ]),
  );

  test("March as of 31 March is as it was", async () => {
    const asOf = new Date("2026-03-31T23:59:59.999Z");
    expect(await world.value("deals_won", ...march, { asOf })).toBe(3);
    expect(await world.value("won_value", ...march, { asOf })).toBe(4000);
    expect(await world.value("win_rate", ...march, { asOf })).toBe(0.75);
    expect(await world.value("win_rate_cohort", ...march, { asOf })).toBe(0.6);
    expect(await world.value("open_pipeline_value", ...march, { asOf })).toBe(4000);
    expect(await world.value("sales_velocity", ...march, { asOf })).toBe(75);
  });

  test("in March now, A's win is undone: 2 won, 2 ÷ 3", async () => {
    expect(await world.value("deals_won", ...march)).toBe(2);
    expect(fraction((await world.ask("win_rate", ...march)).rows[0])).toBe("2/3");
  });

  test("in April now, one is lost", async () => {
    expect(await world.value("deals_lost", "2026-04-01", "2026-04-30")).toBe(1);
    expect(await world.value("deals_won", "2026-04-01", "2026-04-30")).toBe(0);
  });

  test("between the reopening and the loss it is open again", async () => {
    const asOf = new Date("2026-04-07T12:00:00Z");
    expect(await world.value("deals_won", ...march, { asOf })).toBe(2);
    // E 4,000 + A 1,000
    expect(await world.value("open_pipeline_value", null, null, { asOf })).toBe(5000);
  });
});

describe("worked example 3: three deals through P, Q, M, N", () => {
  beforeEach(async () => {
    await world.pipeline("Sales", ["P", "Q", "M", "N"]);
    await world.deal("1", {
      changes: [
        { at: "2026-03-01", stage: "P" },
        { at: "2026-03-03", stage: "M" },
        { at: "2026-03-08", stage: "Sales won", status: "won" },
      ],
    });
    await world.deal("2", {
      changes: [
        { at: "2026-03-01", stage: "P" },
        { at: "2026-03-02", stage: "Q" },
        { at: "2026-03-05", stage: "P" },
        { at: "2026-03-06", stage: "Sales lost", status: "lost" },
      ],
    });
    await world.deal("3", {
      changes: [
        { at: "2026-03-01", stage: "P" },
        { at: "2026-03-11", stage: "Q" },
      ],
    });
  });

  test("conversion: P 3 ÷ 3, Q 1 ÷ 3, M 1 ÷ 1, in stage order", async () => {
    const { rows } = await world.ask("stage_conversion", ...march);
    expect(rows.map((row) => [row.dimensions["stage"], fraction(row)])).toEqual([
      ["P", "3/3"],
      ["Q", "1/3"],
      ["M", "1/1"],
    ]);
  });

  test("leak: P 1 ÷ 3, Q 0 ÷ 3; none has the ten deals that make it the leakiest", async () => {
    const { rows } = await world.ask("stage_leak", ...march);
    expect(rows.map((row) => [row.dimensions["stage"], fraction(row), row.is_leakiest])).toEqual([
      ["P", "1/3", false],
      ["Q", "0/3", false],
      ["M", "0/1", false],
    ]);
  });

  test("time in stage counts each completed stay; one interrupted by going back is two", async () => {
    const { rows } = await world.ask("time_in_stage", ...march);
    // P: 2 (deal 1), 1 and 1 (deal 2), 10 (deal 3) → the middle two of 1, 1, 2, 10 are 1 and 2 → 1.5. Q: 3 (deal 2; deal 3 is still there). M: 5.
    expect(rows.map((row) => [row.dimensions["stage"], row.value, row.sample_size])).toEqual([
      ["P", 1.5, 4],
      ["Q", 3, 1],
      ["M", 5, 1],
    ]);
  });
});
