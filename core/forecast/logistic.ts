/** A logistic regression: how likely something is, given a few numbers. */
export type Logistic = (features: readonly number[]) => number;

/** Keeps a weight from running away where the numbers part the outcomes completely. The constant is free. */
const RIDGE = 1;
const ROUNDS = 25;

/**
 * Fits by Newton's method with a small ridge. A row's numbers come without the constant.
 *
 * @returns null where there are fewer than `least` rows of either outcome: then nothing can be told.
 */
export function fitLogistic(
  rows: readonly { readonly features: readonly number[]; readonly hit: boolean }[],
  least = 20,
): Logistic | null {
  const hits = rows.filter((row) => row.hit).length;
  const width = rows[0]?.features.length ?? 0;
  if (hits < least || rows.length - hits < least) return null;
  let weights: number[] = Array.from({ length: width + 1 }, () => 0);
  for (let round = 0; round < ROUNDS; round += 1) {
    const gradient = weights.map((weight, i) => (i === 0 ? 0 : -RIDGE * weight));
    const curvature: number[][] = weights.map((_, i) => weights.map((__, j) => (i === j && i > 0 ? RIDGE : 0)));
    for (const { features, hit } of rows) {
      const x = [1, ...features];
      const p = chance(weights, x);
      for (let i = 0; i <= width; i += 1) {
        const xi = x[i] ?? 0;
        gradient[i] = (gradient[i] ?? 0) + ((hit ? 1 : 0) - p) * xi;
        const row = curvature[i] ?? [];
        for (let j = 0; j <= width; j += 1) row[j] = (row[j] ?? 0) + p * (1 - p) * xi * (x[j] ?? 0);
      }
    }
    const step = solve(curvature, gradient);
    weights = weights.map((weight, i) => weight + (step[i] ?? 0));
    if (step.every((one) => Math.abs(one) < 1e-8)) break;
  }
  return (features) => chance(weights, [1, ...features]);
}

function chance(weights: readonly number[], x: readonly number[]): number {
  const z = x.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);
  return 1 / (1 + Math.exp(-Math.max(-35, Math.min(35, z))));
}

/** Gauss's elimination with pivots; a few unknowns. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  const n = rows.length;
  for (let column = 0; column < n; column += 1) {
    const pivot = rows
      .slice(column)
      .reduce((best, row) => (Math.abs(row[column] ?? 0) > Math.abs(best[column] ?? 0) ? row : best));
    const at = rows.indexOf(pivot);
    [rows[at], rows[column]] = [rows[column] ?? [], pivot];
    for (let other = 0; other < n; other += 1) {
      if (other === column) continue;
      const factor = (rows[other]?.[column] ?? 0) / (pivot[column] || 1);
      rows[other] = (rows[other] ?? []).map((value, k) => value - factor * (pivot[k] ?? 0));
    }
  }
  return rows.map((row, i) => (row[n] ?? 0) / (row[i] || 1));
}
