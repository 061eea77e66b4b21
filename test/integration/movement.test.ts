import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addDays } from "../../core/base/time.ts";
import { funnel } from "../../core/metrics/reports/funnel.ts";
import { movement, REASONS, type MovementQuery, type MovementRow } from "../../core/metrics/reports/movement.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { World, type Change } from "./kpi-world.ts";

let store: Store;
let world: World;
beforeAll(async () => {
  store = await testDatabase();
});
beforeEach(async () => {
  world = await World.create(store);
  await world.clear();
});

const now = new Date("2026-06-30T12:00:00Z");
const moved = (more: Partial<MovementQuery> = {}) =>
  movement(store.db, {
    from: "2026-03-01",
    to: "2026-03-31",
    by: [],
    filters: [],
    expectedIn: null,
    asOf: null,
    now,
    ...more,
  });

const LEAVES = ["value_down", "won", "lost", "deleted", "merged", "owner_out", "pipeline_out", "pushed_out"];

/** What the parts come to, which has to be the end. */
function sumOf(row: MovementRow, part: "count" | "value"): number {
  return REASONS.reduce(
    (sum, reason) => sum + (LEAVES.includes(reason) ? -1 : 1) * row.reasons[reason][part],
    row.start[part],
  );
}

/** The reasons that have something, as values. */
function values(row: MovementRow | undefined): { [reason: string]: number } {
  const all = Object.entries(row?.reasons ?? {}).map(([reason, part]) => [reason, part.value] as const);
  return Object.fromEntries(all.filter(([, amount]) => amount !== 0));
}

describe("worked example 5", () => {
  beforeEach(async () => {
    const open = (amount: number, ...later: Change[]) => ({
      changes: [{ at: "2026-02-01", amountMinor: amount * 100 }, ...later],
    });
    await world.deal("A", open(100, { at: "2026-03-10", amountMinor: 150_00 }, { at: "2026-03-12", status: "won" }));
    await world.deal("B", open(200, { at: "2026-03-11", status: "lost" }));
    await world.deal("C", open(300, { at: "2026-03-12", amountMinor: 250_00 }));
    await world.deal("D", {
      changes: [
        { at: "2026-03-05", amountMinor: 400_00 },
        { at: "2026-03-20", amountMinor: 450_00 },
      ],
    });
    await world.deal("E", {
      changes: [{ at: "2026-03-06", amountMinor: 50_00 }],
      deletedAt: "2026-03-15T00:00:00Z",
    });
  });

  test("600 + created 450 + up 100 − down 50 − won 150 − lost 200 − deleted 50 = 700", async () => {
    const { rows, deals } = await moved();
    expect(rows).toHaveLength(1);
    expect(rows[0]?.start).toEqual({ count: 3, value: 600 });
    expect(rows[0]?.end).toEqual({ count: 2, value: 700 });
    expect(values(rows[0])).toEqual({ created: 450, value_up: 100, value_down: 50, won: 150, lost: 200, deleted: 50 });
    expect(deals.find((one) => one.name === "A")).toMatchObject({
      reasons: { value_up: 50, won: 150 },
      moves: [{ what: "value" }, { what: "won" }],
    });
  });

  test("won and lost are won_value and lost_value of the days between", async () => {
    expect(await world.value("won_value", "2026-03-02", "2026-03-31")).toBe(150);
    expect(await world.value("lost_value", "2026-03-02", "2026-03-31")).toBe(200);
  });
});

test("a close that was reopened is no move; a deal that changes hands leaves one rep and comes to another", async () => {
  await world.rep("Ann");
  await world.rep("Bob");
  await world.deal("back", {
    changes: [
      { at: "2026-02-01", amountMinor: 100_00, rep: "Ann" },
      { at: "2026-03-05", status: "won" },
      { at: "2026-03-08", status: "open" },
    ],
  });
  await world.deal("handed", {
    changes: [
      { at: "2026-02-01", amountMinor: 200_00, rep: "Ann" },
      { at: "2026-03-05", rep: "Bob", amountMinor: 300_00 },
    ],
  });
  expect(values((await moved()).rows[0])).toEqual({ value_up: 100 });
  const byRep = (await moved({ by: ["rep"] })).rows;
  expect(byRep.map((row) => [row.dimensions["rep"], row.start.value, values(row), row.end.value])).toEqual([
    ["Ann", 300, { owner_out: 200 }, 100],
    ["Bob", 0, { owner_in: 200, value_up: 100 }, 300],
  ]);
  const ofBob = (await moved({ filters: [{ dimension: "rep", value: "bob" }] })).rows;
  expect(values(ofBob[0])).toEqual({ owner_in: 200, value_up: 100 });
});

test("a deal in another currency moves by the rate alone", async () => {
  await world.rate("EUR", "2026-03-01", 1.1);
  await world.rate("EUR", "2026-03-31", 1.2);
  await world.deal("euro", { changes: [{ at: "2026-02-01", amountMinor: 100_00, currency: "EUR" }] });
  const { rows } = await moved();
  expect([rows[0]?.start.value, values(rows[0]), rows[0]?.end.value]).toEqual([110, { currency: 10 }, 120]);
});

test("of what is expected to close in a period, dates move deals in and out", async () => {
  await world.deal("pushed", {
    changes: [
      { at: "2026-02-01", amountMinor: 100_00, expected: "2026-03-20" },
      { at: "2026-03-10", expected: "2026-05-20" },
    ],
  });
  await world.deal("pulled", {
    changes: [
      { at: "2026-02-01", amountMinor: 70_00, expected: "2026-05-20" },
      { at: "2026-03-10", expected: "2026-03-30" },
    ],
  });
  await world.deal("elsewhere", { changes: [{ at: "2026-02-01", amountMinor: 5_00, expected: "2026-08-01" }] });
  const { rows } = await moved({ expectedIn: { from: "2026-03-01", to: "2026-03-31" } });
  expect([rows[0]?.start.value, values(rows[0]), rows[0]?.end.value]).toEqual([
    100,
    { pulled_in: 70, pushed_out: 100 },
    70,
  ]);
});

