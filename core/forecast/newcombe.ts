import { wilsonInterval } from "../metrics/engine/wilson.ts";

/** So many of so many. */
export type Share = { readonly hits: number; readonly total: number };

/**
 * Between which values the difference of two shares (a − b) lies, 95 %. Null where either is of nothing.
 *
 * R. G. Newcombe, "Interval estimation for the difference between independent proportions" (1998), method 10.
 */
export function newcombeInterval(a: Share, b: Share): readonly [number, number] | null {
  const [ofA, ofB] = [wilsonInterval(a.hits, a.total), wilsonInterval(b.hits, b.total)];
  if (ofA === null || ofB === null) return null;
  const [p, q] = [a.hits / a.total, b.hits / b.total];
  return [p - q - Math.hypot(p - ofA[0], ofB[1] - q), p - q + Math.hypot(ofA[1] - p, q - ofB[0])];
}

/** A group has to be this large before anything is said of it. */
export const LEAST_OF_A_GROUP = 20;

/** Whether the difference may be stated: both groups large enough, and the interval leaves out 0. */
export function isClear(a: Share, b: Share): boolean {
  const interval = newcombeInterval(a, b);
  const isLarge = a.total >= LEAST_OF_A_GROUP && b.total >= LEAST_OF_A_GROUP;
  return isLarge && interval !== null && (interval[0] > 0 || interval[1] < 0);
}

/**
 * How many more of each group it takes until the same shares would be told apart: the smallest n from 20 on at which the interval of two
 * groups of n leaves out 0, less what is there. Null where the shares are equal: no number would do.
 */
export function moreNeeded(a: Share, b: Share): { readonly a: number; readonly b: number } | null {
  if (a.total === 0 || b.total === 0) return null;
  const [p, q] = [a.hits / a.total, b.hits / b.total];
  if (p === q) return null;
  const isEnough = (n: number): boolean => {
    const interval = newcombeInterval({ hits: p * n, total: n }, { hits: q * n, total: n });
    return interval !== null && (interval[0] > 0 || interval[1] < 0);
  };
  let high = LEAST_OF_A_GROUP;
  while (!isEnough(high)) high *= 2;
  let low = Math.max(LEAST_OF_A_GROUP - 1, high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return { a: Math.max(0, high - a.total), b: Math.max(0, high - b.total) };
}
