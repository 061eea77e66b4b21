import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { metricRecords } from "../../core/metrics/index.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { fraction, World } from "./kpi-world.ts";

let store: Store;
let world: World;
beforeAll(async () => {
  store = await testDatabase();
});
beforeEach(async () => {
  world = await World.create(store);
  await world.clear();
});
const march = ["2026-03-01", "2026-03-31"] as const;

describe("what a deal is at an instant", () => {
  test("won and lost on one day: the later change holds", async () => {
    await world.deal("A", {
      changes: [
        { at: "2026-03-01", amountMinor: 100 },
        { at: "2026-03-10", status: "won" },
        { at: "2026-03-10", status: "lost" },
      ],
    });
    await world.deal("B", {
      changes: [
        { at: "2026-03-01", amountMinor: 100 },
        { at: "2026-03-10T09:00:00Z", status: "lost" },
        { at: "2026-03-10T17:00:00Z", status: "won" },
      ],
    });
    expect(await world.value("deals_won", ...march)).toBe(1);
    expect(await world.value("deals_lost", ...march)).toBe(1);
    expect(fraction((await world.ask("win_rate", ...march)).rows[0])).toBe("1/2");
  });

  test("a deal that was reopened and won again counts once, when it was won again", async () => {
    await world.deal("A", {
      changes: [
        { at: "2026-01-01", amountMinor: 100 },
        { at: "2026-02-10", status: "won" },
        { at: "2026-02-20", status: "open" },
        { at: "2026-03-05", status: "won" },
      ],
    });
    expect(await world.value("deals_won", "2026-02-01", "2026-02-28")).toBe(0);
    expect(await world.value("deals_won", ...march)).toBe(1);
    expect(await world.value("deals_won", null, null)).toBe(1);
    // 1 January to 5 March: 31 + 28 + 4 days.
    expect(await world.value("time_to_close_mean", ...march)).toBe(63);
  });

  test("a change of value or owner after the win is no second win; the value is the corrected one, the credit stays", async () => {
    await world.rep("Ann");
    await world.rep("Bob");
    await world.deal("A", {
      changes: [
        { at: "2026-03-01", amountMinor: 100_00, rep: "Ann" },
        { at: "2026-03-10", status: "won" },
        { at: "2026-04-02", amountMinor: 150_00, rep: "Bob" },
      ],
    });
    expect(await world.values("won_value", ...march, "rep")).toEqual({ Ann: 150 });
    expect(await world.value("deals_won", "2026-04-01", "2026-04-30")).toBe(0);
    // As it stood at the end of March, the correction had not happened.
    expect(await world.value("won_value", ...march, { asOf: new Date("2026-03-31T23:59:59.999Z") })).toBe(100);
  });

  test("as-of uses only what had landed by then", async () => {
    await world.deal("A", {
      changes: [
        { at: "2026-03-01", amountMinor: 100_00 },
        { at: "2026-03-10", knownAt: "2026-03-20", status: "won" },
      ],
    });
    const before = { asOf: new Date("2026-03-15T00:00:00Z") };
    expect(await world.value("deals_won", ...march, before)).toBe(0);
    expect(await world.value("open_pipeline_value", ...march, before)).toBe(100);
    const after = { asOf: new Date("2026-03-25T00:00:00Z") };
    expect(await world.value("deals_won", ...march, after)).toBe(1);
    expect(await world.value("open_pipeline_value", ...march, after)).toBe(0);
  });

  test("a change that landed late between two others does not hide the one after it", async () => {
    await world.deal("A", {
      changes: [
        { at: "2026-03-01", amountMinor: 100_00 },
        { at: "2026-03-05", knownAt: "2026-03-20", amountMinor: 300_00 },
        { at: "2026-03-10", amountMinor: 200_00 },
      ],
    });
    const asOf = new Date("2026-03-15T00:00:00Z");
    expect(await world.value("open_pipeline_value", null, "2026-03-07", { asOf })).toBe(100);
    expect(await world.value("open_pipeline_value", null, "2026-03-12", { asOf })).toBe(200);
    expect(await world.value("open_pipeline_value", null, "2026-03-07")).toBe(300);
  });

  test("what is dated later than now has not happened", async () => {
    await world.deal("A", {
      changes: [
        { at: "2026-03-01", amountMinor: 100_00 },
        { at: "2026-07-15", status: "won" },
      ],
    });
    expect(await world.value("deals_won", null, null)).toBe(0);
    expect(await world.value("open_deal_count", null, null)).toBe(1);
  });

  test("a deal without a known beginning is in all-time numbers and in no bounded period", async () => {
    await world.deal("A", { created: null, changes: [{ at: null, status: "won", amountMinor: 100_00 }] });
    await world.deal("B", { created: null, changes: [{ at: null, amountMinor: 100_00 }] });
    expect(await world.value("deals_won", null, null)).toBe(1);
    expect(await world.value("deals_won", ...march)).toBe(0);
    expect(await world.value("deal_count", ...march)).toBe(2);
    expect(fraction((await world.ask("win_rate_cohort", null, null)).rows[0])).toBe("1/2");
    expect(fraction((await world.ask("win_rate_cohort", ...march)).rows[0])).toBe("0/0");
  });

  test("deleted and merged deals leave every KPI; as of before the deletion, the deal was there", async () => {
    const won = [
      { at: "2026-03-01", amountMinor: 100_00 },
      { at: "2026-03-10", status: "won" as const },
    ];
    await world.deal("A", { changes: won });
    await world.deal("B", { changes: won, deletedAt: "2026-04-10" });
    await world.deal("C", { changes: won, mergedInto: "A" });
    for (const metric of ["deals_won", "deal_count"]) expect(await world.value(metric, ...march)).toBe(1);
    expect(await world.value("won_value", ...march)).toBe(100);
    expect(await world.value("won_value", ...march, { asOf: new Date("2026-04-01T00:00:00Z") })).toBe(200);
  });
});

