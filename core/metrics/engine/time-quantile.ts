/**
 * The time by which a share of all has got there, counting those that have not yet (Kaplan-Meier): the first time of an event at which the
 * curve of those still to come is at 1 − share or below. Null where the curve does not fall so far.
 *
 * @param times in order of time; at one time events come before those that were only seen until then.
 *
 * Source: E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations" (1958).
 */
export function timeQuantile(
  times: readonly (readonly [time: number, isEvent: boolean, ...rest: readonly unknown[]])[],
  share: number,
): number | null {
  let atRisk = times.length;
  let waiting = 1;
  for (const [time, isEvent] of times) {
    if (isEvent) waiting *= (atRisk - 1) / atRisk;
    // A product of fractions such as 2/3 · 1/2 may miss 1/3 by its last digit.
    if (isEvent && waiting <= 1 - share + 1e-12) return time;
    atRisk -= 1;
  }
  return null;
}
