import { Command } from "commander";
import { beforeAll, describe, expect, test } from "vitest";
import { registerBacktest, registerForecast } from "../../bin/commands/forecast.ts";
import type { CliContext, Database } from "../../bin/context.ts";
import { createOutput } from "../../bin/output.ts";
import { addDays } from "../../core/base/time.ts";
import type { BacktestAnswer, ForecastAnswer } from "../../core/forecast/index.ts";
import { createRandom } from "../../core/forecast/random.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";
import { newKey, startServer } from "./server-support.ts";

let store: Store;
let world: World;
let database: Database;

/** A deal every other day for 15 months; three in five are won after 20 to 50 days, the others lost after 10 to 30. */
beforeAll(async () => {
  store = await testDatabase();
  world = await World.create(store);
  for (const rep of ["Ann", "Bob"]) await world.rep(rep);
  const random = createRandom("a small company");
  for (let number = 0; number < 234; number += 1) {
    const created = addDays("2025-01-02", number * 2);
    const isWon = random.next() < 0.6;
    const closed = addDays(created, isWon ? 20 + random.below(31) : 10 + random.below(21));
    const rep = number % 3 === 0 ? "Bob" : "Ann";
    await world.deal(`${number}`, {
      changes: [
        { at: created, amountMinor: 100_00 + random.below(100) * 100, rep },
        ...(closed > TODAY ? [] : [{ at: closed, status: isWon ? ("won" as const) : ("lost" as const) }]),
      ],
    });
  }
  database = { store, clock: { now: () => new Date(`${TODAY}T12:00:00Z`) } } as unknown as Database;
});

const TODAY = "2026-04-15";

/** Runs the command as a person would. @returns what it wrote on stdout. */
async function run(name: "forecast" | "backtest", ...args: string[]): Promise<string> {
  let written = "";
  const stream = { write: (text: string) => (written += text) };
  const program = new Command()
    .option("--json")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const out = createOutput(() => program.opts<{ json?: boolean }>().json === true, {
    stdout: stream,
    stderr: { write: () => undefined },
  });
  const withDatabase = (work: (open: Database) => Promise<unknown>): Promise<unknown> => work(database);
  const register = name === "forecast" ? registerForecast : registerBacktest;
  register(program.command(name).exitOverride(), { out, withDatabase } as unknown as CliContext);
  await program.parseAsync([name, ...args], { from: "user" });
  return written;
}

const forecast = async (...args: string[]): Promise<ForecastAnswer> =>
  JSON.parse(await run("forecast", "--json", ...args)) as ForecastAnswer;
const backtest = async (...args: string[]): Promise<BacktestAnswer> =>
  JSON.parse(await run("backtest", "--json", ...args)) as BacktestAnswer;

describe("tributary forecast", () => {
  test("tells of 30, 60 and 90 days and the ends of month and quarter, by the method that has been best", async () => {
    const { rows, currency, as_of } = await forecast();
    expect({ currency, as_of }).toEqual({ currency: "USD", as_of: `${TODAY}T12:00:00.000Z` });
    expect(rows.map((row) => [row.horizon, row.days, row.until])).toEqual([
      ["days", 30, "2026-05-15"],
      ["days", 60, "2026-06-14"],
      ["days", 90, "2026-07-14"],
      ["month_end", 15, "2026-04-30"],
      ["quarter_end", 76, "2026-06-30"],
    ]);
    const [month] = rows;
    // Half a deal a day, of which three in five are won: 9 in 30 days, of 149.50 each.
    expect(month?.count.expected).toBeGreaterThan(6);
    expect(month?.count.expected).toBeLessThan(12);
    expect((month?.value?.expected ?? 0) / (month?.count.expected ?? 1)).toBeCloseTo(149.5, -2);
    expect(month?.count.record?.origins).toBeGreaterThanOrEqual(5);
    expect(month?.count.record?.mape).toBeLessThan(0.6);
    const errors = month?.methods.map(({ count }) => count.record?.mape ?? Infinity) ?? [];
    expect(errors.length).toBeGreaterThanOrEqual(4);
    for (const { count } of rows) {
      expect(count.p10).toBeLessThanOrEqual(count.p50);
      expect(count.p50).toBeLessThanOrEqual(count.p90);
    }
  });

  test("on the last day of a month or quarter tells of the end of the next", async () => {
    const rows = (await forecast("--as-of", "2026-03-31")).rows.filter(({ horizon }) => horizon !== "days");
    expect(rows.map(({ until, days }) => [until, days])).toEqual([
      ["2026-04-30", 30],
      ["2026-06-30", 91],
    ]);
  });

  test("says the same again, and draws otherwise for another seed", async () => {
    const args = ["--horizon", "30"];
    const [first, second, other] = [
      await forecast(...args),
      await forecast(...args),
      await forecast(...args, "--seed", "b"),
    ];
    expect(second).toEqual(first);
    const drawn = ({ rows }: ForecastAnswer): unknown =>
      rows[0]?.methods.find(({ count }) => count.method === "simulation")?.count.expected;
    expect(drawn(other)).not.toBe(drawn(first));
  });

  test("is for a past instant what it was then, whatever has happened or landed since", async () => {
    const args = ["--as-of", "2026-02-10", "--horizon", "30,60"];
    const before = await forecast(...args);
    await world.deal("landed late", {
      changes: [
        { at: "2026-01-05", rep: "Ann", knownAt: "2026-03-01" },
        { at: "2026-01-20", status: "won", knownAt: "2026-03-01" },
      ],
    });
    await world.deal("won since", {
      changes: [
        { at: "2026-02-11", rep: "Ann" },
        { at: "2026-02-12", status: "won" },
      ],
    });
    expect(await forecast(...args)).toEqual(before);
    expect(before.rows[0]?.until).toBe("2026-03-12");
  });

  test("by rep has a row for each, and Ann, who has two in three deals, wins more", async () => {
    const { rows } = await forecast("--by", "rep", "--horizon", "60");
    const within = rows.filter((row) => row.days === 60);
    expect(within.map((row) => row.dimensions["rep"])).toEqual(["Ann", "Bob"]);
    const [ann, bob] = within;
    expect(ann?.count.expected).toBeGreaterThan(bob?.count.expected ?? Infinity);
  });

  test("shows beside it what the config's plans make of it, and why", async () => {
    const value = JSON.stringify({
      product_cost: 50,
      price_changes: [{ day: "2026-01-01", percent: 10 }],
      addressable_market: 1,
    });
    await store.db.insertInto("settings").values({ section: "forecast", value }).execute();
    const row = (await forecast("--horizon", "30")).rows[0];
    const adjustments = row?.scenario?.adjustments ?? [];
    expect(adjustments.map(({ what, of }) => [what, of])).toEqual([
      ["price_changes", "value"],
      ["addressable_market", "both"],
    ]);
    expect(adjustments[0]?.factor).toBeCloseTo(1.1, 12);
    // There are more customers than the market has room for.
    expect(row?.scenario?.count.expected).toBe(0);
    expect(row?.count.expected).toBeGreaterThan(0);
    expect(await run("forecast")).toMatch(/As planned: addressable_market: × 0, 0 of the market/);
    await store.db.deleteFrom("settings").where("section", "=", "forecast").execute();
  });

  test("refuses a horizon that is none", async () => {
    await expect(run("forecast", "--horizon", "0,30")).rejects.toThrow(/days from 1 to 366/);
    await expect(run("forecast", "--by", "colour")).rejects.toThrow(/Allowed choices are rep, team, pipeline/);
  });
});

