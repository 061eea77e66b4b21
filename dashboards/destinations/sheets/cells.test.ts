import { expect, test } from "vitest";
import { cellOf, dayCell, textCell, timeCell, unitPattern } from "./cells.ts";
import { columnName, quoted } from "./client.ts";
import { parseA1 } from "./simulator/a1.ts";

test("days count from the last but one of 1899, and times are the workspace's wall clock", () => {
  expect([dayCell("1899-12-30"), dayCell("1900-01-01"), dayCell("2026-11-23")]).toEqual([0, 2, 46_349]);
  // Berlin is an hour ahead in winter, and two in summer.
  expect(timeCell(new Date("2026-11-23T23:00:00Z"), "Europe/Berlin")).toBe(46_350);
  expect(timeCell(new Date("2026-07-01T10:00:00Z"), "Europe/Berlin")).toBe(dayCell("2026-07-01") + 0.5);
});

test.each([
  ["number", Number.NaN, ""],
  ["number", Infinity, ""],
  ["integer", null, ""],
  ["integer", 0, 0],
  ["number", "12.5", 12.5],
  ["yes_no", false, false],
  ["text", "=1+1", "=1+1"],
  ["text", "00123", "00123"],
  ["json", { a: [1] }, '{"a":[1]}'],
  ["time", new Date(Number.NaN), ""],
  ["day", "2026-11-23", 46_349],
] as const)("a %s that is %s becomes %s", (type, value, cell) => {
  expect(cellOf(value, { name: "it", type }, "UTC")).toBe(cell);
});

test("a text is cut at what a cell holds, between characters", () => {
  const long = textCell("🚀".repeat(30_000));
  expect(long.length).toBeLessThanOrEqual(50_000);
  expect(long.isWellFormed()).toBe(true);
});

test("amounts are shown with their currency and its digits, ratios as percentages", () => {
  expect([unitPattern("money", "EUR"), unitPattern("money", "JPY"), unitPattern("ratio", "EUR")]).toEqual([
    { type: "NUMBER", pattern: '#,##0.00 "EUR"' },
    { type: "NUMBER", pattern: '#,##0 "JPY"' },
    { type: "PERCENT", pattern: "0.0%" },
  ]);
});

test("columns have letters, and a tab's name is quoted", () => {
  expect([0, 25, 26, 701, 702].map(columnName)).toEqual(["A", "Z", "AA", "ZZ", "AAA"]);
  expect(parseA1(`${quoted("Q4 '26!")}!B2:AA10`)).toEqual({
    title: "Q4 '26!",
    row: 1,
    column: 1,
    endRow: 10,
    endColumn: 27,
  });
});
