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
    const size = width + 1;
    const gradient = Float64Array.from(weights, (weight, i) => (i === 0 ? 0 : -RIDGE * weight));
    // Row by row in one array, which loops over many rows are fast on.
    const curvature = new Float64Array(size * size);
    for (let i = 1; i < size; i += 1) curvature[i * size + i] = RIDGE;
    for (const { features, hit } of rows) {
      const p = chance(weights, features);
      const [off, bend] = [(hit ? 1 : 0) - p, p * (1 - p)];
      for (let i = 0; i < size; i += 1) {
        const xi = i === 0 ? 1 : (features[i - 1] ?? 0);
        gradient[i] = (gradient[i] ?? 0) + off * xi;
        for (let j = 0; j < size; j += 1) {
          const at = i * size + j;
          curvature[at] = (curvature[at] ?? 0) + bend * xi * (j === 0 ? 1 : (features[j - 1] ?? 0));
        }
      }
    }
    const matrix = weights.map((_, i) => Array.from(curvature.subarray(i * size, (i + 1) * size)));
    const step = solve(matrix, [...gradient]);
    weights = weights.map((weight, i) => weight + (step[i] ?? 0));
    if (step.every((one) => Math.abs(one) < 1e-8)) break;
  }
  return (features) => chance(weights, features);
}

/** @param weights that of the constant first. */
function chance(weights: readonly number[], features: readonly number[]): number {
  let z = weights[0] ?? 0;
  for (let i = 0; i < features.length; i += 1) z += (features[i] ?? 0) * (weights[i + 1] ?? 0);
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
