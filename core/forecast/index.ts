import { isDeepStrictEqual } from "node:util";
import { DateTime } from "luxon";
import { majorUnits } from "../base/money.ts";
import { addDays, type Day, dayOf, daysBetween } from "../base/time.ts";
import type { Db } from "../store/db.ts";
import { countLeads, readSliceNames } from "../store/facts/forecast-rows.ts";
import { readWorkspace } from "../store/setup/workspace.ts";
import { backtest, bestMethod, type Score, scoresOf } from "./backtest.ts";
import { isOpen, type SliceName, sliceOf } from "./deals.ts";
import type { Estimate } from "./estimate.ts";
import { type Slice, type SliceKey, sliceIn, winsOfNew } from "./ground.ts";
import { loadDeals } from "./load.ts";
import { type Forecast, forecastBy, type Method, METHODS } from "./methods.ts";
import { Past } from "./past.ts";
import { type GoalAnswer, goalHorizons, goalsNow } from "./goals.ts";
import { type Plans, readPlans } from "./plans.ts";
import { adjusted, type Adjustment, adjustmentsOf, type Scenario } from "./scenario.ts";

/** Forecasts of the wins to come, and how good they have been. */

export { SLICES, type SliceName } from "./deals.ts";

export const HORIZONS = [30, 60, 90] as const;

export type ForecastQuery = {
  /** Days ahead. The ends of the month and the quarter are always told of, too. */
  readonly horizons: readonly number[];
  readonly by: SliceName | null;
  /** By what had happened and had landed by then; null: all that is known. */
  readonly asOf: Date | null;
  readonly now: Date;
  /** The same seed, asked of the same, gives the same. */
  readonly seed: string;
};

/** Of how many past days the record is. */
export type TrackRecord = Pick<Score, "origins" | "mape" | "bias" | "error" | "coverage" | "brier"> & {
  readonly days: number;
};

export type MethodAnswer = Estimate & { readonly method: Method; readonly record: TrackRecord | null };

export type ForecastRow = {
  readonly dimensions: { readonly [name: string]: string | null };
  readonly horizon: "days" | "month_end" | "quarter_end";
  readonly days: number;
  /** The last day that is forecast, inclusive. */
  readonly until: Day;
  /** By the method that has been best there; each method's answer stands in `methods`. Amounts in main units. */
  readonly count: MethodAnswer;
  readonly value: MethodAnswer | null;
  readonly methods: readonly { readonly count: MethodAnswer; readonly value: MethodAnswer | null }[];
  readonly open_deals: number;
  /** Open deals that `stage_weighted` knows no probability of. */
  readonly left_out: number;
  /** What the config's section `forecast` makes of it; null where it says nothing. */
  readonly scenario: {
    readonly count: Estimate;
    readonly value: Estimate | null;
    readonly margin: Estimate | null;
    readonly adjustments: readonly Adjustment[];
  } | null;
};

export type ForecastAnswer = {
  readonly as_of: string;
  readonly timezone: string;
  readonly currency: string;
  readonly seed: string;
  readonly rows: readonly ForecastRow[];
  /** What is planned, where it is written, and what of it could not be taken; null: nothing is planned. */
  readonly plans: Omit<Plans, "scenario"> | null;
  /** The goals of the plans, of the whole; null: none, or asked by slice. */
  readonly goals: readonly GoalAnswer[] | null;
};

export type BacktestAnswer = Omit<ForecastAnswer, "rows" | "plans" | "goals"> & {
  readonly from: Day | null;
  readonly to: Day | null;
  readonly rows: readonly (Score & {
    readonly dimensions: { readonly [name: string]: string | null };
    /** Whether it is the method that is shown for the slice at the horizon. */
    readonly is_shown: boolean;
  })[];
};

const DRAWS = 2_000;

/** So many past month ends are tried where the best method is looked for. */
const TRIED_MONTHS = 12;
/** Learning for the first of them needs months before it. */
const LEARNT_MONTHS = 6;

