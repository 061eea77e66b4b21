import { describe, expect, it } from "vitest";
import { amountMinor, decimalText, readFlag, readMoment } from "./values.ts";

const reading = { format: "iso", timeZone: "Europe/Berlin", locale: "en" };

describe("numbers", () => {
  it.each([
    ["1054", ".", "1054"],
    ["1,054.50", ".", "1054.50"],
    ["$ 1,054.50", ".", "1054.50"],
    ["1.054,50 €", ",", "1054.50"],
    ["1 054,50", ",", "1054.50"],
    ["1\u202f054,50", ",", "1054.50"],
    ["1'054.50", ".", "1054.50"],
    ["12,34,567.8", ".", "1234567.8"],
    ["-3", ".", "-3"],
    ["−3", ".", "-3"],
    ["(3.5)", ".", "-3.5"],
    ["USD 7", ".", "7"],
    [",5", ",", "0.5"],
  ] as const)("reads %s with decimal %s", (text, decimal, plain) => {
    expect(decimalText(text, decimal)).toBe(plain);
  });

  it.each([
    ["1,5", "."],
    ["1.5", ","],
    ["1,23.4", "."],
    ["12a", "."],
    ["", "."],
    [".", "."],
    ["1.2.3", "."],
    ["1e3", "."],
  ] as const)("does not take %s for a number with decimal %s", (text, decimal) => {
    expect(decimalText(text, decimal)).toBeNull();
  });

  it("turns amounts into minor units without a float in between", () => {
    expect(amountMinor("1.054,50", ",", "EUR")).toBe(105_450);
    // 0.1 + 0.2 and the like: 8.2 × 100 is 819.9999999999999 in floats.
    expect(amountMinor("8.2", ".", "USD")).toBe(820);
    expect(amountMinor("1,054", ".", "JPY")).toBe(1054);
    expect(amountMinor("1.5", ".", "KWD")).toBe(1500);
  });
});

describe("dates", () => {
  it("keeps a day a day, and a time an instant in the mapping's zone", () => {
    expect(readMoment("10/20/2016", { ...reading, format: "M/d/yyyy" })).toEqual({ day: "2016-10-20" });
    // 12:00 in Berlin in summer is 10:00 UTC.
    expect(readMoment("01.07.2026 12:00", { ...reading, format: "dd.MM.yyyy HH:mm" })).toEqual({
      instant: new Date("2026-07-01T10:00:00Z"),
    });
    expect(readMoment("2026-07-01T12:00:00+09:00", reading)).toEqual({ instant: new Date("2026-07-01T03:00:00Z") });
    expect(readMoment("2026-07-01 12:00", reading)).toEqual({ instant: new Date("2026-07-01T10:00:00Z") });
    expect(readMoment("2026-07-01", reading)).toEqual({ day: "2026-07-01" });
  });

  it("never guesses: what is not of the named form is no date, though it would be one in another", () => {
    expect(readMoment("20/10/2016", { ...reading, format: "M/d/yyyy" })).toBeNull();
    expect(readMoment("2016-10-20", { ...reading, format: "M/d/yyyy" })).toBeNull();
    expect(readMoment("10/20/2016", reading)).toBeNull();
    expect(readMoment("2/30/2016", { ...reading, format: "M/d/yyyy" })).toBeNull();
    expect(readMoment("10/20/16", { ...reading, format: "M/d/yyyy" })).toBeNull();
  });

  it("takes a workbook's date cell for what it is, whatever the format of texts", () => {
    expect(readMoment({ date: "2026-07-01" }, { ...reading, format: "M/d/yyyy" })).toEqual({ day: "2026-07-01" });
    expect(readMoment({ date: "2026-07-01T12:00:00" }, { ...reading, format: "M/d/yyyy" })).toEqual({
      instant: new Date("2026-07-01T10:00:00Z"),
    });
  });

  it("reads month names in the mapping's language", () => {
    expect(readMoment("1 juillet 2026", { ...reading, format: "d MMMM yyyy", locale: "fr" })).toEqual({
      day: "2026-07-01",
    });
  });
});

it("reads yes and no, and nothing else as either", () => {
  expect([readFlag("Yes"), readFlag("0"), readFlag("maybe")]).toEqual([true, false, null]);
});
