import { expect, it } from "vitest";
import { timeQuantile } from "./time-quantile.ts";

it("is the time by which the share has got there, of those too that have not yet", () => {
  // 1/3 by 0.5, 2/3 by 24; the third is still to come after 48.
  const three = [
    [0.5, true],
    [24, true],
    [48, false],
  ] as const;
  expect(timeQuantile(three, 1 / 3)).toBe(0.5);
  expect(timeQuantile(three, 0.5)).toBe(24);
  expect(timeQuantile(three, 2 / 3)).toBe(24);
  expect(timeQuantile(three, 0.9)).toBeNull();
});

it("takes who was only seen for a while out of those who might have got there later", () => {
  // Of four: one by 1, one unseen after 2, one by 3 of the two left: 1 − 3/4 · 1/2 = 5/8 have by 3.
  const times = [
    [1, true],
    [2, false],
    [3, true],
    [9, false],
  ] as const;
  expect(timeQuantile(times, 5 / 8)).toBe(3);
  expect(timeQuantile(times, 0.63)).toBeNull();
});

it("is null over nothing", () => {
  expect(timeQuantile([], 0.5)).toBeNull();
});