type Prepared = {
  readonly past: Past;
  readonly today: number;
  readonly cutoff: Date;
  readonly timeZone: string;
  readonly currency: string;
  readonly slices: readonly { readonly key: SliceKey | null; readonly dimensions: ForecastRow["dimensions"] }[];
};

async function prepare(db: Db, query: ForecastQuery, months: number, longest: number): Promise<Prepared> {
  const { timeZone, currency } = await readWorkspace(db);
  const cutoff = query.asOf !== null && query.asOf < query.now ? query.asOf : query.now;
  const today = numberOf(dayOf(cutoff, timeZone));
  const deals = await loadDeals(db, { timeZone, currency, cutoff, landedBy: query.asOf });
  const first = Math.min(
    ...deals.flatMap(({ created, changes }) => created ?? changes[0]?.day ?? []).filter(Number.isFinite),
  );
  const days = monthEnds(today, months).filter((day) => day > first);
  const past = new Past(deals, longest, days);
  return { past, today, cutoff, timeZone, currency, slices: await slicesOf(db, past, today, query.by) };
}

/** Everybody who has an open deal or has won one within a year. */
async function slicesOf(db: Db, past: Past, today: number, by: SliceName | null): Promise<Prepared["slices"]> {
  if (by === null) return [{ key: null, dimensions: {} }];
  const names = await readSliceNames(db, by);
  const { known } = past.ground(today);
  const active = known.filter((one) => isOpen(one) || (one.now.status === "won" && (one.closed ?? 0) > today - 365));
  const keys = [...new Set(active.map((one) => sliceOf(one, by)))];
  return keys
    .map((key) => ({ key: { by, key }, dimensions: { [by]: key === null ? null : (names.get(key) ?? key) } }))
    .toSorted((a, b) => String(a.dimensions[by] ?? "\uffff").localeCompare(String(b.dimensions[by] ?? "\uffff"), "en"));
}

/** The last days of the months that were over before a day, the earliest first. */
function monthEnds(today: number, count: number): number[] {
  const month = DateTime.fromISO(dayFrom(today), { zone: "utc" }).startOf("month");
  return Array.from({ length: count }, (_, back) =>
    numberOf(month.minus({ months: count - 1 - back, days: 1 }).toFormat("yyyy-MM-dd")),
  );
}

const EPOCH: Day = "1970-01-01";

function numberOf(day: Day): number {
  return daysBetween(EPOCH, day);
}

function dayFrom(day: number): Day {
  return addDays(EPOCH, day);
}