describe("tributary backtest", () => {
  test("has every method at every horizon, over as many month ends as their horizons have ended, and marks what is shown", async () => {
    const { rows, from, to } = await backtest("--horizon", "30,90");
    expect([from, to]).toEqual(["2025-01-31", "2026-03-31"]);
    const counts = rows.filter((row) => row.of === "count");
    // January 2025 to February and to December: by then 30 and 90 days had passed by 15 April 2026 (31 March + 30 days had not).
    const origins = (days: number, method: string): number | undefined =>
      counts.find((row) => row.days === days && row.method === method)?.origins;
    expect([origins(30, "history"), origins(90, "history")]).toEqual([14, 12]);
    // The methods that the forecast shows, which is judged by fewer months than these.
    const said = (await forecast("--horizon", "30,90", "--by", "rep")).rows.filter(({ horizon }) => horizon === "days");
    const tried = (await backtest("--horizon", "30,90", "--by", "rep")).rows.filter((row) => row.is_shown);
    const line = (row: { dimensions: object; days: number }, of: string, method?: string): string =>
      `${JSON.stringify(row.dimensions)} ${row.days} ${of} ${method}`;
    expect(tried.map((row) => line(row, row.of, row.method)).toSorted()).toEqual(
      said.flatMap((row) => [line(row, "count", row.count.method), line(row, "value", row.value?.method)]).toSorted(),
    );
    expect(counts.filter((row) => row.is_shown)).toHaveLength(2);
    for (const { coverage, error } of rows) {
      expect(coverage).toBeGreaterThanOrEqual(0);
      expect(error).toBeGreaterThan(0);
    }
    expect(await run("backtest", "--horizon", "30")).toMatch(/history.*\n/);
  });
});

test("the API answers the same, to those who may read, and says what a horizon is", async () => {
  const running = await startServer(store, { clock: database.clock });
  try {
    const key = await newKey(store, "read");
    const found = await running.fetch("/api/v1/forecast?horizon=30", { as: key });
    expect(found.status).toBe(200);
    expect(await found.json()).toEqual(await forecast("--horizon", "30"));
    const tried = await running.fetch("/api/v1/backtest?horizon=30&by=rep", { as: key });
    expect(await tried.json()).toEqual(await backtest("--horizon", "30", "--by", "rep"));
    expect((await running.fetch("/api/v1/forecast?horizon=soon", { as: key })).status).toBe(400);
    expect((await running.fetch("/api/v1/forecast")).status).toBe(401);
  } finally {
    await running.close();
  }
});

test("of nothing, nothing is forecast, and there is nothing to look back on", async () => {
  const empty = await testDatabase();
  await World.create(empty);
  const full = database;
  database = { store: empty, clock: full.clock } as unknown as Database;
  try {
    const { rows } = await forecast("--horizon", "30");
    expect(rows[0]).toMatchObject({ count: { expected: 0, record: null }, value: null, open_deals: 0 });
    expect(await run("backtest")).toMatch(/no past month end/);
  } finally {
    database = full;
  }
});
