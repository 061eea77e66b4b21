import fc from "fast-check";
import { expect, test } from "vitest";
import { majorUnits, minorUnitDigits, parseMinor } from "./money.ts";

// The same examples each time: no test depends on chance.
fc.configureGlobal({ seed: 20_261_201 });

test("knows how many digits a currency has", () => {
  expect(["USD", "JPY", "KWD"].map(minorUnitDigits)).toEqual([2, 0, 3]);
  // Not what is usual in shops, which Node tells, in each version another.
  expect(["HUF", "IDR", "COP", "PKR", "IQD", "ISK"].map(minorUnitDigits)).toEqual([2, 2, 2, 2, 3, 0]);
});

test("reads amounts without going through a float", () => {
  expect(parseMinor("1234.5", "USD")).toBe(123450);
  expect(parseMinor("-0.05", "USD")).toBe(-5);
  expect(parseMinor("1.005", "USD")).toBe(101);
  expect(parseMinor("12", "JPY")).toBe(12);
  expect(parseMinor("0.1235", "KWD")).toBe(124);
  expect(parseMinor(".5", "USD")).toBe(50);
});

test("what is no amount, or too large to be exact, is null", () => {
  for (const text of ["", "-", "abc", "1,000", "1e3", "12 USD", "99999999999999999"])
    expect(parseMinor(text, "USD")).toBeNull();
});

test("reading what was written gives the same amount", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (minor) => {
      expect(parseMinor(majorUnits(minor, "USD").toFixed(2), "USD")).toBe(minor === 0 ? 0 : minor);
    }),
  );
});