describe("money", () => {
  const won = (amountMinor: number | null, currency: string | null = "USD") => ({
    changes: [
      { at: "2026-03-01", amountMinor, currency },
      { at: "2026-03-10", status: "won" as const },
    ],
  });

  test("is converted at the rate of the closing day, or of up to a week before", async () => {
    await world.rate("EUR", "2026-03-08", 1.25);
    await world.rate("EUR", "2026-03-11", 9);
    await world.rate("JPY", "2026-03-10", 0.01);
    await world.deal("A", won(100_00, "EUR"));
    // Yen have no cents: 5,000 yen × 0.01 = 50.00 dollars.
    await world.deal("B", won(5_000, "JPY"));
    expect(await world.value("won_value", ...march)).toBe(125 + 50);
  });

  test("without a rate the deal is left out of the amount, kept in the count, and listed", async () => {
    await world.rate("EUR", "2026-03-01", 1.25);
    await world.deal("A", won(100_00, "EUR"));
    await world.deal("B", won(70_00));
    const { rows, exceptions } = await world.ask("won_value", ...march);
    expect(rows[0]).toMatchObject({ value: 70, sample_size: 1 });
    expect(exceptions).toEqual([{ reason: "no_rate", count: 1 }]);
    expect(await world.value("deals_won", ...march)).toBe(2);
    expect(await world.value("average_deal_size", ...march)).toBe(70);
    const { records } = await metricRecords(store.db, world.query("won_value", ...march), { limit: 10, cursor: null });
    const found = records.map((r) => [r.external_id, r.value, r.counted, r.exception] as const);
    expect(found.toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ["A", null, true, "no_rate"],
      ["B", 70, true, null],
    ]);
  });

  test("open deals are converted at the rate of the as-of day", async () => {
    await world.rate("EUR", "2026-03-31", 1.5);
    await world.rate("EUR", "2026-04-01", 2);
    await world.deal("A", { changes: [{ at: "2026-03-01", amountMinor: 100_00, currency: "EUR" }] });
    // The end of March is still 31 March.
    expect(await world.value("open_pipeline_value", ...march)).toBe(150);
    expect(await world.value("open_pipeline_value", null, "2026-04-01")).toBe(200);
  });

  test("recurring values are annualised: monthly × 12, annual and one-time × 1", async () => {
    for (const [name, valuePeriod] of [
      ["M", "monthly"],
      ["Y", "annual"],
      ["O", "one_time"],
    ] as const) {
      await world.deal(name, { changes: [{ at: "2026-03-01", amountMinor: 10_00, valuePeriod }] });
    }
    expect(await world.value("open_pipeline_value", null, null)).toBe(120 + 10 + 10);
  });

  test("an amount whose deals all lack a value is null, over no deals it is 0", async () => {
    expect(await world.value("won_value", ...march)).toBe(0);
    await world.deal("A", won(null));
    expect(await world.value("won_value", ...march)).toBeNull();
    expect(await world.value("average_deal_size", ...march)).toBeNull();
    expect(await world.value("win_rate_value", ...march)).toBeNull();
    expect(await world.value("deals_won", ...march)).toBe(1);
  });
});

