import { describe, expect, it } from "vitest";
import { feed as feedSchema } from "../../../core/metrics/feeds.ts";
import type { MetricAnswer, MetricRow } from "../../../core/metrics/index.ts";
import { createFormat } from "../../web/format.ts";
import { type WidgetData, widgetOf } from "./widgets.ts";

// The formats are other people's: these are the very documents that Geckoboard is given.

const format = createFormat({
  name: "W",
  timeZone: "UTC",
  weekStart: 1,
  yearStart: 1,
  currency: "GBP",
  locale: "en-GB",
  working: null,
});

function row(fields: Partial<MetricRow>): MetricRow {
  return {
    dimensions: {},
    period: null,
    value: null,
    numerator: null,
    denominator: null,
    sample_size: 1,
    interval: null,
    ...fields,
  };
}

function answer(unit: MetricAnswer["unit"], rows: readonly Partial<MetricRow>[], metric = "won_value"): MetricAnswer {
  return {
    metric,
    unit,
    from: null,
    to: null,
    as_of: "2026-11-24T12:00:00.000Z",
    timezone: "UTC",
    currency: "GBP",
    fresh_as_of: "2026-11-24T11:59:00.000Z",
    rows: rows.map(row),
    exceptions: [],
    sources: [],
    notes: [],
  };
}

function widget(definition: object, data: Partial<WidgetData> & Pick<WidgetData, "answer">): unknown {
  const feed = feedSchema.parse({ id: "f", metric: "won_value", ...definition });
  const write = (value: number | null): string => format.full(value, data.answer.unit);
  const base = { title: "Won", before: null, series: null, better: "higher", asOf: "as of 11:59", notes: [] } as const;
  return widgetOf(feed, { ...base, write, ...data });
}

const byRep = (...values: readonly (readonly [string, number | null])[]): Partial<MetricRow>[] =>
  values.map(([rep, value]) => ({ dimensions: { rep }, value }));

describe("number and secondary stat", () => {
  it("has the value and that of the period before", () => {
    const data = { answer: answer("money", [{ value: 1234.5 }]), before: answer("money", [{ value: 1000 }]) };
    expect(widget({}, data)).toEqual({ item: [{ value: 1234.5, text: "Won", prefix: "£" }, { value: 1000 }] });
  });

  it("says that less is better, and leaves out a period before that has no value", () => {
    const data = {
      answer: answer("days", [{ value: 12.5 }]),
      before: answer("days", [{ value: null }]),
      better: "lower",
    } as const;
    expect(widget({}, data)).toEqual({ type: "reverse", item: [{ value: 12.5, text: "Won" }] });
  });

  it("has a trend line where the feed asks for it, with gaps for periods that have no value", () => {
    const series = answer("count", [{ value: 3 }, { value: null }, { value: 5 }]);
    expect(widget({ trend: true }, { answer: answer("count", [{ value: 5 }]), series })).toEqual({
      item: [{ value: 5, text: "Won" }, [3, null, 5]],
    });
  });

  it("gives null for no value, never 0", () => {
    expect(widget({}, { answer: answer("ratio", [{ value: null }]) })).toEqual({
      item: [{ value: null, text: "Won" }],
    });
  });
});

it("leaderboard: names, values and the rank before", () => {
  const rows = [
    { dimensions: { rep: "Ann" }, value: 300, rank: 1, previous_rank: 2, movement: 1 },
    { dimensions: { rep: "Bob" }, value: 200, rank: 2, previous_rank: null, movement: null },
    { dimensions: { rep: "Cy" }, value: null, rank: null, previous_rank: null, movement: null },
  ];
  expect(
    widget({ widget: "leaderboard", metric: "rep_leaderboard" }, { answer: answer("money", rows, "rep_leaderboard") }),
  ).toEqual({
    format: "currency",
    unit: "GBP",
    items: [
      { label: "Ann", value: 300, previous_rank: 2 },
      { label: "Bob", value: 200 },
    ],
  });
});

it("funnel: deals that entered each stage, stages of one canonical name added up", () => {
  const rows = [
    { dimensions: { stage: "New", canonical_stage: "prospecting" }, numerator: 6, denominator: 10, value: 0.6 },
    { dimensions: { stage: "Neu", canonical_stage: "prospecting" }, numerator: 1, denominator: 2, value: 0.5 },
    { dimensions: { stage: "Demo", canonical_stage: "needs_analysis" }, numerator: 2, denominator: 5, value: 0.4 },
  ];
  expect(widget({ widget: "funnel", by: "canonical_stage" }, { answer: answer("ratio", rows) })).toEqual({
    item: [
      { value: 12, label: "Prospecting" },
      { value: 5, label: "Needs analysis" },
    ],
  });
});

