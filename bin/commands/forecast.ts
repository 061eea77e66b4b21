import { type Command, InvalidArgumentError, Option } from "commander";
import {
  backtests,
  type BacktestAnswer,
  forecast,
  type ForecastAnswer,
  type ForecastQuery,
  HORIZONS,
  type MethodAnswer,
  SLICES,
  type SliceName,
} from "../../core/forecast/index.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { instantOf, parseAsOf, percent as percentText } from "../asking.ts";
import type { CliContext, Database } from "../context.ts";
import { tableText } from "../output.ts";

/** `tributary forecast`. */
export function registerForecast(command: Command, context: CliContext): void {
  asking(command).action(async (options: Asked) => {
    const answer = await context.withDatabase(async (database) =>
      forecast(database.store.db, await toQuery(database, options)),
    );
    context.out.result(answer, () => forecastText(answer));
  });
}

/** `tributary backtest`. */
export function registerBacktest(command: Command, context: CliContext): void {
  asking(command).action(async (options: Asked) => {
    const answer = await context.withDatabase(async (database) =>
      backtests(database.store.db, await toQuery(database, options)),
    );
    context.out.result(answer, () => backtestText(answer));
  });
}

type Asked = {
  readonly horizon: readonly number[];
  readonly by?: SliceName;
  readonly asOf?: string;
  readonly seed: string;
};

function asking(command: Command): Command {
  return command
    .option("--horizon <days,…>", "how many days ahead", parseHorizons, HORIZONS)
    .addOption(new Option("--by <slice>", "for each of them").choices(SLICES))
    .option("--as-of <time>", "by what was known: an instant, or a day for its end", parseAsOf)
    .option("--seed <text>", "what is drawn by chance is drawn alike for one seed", "tributary");
}

async function toQuery(database: Database, { horizon, by, asOf, seed }: Asked): Promise<ForecastQuery> {
  const { timeZone } = await readWorkspace(database.store.db);
  const at = instantOf(asOf, timeZone);
  return { horizons: horizon, by: by ?? null, asOf: at, now: database.clock.now(), seed };
}

function parseHorizons(text: string): readonly number[] {
  const days = text.split(",").map((one) => Number(one.trim()));
  if (days.some((one) => !Number.isInteger(one) || one < 1 || one > 366))
    throw new InvalidArgumentError("Write days from 1 to 366, such as 30,60,90.");
  return [...new Set(days)];
}

function forecastText({ rows, currency, as_of: asOf, plans, goals }: ForecastAnswer): string {
  const table = rows.map((row) => ({
    ...namesIn(row.dimensions),
    until: row.until,
    wins: spread(row.count),
    by: methodText(row.count),
    [currency]: row.value === null ? null : spread(row.value),
    "by ": row.value === null ? null : methodText(row.value),
    open: row.open_deals,
    ...(row.scenario === null ? {} : { "wins as planned": spread(row.scenario.count) }),
  }));
  const because = new Set(
    rows.flatMap(
      (row) => row.scenario?.adjustments.map((one) => `${one.what}: × ${rounded(one.factor)}, ${one.because}`) ?? [],
    ),
  );
  return [
    tableText(table),
    `Expected (in 8 of 10 cases from … to …), as of ${asOf}. Off by: Σ |forecast − actual| ÷ Σ actual over so many past month ends.`,
    ...[...because].map((line) => `As planned: ${line}.`),
    ...(goals ?? []).map(
      ({ metric, from, to, target, so_far: soFar, expected, share }) =>
        `Goal ${metric.replaceAll("_", " ")} ${from} to ${to}: ${rounded(target)}; so far ${soFar === null ? "nothing" : rounded(soFar)}${expected === null ? "" : `, expected ${rounded(expected)}`}${share === null ? "" : ` (${percent(share)})`}.`,
    ),
    ...(plans?.problems ?? []).map(({ cell, problem }) => `Not taken from the sheet: ${cell}: ${problem}.`),
  ].join("\n");
}

function backtestText({ rows, from, to }: BacktestAnswer): string {
  if (rows.length === 0) return "There is no past month end yet whose horizon has ended.";
  const table = rows.map((row) => ({
    ...namesIn(row.dimensions),
    days: row.days,
    of: row.of,
    method: row.is_shown ? `${row.method} *` : row.method,
    months: row.origins,
    MAPE: percent(row.mape),
    bias: percent(row.bias),
    error: percent(row.error),
    "P10-P90": percent(row.coverage),
    Brier: row.brier === null ? null : `${row.brier.method.toFixed(3)} (all alike: ${row.brier.baseRate.toFixed(3)})`,
  }));
  return `${tableText(table)}\n* shown for it. Month ends from ${from} to ${to}, each by what was known then. P10-P90: 80 % is right.`;
}

function namesIn(dimensions: { readonly [name: string]: string | null }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(dimensions).map(([name, value]) => [name, value ?? "(none)"]));
}

function spread({ expected, p10, p90 }: Pick<MethodAnswer, "expected" | "p10" | "p90">): string {
  return `${rounded(expected)} (${rounded(p10)} to ${rounded(p90)})`;
}

function methodText({ method, record }: MethodAnswer): string {
  return record === null || record.error === null
    ? `${method}, not tried yet`
    : `${method}, off by ${percent(record.error)} over ${record.origins}`;
}

function rounded(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 1 : 0 });
}

function percent(value: number | null): string | null {
  return value === null ? null : percentText(value);
}