describe("no value is null, never 0", () => {
  test("counts over nothing are 0; ratios, means and medians are null", async () => {
    for (const metric of ["deals_won", "deals_lost", "open_deal_count", "deal_count", "activities", "new_leads"]) {
      expect([metric, await world.value(metric, ...march)]).toEqual([metric, 0]);
    }
    for (const metric of [
      "win_rate",
      "win_rate_value",
      "win_rate_cohort",
      "average_deal_size",
      "time_to_close_mean",
      "time_to_close_median",
      "sales_velocity",
    ]) {
      expect([metric, await world.value(metric, ...march)]).toEqual([metric, null]);
    }
  });

  test("velocity is null when any part is, and also when wins took no time at all", async () => {
    await world.deal("A", {
      changes: [
        { at: "2026-03-10", amountMinor: 100 },
        { at: "2026-03-10", status: "won" },
      ],
    });
    await world.deal("B", { changes: [{ at: "2026-03-10", amountMinor: 100 }] });
    expect(await world.value("sales_velocity", ...march)).toBeNull();
    expect(await world.value("win_rate", ...march)).toBe(1);
  });

  test("how things are at the end of a period that has not begun, nobody knows", async () => {
    await world.deal("A", { changes: [{ at: "2026-03-01", amountMinor: 100_00 }] });
    const { rows } = await world.ask("open_pipeline_value", "2026-06-01", "2026-08-31", { grain: "month" });
    expect(rows.map((row) => [row.period, row.value])).toEqual([
      ["2026-06-01", 100],
      ["2026-07-01", null],
      ["2026-08-01", null],
    ]);
    const won = await world.ask("deals_won", "2026-06-01", "2026-08-31", { grain: "month" });
    expect(won.rows.map((row) => row.value)).toEqual([0, 0, 0]);
  });
});

describe("time to close", () => {
  test("has fractions between instants and is in calendar days where the source gives days", async () => {
    await world.deal("A", {
      created: "2026-03-01T00:00:00Z",
      changes: [{ at: "2026-03-01T00:00:00Z" }, { at: "2026-03-02T12:00:00Z", status: "won" }],
    });
    expect(await world.value("time_to_close_mean", ...march)).toBe(1.5);
    await world.deal("B", {
      created: "2026-03-01T22:00:00Z",
      changes: [{ at: "2026-03-01" }, { at: "2026-03-04", status: "won" }],
    });
    // (1.5 + 3) ÷ 2; and the median of two is the mean of both.
    expect(await world.value("time_to_close_mean", ...march)).toBe(2.25);
    expect(await world.value("time_to_close_median", ...march)).toBe(2.25);
  });

  test("calendar days are not shortened by a clock change", async () => {
    world = await World.create(store, { timeZone: "America/New_York" });
    // 7 to 9 March 2026 is two days, though only 47 hours long.
    await world.deal("A", { changes: [{ at: "2026-03-07" }, { at: "2026-03-09", status: "won" }] });
    expect(await world.value("time_to_close_mean", ...march)).toBe(2);
  });

  test("leaves out and lists deals that were created after they closed, or at no known time", async () => {
    await world.deal("A", {
      created: "2026-03-20",
      changes: [{ at: "2026-03-01" }, { at: "2026-03-10", status: "won" }],
    });
    await world.deal("B", { created: null, changes: [{ at: "2026-03-01" }, { at: "2026-03-10", status: "won" }] });
    await world.deal("C", { changes: [{ at: "2026-03-01" }, { at: "2026-03-10", status: "won" }] });
    const { rows, exceptions } = await world.ask("time_to_close_mean", ...march);
    expect(rows[0]).toMatchObject({ value: 9, sample_size: 1 });
    expect(exceptions).toEqual([
      { reason: "created_after_closed", count: 1 },
      { reason: "no_creation_time", count: 1 },
    ]);
  });
});

