/** The 97.5 % quantile of the standard normal distribution: two-sided 95 %. */
const Z = 1.959963984540054;

/**
 * The Wilson score interval (95 %) of a proportion: between which shares the true one lies, given this sample. Stays within 0 and 1 and is
 * honest for small samples, unlike the normal approximation. Null over nothing.
 *
 * Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
 */
export function wilsonInterval(hits: number, total: number): readonly [number, number] | null {
  if (total === 0) return null;
  const share = hits / total;
  const z2 = Z * Z;
  const centre = (share + z2 / (2 * total)) / (1 + z2 / total);
  const half = (Z / (1 + z2 / total)) * Math.sqrt((share * (1 - share)) / total + z2 / (4 * total * total));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
