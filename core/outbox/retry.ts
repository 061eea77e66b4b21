/**
 * When a failed delivery is tried again: the schedule that Standard Webhooks recommends, about 76 hours in all.
 *
 *   attempt   1    2     3    4     5    6    7     8     9     10
 *   after     0   5 s   5 m  30 m   2 h  5 h  10 h  14 h  20 h  24 h
 */
const DELAYS_S = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;

/**
 * @param attemptsMade including the one that just failed.
 * @param retryAfterS what the receiver asked for (`Retry-After`); only ever lengthens the wait, at most to a day.
 * @param random 0 to 1; spreads the retries of many deliveries over a tenth of the delay.
 * @returns null when there is no further attempt.
 */
export function nextAttemptAt(
  attemptsMade: number,
  now: Date,
  retryAfterS: number | null,
  random: number,
): Date | null {
  const delayS = DELAYS_S[attemptsMade - 1];
  if (delayS === undefined) return null;
  const askedS = Math.min(retryAfterS ?? 0, 86_400);
  return new Date(now.getTime() + Math.max(delayS, askedS) * (1 + random / 10) * 1000);
}