describe("days are the workspace's", () => {
  const wonAt = (at: string) => ({
    changes: [
      { at: "2026-01-01", amountMinor: 100 },
      { at, status: "won" as const },
    ],
  });

  test.each([
    // The last second of 31 March in New York (summer time, −4) and the first of 1 April.
    ["America/New_York", "2026-04-01T03:59:59Z", "2026-04-01T04:00:00Z"],
    // Auckland is at +13 until 5 April.
    ["Pacific/Auckland", "2026-03-31T10:59:59Z", "2026-03-31T11:00:00Z"],
    ["UTC", "2026-03-31T23:59:59.999Z", "2026-04-01T00:00:00Z"],
  ])("in %s the month ends at its midnight", async (timeZone, inMarch, inApril) => {
    world = await World.create(store, { timeZone });
    await world.deal("A", wonAt(inMarch));
    await world.deal("B", wonAt(inApril));
    const { rows, timezone } = await world.ask("deals_won", "2026-03-01", "2026-04-30", { grain: "month" });
    expect(timezone).toBe(timeZone);
    expect(rows.map((row) => [row.period, row.value])).toEqual([
      ["2026-03-01", 1],
      ["2026-04-01", 1],
    ]);
  });

  test("a day of 23 hours and a day of 25 hours hold what happened on them", async () => {
    world = await World.create(store, { timeZone: "America/New_York" });
    await world.deal("A", wonAt("2026-03-08T05:00:00Z"));
    await world.deal("B", wonAt("2026-03-09T03:59:59Z"));
    await world.deal("C", wonAt("2026-03-09T04:00:00Z"));
    const { rows } = await world.ask("deals_won", "2026-03-08", "2026-03-09", { grain: "day" });
    expect(rows.map((row) => row.value)).toEqual([2, 1]);
  });

  test("weeks start on Sunday where the workspace says so, and empty ones have their row", async () => {
    world = await World.create(store, { weekStart: 7 });
    // 8 March 2026 is a Sunday.
    await world.deal("A", wonAt("2026-03-07T12:00:00Z"));
    await world.deal("B", wonAt("2026-03-08T12:00:00Z"));
    const { rows } = await world.ask("deals_won", "2026-03-01", "2026-03-21", { grain: "week" });
    expect(rows.map((row) => [row.period, row.value])).toEqual([
      ["2026-03-01", 1],
      ["2026-03-08", 1],
      ["2026-03-15", 0],
    ]);
  });

  test("without bounds a grain runs from the first record to today", async () => {
    await world.deal("A", { changes: [{ at: "2026-04-10" }] });
    const { rows } = await world.ask("deal_count", null, null, { grain: "month" });
    expect(rows.map((row) => [row.period, row.value])).toEqual([
      ["2026-04-01", 1],
      ["2026-05-01", 1],
      ["2026-06-01", 1],
    ]);
  });
});

describe("weighted pipeline", () => {
  test("takes the deal's own probability, else its stage's, else the stage's history, else leaves the deal out", async () => {
    await world.pipeline("Sales", ["P", "Q", "M"], [null, 0.5, null]);
    await world.deal("own", { changes: [{ at: "2026-03-01", amountMinor: 100_00, stage: "Q", probability: 0.1 }] });
    await world.deal("stage", { changes: [{ at: "2026-03-01", amountMinor: 100_00, stage: "Q" }] });
    await world.deal("history", { changes: [{ at: "2026-03-01", amountMinor: 100_00, stage: "P" }] });
    await world.deal("none", { changes: [{ at: "2026-03-01", amountMinor: 100_00, stage: "M" }] });
    // Of 20 that were in P and closed within the year, 5 were won; M has none. One closed too long ago.
    for (let n = 0; n < 20; n += 1) {
      await world.deal(`closed ${n}`, {
        changes: [
          { at: "2026-01-01", stage: "P" },
          { at: "2026-02-01", status: n < 5 ? "won" : "lost" },
        ],
      });
    }
    await world.deal("old", {
      changes: [
        { at: "2024-01-01", stage: "P" },
        { at: "2024-02-01", status: "won" },
      ],
    });
    const { rows, exceptions } = await world.ask("weighted_pipeline_value", ...march);
    // 100 × 0.1 + 100 × 0.5 + 100 × 5 ÷ 20
    expect(rows[0]).toMatchObject({ value: 10 + 50 + 25, sample_size: 3 });
    expect(exceptions).toEqual([{ reason: "no_probability", count: 1 }]);
  });

  test("19 closed deals are no history", async () => {
    await world.pipeline("Sales", ["P"]);
    await world.deal("open", { changes: [{ at: "2026-03-01", amountMinor: 100_00, stage: "P" }] });
    for (let n = 0; n < 19; n += 1)
      await world.deal(`closed ${n}`, {
        changes: [
          { at: "2026-01-01", stage: "P" },
          { at: "2026-02-01", status: "won" },
        ],
      });
    expect(await world.value("weighted_pipeline_value", ...march)).toBeNull();
  });
});

