/** How unevenly something is shared: 0 when all have the same, near 1 when one has everything. Null of nobody, or where nobody has anything. */
export function gini(amounts: readonly number[]): number | null {
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  if (total <= 0) return null;
  const n = amounts.length;
  const weighted = amounts
    .toSorted((a, b) => a - b)
    .reduce((sum, amount, at) => sum + (2 * (at + 1) - n - 1) * amount, 0);
  return weighted / (n * total);
}
