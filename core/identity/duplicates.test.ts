import { fc } from "../../test/support/properties.ts";
import { describe, expect, test } from "vitest";
import type { TouchPair } from "../store/identity/duplicates.ts";
import { bestAssignment } from "./assignment.ts";
import { marksOf } from "./duplicates.ts";

/** `a1`: the touch 1 of the tool a. */
const pair = (a: string, b: string, rule: string, gapS: number): TouchPair[] => {
  const one = { a, b, rule, gapS, connectionA: toolOf(a), connectionB: toolOf(b) };
  return [one, { ...one, a: b, b: a, connectionA: toolOf(b), connectionB: toolOf(a) }];
};
const toolOf = (id: string): string => id.slice(0, 1);
const call = (a: string, b: string, gapS: number): TouchPair[] => pair(a, b, "call.same_time", gapS);
const meeting = (a: string, b: string, gapS: number): TouchPair[] => pair(a, b, "meeting.same_time", gapS);

/** `double>first`, sorted. */
function doubles(pairs: readonly TouchPair[], order: readonly string[] = idsOf(pairs)): string[] {
  return marksOf(order, pairs)
    .filter((mark) => mark.of !== null)
    .map((mark) => `${mark.id}>${mark.of}`)
    .toSorted();
}
const idsOf = (pairs: readonly TouchPair[]): string[] => [...new Set(pairs.map((one) => one.a))].toSorted();

describe("doubles are found as a whole:", () => {
  test("two overlapping calls in both tools are two, though one recording is the nearest of both calls", () => {
    // a1 may be b1 (90 s) or b2 (200 s); a2 may be b1 (10 s) only. One by one a2-b1 would be taken, and a1 and b2 left as a pair.
    const pairs = [...call("a1", "b1", 90), ...call("a1", "b2", 200), ...call("a2", "b1", 10)];
    expect(doubles(pairs)).toEqual(["b1>a2", "b2>a1"]);
  });

  test("one delay for both stays one delay for both", () => {
    // Calls at 0 and 60 s, recordings at 65 and 125 s: 65 s each, or 5 and 125 s.
    const pairs = [...call("a1", "b1", 65), ...call("a1", "b2", 125), ...call("a2", "b1", 5), ...call("a2", "b2", 65)];
    expect(doubles(pairs)).toEqual(["b1>a1", "b2>a2"]);
  });

  test("what a key has given away is nobody else's, however near", () => {
    const pairs = [
      ...pair("a1", "b1", "meeting.calendar_key", 400),
      ...call("a2", "b1", 1),
      ...meeting("a2", "b2", 60),
    ];
    expect(doubles(pairs)).toEqual(["b1>a1", "b2>a2"]);
  });

  test("a recorded call near the next meeting stays the call's, and the meeting finds its own recording", () => {
    // The call's recording is nearer to the meeting (4 s) than to the call (8 s).
    const pairs = [...call("a1", "b1", 8), ...meeting("a2", "b1", 4), ...meeting("a2", "b2", 120)];
    expect(doubles(pairs)).toEqual(["b1>a1", "b2>a2"]);
  });

  test("no number of less sure pairs outweighs a surer one", () => {
    // a1-b1 is sure. Without it, two less sure pairs could be made.
    const pairs = [...call("a1", "b1", 100), ...meeting("a1", "b2", 0), ...meeting("a2", "b1", 0)];
    expect(doubles(pairs)).toEqual(["b1>a1"]);
  });

  test("of three tools one touch each", () => {
    const pairs = [...call("a1", "b1", 5), ...call("a1", "c1", 6), ...call("b1", "c1", 1), ...call("b1", "c2", 90)];
    expect(doubles(pairs)).toEqual(["b1>a1", "c1>a1"]);
  });

  test("a key may bring two of one tool together", () => {
    const pairs = [...pair("a1", "a2", "same_connection.match_key", 0), ...call("a2", "b1", 5), ...call("a1", "b2", 7)];
    expect(doubles(pairs)).toEqual(["a2>a1", "b1>a1"]);
  });
});

const RULES = ["meeting.calendar_key", "call.same_time", "meeting.same_time", "call.same_phone"];

