import { describe, expect, test } from "vitest";
import { theta, varianceOfSum } from "./theta.ts";

const options = { steps: 3, season: 12, fitSteps: 1, clearTrend: 2 };
const means = (series: readonly number[], more: object = {}): number[] =>
  theta(series, { ...options, ...more }).map(({ mean }) => mean);

describe("Theta", () => {
  test("says what always was", () => {
    for (const mean of means(Array.from({ length: 20 }, () => 7))) expect(mean).toBeCloseTo(7, 9);
  });

  test("goes on with half of a clear trend and the level it has reached", () => {
    // 1, 2 … 40: the trend says 41, 42, 43; the level of theta line 2, which is the trend again, stays at 40.
    const found = means(Array.from({ length: 40 }, (_, at) => at + 1));
    expect(found[0]).toBeGreaterThan(39.5);
    expect((found[2] ?? 0) - (found[0] ?? 0)).toBeCloseTo(1, 6);
  });

  test("takes three weeks of luck for no trend", () => {
    const found = means([10, 12, 9, 11, 10, 13], { season: null, fitSteps: 13 });
    expect(found[2]).toBeCloseTo(found[0] ?? 0, 9);
    expect(found[0]).toBeCloseTo(65 / 6, 0);
  });

  test("finds the year's season once there are two of it, as factors or, with a 0, as terms", () => {
    const season = [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 17];
    const years = [...season, ...season, ...season];
    for (const series of [years, years.map((value) => value - 5)]) {
      const found = means([...series, ...series.slice(0, 10)]);
      expect((found[1] ?? 0) - (found[0] ?? 0)).toBeCloseTo(12, 0);
    }
    expect(means(season.slice(0, 11)).every((mean) => mean < 6)).toBe(true);
  });

  test("says little of little, and never less than how unsure it is", () => {
    expect(theta([], options)).toEqual(Array(3).fill({ mean: 0, news: 0, carried: 0 }));
    expect(theta([4], options)[0]).toEqual({ mean: 4, news: 2, carried: 0 });
    for (const { news } of theta([3, 8, 1, 9, 2, 7, 4, 6], options)) expect(news).toBeGreaterThan(1);
  });

  test("a sum of steps is less sure the more of a miss stays in the level", () => {
    const steps = (carried: number) => Array.from({ length: 3 }, () => ({ mean: 10, news: 2, carried }));
    expect(varianceOfSum(steps(0), [1, 1, 1])).toBeCloseTo(3 * 4, 9);
    // Of the first step's miss 1 + 2 halves are in the sum, of the second's 1 + 1 half.
    expect(varianceOfSum(steps(0.5), [1, 1, 1])).toBeCloseTo(4 * (2 ** 2 + 1.5 ** 2 + 1), 9);
    expect(varianceOfSum(steps(0), [1, 1, 0.25])).toBeCloseTo(2.25 * 4, 9);
  });
});
