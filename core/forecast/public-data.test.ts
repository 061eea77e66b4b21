import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { wilsonInterval } from "../metrics/engine/wilson.ts";
import { backtest, bestMethod, scoresOf } from "./backtest.ts";
import { type DealChange, type ForecastDeal, knownAt } from "./deals.ts";
import { groundOf, sliceIn } from "./ground.ts";
import { wholeLife } from "./hazards.ts";
import { forecastBy } from "./methods.ts";
import { Past } from "./past.ts";
import { curveOf, incidenceAt, medianOfEnd, quantileOf } from "./survival.ts";

// Public data sets that lie beside the repository; where they do not, these tests are skipped, and the report says so.
const SALES = "../shared/data/crm-sales-opportunities/sales_pipeline.csv";
const SERIES = "../shared/data/m3-monthly/series.jsonl";

const dayOf = (year: number, month: number, day: number): number => Date.UTC(year, month - 1, day) / 86_400_000;

/** `10/20/2016` */
function readDay(text: string): number {
  const [month = 0, day = 0, year = 0] = text.split("/").map(Number);
  return dayOf(year, month, day);
}

function readDeals(): ForecastDeal[] {
  const [, ...lines] = readFileSync(SALES, "utf8").trim().split(/\r?\n/);
  return lines.flatMap((line): ForecastDeal[] => {
    const [id = "", rep = "", , , stage, engaged = "", closed = "", value] = line.split(",");
    if (engaged === "") return [];
    const common = { known: -Infinity, stage: null, pipeline: null, rep, team: null, probability: null };
    const created: DealChange = { ...common, day: readDay(engaged), status: "open", value: null };
    const close = {
      day: readDay(closed),
      status: stage === "Won" ? "won" : "lost",
      value: Number(value) * 100,
    } as const;
    return [
      {
        id,
        created: created.day,
        changes: closed === "" ? [created] : [created, { ...common, ...close }],
        touches: [],
      },
    ];
  });
}

const YEARS_END = dayOf(2017, 12, 31);

describe.skipIf(!existsSync(SALES))("the data set CRM Sales Opportunities", () => {
  test("gives the survival numbers that are known of it", () => {
    const deals = readDeals();
    expect(deals).toHaveLength(8300);
    const spells = knownAt(deals, YEARS_END).map((known) => {
      const { from, to, next } = wholeLife(known);
      return { from: 0, to: (to ?? YEARS_END) - from, end: next };
    });
    const curve = curveOf(spells);
    expect(quantileOf(curve, 0.5)).toBe(69);
    const won = [30, 60, 90, 120, 500].map((age) => incidenceAt(curve, "won", age));
    const said = [0.219, 0.2647, 0.397, 0.5, 0.5194];
    for (const [index, share] of said.entries())
      expect(Math.abs((won[index] ?? 0) - share)).toBeLessThanOrEqual(0.0005);
    expect(medianOfEnd(curve, "won")).toBe(59);
    const ends = spells.map(({ end }) => end);
    const interval = wilsonInterval(
      ends.filter((end) => end === "won").length,
      ends.filter((end) => end !== null).length,
    );
    expect(interval).toEqual([expect.closeTo(0.619887, 6), expect.closeTo(0.642964, 6)]);
  });

  test("is forecast back from month end to month end: the best method of each horizon misses by at most 25, 13 and 8 %", () => {
    const origins = [5, 6, 7, 8, 9, 10, 11].map((month) => dayOf(2017, month + 1, 1) - 1);
    const asked = { horizons: [30, 60, 90], slice: null, seed: "public", until: YEARS_END };
    const scores = scoresOf(backtest(new Past(readDeals(), 90, origins), asked)).filter((one) => one.of === "count");
    for (const [days, most, count] of [
      [30, 0.25, 7],
      [60, 0.13, 6],
      [90, 0.08, 5],
    ] as const) {
      const found = scores.filter((one) => one.days === days);
      // Without touches there is nothing for `activity` to go by.
      expect(found.map((one) => [one.method, one.origins])).toEqual(
        ["history", "stage_weighted", "run_rate", "simulation"].map((method) => [method, count]),
      );
      expect(Math.min(...found.map((one) => one.mape ?? Infinity))).toBeLessThanOrEqual(most);
      for (const { bias } of found) expect(Math.abs(bias ?? 1)).toBeLessThan(0.5);
      // The chances of single deals say more than that all are alike.
      const [history] = found;
      expect(history?.brier?.method).toBeLessThan(history?.brier?.baseRate ?? 0);
    }
    expect(bestMethod(scores, 90, "count")).toBe("run_rate");
  }, 240_000);
});

/** What a month is to the method `run_rate`, days. */
const MONTH = 365.25 / 12;

/** A monthly series as deals, each won on the first day of its month and worth the month's value, the last month ending with the day. */
function winsOf(series: readonly number[], day: number): ForecastDeal[] {
  return series.map((value, index) => {
    const won = day + 1 - Math.ceil((series.length - index) * MONTH);
    const common = { known: -Infinity, stage: null, pipeline: null, rep: null, team: null, probability: null };
    const change = { ...common, day: won, value };
    const changes: DealChange[] = [
      { ...change, status: "open" },
      { ...change, status: "won" },
    ];
    return { id: String(index), created: won, changes, touches: [] };
  });
}

describe.skipIf(!existsSync(SERIES))("404 monthly series of the M3 competition", () => {
  test("by run_rate the first three months are forecast with a sMAPE of at most 16.3, and P10 to P90 covers 75 to 85 %", () => {
    const lines = readFileSync(SERIES, "utf8").trim().split("\n");
    let [error, covered, count] = [0, 0, 0];
    for (const line of lines) {
      const { train, test: actual } = JSON.parse(line) as { train: number[]; test: number[] };
      const slice = sliceIn(groundOf(winsOf(train, YEARS_END), YEARS_END, 92), null, 92);
      // Wins add up: what comes in a month is what comes by its end less what comes by its beginning.
      let [before, cameBefore] = [0, 0];
      for (const months of [1, 2, 3]) {
        const asked = { days: months * MONTH, seed: "public", touchModel: null, draws: 1 };
        const { expected = NaN, p10 = NaN, p90 = NaN } = forecastBy("run_rate", slice, asked)?.value ?? {};
        const came = actual[months - 1] ?? NaN;
        const mean = expected - before;
        error += (200 * Math.abs(mean - came)) / (Math.abs(mean) + Math.abs(came));
        cameBefore += came;
        covered += p10 <= cameBefore && cameBefore <= p90 ? 1 : 0;
        before = expected;
        count += 1;
      }
    }
    expect(count).toBe(3 * 404);
    expect(error / count).toBeLessThanOrEqual(16.3);
    expect(covered / count).toBeGreaterThanOrEqual(0.75);
    expect(covered / count).toBeLessThanOrEqual(0.85);
  });
});