/** Wins to come, of all or by slice, at each horizon: the method that has been best, with its record, and the others beside it. */
export async function forecast(db: Db, query: ForecastQuery): Promise<ForecastAnswer> {
  const plans = await readPlans(db);
  const scenario = plans?.scenario ?? null;
  const goals = query.by === null ? (scenario?.goals ?? []) : [];
  const ends = (today: Day): { horizon: ForecastRow["horizon"]; until: Day }[] => {
    // On a month's last day the next one's end is asked for: of this one nothing is to come.
    const at = DateTime.fromISO(today, { zone: "utc" }).plus({ days: 1 });
    const calendar = [
      { horizon: "month_end" as const, until: at.endOf("month").toFormat("yyyy-MM-dd") },
      { horizon: "quarter_end" as const, until: at.endOf("quarter").toFormat("yyyy-MM-dd") },
    ];
    // The ends of goals that no other horizon has.
    const known = [...query.horizons.map((days) => addDays(today, days)), ...calendar.map(({ until }) => until)];
    const ends = goalHorizons(goals, today).map((days) => addDays(today, days));
    const extra = [...new Set(ends)].filter((until) => !known.includes(until));
    return [
      ...query.horizons.map((days) => ({ horizon: "days" as const, until: addDays(today, days) })),
      ...extra.map((until) => ({ horizon: "days" as const, until })),
      ...calendar,
    ];
  };
  /** Those that were asked for, and the ends of goals. */
  const horizons = (today: Day): readonly number[] => [...new Set([...query.horizons, ...goalHorizons(goals, today)])];
  const longest = Math.max(92, ...horizons(await todayOf(db, query)), ...HORIZONS);
  const prepared = await prepare(db, query, TRIED_MONTHS + LEARNT_MONTHS, longest);
  const { past, today, cutoff, timeZone, currency } = prepared;
  const leads = scenario === null ? 0 : (await countLeads(db, cutoff, 182)) / 6;
  const rows: ForecastRow[] = [];
  for (const { key, dimensions } of prepared.slices) {
    const slice = key === null ? past.whole(today) : sliceIn(past.ground(today), key, longest);
    const tried = [...new Set([...query.horizons, ...HORIZONS])].filter((days) => days > 0);
    const scores = scoresOf(backtest(past, { horizons: tried, slice: key, seed: query.seed, until: today }));
    for (const { horizon, until } of ends(dayFrom(today))) {
      const days = daysBetween(dayFrom(today), until);
      const asked = { days, seed: `${query.seed} ${days}`, touchModel: past.touchModel(today, days), draws: DRAWS };
      const found = METHODS.flatMap((method) => {
        const said = forecastBy(method, slice, asked);
        return said === null ? [] : [{ method, said }];
      });
      // Of a horizon that was not tried itself, the nearest one's record.
      const judged = tried.toSorted((a, b) => Math.abs(a - days) - Math.abs(b - days) || a - b)[0] ?? days;
      rows.push({
        dimensions,
        horizon,
        days,
        until,
        ...answersOf(found, scores, judged, currency),
        open_deals: slice.open.length,
        left_out: found.find(({ method }) => method === "stage_weighted")?.said.leftOut ?? 0,
        scenario:
          scenario === null
            ? null
            : scenarioOf({ scenario, slice, found, scores, judged, days, leads, currency, today: dayFrom(today) }),
      });
    }
  }
  const comes = (metric: "won_value" | "deals_won", until: Day): number | null => {
    const row = rows.find((one) => one.until === until);
    const said = row?.scenario ?? row ?? null;
    return (metric === "won_value" ? said?.value?.expected : said?.count.expected) ?? null;
  };
  const now = { asOf: query.asOf, now: query.now, today: dayFrom(today), comes };
  return {
    as_of: cutoff.toISOString(),
    timezone: timeZone,
    currency,
    seed: query.seed,
    rows,
    plans: plans === null ? null : { inputs: plans.inputs, problems: plans.problems },
    goals: goals.length === 0 ? null : await goalsNow(db, goals, now),
  };
}

async function todayOf(db: Db, { asOf, now }: ForecastQuery): Promise<Day> {
  const { timeZone } = await readWorkspace(db);
  return dayOf(asOf !== null && asOf < now ? asOf : now, timeZone);
}

type Found = readonly { readonly method: Method; readonly said: Forecast }[];

function answersOf(
  found: Found,
  scores: readonly Score[],
  days: number,
  currency: string,
): Pick<ForecastRow, "count" | "value" | "methods"> {
  const methods = found.map(({ method, said }) => ({
    count: { method, ...said.count, record: recordOf(scores, method, days, "count") },
    value:
      said.value === null
        ? null
        : { method, ...inMajor(said.value, currency), record: recordOf(scores, method, days, "value") },
  }));
  const shown = chosen(found, scores, days);
  // `history` always has an answer.
  const count = (methods.find((one) => one.count.method === shown.count) ?? methods[0])?.count as MethodAnswer;
  const value = methods.find((one) => one.value?.method === shown.value)?.value ?? null;
  return { count, value, methods };
}