describe("stages", () => {
  test("the leakiest stage loses the highest share of ten or more deals, the later one of equals", async () => {
    await world.pipeline("Sales", ["P", "Q", "M"]);
    for (let n = 0; n < 20; n += 1) {
      const moves = n < 10 ? [] : [{ at: "2026-03-02", stage: "Q" }];
      // 10 of 20 are lost from P, 5 of 10 from Q.
      const end = n < 15 ? [{ at: "2026-03-05", status: "lost" as const }] : [];
      await world.deal(`${n}`, { changes: [{ at: "2026-03-01", stage: "P" }, ...moves, ...end] });
    }
    await world.deal("M", {
      changes: [
        { at: "2026-03-01", stage: "M" },
        { at: "2026-03-02", status: "lost" },
      ],
    });
    const { rows } = await world.ask("stage_leak", ...march);
    expect(rows.map((row) => [row.dimensions["stage"], fraction(row), row.is_leakiest])).toEqual([
      ["P", "10/20", false],
      ["Q", "5/10", true],
      ["M", "1/1", false],
    ]);
  });

  test("a passage counts after it was made, not before: a deal that begins late and goes back has not passed", async () => {
    await world.pipeline("Sales", ["P", "Q", "M"]);
    await world.deal("1", {
      changes: [
        { at: "2026-03-01", stage: "M" },
        { at: "2026-03-05", stage: "P" },
      ],
    });
    const { rows } = await world.ask("stage_conversion", ...march);
    expect(rows.map((row) => [row.dimensions["stage"], fraction(row)])).toEqual([
      ["P", "0/1"],
      ["M", "0/1"],
    ]);
  });

  test("each deal counts once per stage and period, also when it enters twice; and in each period that it enters in", async () => {
    await world.pipeline("Sales", ["P", "Q"]);
    await world.deal("1", {
      changes: [
        { at: "2026-03-01", stage: "P" },
        { at: "2026-03-05", stage: "Q" },
        { at: "2026-03-07", stage: "P" },
        { at: "2026-04-02", stage: "Q" },
      ],
    });
    const { rows } = await world.ask("stage_conversion", "2026-03-01", "2026-04-30", { grain: "month" });
    expect(rows.map((row) => [row.period, row.dimensions["stage"], fraction(row)])).toEqual([
      ["2026-03-01", "P", "1/1"],
      ["2026-03-01", "Q", "0/1"],
      ["2026-04-01", "P", "0/0"],
      ["2026-04-01", "Q", "0/1"],
    ]);
  });

  test("going back does not undo a passage: one that returns to a stage later has still passed it", async () => {
    await world.pipeline("Sales", ["P", "Q"]);
    await world.deal("1", {
      changes: [
        { at: "2026-03-01", stage: "P" },
        { at: "2026-03-05", stage: "Q" },
        { at: "2026-04-07", stage: "P" },
      ],
    });
    const { rows } = await world.ask("stage_conversion", "2026-04-01", "2026-04-30");
    expect(rows.map((row) => [row.dimensions["stage"], fraction(row)])).toEqual([["P", "1/1"]]);
  });

  test("a win that was undone no longer counts as getting through", async () => {
    await world.pipeline("Sales", ["P", "Q"]);
    await world.deal("1", {
      changes: [
        { at: "2026-03-01", stage: "Q" },
        { at: "2026-03-05", status: "won" },
        { at: "2026-04-01", status: "open" },
      ],
    });
    expect(fraction((await world.ask("stage_conversion", ...march)).rows[0])).toBe("0/1");
    const asOf = new Date("2026-03-31T00:00:00Z");
    expect(fraction((await world.ask("stage_conversion", ...march, { asOf })).rows[0])).toBe("1/1");
  });

  test("by canonical stage, stages mapped to the same are one: a move inside is none, the stay goes on, what is lost there is lost from it", async () => {
    await world.pipeline("Sales", ["P", "Q", "M"]);
    for (const [stage, canonical] of [
      ["P", "qualification"],
      ["Q", "qualification"],
      ["M", "meeting"],
    ] as const)
      await store.db.updateTable("stages").set({ canonical }).where("id", "=", world.id("stage", stage)).execute();
    await world.deal("on", {
      changes: [
        { at: "2026-03-01", stage: "P" },
        { at: "2026-03-05", stage: "Q" },
        { at: "2026-03-11", stage: "M" },
      ],
    });
    await world.deal("lost", {
      changes: [
        { at: "2026-03-02", stage: "Q" },
        { at: "2026-03-04", stage: "P" },
        { at: "2026-03-08", status: "lost" },
      ],
    });
    const by = { by: ["canonical_stage"] };
    const { rows } = await world.ask("stage_conversion", ...march, by);
    expect(rows.map((row) => [row.dimensions["canonical_stage"], fraction(row)])).toEqual([
      ["qualification", "1/2"],
      ["meeting", "0/1"],
    ]);
    expect((await world.ask("stage_leak", ...march, by)).rows[0]).toMatchObject({ numerator: 1, denominator: 2 });
    // Ten days and six; by stage there would be four stays.
    expect((await world.ask("time_in_stage", ...march, by)).rows).toMatchObject([{ value: 8, sample_size: 2 }]);
    expect((await world.ask("time_in_stage", ...march)).rows).toMatchObject([{ sample_size: 2 }, { sample_size: 2 }]);
  });

  test("stages of one name in two pipelines stay two", async () => {
    await world.pipeline("New", ["New:Talk"]);
    await world.pipeline("Renewal", ["Renewal:Talk"]);
    await world.deal("1", { changes: [{ at: "2026-03-01", stage: "New:Talk" }] });
    await world.deal("2", { changes: [{ at: "2026-03-01", stage: "Renewal:Talk" }] });
    expect(await world.values("open_deal_count", null, null, "stage")).toEqual({
      "Talk (New)": 1,
      "Talk (Renewal)": 1,
    });
    expect(
      await world.value("open_deal_count", null, null, { filters: [{ dimension: "stage", value: "talk (renewal)" }] }),
    ).toBe(1);
  });
});

