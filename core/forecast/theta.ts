/**
 * A series forecast by Theta: half its straight trend, half a smoothed level of what the trend leaves ("theta line 2"), after taking out the
 * year's season where there is one.
 *
 * V. Assimakopoulos, K. Nikolopoulos, "The theta model" (2000); R. J. Hyndman, B. Billah, "Unmasking the Theta method" (2003). Ours: the
 * smoothing constant is the one that would have forecast `fitSteps` steps together best, since that is what is asked for, and a short
 * series has no trend unless it is a clear one: three weeks of luck are none.
 */

export type ThetaOptions = {
  readonly steps: number;
  /** How many values a season has (12 for months); null: there is none. Looked for once two seasons are there. */
  readonly season: number | null;
  /** How many steps together the smoothing is chosen for. */
  readonly fitSteps: number;
  /** How clear a trend has to be to count, in standard errors. */
  readonly clearTrend: number;
};

/**
 * Of each step: what is expected, the standard deviation of what a step brings that the one before did not let expect (`news`), and the share
 * of it that stays in the level of all later steps (`carried`), so that they do not miss independently.
 */
export type ThetaStep = { readonly mean: number; readonly news: number; readonly carried: number };

const SMOOTHING = [0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99];
/** A nervous level has to be this much better than a calm one: of so many tried, one is always a little better by luck. */
const BETTER = 0.97;
const LEAST_WINDOWS = 4;

/** @param series equally spaced values, the oldest first; of none, zeros are expected with no spread. */
export function theta(series: readonly number[], options: ThetaOptions): ThetaStep[] {
  const { steps } = options;
  const last = series.at(-1);
  if (last === undefined) return Array.from({ length: steps }, () => ({ mean: 0, news: 0, carried: 0 }));
  if (series.length < 3) {
    const mean = sum(series) / series.length;
    const news = Math.abs(last - mean) + Math.sqrt(Math.abs(mean));
    return Array.from({ length: steps }, () => ({ mean, news, carried: 0 }));
  }
  const season = seasonOf(series, options.season);
  const plain = series.map((value, at) => season.remove(value, at));
  const line = trendOf(plain, options.clearTrend);
  const { level, smoothing } = smoothed(
    plain,
    line,
    Math.min(options.fitSteps, Math.max(1, Math.floor(plain.length / 3))),
  );
  const errors = oneStepErrors(plain, line, smoothing);
  const sd = Math.sqrt(sum(errors.map((error) => error ** 2)) / Math.max(1, errors.length - 1));
  return Array.from({ length: steps }, (_, k) => {
    const at = series.length + k;
    const mean = (line.at(at) + level) / 2;
    const restored = season.restore(mean, at);
    return { mean: restored, news: Math.abs(season.restore(mean + sd, at) - restored), carried: smoothing };
  });
}

/** The variance of the sum of steps, of which only the given parts count. */
export function varianceOfSum(steps: readonly ThetaStep[], parts: readonly number[]): number {
  let [variance, later] = [0, 0];
  for (let k = steps.length - 1; k >= 0; k -= 1) {
    const { news, carried } = steps[k] ?? { news: 0, carried: 0 };
    const part = parts[k] ?? 1;
    // Within a step what is new comes bit by bit: a part of the step has that part of its variance.
    variance += (Math.sqrt(part) * news + carried * later) ** 2;
    later += part * news;
  }
  return variance;
}

type Line = { readonly at: (index: number) => number; readonly slope: number };

/** Least squares; flat where the slope is less than so many of its standard errors from 0 (errors that follow one another count less). */
function trendOf(values: readonly number[], clear: number): Line {
  const n = values.length;
  const middle = (n - 1) / 2;
  const mean = sum(values) / n;
  const spread = sum(values.map((_, at) => (at - middle) ** 2));
  const slope = sum(values.map((value, at) => (at - middle) * (value - mean))) / spread;
  const rest = values.map((value, at) => value - mean - slope * (at - middle));
  const variance = sum(rest.map((error) => error ** 2)) / Math.max(1, n - 2);
  const follows = Math.min(0.9, Math.max(0, correlation(rest, 1)));
  const error = Math.sqrt((variance / spread) * ((1 + follows) / (1 - follows)));
  const kept = Math.abs(slope) < clear * error ? 0 : slope;
  return { slope: kept, at: (index) => mean + kept * (index - middle) };
}

