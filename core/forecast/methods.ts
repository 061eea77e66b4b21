import { isOpen, type KnownDeal } from "./deals.ts";
import { type Estimate, estimateFrom, estimateOf } from "./estimate.ts";
import { chanceOf, clumping, type Ground, type Slice, winsOfNew, winValues } from "./ground.ts";
import { createRandom } from "./random.ts";
import { countUpTo } from "./sorted.ts";
import { theta, varianceOfSum } from "./theta.ts";
import { openChances, type TouchModel } from "./touches.ts";

/** The ways in which wins are forecast: number and value of the deals that will be won within so many days. */
export const METHODS = ["history", "stage_weighted", "run_rate", "simulation", "activity"] as const;
export type Method = (typeof METHODS)[number];

export type Forecast = {
  readonly count: Estimate;
  /** Minor units of the workspace's currency; null: no win of the slice has a value to go by. */
  readonly value: Estimate | null;
  /** Open deals that no probability is known of. */
  readonly leftOut: number;
};

export type Asked = {
  readonly days: number;
  readonly seed: string;
  /** How touches change the chances; null: not known, then the method `activity` has no answer. */
  readonly touchModel: TouchModel | null;
  /** How often `simulation` draws. */
  readonly draws: number;
};

/** @returns null where the method has nothing to go by. */
export function forecastBy(method: Method, slice: Slice, asked: Asked): Forecast | null {
  switch (method) {
    case "history":
    case "activity":
    case "stage_weighted": {
      const chances = chancesBy(method, slice, asked);
      // Deals that are not there yet count where the method tells of them.
      const ofNew = method === "stage_weighted" ? 0 : winsOfNew(slice, asked.days);
      return chances === null ? null : fromChances(slice, chances, ofNew, asked.days);
    }
    case "run_rate":
      return runRate(slice, asked.days);
    case "simulation":
      return simulation(slice, asked);
    default:
      return method satisfies never;
  }
}

/** How likely each open deal of the slice is won within the days. Null: the method does not tell deals apart, or knows nothing. */
export function chancesBy(
  method: Method,
  slice: Slice,
  { days, touchModel }: Asked,
): readonly (number | null)[] | null {
  switch (method) {
    case "history":
      return slice.open.map((one) => chanceOf(slice, one, days));
    case "activity":
      return touchModel === null ? null : openChances(slice, days, touchModel);
    case "stage_weighted":
      return stageWeighted(slice, days);
    case "run_rate":
    case "simulation":
      return null;
    default:
      return method satisfies never;
  }
}

