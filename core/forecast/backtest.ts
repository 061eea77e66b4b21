import { sliceOf } from "./deals.ts";
import type { Estimate } from "./estimate.ts";
import { type SliceKey, sliceIn } from "./ground.ts";
import { chancesBy, forecastBy, type Method, METHODS } from "./methods.ts";
import type { Past } from "./past.ts";

/** What a method said on a past day, by what was known then, and what came. */
export type Trial = {
  /** The day at whose end it was asked. */
  readonly day: number;
  readonly days: number;
  readonly method: Method;
  readonly count: Estimate;
  readonly value: Estimate | null;
  readonly actual: { readonly count: number; readonly value: number };
  /** Mean squared error of the chances of single deals, beside that of the share that came of all; null: no deals, or none told apart. */
  readonly brier: { readonly method: number; readonly baseRate: number } | null;
};

export type BacktestAsked = {
  readonly horizons: readonly number[];
  readonly slice: SliceKey | null;
  readonly seed: string;
  /** The last day of which everything is known: only horizons that end by then are tried. */
  readonly until: number;
};

/** Enough for a record: the mean and two quantiles, over many days. */
const DRAWS = 250;

/** Asks every method on the past's days. @returns by day, horizon and method. */
export function backtest(past: Past, asked: BacktestAsked): Trial[] {
  const { horizons, slice, seed, until } = asked;
  const wins = winsOf(past, until, slice);
  const trials: Trial[] = [];
  for (const day of past.days) {
    const due = horizons.filter((days) => day + days <= until);
    if (due.length === 0) continue;
    const part = slice === null ? past.whole(day) : sliceIn(past.ground(day), slice, past.longest);
    for (const days of due) {
      const ended = wins.filter(({ at }) => at > day && at <= day + days);
      const actual = { count: ended.length, value: ended.reduce((sum, { value }) => sum + (value ?? 0), 0) };
      const ids = new Set(ended.map(({ id }) => id));
      const came = part.open.map(({ deal }) => ids.has(deal.id));
      const question = { days, seed: `${seed} ${day} ${days}`, touchModel: past.touchModel(day, days), draws: DRAWS };
      for (const method of METHODS) {
        const forecast = forecastBy(method, part, question);
        if (forecast === null) continue;
        const chances = chancesBy(method, part, question);
        trials.push({
          day,
          days,
          method,
          count: forecast.count,
          value: forecast.value,
          actual,
          brier: chances === null ? null : brierOf(chances, came),
        });
      }
    }
  }
  return trials;
}

function winsOf(
  past: Past,
  until: number,
  slice: SliceKey | null,
): { readonly id: string; readonly at: number; readonly value: number | null }[] {
  return past.ground(until).known.flatMap((one) => {
    const isOfSlice = slice === null || sliceOf(one, slice.by) === slice.key;
    return one.now.status !== "won" || one.closed === null || !isOfSlice
      ? []
      : [{ id: one.deal.id, at: one.closed, value: one.now.value }];
  });
}

/** @param came of each deal whether it was won. Deals without a chance are not judged. */
function brierOf(chances: readonly (number | null)[], came: readonly boolean[]): Trial["brier"] {
  let [judged, hits, squares] = [0, 0, 0];
  for (const [index, chance] of chances.entries()) {
    if (chance === null) continue;
    const hit = came[index] === true ? 1 : 0;
    judged += 1;
    hits += hit;
    squares += (chance - hit) ** 2;
  }
  if (judged === 0) return null;
  const rate = hits / judged;
  return { method: squares / judged, baseRate: rate * (1 - rate) };
}

/** How good a method has been at a horizon. */
export type Score = {
  readonly method: Method;
  readonly days: number;
  readonly of: "count" | "value";
  /** How many past days were asked. */
  readonly origins: number;
  /** Mean of |forecast − actual| ÷ actual, over days with an actual above 0; null when there is none. */
  readonly mape: number | null;
  /** Σ (forecast − actual) ÷ Σ actual: above 0 it promises too much. */
  readonly bias: number | null;
  /** Σ |forecast − actual| ÷ Σ actual: by it the method is chosen. */
  readonly error: number | null;
  /** The share of days whose actual lay from P10 to P90; 0.8 is right. */
  readonly coverage: number;
  /** Over all its days; null where it does not tell deals apart. */
  readonly brier: { readonly method: number; readonly baseRate: number } | null;
};

export function scoresOf(trials: readonly Trial[]): Score[] {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    const key = `${trial.days} ${trial.method}`;
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  const order = [...groups.values()].toSorted(
    ([a], [b]) =>
      (a?.days ?? 0) - (b?.days ?? 0) ||
      METHODS.indexOf(a?.method ?? "history") - METHODS.indexOf(b?.method ?? "history"),
  );
  return order.flatMap((group) =>
    (["count", "value"] as const).flatMap((of) => {
      const found = group.flatMap((trial) => {
        const estimate = trial[of];
        return estimate === null ? [] : [{ estimate, actual: trial.actual[of], brier: trial.brier }];
      });
      const [first] = group;
      return first === undefined || found.length === 0
        ? []
        : [{ method: first.method, days: first.days, of, ...score(found) }];
    }),
  );
}

function score(
  found: readonly { readonly estimate: Estimate; readonly actual: number; readonly brier: Trial["brier"] }[],
): Omit<Score, "method" | "days" | "of"> {
  const total = found.reduce((sum, { actual }) => sum + actual, 0);
  const off = found.map(({ estimate, actual }) => estimate.expected - actual);
  const shares = found.flatMap(({ estimate, actual }) =>
    actual > 0 ? [Math.abs(estimate.expected - actual) / actual] : [],
  );
  const briers = found.flatMap(({ brier }) => brier ?? []);
  const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  return {
    origins: found.length,
    mape: shares.length === 0 ? null : mean(shares),
    bias: total === 0 ? null : off.reduce((sum, one) => sum + one, 0) / total,
    error: total === 0 ? null : off.reduce((sum, one) => sum + Math.abs(one), 0) / total,
    coverage: mean(found.map(({ estimate, actual }) => (actual >= estimate.p10 && actual <= estimate.p90 ? 1 : 0))),
    brier:
      briers.length === 0
        ? null
        : { method: mean(briers.map((one) => one.method)), baseRate: mean(briers.map((one) => one.baseRate)) },
  };
}

/** A record over fewer days says nothing. */
const LEAST_ORIGINS = 5;

/** The method that has been best: the least error at the horizon over at least five past days; `history` where none has so many. */
export function bestMethod(scores: readonly Score[], days: number, of: "count" | "value"): Method {
  const judged = scores.filter(
    (one) => one.days === days && one.of === of && one.origins >= LEAST_ORIGINS && one.error !== null,
  );
  const order = judged.toSorted(
    (a, b) => (a.error ?? Infinity) - (b.error ?? Infinity) || METHODS.indexOf(a.method) - METHODS.indexOf(b.method),
  );
  return order[0]?.method ?? "history";
}
