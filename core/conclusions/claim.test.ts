import { expect, test } from "vitest";
import { type Claim, compared, sentenceOf, verdictOf } from "./claim.ts";

const claim: Claim = {
  metric: "conversion",
  filters: { stage: "M" },
  a: { touches: "calls" },
  b: { touches: "e-mails" },
};
const share = (hits: number, total: number) => ({ hits, total });

test("four of six against one of four is not enough data: it would take 14 and 16 more", () => {
  const found = compared(share(4, 6), share(1, 4));
  expect(found).toMatchObject({ is_clear: false, more: { a: 14, b: 16 } });
  expect(sentenceOf(claim, "Conversion", found)).toBe(
    "Conversion, stage M: touches calls 66.7 % (4 of 6) against touches e-mails 25.0 % (1 of 4): not enough data; it would take 14 and 16 more.",
  );
});

test("a clear difference is said in points, with its interval, and of no cause", () => {
  const found = compared(share(40, 60), share(10, 40));
  // Newcombe's method 10: Wilson 0.5407 to 0.7727 and 0.1419 to 0.4019.
  expect(found.interval?.[0]).toBeCloseTo(5 / 12 - Math.hypot(2 / 3 - 0.5407, 0.4019 - 0.25), 3);
  expect(found.interval?.[1]).toBeCloseTo(5 / 12 + Math.hypot(0.7727 - 2 / 3, 0.25 - 0.1419), 3);
  expect(sentenceOf(claim, "Conversion", found)).toMatch(
    /66\.7 % \(40 of 60\) against touches e-mails 25\.0 % \(10 of 40\): 41\.7 points more \(95 %: 21\.9 to 56\.8\)\.$/,
  );
  expect(sentenceOf(claim, "Conversion", compared(share(10, 40), share(40, 60)))).toMatch(
    /points less \(95 %: 21\.9 to 56\.8\)\.$/,
  );
});

test("shares that are alike are never told apart, however many there are, and a share of nothing says nothing", () => {
  expect(compared(share(5, 10), share(50, 100))).toMatchObject({ difference: 0, is_clear: false, more: null });
  expect(compared(share(0, 0), share(1, 4))).toMatchObject({ difference: null, interval: null, is_clear: false });
});

test("held against a number by the share's own interval", () => {
  const above: Claim = { metric: "win_rate", filters: {}, a: {}, against: 0.3 };
  const found = compared(share(50, 100), 0.3);
  expect(found).toMatchObject({ is_clear: true, b: null });
  expect(sentenceOf(above, "Win rate", found)).toBe(
    "Win rate: all 50.0 % (50 of 100) against 30.0 %: 20.0 points more (95 %: 10.4 to 29.6).",
  );
  expect(compared(share(5, 10), 0.3).is_clear).toBe(false);
});

test.each([
  [share(40, 60), share(10, 40), "holds"],
  [share(25, 50), share(23, 50), "weaker"],
  [share(25, 50), share(25, 50), "weaker"],
  [share(20, 50), share(25, 50), "no_longer_holds"],
  [share(10, 40), share(40, 60), "no_longer_holds"],
  [share(19, 19), share(1, 40), "not_enough_data"],
  [share(40, 60), share(1, 19), "not_enough_data"],
  [share(0, 0), share(0, 0), "not_enough_data"],
] as const)("that A is better: later records of %o against %o say %s", (a, b, verdict) => {
  expect(verdictOf({ difference: 0.2 }, compared(a, b))).toBe(verdict);
});

test("medians are compared by their own errors, and said in the KPI's unit", () => {
  const days: Claim = { metric: "time_to_close_median", filters: {}, a: { team: "North" }, b: { team: "South" } };
  const found = compared({ value: 12, total: 40, error: 1 }, { value: 18.5, total: 30, error: 2 });
  expect(found).toMatchObject({ difference: -6.5, is_clear: true, more: null });
  expect(sentenceOf(days, "Median time to close", found)).toBe(
    "Median time to close: team North 12 (n 40) against team South 18.5 (n 30): 6.5 less (95 %: 2.117 to 10.88).",
  );
  // Nineteen are too few, however far apart.
  expect(compared({ value: 12, total: 19, error: 0.1 }, 30)).toMatchObject({ is_clear: false, more: null });
  expect(verdictOf(found, compared({ value: 14, total: 25, error: 1 }, { value: 16, total: 25, error: 1 }))).toBe(
    "weaker",
  );
});
