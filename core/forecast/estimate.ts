/** What is expected, and between which values it comes to lie: below `p10` once in ten times, above `p90` once in ten. */
export type Estimate = { readonly expected: number; readonly p10: number; readonly p50: number; readonly p90: number };

/** The standard normal distribution's 90 % quantile. */
const Z90 = 1.2815515655446004;

/**
 * An estimate from a mean and a variance, of something that is never below 0: the gamma distribution that has both, by Wilson and
 * Hilferty's approximation of its quantiles.
 */
export function estimateOf(mean: number, variance: number): Estimate {
  if (mean <= 0) return { expected: 0, p10: 0, p50: 0, p90: 0 };
  if (variance <= 0) return { expected: mean, p10: mean, p50: mean, p90: mean };
  const shape = mean ** 2 / variance;
  const at = (z: number): number => mean * Math.max(0, 1 - 1 / (9 * shape) + z / (3 * Math.sqrt(shape))) ** 3;
  return { expected: mean, p10: at(-Z90), p50: at(0), p90: at(Z90) };
}

/** An estimate from what came out of many draws. */
export function estimateFrom(draws: readonly number[]): Estimate {
  const sorted = draws.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const expected = draws.reduce((sum, one) => sum + one, 0) / Math.max(1, draws.length);
  return { expected, p10: at(0.1), p50: at(0.5), p90: at(0.9) };
}