/** The best method of those that have an answer now. */
function chosen(
  found: Found,
  scores: readonly Score[],
  days: number,
): { readonly count: Method; readonly value: Method } {
  const able = scores.filter((one) => found.some(({ method, said }) => method === one.method && said[one.of] !== null));
  return { count: bestMethod(able, days, "count"), value: bestMethod(able, days, "value") };
}

function recordOf(scores: readonly Score[], method: Method, days: number, of: "count" | "value"): TrackRecord | null {
  const score = scores.find((one) => one.method === method && one.days === days && one.of === of);
  if (score === undefined) return null;
  const { origins, mape, bias, error, coverage, brier } = score;
  return { days, origins, mape, bias, error, coverage, brier };
}

function inMajor({ expected, p10, p50, p90 }: Estimate, currency: string): Estimate {
  const major = (amount: number): number => majorUnits(Math.round(amount), currency);
  return { expected: major(expected), p10: major(p10), p50: major(p50), p90: major(p90) };
}

function scenarioOf(about: {
  readonly scenario: Scenario;
  readonly slice: Slice;
  readonly found: Found;
  readonly scores: readonly Score[];
  readonly judged: number;
  readonly days: number;
  readonly leads: number;
  readonly currency: string;
  readonly today: Day;
}): ForecastRow["scenario"] {
  const { scenario, slice, found, days, currency, today } = about;
  const shown = chosen(found, about.scores, about.judged);
  const saidBy = (method: Method): Forecast | undefined => found.find((one) => one.method === method)?.said;
  const base = saidBy(shown.count) ?? found[0]?.said;
  if (base === undefined) return null;
  const whole = { ...base, value: saidBy(shown.value)?.value ?? null };
  const history = saidBy("history")?.count.expected ?? 0;
  const adjustments = adjustmentsOf(scenario, whole, {
    from: addDays(today, 1),
    days,
    daysUntil: (day) => daysBetween(addDays(today, 1), day),
    shareOfNew: history === 0 ? 0 : Math.min(1, winsOfNew(slice, days) / history),
    leadsPerMonth: about.leads,
    reps: new Set(slice.open.flatMap(({ now }) => now.rep ?? [])).size,
    customers: slice.wins.length,
  });
  const { count, value } = adjusted(whole, adjustments);
  const inMain = value === null ? null : inMajor(value, currency);
  const cost = scenario.product_cost;
  const margin =
    inMain === null || cost === undefined
      ? null
      : {
          expected: inMain.expected - cost * count.expected,
          p10: inMain.p10 - cost * count.p10,
          p50: inMain.p50 - cost * count.p50,
          p90: inMain.p90 - cost * count.p90,
        };
  return { count, value: inMain, margin, adjustments };
}

const BACKTEST_MONTHS = 24;

/** How good each method has been at past month ends of two years, each by what had happened and had landed by then. */
export async function backtests(db: Db, query: ForecastQuery): Promise<BacktestAnswer> {
  const prepared = await prepare(db, query, BACKTEST_MONTHS, Math.max(...query.horizons));
  const { past, today, cutoff, timeZone, currency } = prepared;
  // It is chosen by fewer months than are tried here, so the best of two years may be another.
  const shown = (await forecast(db, query)).rows.filter(({ horizon }) => horizon === "days");
  const rows = prepared.slices.flatMap(({ key, dimensions }) => {
    const own = shown.filter((row) => isDeepStrictEqual(row.dimensions, dimensions));
    const scores = scoresOf(backtest(past, { horizons: query.horizons, slice: key, seed: query.seed, until: today }));
    return scores.map((score) => ({
      dimensions,
      ...score,
      is_shown: own.find(({ days }) => days === score.days)?.[score.of]?.method === score.method,
    }));
  });
  const [first, last] = [past.days[0], past.days.at(-1)];
  const from = first === undefined ? null : dayFrom(first);
  const to = last === undefined ? null : dayFrom(last);
  return { as_of: cutoff.toISOString(), timezone: timeZone, currency, seed: query.seed, from, to, rows };
}
