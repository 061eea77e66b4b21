import { keysOf } from "../base/keys.ts";
/**
 * How long until something ends, when not everything has ended yet: Kaplan-Meier for the share that has not, Aalen-Johansen for the share
 * that has ended in each of several ways, with Greenwood's error. What is still going on is censored at the age it has reached; what was
 * watched only from some age on (left truncation) is at risk from there. At equal age ends come before censoring.
 *
 * E. L. Kaplan, P. Meier (1958); O. O. Aalen, S. Johansen (1978); M. Greenwood (1926).
 */

/** Ages in any one unit. `end`: how it ended at `to`; null: it had not by then. */
export type Spell<End extends string = string> = {
  readonly from: number;
  readonly to: number;
  readonly end: End | null;
};

export type CurveStep<End extends string = string> = {
  readonly age: number;
  readonly atRisk: number;
  readonly ended: Readonly<Partial<Record<End, number>>>;
  /** Of all, the share that goes on beyond this age. */
  readonly survival: number;
  /** Greenwood's standard error of the survival. */
  readonly error: number;
  /** Of all, the share that has ended so by this age. Ends and survival add up to 1. */
  readonly incidence: Readonly<Partial<Record<End, number>>>;
};

/** One step for every age at which something ended, the youngest first. */
export type Curve<End extends string = string> = readonly CurveStep<End>[];

/** Spells that end before they begin count for nothing. */
export function curveOf<End extends string>(spells: readonly Spell<End>[]): Curve<End> {
  const valid = spells.filter((spell) => spell.to >= spell.from);
  const starts = valid.map((spell) => spell.from).toSorted((a, b) => a - b);
  const stops = valid.map((spell) => spell.to).toSorted((a, b) => a - b);
  const ends = new Map<number, Partial<Record<End, number>>>();
  for (const { to, end } of valid) {
    if (end === null) continue;
    const there: Partial<Record<End, number>> = ends.get(to) ?? {};
    there[end] = (there[end] ?? 0) + 1;
    ends.set(to, there);
  }
  let [started, stopped, survival, greenwood] = [0, 0, 1, 0];
  let incidence: Partial<Record<End, number>> = {};
  return [...ends]
    .toSorted(([a], [b]) => a - b)
    .map(([age, ended]) => {
      while ((starts[started] ?? Infinity) <= age) started += 1;
      while ((stops[stopped] ?? Infinity) < age) stopped += 1;
      const atRisk = started - stopped;
      const after = { ...incidence };
      let all = 0;
      for (const end of keysOf(ended)) {
        after[end] = (after[end] ?? 0) + (survival * (ended[end] ?? 0)) / atRisk;
        all += ended[end] ?? 0;
      }
      survival *= 1 - all / atRisk;
      if (atRisk > all) greenwood += all / (atRisk * (atRisk - all));
      incidence = after;
      return { age, atRisk, ended, survival, error: survival * Math.sqrt(greenwood), incidence };
    });
}

/** The last step at or before an age; null before the first. */
function stepAt<End extends string>(curve: Curve<End>, age: number): CurveStep<End> | null {
  let [low, high] = [0, curve.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((curve[middle]?.age ?? Infinity) <= age) low = middle + 1;
    else high = middle;
  }
  return curve[low - 1] ?? null;
}

export function survivalAt(curve: Curve, age: number): number {
  return stepAt(curve, age)?.survival ?? 1;
}

export function incidenceAt<End extends string>(curve: Curve<End>, end: End, age: number): number {
  return stepAt(curve, age)?.incidence[end] ?? 0;
}

/** What is exactly half may miss it by its last digits, as sums of fractions do. */
const ROUNDING = 1e-12;

/** The age by which the share has ended in any way; null when the curve does not come that far. */
export function quantileOf(curve: Curve, share: number): number | null {
  return curve.find((step) => step.survival <= 1 - share + ROUNDING)?.age ?? null;
}

/** The age at which half of those that will ever end so have done it; null when none has. */
export function medianOfEnd<End extends string>(curve: Curve<End>, end: End): number | null {
  const final = curve.at(-1)?.incidence[end] ?? 0;
  return final === 0 ? null : (curve.find((step) => (step.incidence[end] ?? 0) >= final / 2 - ROUNDING)?.age ?? null);
}

/** The 95 % interval of the survival at an age, on the log-log scale, so that it stays within 0 and 1. Null where nothing is known yet. */
export function survivalInterval(curve: Curve, age: number): readonly [number, number] | null {
  const step = stepAt(curve, age);
  if (step === null || step.survival <= 0 || step.survival >= 1) return null;
  const spread = (1.959963984540054 * step.error) / (step.survival * Math.abs(Math.log(step.survival)));
  return [step.survival ** Math.exp(spread), step.survival ** Math.exp(-spread)];
}
