/** How rows become a number. Of several rows in one group; null: there is none. */

export type Row = {
  /** What it is told apart by. */
  readonly of: { readonly [dimension: string]: string | null };
  readonly amount?: number | null;
  readonly isHit?: boolean;
  readonly per?: number;
};
export type Figure = (rows: readonly Row[]) => number | null;

export const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const amounts = (rows: readonly Row[]): number[] => rows.flatMap(({ amount }) => amount ?? []);
const average = (numbers: readonly number[]): number | null =>
  numbers.length === 0 ? null : sum(numbers) / numbers.length;
/** By nothing there is no share. */
export const divided = (a: number | null, b: number | null): number | null =>
  a === null || b === null || b === 0 ? null : a / b;

export const count: Figure = (rows) => rows.length;
export const share: Figure = (rows) => divided(rows.filter(({ isHit }) => isHit === true).length, rows.length);
export const mean: Figure = (rows) => average(amounts(rows));
export const total: Figure = (rows) => (rows.length > 0 && amounts(rows).length === 0 ? null : sum(amounts(rows)));
/** Of minor units. */
export const money: Figure = (rows) => divided(total(rows), 100);
export const meanMoney: Figure = (rows) => divided(mean(rows), 100);
export const shareOfSum: Figure = (rows) =>
  divided(sum(amounts(rows.filter(({ isHit }) => isHit === true))), sum(amounts(rows)));
export const ratio: Figure = (rows) => divided(sum(amounts(rows)), sum(rows.map(({ per }) => per ?? 0)));
export const median: Figure = (rows) => {
  const sorted = amounts(rows).toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
};

/** Kaplan-Meier: the amount by which so great a share has been hit; the others were seen until their amount. */
export const quantile =
  (wanted: number): Figure =>
  (rows) => {
    const times = [...new Set(amounts(rows))].toSorted((a, b) => a - b);
    let still = 1;
    for (const time of times) {
      const [atRisk, hits] = [seenTo(rows, time).length, hitsAt(rows, time)];
      still *= 1 - hits / atRisk;
      if (hits > 0 && still <= 1 - wanted + 1e-9) return time;
    }
    return null;
  };
const seenTo = (rows: readonly Row[], time: number): readonly Row[] =>
  rows.filter(({ amount }) => (amount ?? -1) >= time);
const hitsAt = (rows: readonly Row[], time: number): number =>
  rows.filter(({ amount, isHit }) => amount === time && isHit === true).length;

/** Aalen-Johansen: hits compete with rows that ended otherwise (`per` 1). The steps of the cumulative incidence. */
export function incidence(rows: readonly Row[]): { readonly time: number; readonly won: number }[] {
  const times = [...new Set(amounts(rows))].toSorted((a, b) => a - b);
  let [still, won] = [1, 0];
  const steps: { time: number; won: number }[] = [];
  for (const time of times) {
    const atRisk = seenTo(rows, time).length;
    const ends = rows.filter(({ amount, per }) => amount === time && per === 1).length;
    won += (still * hitsAt(rows, time)) / atRisk;
    still *= 1 - ends / atRisk;
    if (ends > 0) steps.push({ time, won });
  }
  return steps;
}
export const finalIncidence: Figure = (rows) => incidence(rows).at(-1)?.won ?? null;
export const medianIncidence: Figure = (rows) => {
  const steps = incidence(rows);
  const half = (steps.at(-1)?.won ?? 0) / 2;
  return half === 0 ? null : (steps.find(({ won }) => won >= half - 1e-12)?.time ?? null);
};

/** How unevenly the amounts are shared: mean difference of all pairs ÷ twice the mean. */
export const gini: Figure = (rows) => {
  const all = amounts(rows);
  const whole = sum(all);
  if (all.length === 0 || whole === 0) return null;
  const differences = sum(all.flatMap((one) => all.map((other) => Math.abs(one - other))));
  return differences / (2 * all.length * whole);
};