test("over random histories it adds up for the whole and for every slice, and agrees with the KPIs", async () => {
  const day = fc.integer({ min: 1, max: 120 }).map((n) => new Date(Date.UTC(2026, 1, n)).toISOString().slice(0, 10));
  const step = fc.record({
    status: fc.constantFrom("open", "open", "won", "lost"),
    amountMinor: fc.constantFrom(null, 1_00, 333_33, 5_000_00),
    currency: fc.constantFrom("USD", "EUR"),
    rep: fc.constantFrom("Ann", "Bob", null),
  });
  const history = fc.record({
    days: fc.uniqueArray(day, { minLength: 1, maxLength: 5 }),
    steps: fc.array(step, { minLength: 5, maxLength: 5 }),
    deletedAt: fc.option(day),
  });
  await world.rep("Ann");
  await world.rep("Bob");
  for (let n = 0; n < 20; n += 1)
    await world.rate("EUR", new Date(Date.UTC(2026, 0, 28 + 7 * n)).toISOString().slice(0, 10), 1 + n / 37);
  const made = fc.sample(history, { numRuns: 60, seed: 20261130 });
  for (const [index, { days, steps, deletedAt }] of made.entries()) {
    const changes = days.toSorted().map((at, place) => ({
      at,
      ...steps[place],
      status: place === 0 ? ("open" as const) : (steps[place]?.status ?? "open"),
    }));
    const attributes = { kept: deletedAt === null ? "yes" : "no" };
    await world.deal(`deal ${index}`, { changes, attributes, ...(deletedAt === null ? {} : { deletedAt }) });
  }
  for (const [from, to] of [
    ["2026-02-10", "2026-03-10"],
    ["2026-03-01", "2026-04-30"],
    ["2026-01-01", "2026-06-01"],
  ] as const) {
    for (const by of [[], ["rep"]]) {
      for (const row of (await moved({ from, to, by })).rows) {
        expect(sumOf(row, "count")).toBe(row.end.count);
        expect(sumOf(row, "value")).toBeCloseTo(row.end.value, 6);
      }
    }
    // As of the last day: what is reopened later is a win until then.
    const kept = { filters: [{ dimension: "attributes.kept", value: "yes" }], now: new Date(`${to}T23:59:59Z`) };
    const [whole] = (await moved({ from, to, ...kept })).rows;
    const closed = [addDays(from, 1), to] as const;
    expect(whole?.end.value).toBeCloseTo((await world.value("open_pipeline_value", null, to, kept)) ?? NaN, 6);
    expect(whole?.reasons.won.value).toBeCloseTo((await world.value("won_value", ...closed, kept)) ?? 0, 6);
    expect(whole?.reasons.lost.value).toBeCloseTo((await world.value("lost_value", ...closed, kept)) ?? 0, 6);
    expect(whole?.reasons.won.count).toBe(await world.value("deals_won", ...closed, kept));
  }
});

describe("the funnel", () => {
  test("worked example 3: every entry has one outcome, and they add up", async () => {
    await world.pipeline("sales", ["P", "Q", "M", "N"]);
    const path = (...stages: string[]) => stages.map((stage, n) => ({ at: `2026-03-0${n + 1}`, stage }));
    await world.deal("1", { changes: [...path("P", "M"), { at: "2026-03-09", status: "won" }] });
    await world.deal("2", { changes: [...path("P", "Q", "P"), { at: "2026-03-09", status: "lost" }] });
    await world.deal("3", { changes: path("P", "Q") });
    const { stages, totals } = await funnel(store.db, {
      range: { from: "2026-03-01", to: "2026-03-31" },
      by: [],
      filters: [],
      asOf: null,
      now,
    });
    const outcomes = stages.map(({ stage, entered, went_on, lost, went_back, moved_away, still_there }) => [
      stage,
      entered,
      went_on,
      lost,
      went_back,
      moved_away,
      still_there,
    ]);
    // P: all three went on. Q: 1 skipped it, 2 went back, 3 is there. M: 1 was won.
    expect(outcomes).toEqual([
      ["P", 3, 3, 0, 0, 0, 0],
      ["Q", 3, 1, 0, 1, 0, 1],
      ["M", 1, 1, 0, 0, 0, 0],
    ]);
    expect(stages.map((stage) => stage.conversion)).toEqual([1, 1 / 3, 1]);
    // Stays in P that ended: forwards three times, and lost once.
    expect(stages[0]?.snapshot_conversion).toBe(0.75);
    expect(totals).toMatchObject([{ win_rate: 0.5 }]);
  });

  test("a deal that went to another pipeline moved away; two stages of one name stay two", async () => {
    await world.pipeline("sales", ["sales:P", "sales:Q"]);
    await world.pipeline("renewals", ["renewals:P"]);
    await world.deal("away", {
      changes: [
        { at: "2026-03-01", stage: "sales:P" },
        { at: "2026-03-02", stage: "renewals:P" },
      ],
    });
    const { stages } = await funnel(store.db, {
      range: { from: "2026-03-01", to: "2026-03-31" },
      by: [],
      filters: [],
      asOf: null,
      now,
    });
    expect(stages.map(({ stage, moved_away, still_there }) => [stage, moved_away, still_there])).toEqual([
      ["P (renewals)", 0, 1],
      ["P (sales)", 1, 0],
    ]);
  });
});
