import { describe, expect, test } from "vitest";
import { estimateFrom, estimateOf } from "./estimate.ts";
import { gini } from "./gini.ts";
import { fitLogistic } from "./logistic.ts";
import { isClear, moreNeeded, newcombeInterval } from "./newcombe.ts";
import { createRandom } from "./random.ts";

describe("Newcombe's interval of a difference", () => {
  test("56 of 70 and 48 of 80 differ by 0.20, from 0.0524 to 0.3339", () => {
    // R. G. Newcombe 1998, table II, example (a), method 10.
    const [low, high] = newcombeInterval({ hits: 56, total: 70 }, { hits: 48, total: 80 }) ?? [NaN, NaN];
    expect(low).toBeCloseTo(0.0524, 4);
    expect(high).toBeCloseTo(0.3339, 4);
  });

  test("4 of 6 and 1 of 4 say nothing; 14 and 16 more of each would make groups of 20", () => {
    const [a, b] = [
      { hits: 4, total: 6 },
      { hits: 1, total: 4 },
    ] as const;
    expect(isClear(a, b)).toBe(false);
    expect(moreNeeded(a, b)).toEqual({ a: 14, b: 16 });
    expect(moreNeeded(a, a)).toBeNull();
    expect(newcombeInterval(a, { hits: 0, total: 0 })).toBeNull();
  });

  test("what is needed is the least that is enough", () => {
    const [a, b] = [
      { hits: 30, total: 100 },
      { hits: 20, total: 100 },
    ] as const;
    const needed = (moreNeeded(a, b)?.a ?? 0) + 100;
    const at = (n: number): boolean => isClear({ hits: 0.3 * n, total: n }, { hits: 0.2 * n, total: n });
    expect(at(needed)).toBe(true);
    expect(at(needed - 1)).toBe(false);
  });
});

test("the Gini coefficient is 0 when all have the same, and (n − 1) ÷ n when one has everything", () => {
  expect(gini([3, 3, 3])).toBe(0);
  expect(gini([0, 0, 0, 8])).toBeCloseTo(0.75, 12);
  // Mean difference of 1, 2, 3: (1 + 2 + 1) × 2 ÷ 9 = 8 ÷ 9; ÷ (2 × 2).
  expect(gini([1, 2, 3])).toBeCloseTo(8 / 36, 12);
  expect([gini([]), gini([0, 0])]).toEqual([null, null]);
});

test("a logistic regression finds the odds of two groups", () => {
  // 30 of 40 without, 10 of 40 with: odds 3 and 1 ÷ 3. The ridge pulls a little to the middle.
  const rows = [0, 1].flatMap((x) =>
    Array.from({ length: 40 }, (_, at) => ({ features: [x], hit: at < (x === 0 ? 30 : 10) })),
  );
  const model = fitLogistic(rows);
  expect(model?.([0])).toBeCloseTo(0.74, 1);
  expect(model?.([1])).toBeCloseTo(0.26, 1);
  expect(fitLogistic(rows.slice(0, 45))).toBeNull();
});

describe("random numbers", () => {
  const many = (draw: () => number, count = 20_000): number =>
    Array.from({ length: count }, draw).reduce((sum, one) => sum + one, 0) / count;

  test("are the same of one seed and others of another", () => {
    const of = (seed: string): number[] => Array.from({ length: 5 }, createRandom(seed).next);
    expect(of("a")).toEqual(of("a"));
    expect(of("a")).not.toEqual(of("b"));
  });

  test("have the means they should have", () => {
    const random = createRandom("means");
    expect(many(random.next)).toBeCloseTo(0.5, 1);
    expect(many(random.normal)).toBeCloseTo(0, 1);
    expect(many(() => random.poisson(3.5))).toBeCloseTo(3.5, 1);
    expect(many(() => random.poisson(200), 2_000) / 200).toBeCloseTo(1, 2);
    expect(many(() => random.below(4))).toBeCloseTo(1.5, 1);
  });
});

test("an estimate has its mean, and four in five lie from P10 to P90", () => {
  const { expected, p10, p50, p90 } = estimateOf(40, 40);
  expect(expected).toBe(40);
  // Gamma of shape 40 and scale 1: half the chi-squared quantiles of 80: 32.139, 39.667 and 48.289.
  expect([p10, p50, p90]).toEqual([expect.closeTo(32.139, 1), expect.closeTo(39.667, 1), expect.closeTo(48.289, 1)]);
  expect(estimateOf(0, 5)).toEqual({ expected: 0, p10: 0, p50: 0, p90: 0 });
  expect(estimateFrom(Array.from({ length: 100 }, (_, at) => at))).toEqual({
    expected: 49.5,
    p10: 10,
    p50: 50,
    p90: 90,
  });
});