it("bar chart: the largest first, what has no value left out", () => {
  const rows = byRep(["Ann", 1], ["Bob", 3], ["Cy", null]);
  expect(widget({ widget: "bar", by: "rep" }, { answer: answer("count", rows) })).toEqual({
    x_axis: { labels: ["Bob", "Ann"] },
    y_axis: { format: "decimal" },
    series: [{ data: [3, 1] }],
  });
});

it("what is missing stands in a list's last line, as a pie's slice of nothing, and in the name of a chart's series", () => {
  const data = { answer: answer("count", byRep(["Ann", 1])), notes: ["Close is late", "another"] };
  expect(widget({ widget: "list", by: "rep" }, data)).toEqual([
    { title: { text: "Ann" }, description: "1" },
    { title: { text: "Close is late" }, label: { name: "!", color: "#ffb300" } },
  ]);
  expect(widget({ widget: "pie", by: "rep" }, data)).toEqual({
    item: [
      { value: "1", label: "Ann" },
      { value: "0", label: "Close is late" },
    ],
  });
  expect(widget({ widget: "bar", by: "rep" }, data)).toMatchObject({
    series: [{ name: "Won (Close is late)", data: [1] }],
  });
});

it("line chart: by period, the running one marked as incomplete", () => {
  const series = answer("ratio", [
    { period: "2026-10-01", value: 0.25 },
    { period: "2026-11-01", value: 0.5 },
  ]);
  expect(widget({ widget: "line" }, { answer: answer("ratio", []), series })).toEqual({
    x_axis: { labels: ["2026-10-01", "2026-11-01"], type: "datetime" },
    y_axis: { format: "percent" },
    series: [{ name: "Won", data: [0.25, 0.5], incomplete_from: "2026-11-01" }],
  });
});

it("Geck-O-Meter: a ratio between 0 and 1, an amount up to the better of now and before", () => {
  expect(widget({ widget: "geckometer" }, { answer: answer("ratio", [{ value: 0.4 }]) })).toEqual({
    item: 0.4,
    min: { value: 0 },
    max: { value: 1 },
    format: "percent",
  });
  const data = { answer: answer("money", [{ value: 80 }]), before: answer("money", [{ value: 100 }]) };
  expect(widget({ widget: "geckometer", min: 10 }, data)).toEqual({
    item: 80,
    min: { value: 10 },
    max: { value: 100 },
    format: "currency",
    unit: "GBP",
  });
});

it("pie chart: values by name", () => {
  expect(widget({ widget: "pie", by: "rep" }, { answer: answer("count", byRep(["Ann", 1], ["Bob", 3])) })).toEqual({
    item: [
      { value: "3", label: "Bob" },
      { value: "1", label: "Ann" },
    ],
  });
});

it("RAG: red, amber, green in this order, by the bounds; the other way round where less is better", () => {
  const rows = byRep(["Ann", 0.1], ["Bob", 0.2], ["Cy", 0.3], ["Di", null]);
  const definition = { widget: "rag", amber: 0.2, green: 0.3 };
  expect(widget(definition, { answer: answer("ratio", rows) })).toEqual({
    item: [
      { value: 1, text: "below 20.0%" },
      { value: 1, text: "below 30.0%" },
      { value: 1, text: "from 30.0%" },
    ],
  });
  const days = byRep(["Ann", 10], ["Bob", 30], ["Cy", 90]);
  expect(
    widget({ widget: "rag", amber: 60, green: 20 }, { answer: answer("days", days), better: "lower" }),
  ).toMatchObject({
    item: [{ value: 1 }, { value: 1 }, { value: 1 }],
  });
});

it("text: the value in words, and how fresh it is; marked when it is not complete", () => {
  const complete = answer("money", [{ value: 1234 }]);
  expect(widget({ widget: "text" }, { answer: complete })).toEqual({
    item: [{ text: "Won: £1,234 (as of 11:59)", type: 0 }],
  });
  const notes = ["Close is still loading", "24 left out: no exchange rate"];
  expect(widget({ widget: "text" }, { answer: complete, notes, asOf: null })).toEqual({
    item: [{ text: "Won: £1,234 (Close is still loading; 24 left out: no exchange rate)", type: 1 }],
  });
});