/** Each deal comes or does not; wins vary more than that alone (`clumping`). Values of deals that have none are those of other wins. */
function fromChances(slice: Slice, chances: readonly (number | null)[], ofNew: number, days: number): Forecast {
  const wins = winValues(slice);
  const usual = wins.length === 0 ? null : mean(wins);
  const square = wins.length === 0 ? 0 : mean(wins.map((value) => value ** 2));
  let [count, spread, value, valueSpread] = [ofNew, ofNew, ofNew * (usual ?? 0), ofNew * square];
  let isValued = usual !== null;
  slice.open.forEach(({ now }, index) => {
    const chance = chances[index] ?? null;
    if (chance === null) return;
    count += chance;
    spread += chance * (1 - chance);
    const worth = now.value ?? usual;
    if (worth === null) return;
    isValued = true;
    value += chance * worth;
    valueSpread += now.value === null ? chance * square - (chance * worth) ** 2 : chance * (1 - chance) * worth ** 2;
  });
  const clumps = clumping(slice, days);
  return {
    count: estimateOf(count, spread * clumps),
    value: isValued ? estimateOf(value, valueSpread * clumps) : null,
    leftOut: chances.filter((chance) => chance === null).length,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Probability × the share of past wins, from that stage and age, that came within the days. Deals that are not there yet do not count. */
function stageWeighted(slice: Slice, days: number): (number | null)[] {
  const { ground } = slice;
  const { ages, rate } = pastOf(ground);
  return slice.open.map((one): number | null => {
    const stay = one.stays.at(-1);
    const probability = one.now.probability ?? rate(stay?.stage ?? "");
    if (probability === null || stay === undefined) return null;
    const age = ground.day - stay.from;
    const past = ages.get(stay.stage) ?? [];
    const [sooner, within] = [countUpTo(past, age), countUpTo(past, age + days)];
    return sooner === past.length ? 0 : (probability * (within - sooner)) / (past.length - sooner);
  });
}

type PastWins = {
  readonly ages: ReturnType<typeof winAges>;
  readonly rate: ReturnType<typeof winRates>;
};

/** Of all deals, whatever the slice: worked out once for each day. */
const PAST_WINS = new WeakMap<Ground, PastWins>();

function pastOf(ground: Ground): PastWins {
  let past = PAST_WINS.get(ground);
  if (past === undefined)
    PAST_WINS.set(ground, (past = { ages: winAges(ground.known), rate: winRates(ground.known, ground.day) }));
  return past;
}

/** How long after entering a stage past wins came, by stage, the soonest first. */
function winAges(known: readonly KnownDeal[]): Map<string, number[]> {
  const ages = new Map<string, number[]>();
  for (const { now, closed, stays } of known) {
    if (now.status !== "won" || closed === null) continue;
    for (const [stage, from] of new Map(stays.map((stay) => [stay.stage, stay.from]))) {
      const there = ages.get(stage);
      if (there === undefined) ages.set(stage, [closed - from]);
      else there.push(closed - from);
    }
  }
  for (const there of ages.values()) there.sort((a, b) => a - b);
  return ages;
}

/** Of the deals that were in a stage and closed in the last year, the share that was won; null of fewer than 20. */
function winRates(known: readonly KnownDeal[], day: number): (stage: string) => number | null {
  const closed = new Map<string, { won: number; all: number }>();
  for (const one of known) {
    if (isOpen(one) || one.closed === null || one.closed <= day - 365) continue;
    for (const stage of new Set(one.stays.map((stay) => stay.stage))) {
      const there = closed.get(stage) ?? { won: 0, all: 0 };
      closed.set(stage, { won: there.won + (one.now.status === "won" ? 1 : 0), all: there.all + 1 });
    }
  }
  return (stage) => {
    const there = closed.get(stage);
    return there === undefined || there.all < 20 ? null : there.won / there.all;
  };
}

const WEEK = 7;
const MONTH = 365.25 / 12;
/** From so many days on, months say more than weeks. */
const MONTHLY_FROM = 730;
/** The smoothing is chosen for a quarter ahead: wins come in quarters. */
const QUARTER = { weeks: 13, months: 3 };

/** The series of wins by week, by month once there are two years of it, forecast by Theta. */
function runRate(slice: Slice, days: number): Forecast | null {
  const wins = slice.wins.flatMap(({ closed, now }) => (closed === null ? [] : [{ at: closed, value: now.value }]));
  const { day } = slice.ground;
  if (wins.length === 0) return null;
  const first = wins.reduce((least, { at }) => Math.min(least, at), Infinity);
  const isMonthly = day - first + 1 >= MONTHLY_FROM;
  const length = isMonthly ? MONTH : WEEK;
  const periods = Math.max(1, Math.floor((day - first + 1) / length));
  const counts = Array.from({ length: periods }, () => 0);
  const values = Array.from({ length: periods }, () => 0);
  for (const { at, value } of wins) {
    // From the day of the forecast backwards, so that the last period is a whole one.
    const index = periods - 1 - Math.floor((day - at) / length);
    if (index < 0) continue;
    counts[index] = (counts[index] ?? 0) + 1;
    values[index] = (values[index] ?? 0) + (value ?? 0);
  }
  const options = {
    steps: Math.ceil(days / length),
    season: isMonthly ? 12 : null,
    fitSteps: isMonthly ? QUARTER.months : QUARTER.weeks,
    clearTrend: 2,
  };
  const total = (series: readonly number[]): Estimate => {
    const steps = theta(series, options);
    // Of the last period only the part that is asked for.
    const parts = steps.map((_, k) => Math.min(1, days / length - k));
    const expected = steps.reduce((sum, { mean: step }, k) => sum + Math.max(0, step) * (parts[k] ?? 1), 0);
    return estimateOf(expected, varianceOfSum(steps, parts));
  };
  return { count: total(counts), value: winValues(slice).length === 0 ? null : total(values), leftOut: 0 };
}

/** Draws what `history` says many times over: each deal comes or does not, new ones as they fall, values as those of other wins. */
function simulation(slice: Slice, { days, seed, draws }: Asked): Forecast {
  const random = createRandom(seed);
  const values = winValues(slice);
  const chances = slice.open.map((one) => ({ chance: chanceOf(slice, one, days), value: one.now.value }));
  const possible = chances.filter(({ chance }) => chance > 0);
  // The loops below are gone through millions of times.
  const odds = Float64Array.from(possible, ({ chance }) => chance);
  const ofNew = winsOfNew(slice, days);
  const drawn = (): number => values[random.below(values.length)] ?? 0;
  // A good or a bad stretch moves all of them together: the gamma-like factor has the variance that wins have had beyond chance.
  const expected = possible.reduce((sum, { chance }) => sum + chance, ofNew);
  const beyond = expected === 0 ? 0 : Math.max(0, clumping(slice, days) - 1) / expected;
  const counts: number[] = [];
  const totals: number[] = [];
  for (let draw = 0; draw < draws; draw += 1) {
    const stretch = beyond === 0 ? 1 : Math.max(0, 1 - beyond / 9 + (random.normal() * Math.sqrt(beyond)) / 3) ** 3;
    let [count, total] = [0, 0];
    for (let at = 0; at < odds.length; at += 1) {
      if (random.next() >= (odds[at] ?? 0) * stretch) continue;
      count += 1;
      total += possible[at]?.value ?? drawn();
    }
    const fresh = random.poisson(ofNew * stretch);
    for (let each = 0; each < fresh; each += 1) total += drawn();
    counts.push(count + fresh);
    totals.push(total);
  }
  const isValued = values.length > 0 || possible.some(({ value }) => value !== null);
  return { count: estimateFrom(counts), value: isValued ? estimateFrom(totals) : null, leftOut: 0 };
}
