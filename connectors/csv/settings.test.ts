import { expect, test } from "vitest";
import { inbound } from "../inbound/index.ts";
import { csv } from "./index.ts";

/** Where and why settings are refused, each as `path: why`. */
function refusals(tables: object, connector = csv): readonly string[] {
  const parsed = connector.settings.safeParse({ pipelines: { Sales: { stages: ["Lead"] } }, tables });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}
const deals = (source: object, columns: object = {}): object => ({
  deals: { from: "d.csv", key: "id", columns: { status: "s", ...columns }, ...source },
});

test.each([
  ["columns.value.date_format", "an amount", deals({}, { value: { column: "v", date_format: "iso" } })],
  ["columns.created_at.decimal", "a date", deals({}, { created_at: { column: "v", decimal: "," } })],
  ["columns.name.currency", "a text", deals({}, { name: { column: "v", currency: "EUR" } })],
  ["columns.probability.round", "a probability", deals({}, { probability: { column: "v", round: true } })],
  [
    "columns.probability.unit",
    "expected percent or fraction",
    deals({}, { probability: { column: "v", unit: "hours" } }),
  ],
  ["columns.name.type", "a text", deals({}, { name: { column: "v", type: "number" } })],
  ["columns.name.default", "never empty", deals({}, { name: { constant: "x", default: "y" } })],
  ["columns.name.trim", "only the value of a column", deals({}, { name: { template: "{a}", trim: false } })],
  ["columns.currency", "without a column for value", deals({}, { currency: "c" })],
  ["attributes.size.decimal", "a text", deals({ attributes: { size: { column: "x", decimal: "," } } })],
  ["date_format", "no column of this source", deals({ date_format: "dd.MM.yyyy" })],
  ["currency", "no column of this source", deals({ currency: "EUR" })],
  ["sheet", "a text has no sheets", deals({ sheet: "x" })],
  ["sheet", "a text has no sheets", deals({ from: "exports", format: "tsv", sheet: "x" })],
  ["encoding", "a workbook has none", deals({ from: "d.xlsx", encoding: "utf-8" })],
  ["latest_file", "there is one file", deals({ latest_file: "time" })],
  ["latest_file", "no file is the latest", deals({ from: "d*.csv", latest_file: "time", repeated_keys: "first" })],
  ["header_row", "not in a file", { deals: { rows: [], key: "id", columns: { status: "s" }, header_row: 2 } }],
  ["delimiter", "format: tsv", deals({ from: "exports", format: "tsv", delimiter: ";" })],
])("%s is refused where it would not count", (path, why, tables) => {
  expect(refusals(tables)).toEqual([
    expect.stringMatching(new RegExp(`^tables\\.deals\\.${path}: .*${why}`)) as string,
  ]);
});

test("what counts is taken, by each table and by posted rows", () => {
  const value = { column: "v", decimal: ",", currency: "EUR", round: true };
  expect(refusals(deals({ date_format: "iso" }, { value, created_at: "c", currency: "cur" }))).toEqual([]);
  expect(refusals(deals({ from: "exports", sheet: "Deals", encoding: "utf-8", latest_file: "time" }))).toEqual([]);
  expect(refusals(deals({ attributes: { size: { column: "x", type: "number", decimal: "," } } }))).toEqual([]);
  expect(refusals({ reps: { from: "r.csv", key: "id", columns: {}, attributes: { a: "b" } } })).toEqual([
    "tables.reps.attributes: is not used: reps have none; leave it out",
  ]);
  expect(
    refusals({ deals: { currency: "EUR", columns: { value: { column: "v", date_format: "iso" } } } }, inbound),
  ).toEqual(["tables.deals.columns.value.date_format: is not used by an amount; leave it out"]);
});