describe("activities and leads", () => {
  test("doubles, deletions and what is still ahead are not counted", async () => {
    await world.rep("Ann");
    await world.activity("1", "2026-06-30T11:00:00Z", { rep: "Ann", direction: "outbound" });
    await world.activity("2", "2026-06-30T11:00:00Z", { duplicateOf: "1" });
    await world.activity("3", "2026-06-30T11:00:00Z", { deletedAt: "2026-06-30T11:30:00Z" });
    await world.activity("4", "2026-06-30T13:00:00Z", { type: "meeting", rep: "Ann" });
    await world.activity("5", "2026-06-30T10:00:00Z", { type: "email" });
    expect(await world.value("activities", "2026-06-30", "2026-06-30")).toBe(2);
    expect(await world.values("activities", "2026-06-30", "2026-06-30", "type")).toEqual({ call: 1, email: 1 });
    expect(await world.values("activities", "2026-06-30", "2026-06-30", "rep")).toEqual({ Ann: 1, "(none)": 1 });
    expect(await world.values("activities", "2026-06-30", "2026-06-30", "direction")).toEqual({
      outbound: 1,
      "(none)": 1,
    });
  });

  test("a lead that two tools know is one, first seen when the first saw it", async () => {
    await world.lead("1", "2026-03-05");
    await world.lead("2", "2026-02-20", { mergedInto: "1" });
    await world.lead("3", "2026-03-09");
    await world.lead("4", "2026-03-09", { deletedAt: "2026-03-20" });
    expect(await world.value("new_leads", ...march)).toBe(1);
    expect(await world.value("new_leads", "2026-02-01", "2026-02-28")).toBe(1);
  });
});
