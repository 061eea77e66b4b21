import { fc } from "../../test/support/properties.ts";
import { describe, expect, test } from "vitest";
import { curveOf, incidenceAt, medianOfEnd, quantileOf, type Spell, survivalAt, survivalInterval } from "./survival.ts";

const spell = (to: number, end: "won" | "lost" | null, from = 0): Spell<"won" | "lost"> => ({ from, to, end });

describe("of five deals: won after 2 days, lost after 3, open since 3, won after 5, open since 6,", () => {
  const curve = curveOf([spell(2, "won"), spell(3, "lost"), spell(3, null), spell(5, "won"), spell(6, null)]);

  test("the share that goes on falls by those that end out of those at risk; at one age ends come before what is still open", () => {
    // 4 ÷ 5; × 3 ÷ 4, the one that has been open for 3 days being at risk; × 1 ÷ 2.
    expect([1, 2, 3, 4, 5, 9].map((age) => survivalAt(curve, age))).toEqual([
      1,
      expect.closeTo(0.8, 12),
      expect.closeTo(0.6, 12),
      expect.closeTo(0.6, 12),
      expect.closeTo(0.3, 12),
      expect.closeTo(0.3, 12),
    ]);
  });

  test("winning and losing compete: their shares and what goes on are 1", () => {
    // 1 ÷ 5; 0.8 × 1 ÷ 4; 0.6 × 1 ÷ 2.
    expect(incidenceAt(curve, "won", 4)).toBeCloseTo(0.2, 12);
    expect(incidenceAt(curve, "lost", 4)).toBeCloseTo(0.2, 12);
    expect(incidenceAt(curve, "won", 5)).toBeCloseTo(0.5, 12);
    expect(medianOfEnd(curve, "won")).toBe(5);
    expect(quantileOf(curve, 0.5)).toBe(5);
    expect(quantileOf(curve, 0.8)).toBeNull();
  });

  test("Greenwood's error is the root of Σ d ÷ (n (n − d)), times the share", () => {
    // After 3 days: 0.6 × √(1 ÷ (5 × 4) + 1 ÷ (4 × 3)) = 0.6 × √0.13333.
    expect(curve[1]?.error).toBeCloseTo(0.6 * Math.sqrt(1 / 20 + 1 / 12), 12);
    const [low, high] = survivalInterval(curve, 3) ?? [NaN, NaN];
    expect(low).toBeLessThan(0.6);
    expect(high).toBeGreaterThan(0.6);
    expect(survivalInterval(curve, 1)).toBeNull();
  });
});

test("of two that ended so at equal odds, half have done it by the first, whatever the last digits say", () => {
  // 1/7, then 6/7 · 1/6: as sums of fractions they differ.
  const spells = [2, 3, 5, 5, 5, 5, 5].map((to, no) => ({ from: 0, to, end: no < 2 ? ("won" as const) : null }));
  expect(medianOfEnd(curveOf(spells), "won")).toBe(2);
});

test("what is watched from an age on is at risk from there only", () => {
  // The second is seen from day 4 on: at day 2 only the first and the third are at risk.
  const curve = curveOf([spell(2, "won"), spell(6, "won", 4), spell(8, null)]);
  expect(curve.map(({ age, atRisk, survival }) => [age, atRisk, survival])).toEqual([
    [2, 2, 0.5],
    [6, 2, 0.25],
  ]);
});

test("of nothing there is no curve, and a spell that ends before it begins counts for nothing", () => {
  expect(curveOf([])).toEqual([]);
  expect(curveOf([spell(1, "won", 3)])).toEqual([]);
  expect(medianOfEnd(curveOf([spell(3, "lost")]), "won")).toBeNull();
});

test("of any spells, the shares stay from 0 to 1 and add up", () => {
  const any = fc.record({ from: fc.nat(5), to: fc.nat(20), end: fc.constantFrom("won", "lost", null) });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 40 }), (spells) => {
      for (const { survival, incidence } of curveOf<string>(spells)) {
        expect(survival).toBeGreaterThanOrEqual(-1e-12);
        expect(survival + (incidence["won"] ?? 0) + (incidence["lost"] ?? 0)).toBeCloseTo(1, 9);
      }
    }),
  );
});
