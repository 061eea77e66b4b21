import type { Figures } from "./define.ts";

/** How a composed metric of two parts divides the first by the second. Without either, or by nothing, there is no value. */
export function dividing([dividend, divisor]: readonly Figures[]): Figures {
  const numerator = dividend?.value ?? null;
  const denominator = divisor?.value ?? null;
  return {
    value: numerator === null || denominator === null || denominator === 0 ? null : numerator / denominator,
    numerator,
    denominator,
    sampleSize: dividend?.sampleSize ?? 0,
    interval: null,
    exceptions: (dividend?.exceptions ?? 0) + (divisor?.exceptions ?? 0),
  };
}
