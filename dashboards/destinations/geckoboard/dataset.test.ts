import { expect, test } from "vitest";
import type { MetricAnswer, MetricRow } from "../../../core/metrics/engine/query.ts";
import { datasetOf } from "./dataset.ts";

function answer(unit: MetricAnswer["unit"], rows: Partial<MetricRow>[]): MetricAnswer {
  return {
    metric: "won_value",
    unit,
    from: null,
    to: null,
    as_of: "2026-03-31T22:00:00.000Z",
    timezone: "Europe/Oslo",
    currency: "USD",
    fresh_as_of: null,
    exceptions: [],
    sources: [],
    notes: [],
    rows: rows.map((row) => ({
      dimensions: {},
      period: null,
      value: null,
      numerator: null,
      denominator: null,
      sample_size: 0,
      interval: null,
      ...row,
    })),
  };
}

test("money goes in minor units with its currency, keyed by period and dimensions", () => {
  const content = datasetOf(answer("money", [{ dimensions: { rep: "Ada" }, period: "2026-03-01", value: 1234.5 }]), [
    "rep",
  ]);
  expect(content).toEqual({
    schema: {
      fields: {
        period: { type: "date", name: "Period" },
        rep: { type: "string", name: "Rep" },
        value: { type: "money", name: "Won value", currency_code: "USD", optional: true },
        state: { type: "string", name: "State" },
      },
      unique_by: ["period", "rep"],
    },
    rows: [{ period: "2026-03-01", rep: "Ada", value: 123450, state: "complete" }],
    deleteBy: null,
  });
});

test.each([
  ["JPY", 1234, 1234],
  ["EUR", 12.34, 1234],
  ["KWD", 1.234, 1234],
])("money in %s goes in as many digits as the currency has", (currency, value, minor) => {
  const content = datasetOf({ ...answer("money", [{ value }]), currency }, []);
  expect(content.rows).toEqual([{ value: minor, state: "complete" }]);
});

test("a ratio is a percentage of 0 to 1, and no value is null, never 0", () => {
  const content = datasetOf(answer("ratio", [{ value: 0.75 }, { value: null }]), []);
  expect(content.schema.fields["value"]).toMatchObject({ type: "percentage" });
  expect(content.rows).toEqual([
    { value: 0.75, state: "complete" },
    { value: null, state: "complete" },
  ]);
});

test("names that Geckoboard would refuse are made ones that it takes", () => {
  const rows = [{ dimensions: { "attributes.EU region": "x".repeat(150), a: null }, value: 1 }];
  const content = datasetOf(answer("count", rows), ["attributes.EU region", "a"]);
  expect(Object.keys(content.schema.fields)).toEqual(["attributes_eu_region", "by_a", "value", "state"]);
  expect(content.rows).toEqual([
    { attributes_eu_region: "x".repeat(100), by_a: "(none)", value: 1, state: "complete" },
  ]);
});

test("what is missing from the numbers stands beside them, as long as there is room for a column", () => {
  const notes = ["Close could not be read yet", "24 left out: no exchange rate"];
  const { rows, schema } = datasetOf({ ...answer("count", [{ value: 1 }]), notes }, []);
  expect(rows).toEqual([{ value: 1, state: "Close could not be read yet; 24 left out: no exchange rate" }]);
  expect(schema.fields["state"]).toEqual({ type: "string", name: "State" });
  const many = Array.from({ length: 9 }, (_, index) => `dimension_${index}`);
  expect(Object.keys(datasetOf({ ...answer("count", []), notes }, many).schema.fields)).toHaveLength(10);
});

test("rows that a dataset cannot hold are said to be missing", () => {
  const { rows } = datasetOf(
    answer(
      "count",
      Array.from({ length: 5_002 }, (_, value) => ({ value })),
    ),
    [],
  );
  expect(rows).toHaveLength(5_000);
  expect(rows[0]?.["state"]).toBe("the last 2 of 5002 rows are left out: a dataset holds 5000");
});

test.each(["hours", "minutes"] as const)("%s are a duration, days a number", (unit) => {
  const field = datasetOf(answer(unit, [{ value: 1.5 }]), []).schema.fields["value"];
  expect(field).toEqual({ type: "duration", time_unit: unit, name: "Won value", optional: true });
  expect(datasetOf(answer("days", [{ value: 1.5 }]), []).schema.fields["value"]).toMatchObject({ type: "number" });
});

test("a name is cut between characters, never within one", () => {
  const rep = `${"x".repeat(99)}🚀🚀\ud83d`;
  expect(datasetOf(answer("count", [{ dimensions: { rep }, value: 1 }]), ["rep"]).rows[0]?.["rep"]).toBe(
    `${"x".repeat(99)}🚀`,
  );
});

test("a history is kept by period, or by the day on which it was so", () => {
  const daily = datasetOf(answer("count", [{ dimensions: { rep: "Ada" }, value: 1 }]), ["rep"], { isHistory: true });
  expect([daily.deleteBy, daily.schema.unique_by, daily.rows[0]?.["day"]]).toEqual([
    "day",
    ["day", "rep"],
    expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
  ]);
  const monthly = datasetOf(answer("count", [{ period: "2026-03-01", value: 1 }]), [], { isHistory: true });
  expect([monthly.deleteBy, monthly.schema.unique_by]).toEqual(["period", ["period"]]);
});
