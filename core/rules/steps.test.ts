import { fc } from "../../test/support/properties.ts";
import { expect, test } from "vitest";
import { hasMoved, isOver, type Order, orderOf, type Seen, stepsOf } from "./steps.ts";

type Threshold = Parameters<typeof isOver>[2];
const RISES: Threshold = { risesTo: 100, fallsTo: null, margin: 10 };

const value = (subject: string, number: number | null, threshold = RISES): Seen<string> => ({
  subject,
  isMet: (was) => isOver(number, was, threshold),
  about: subject,
});

/** Goes through values one after another. @returns at which of them it was told. */
function tellings(values: readonly (number | null)[], threshold?: Threshold): number[] {
  let before: Map<string, boolean> | null = null;
  return values.flatMap((number, index) => {
    const steps = stepsOf(before, [value("a", number, threshold)]);
    before = new Map<string, boolean>(before ?? []);
    for (const { subject, isMet } of steps.kept) before.set(subject, isMet);
    return steps.told.length > 0 ? [index] : [];
  });
}

test("is told once when it is crossed, and again only after it has gone back by the margin", () => {
  expect(tellings([90, 100, 101, 99, 100, 91, 100, 90, 100])).toEqual([1, 8]);
  expect(tellings([90, 80, 79, 95, 80, 90.5, 91, 80], { risesTo: null, fallsTo: 80, margin: 10 })).toEqual([1, 4, 7]);
});

test("a threshold without a margin is crossed each time", () => {
  expect(tellings([1, 0, 1, 0, 1], { risesTo: 1, fallsTo: null, margin: 0 })).toEqual([2, 4]);
});

test("a rule that is new tells nothing of what was so before, and no value changes nothing", () => {
  expect(tellings([150, 160])).toEqual([]);
  expect(tellings([90, 150, null, 150, null, 20, null, 120])).toEqual([1, 7]);
});

test("never tells twice without having been below the threshold in between", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 200 })), { maxLength: 40 }), (values) => {
      const told = tellings(values);
      for (const [index, at] of told.entries()) {
        expect(values[at]).toBeGreaterThanOrEqual(100);
        const since = values.slice(index === 0 ? 0 : (told[index - 1] ?? 0) + 1, at);
        expect(since.some((one) => one !== null && one < 100) || since.every((one) => one === null)).toBe(true);
        expect(index === 0 || since.some((one) => one !== null && one <= 90)).toBe(true);
      }
    }),
  );
});

test("of records: each that comes is told once, and one that comes back is told again", () => {
  const there = (...ids: string[]): Seen<string>[] => ids.map((id) => ({ subject: id, isMet: () => true, about: id }));
  expect(stepsOf(null, there("a", "b"))).toEqual({
    told: [],
    kept: [
      { subject: "a", isMet: true },
      { subject: "b", isMet: true },
    ],
    gone: [],
  });
  expect(
    stepsOf(
      new Map([
        ["a", true],
        ["b", true],
      ]),
      there("b", "c"),
    ),
  ).toEqual({ told: ["c"], kept: [{ subject: "c", isMet: true }], gone: ["a"] });
});

test("a new order is told once it has stood for long enough", () => {
  const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 9, minute));
  const orders = [
    [0, { ann: 1, bob: 2 }, false],
    [1, { bob: 1, ann: 2 }, false],
    [3, { ann: 1, bob: 2 }, false],
    [4, { bob: 1, ann: 2 }, false],
    [8, { bob: 1, ann: 2 }, false],
    [9, { bob: 1, ann: 2 }, true],
    [20, { bob: 1, ann: 2 }, false],
  ] as const;
  let order: Order | null = null;
  for (const [minute, ranks, isTold] of orders) {
    const step = orderOf(order, ranks, at(minute), 5);
    expect([minute, step.isTold]).toEqual([minute, isTold]);
    order = step.order;
  }
});

test("a forecast has moved by its percentage, either way; from nothing by anything", () => {
  expect([
    hasMoved(100, 109, 10),
    hasMoved(100, 110, 10),
    hasMoved(100, 90, 10),
    hasMoved(0, 1, 10),
    hasMoved(0, 0, 10),
  ]).toEqual([false, true, true, true, false]);
});