it("what is missing stands behind the title where a format has one", () => {
  const notes = ["24 left out: no exchange rate"];
  const data = { answer: answer("money", [{ value: 1234.5 }]), notes };
  expect(widget({}, data)).toMatchObject({ item: [{ value: 1234.5, text: "Won (24 left out: no exchange rate)" }] });
  const series = answer("money", [{ period: "2026-11-01", value: 5 }]);
  expect(widget({ widget: "line" }, { ...data, series })).toMatchObject({
    series: [{ name: "Won (24 left out: no exchange rate)" }],
  });
});

it("column chart: the document of a bar chart", () => {
  const data = { answer: answer("count", byRep(["Ann", 1], ["Bob", 3])) };
  expect(widget({ widget: "column", by: "rep" }, data)).toEqual(widget({ widget: "bar", by: "rep" }, data));
});

it("bullet: ranges, the value and the period before, in thousands or millions where labels would not fit", () => {
  const data = { answer: answer("money", [{ value: 45_000 }]), before: answer("money", [{ value: 30_000 }]) };
  expect(widget({ widget: "bullet", amber: 20_000, green: 40_000, max: 60_000 }, data)).toEqual({
    orientation: "horizontal",
    item: {
      label: "Won",
      sublabel: "thousand GBP",
      axis: { point: ["0", "15", "30", "45", "60"] },
      range: { red: { start: 0, end: 20 }, amber: { start: 20, end: 40 }, green: { start: 40, end: 60 } },
      measure: { current: { start: "0", end: "45" } },
      comparative: { point: "30" },
    },
  });
  const days = { answer: answer("days", [{ value: 20 }]), better: "lower" } as const;
  expect(widget({ widget: "bullet", amber: 30, green: 15, max: 60 }, days)).toMatchObject({
    item: { range: { green: { start: 0, end: 15 }, amber: { start: 15, end: 30 }, red: { start: 30, end: 60 } } },
  });
});

it("map: places by their size; what is no place, or has no value, is not on it", () => {
  const rows = [
    ["Oslo, NO", 200],
    ["São Paulo (BR)", 20],
    ["Nowhere", 500],
    ["Rome, IT", 0],
  ] as const;
  const placed = rows.map(([city, value]) => ({ dimensions: { "attributes.city": city }, value }));
  expect(widget({ widget: "map", by: "attributes.city" }, { answer: answer("money", placed) })).toEqual({
    points: {
      point: [
        { city: { city_name: "Oslo", country_code: "NO" }, size: 10 },
        { city: { city_name: "São Paulo", country_code: "BR" }, size: 1 },
      ],
    },
  });
});

it("monitoring: down while a source is not read, whatever the number says", () => {
  const said = (...states: readonly string[]): unknown => {
    const sources = states.map((state) => ({
      connection: state,
      title: state,
      state,
    })) as unknown as MetricAnswer["sources"];
    const data = {
      answer: { ...answer("money", [{ value: 1 }]), sources },
      notes: states.includes("current") ? [] : ["Close is late"],
    };
    return widget({ widget: "monitoring" }, data);
  };
  expect(said("current", "ended")).toEqual({ status: "Up", downTime: "", responseTime: "as of 11:59" });
  expect(said("partial")).toMatchObject({ status: "Up", downTime: "Close is late" });
  expect(said("current", "stopped")).toMatchObject({ status: "Down" });
  expect(said("loading")).toMatchObject({ status: "Unreported" });
});

it("no widget gets more rows than Geckoboard takes, and text from outside is no HTML", () => {
  const many = Array.from({ length: 40 }, (_, at) => ({
    dimensions: { stage: `s${at}`, rep: `r${at}` },
    value: 40 - at,
    rank: at + 1,
  }));
  expect(widget({ widget: "funnel", limit: 50 }, { answer: answer("count", many) })).toMatchObject({
    item: { length: 8 },
  });
  expect(widget({ widget: "leaderboard", limit: 50 }, { answer: answer("count", many) })).toMatchObject({
    items: { length: 22 },
  });
  const title = "A & B <script>";
  expect(JSON.stringify(widget({ widget: "text" }, { answer: answer("count", [{ value: 1 }]), title }))).toContain(
    "A &amp; B &lt;script&gt;",
  );
});