/** Up to 4 touches of each of up to 4 tools, with some pairs between those of different tools. */
const anyPairs = fc
  .array(
    fc.record({
      a: fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 1, max: 4 })),
      b: fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 1, max: 4 })),
      rule: fc.oneof(
        { weight: 1, arbitrary: fc.constant(RULES[0]) },
        { weight: 9, arbitrary: fc.constantFrom(...RULES) },
      ),
      gapS: fc.integer({ min: 0, max: 300 }),
    }),
    { maxLength: 24 },
  )
  .map((made) => {
    const pairs = new Map<string, TouchPair[]>();
    for (const { a, b, rule = "", gapS } of made) {
      const [x = "", y = ""] = [a.join(""), b.join("")].toSorted();
      if (toolOf(x) !== toolOf(y)) pairs.set(`${x} ${y}`, pair(x, y, rule, gapS));
    }
    return [...pairs.values()].flat();
  });

describe("of any pairs,", () => {
  const groupsBy = (pairs: readonly TouchPair[]): Map<string, string> =>
    new Map(marksOf(idsOf(pairs), pairs).map((mark) => [mark.id, mark.of ?? mark.id]));

  test("the order in which they are found does not matter", () => {
    fc.assert(
      fc.property(
        anyPairs.chain((pairs) =>
          fc.tuple(fc.constant(pairs), fc.shuffledSubarray(pairs, { minLength: pairs.length })),
        ),
        ([pairs, shuffled]) => {
          expect(marksOf(idsOf(pairs), shuffled)).toEqual(marksOf(idsOf(pairs), pairs));
        },
      ),
    );
  });

  test("what is looked at beside them does not matter", () => {
    const beside = (pairs: readonly TouchPair[]): TouchPair[] =>
      pairs.map((one) => ({ ...one, a: `${one.a}-beside`, b: `${one.b}-beside` }));
    fc.assert(
      fc.property(anyPairs, anyPairs, (pairs, others) => {
        const ids = idsOf(pairs);
        const more = beside(others);
        const all = marksOf([...ids, ...idsOf(more)], [...more, ...pairs]).filter((mark) => ids.includes(mark.id));
        expect(all).toEqual(marksOf(ids, pairs));
      }),
    );
  });

  test("no mark names another double, and time alone brings no two of one tool together", () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        const first = groupsBy(pairs);
        for (const of of first.values()) expect(first.get(of)).toBe(of);
        const byKey = pairs.filter((one) => one.rule === "meeting.calendar_key");
        const sure = new Set(byKey.map((one) => one.a));
        const groups = new Map<string, string[]>();
        for (const [id, of] of first) {
          const key = `${of} ${toolOf(id)}`;
          groups.set(key, [...(groups.get(key) ?? []), id]);
        }
        const several = [...groups.values()].filter((ids) => ids.length > 1).flat();
        expect(several.filter((id) => !sure.has(id))).toEqual([]);
      }),
    );
  });

  test("none is left that could still be made", () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        const first = groupsBy(pairs);
        const toolsOf = (of: string | undefined): Set<string> =>
          new Set([...first].filter(([, group]) => group === of).map(([id]) => toolOf(id)));
        const apart = pairs.filter(({ a, b }) => first.get(a) !== first.get(b));
        for (const { a, b } of apart)
          expect([...toolsOf(first.get(a))].some((tool) => toolsOf(first.get(b)).has(tool))).toBe(true);
      }),
    );
  });
});

test("an assignment is worth as much as the best of all that there are", () => {
  const candidates = fc.uniqueArray(
    fc.record({
      left: fc.integer({ min: 0, max: 4 }),
      right: fc.integer({ min: 0, max: 4 }),
      worth: fc.bigInt({ min: 1n, max: 50n }),
    }),
    { maxLength: 14, selector: ({ left, right }) => `${left} ${right}` },
  );
  type Open = { readonly left: number; readonly right: number; readonly worth: bigint };
  const best = ([one, ...others]: readonly Open[]): bigint => {
    if (one === undefined) return 0n;
    const rest = others.filter(({ left, right }) => left !== one.left && right !== one.right);
    const [without, having] = [best(others), one.worth + best(rest)];
    return having > without ? having : without;
  };
  fc.assert(
    fc.property(candidates, (open) => {
      const found = bestAssignment(open);
      expect(new Set(found.map((one) => one.left)).size).toBe(found.length);
      expect(new Set(found.map((one) => one.right)).size).toBe(found.length);
      expect(found.reduce((sum, one) => sum + one.worth, 0n)).toBe(best(open));
    }),
  );
});
