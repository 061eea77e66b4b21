import { fc } from "../../test/support/properties.ts";
import { expect, it } from "vitest";
import { globMatcher } from "./globs.ts";

it("stands for any characters, or one, and for nothing else", () => {
  expect(globMatcher("deals-*.csv")("deals-2026.csv")).toBe(true);
  expect(globMatcher("deals-*.csv")("deals-2026.csv.bak")).toBe(false);
  expect(globMatcher("w?.csv")("w1.csv")).toBe(true);
  expect(globMatcher("w?.csv")("w10.csv")).toBe(false);
  expect(globMatcher("a.c")("abc")).toBe(false);
  expect(globMatcher("[a-z]{2}(x)+^$|\\")("[a-z]{2}(x)+^$|\\")).toBe(true);
  expect(globMatcher("?")("🚀")).toBe(true);
});

it("takes names for the same that look the same", () => {
  expect(globMatcher("Ums\u00e4tze*.csv")("Umsa\u0308tze 1.csv")).toBe(true);
});

it("answers for the most hostile patterns and names there are", () => {
  const name = "a".repeat(255);
  for (const piece of ["*a", "*?", "?*", "**", "a*", "*a?*", "*aa*a"]) {
    expect(globMatcher(`${piece.repeat(200)}b`)(name)).toBe(false);
    expect(globMatcher(`${piece.repeat(24)}b.csv`)(`${name}.csv`)).toBe(false);
  }
});

it("agrees with what the two characters mean, on any pattern", () => {
  /** By the book: exponential, and right. */
  const fits = (glob: readonly string[], name: readonly string[]): boolean => {
    const [first, ...rest] = glob;
    if (first === undefined) return name.length === 0;
    if (first === "*") return fits(rest, name) || (name.length > 0 && fits(glob, name.slice(1)));
    return name.length > 0 && (first === "?" || first === name[0]) && fits(rest, name.slice(1));
  };
  const text = (letters: string): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom(...letters.split("")), { maxLength: 7 }).map((all) => all.join(""));
  fc.assert(
    fc.property(text("ab*?."), text("ab."), (glob, name) => {
      expect(globMatcher(glob)(name)).toBe(fits(Array.from(glob), Array.from(name)));
    }),
  );
});
