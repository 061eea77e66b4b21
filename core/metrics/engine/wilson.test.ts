import { describe, expect, test } from "vitest";
import { wilsonInterval } from "./wilson.ts";

describe("Wilson 95 % interval", () => {
  test("of 3 out of 4 is 0.3006 to 0.9544", () => {
    // z² = 3.8415; centre = (0.75 + 3.8415 ÷ 8) ÷ (1 + 3.8415 ÷ 4) = 1.23018 ÷ 1.96036 = 0.62753
    // half = 1.95996 ÷ 1.96036 × √(0.1875 ÷ 4 + 3.8415 ÷ 64) = 0.99980 × √0.10690 = 0.32689
    const [low, high] = wilsonInterval(3, 4) ?? [NaN, NaN];
    expect(low).toBeCloseTo(0.62753 - 0.32689, 4);
    expect(high).toBeCloseTo(0.62753 + 0.32689, 4);
  });

  test("of nothing out of nothing is no interval", () => {
    expect(wilsonInterval(0, 0)).toBeNull();
  });

  test("never leaves 0 to 1", () => {
    expect(wilsonInterval(0, 5)?.[0]).toBe(0);
    expect(wilsonInterval(5, 5)?.[1]).toBe(1);
  });
});