function smoothed(
  values: readonly number[],
  line: Line,
  fitSteps: number,
): { readonly level: number; readonly smoothing: number } {
  let best: { error: number; level: number; smoothing: number } | null = null;
  for (const smoothing of SMOOTHING) {
    const levels = levelsOf(values, line, smoothing);
    let error = 0;
    let windows = 0;
    for (let at = Math.min(3, values.length - fitSteps - 1); at >= 0 && at + fitSteps < values.length; at += 1) {
      const ahead = values.slice(at + 1, at + 1 + fitSteps);
      const expected = ahead.map((_, k) => (line.at(at + 1 + k) + (levels[at] ?? 0)) / 2);
      error += (sum(expected) - sum(ahead)) ** 2;
      windows += 1;
    }
    // Too few to choose by: the calmest.
    const mean = windows < LEAST_WINDOWS ? 0 : error / windows;
    if (best === null || mean < best.error * BETTER) best = { error: mean, level: levels.at(-1) ?? 0, smoothing };
  }
  return best ?? { level: 0, smoothing: 0 };
}

/** The smoothed theta line 2 after each value. It begins as a mean, so that no first value weighs more than the others. */
function levelsOf(values: readonly number[], line: Line, smoothing: number): number[] {
  let level = 0;
  return values.map((value, at) => {
    const bent = 2 * value - line.at(at);
    level += Math.max(smoothing, 1 / (at + 1)) * (bent - level);
    return level;
  });
}

function oneStepErrors(values: readonly number[], line: Line, smoothing: number): number[] {
  const levels = levelsOf(values, line, smoothing);
  return values.slice(1).map((value, at) => value - (line.at(at + 1) + (levels[at] ?? 0)) / 2);
}

type Season = {
  readonly remove: (value: number, at: number) => number;
  readonly restore: (value: number, at: number) => number;
};

const NO_SEASON: Season = { remove: (value) => value, restore: (value) => value };

/**
 * The season of a series, by classical decomposition: as factors, or as terms where a value is not above 0. None where two seasons are not
 * there yet, or values a season apart do not go together (a test at 90 %, as in the original method).
 */
function seasonOf(series: readonly number[], length: number | null): Season {
  if (length === null || series.length < 2 * length || !isSeasonal(series, length)) return NO_SEASON;
  const isFactor = series.every((value) => value > 0);
  const centre = centred(series, length);
  const ofPlace = Array.from({ length }, (_, place) => {
    const found = series.flatMap((value, at) => {
      const middle = centre[at];
      return at % length !== place || middle === undefined || middle === null
        ? []
        : [isFactor ? value / middle : value - middle];
    });
    return sum(found) / found.length;
  });
  const mean = sum(ofPlace) / length;
  const even = ofPlace.map((one) => (isFactor ? one / mean : one - mean));
  const of = (at: number): number => even[at % length] ?? 0;
  return isFactor
    ? { remove: (value, at) => value / of(at), restore: (value, at) => value * of(at) }
    : { remove: (value, at) => value - of(at), restore: (value, at) => value + of(at) };
}

function isSeasonal(series: readonly number[], length: number): boolean {
  const before = Array.from({ length: length - 1 }, (_, lag) => correlation(series, lag + 1));
  const limit = 1.645 * Math.sqrt((1 + 2 * sum(before.map((r) => r ** 2))) / series.length);
  return Math.abs(correlation(series, length)) > limit;
}

/** The mean over a season around each value, null at both ends. Of an even length, the outer two count half. */
function centred(series: readonly number[], length: number): (number | null)[] {
  const half = Math.floor(length / 2);
  return series.map((_, at) => {
    if (at < half || at + half >= series.length) return null;
    const window = series.slice(at - half, at + half + 1);
    const ends = length % 2 === 0 ? ((window[0] ?? 0) + (window.at(-1) ?? 0)) / 2 : 0;
    return (sum(window) - ends) / length;
  });
}

function correlation(values: readonly number[], lag: number): number {
  const mean = sum(values) / values.length;
  const all = sum(values.map((value) => (value - mean) ** 2));
  if (all === 0) return 0;
  return sum(values.slice(lag).map((value, at) => (value - mean) * ((values[at] ?? 0) - mean))) / all;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
