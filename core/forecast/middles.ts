/** The middle of so many amounts, a median or a mean. `error`: its standard error; null where too few say how sure it is. */
export type Middle = { readonly value: number | null; readonly total: number; readonly error: number | null };

/** The 97.5 % quantile of the standard normal distribution. */
const Z = 1.959963984540054;

/**
 * The median, with the error that the order of the amounts gives, whatever their distribution: the distance of the two that leave out so many at
 * each end as 95 % would.
 *
 * Source: J. W. McKean, R. M. Schrader, "A comparison of methods for studentizing the sample median" (1984).
 */
export function medianOf(amounts: readonly number[]): Middle {
  const sorted = amounts.toSorted((a, b) => a - b);
  const n = sorted.length;
  const [low, high] = [sorted[Math.ceil(n / 2) - 1], sorted[Math.floor(n / 2)]];
  if (low === undefined || high === undefined) return { value: null, total: 0, error: null };
  const place = Math.round((n + 1) / 2 - Z * Math.sqrt(n / 4));
  const [from, to] = [sorted[place - 1], sorted[n - place]];
  const error = place < 1 || from === undefined || to === undefined ? null : (to - from) / (2 * Z);
  return { value: (low + high) / 2, total: n, error };
}

/** The mean, with its standard error. */
export function meanOf(amounts: readonly number[]): Middle {
  const n = amounts.length;
  if (n === 0) return { value: null, total: 0, error: null };
  const value = amounts.reduce((sum, one) => sum + one, 0) / n;
  const squares = amounts.reduce((sum, one) => sum + (one - value) ** 2, 0);
  return { value, total: n, error: n < 2 ? null : Math.sqrt(squares / (n - 1) / n) };
}

/** The first less the second, or less a number, with its 95 % interval; null: one is of nothing. */
export function middlesApart(
  a: Middle,
  other: Middle | number,
): { readonly difference: number | null; readonly interval: readonly [number, number] | null } {
  const b = typeof other === "number" ? { value: other, error: 0 } : other;
  if (a.value === null || b.value === null) return { difference: null, interval: null };
  const difference = a.value - b.value;
  if (a.error === null || b.error === null) return { difference, interval: null };
  const half = Z * Math.hypot(a.error, b.error);
  return { difference, interval: [difference - half, difference + half] };
}

/**
 * How many more of each group it takes until the same middles, spread as they are, would be told apart; null where they are equal, or nobody knows
 * how spread they are.
 *
 * @param least how many of each it takes in any case.
 */
export function moreForMiddles(a: Middle, b: Middle, least: number): { readonly a: number; readonly b: number } | null {
  const { difference } = middlesApart(a, b);
  if (difference === null || difference === 0 || a.error === null || b.error === null) return null;
  const spread = a.error ** 2 * a.total + b.error ** 2 * b.total;
  const n = Math.max(least, Math.floor((Z / difference) ** 2 * spread) + 1);
  return { a: Math.max(0, n - a.total), b: Math.max(0, n - b.total) };
}
