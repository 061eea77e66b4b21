import { expect, test } from "vitest";
import { meanOf, medianOf, middlesApart, moreForMiddles } from "./middles.ts";

const to = (n: number): number[] => Array.from({ length: n }, (_, at) => at + 1);

test("the median's error is the distance of the two that leave out what 95 % would, ÷ 3.92", () => {
  // Of 1 … 25 the 13th; (26 ÷ 2) − 1.96 · 2.5 = 8.1, so the 8th and the 18th.
  expect(medianOf(to(25))).toMatchObject({ value: 13, total: 25 });
  expect(medianOf(to(25)).error).toBeCloseTo(10 / 3.919928, 5);
  expect(medianOf([3, 1])).toEqual({ value: 2, total: 2, error: null });
  expect(medianOf([])).toEqual({ value: null, total: 0, error: null });
});

test("the mean's error is the standard deviation ÷ √n", () => {
  expect(meanOf([2, 4, 4, 6])).toMatchObject({ value: 4, total: 4 });
  expect(meanOf([2, 4, 4, 6]).error).toBeCloseTo(Math.sqrt(8 / 3 / 4), 12);
});

test("two middles are apart by their difference, give or take both errors; what is alike is never told apart", () => {
  const [a, b] = [
    { value: 10, total: 40, error: 3 },
    { value: 20, total: 40, error: 4 },
  ];
  expect(middlesApart(a, b)).toEqual({
    difference: -10,
    interval: [expect.closeTo(-19.8, 3), expect.closeTo(-0.2, 3)],
  });
  expect(middlesApart(a, 4).interval).toEqual([expect.closeTo(0.12, 3), expect.closeTo(11.88, 3)]);
  expect(moreForMiddles(a, a, 20)).toBeNull();
  // (1.96 ÷ 10)² · (9 + 16) · 40 = 38.4: the 39 are there.
  expect(moreForMiddles(a, b, 20)).toEqual({ a: 0, b: 0 });
  expect(moreForMiddles({ ...a, total: 10 }, { ...b, total: 10 }, 20)).toEqual({ a: 10, b: 10 });
});
