import type { Feed } from "../../../core/metrics/feeds.ts";
import type { MetricAnswer, MetricRow } from "../../../core/metrics/index.ts";
import { nameOf } from "../tv/content.ts";

/**
 * The JSON of Geckoboard's custom widgets (README.md names the source of each format). Pure: answers in, document out.
 * A number that has no value is left out of lists, and `null` where the format needs one: Geckoboard then shows a gap, never a 0.
 */
export type WidgetData = {
  readonly title: string;
  readonly answer: MetricAnswer;
  /** The period before, for a number; null where there is none. */
  readonly before: MetricAnswer | null;
  /** By calendar period, for lines and trends; null otherwise. */
  readonly series: MetricAnswer | null;
  readonly better: "higher" | "lower" | null;
  /** The value as people write it, for text. */
  readonly write: (value: number | null) => string;
  /** How fresh it is, in words; null: nobody knows. */
  readonly asOf: string | null;
  /** What is missing from the answer, in the workspace's language; empty: it is whole. */
  readonly notes: readonly string[];
};

type Document = { readonly [field: string]: unknown } | readonly unknown[];

export function widgetOf(feed: Feed, data: WidgetData): Document {
  switch (feed.widget) {
    case "number_and_secondary":
      return numberWidget(feed, data);
    case "leaderboard":
      return leaderboardWidget(feed, data.answer);
    case "funnel":
      return funnelWidget(feed, data.answer);
    case "bar":
      return barWidget(feed, data.answer);
    case "line":
      return lineWidget(data);
    case "geckometer":
      return geckometerWidget(feed, data);
    case "pie":
      return { item: namedValues(feed, data.answer).map(({ name, value }) => ({ value: String(value), label: name })) };
    case "rag":
      return ragWidget(feed, data);
    case "text":
      return textWidget(data);
    case "list":
      return namedValues(feed, data.answer).map(({ name, value }) => ({
        title: { text: name },
        description: data.write(value),
      }));
    default:
      return feed.widget satisfies never;
  }
}

/** "Number and secondary stat": an absolute comparison, or a trend line below the number. */
function numberWidget(feed: Feed, data: WidgetData): Document {
  const { answer, before, series, better } = data;
  const main = { value: answer.rows[0]?.value ?? null, text: titled(data), ...prefixOf(answer) };
  const reverse = better === "lower" ? { type: "reverse" } : {};
  if (feed.trend) return { item: [main, values(series)] };
  const second = before?.rows[0]?.value;
  return { ...reverse, item: second === undefined || second === null ? [main] : [main, { value: second }] };
}

function leaderboardWidget(feed: Feed, answer: MetricAnswer): Document {
  // A ranking is by rep, whatever else was asked for.
  const by = answer.rows.some((row) => row.rank !== undefined) ? "rep" : (feed.by ?? "rep");
  const items = answer.rows
    .filter(({ value }) => value !== null)
    .slice(0, feed.limit)
    .map((row) => ({
      label: nameOf(row.dimensions[by]),
      value: row.value,
      ...(row.previous_rank == null ? {} : { previous_rank: row.previous_rank }),
    }));
  return { ...formatOf(answer), items };
}

/** Deals that entered each stage, in the order of the stages. */
function funnelWidget(feed: Feed, answer: MetricAnswer): Document {
  const by = feed.by ?? "stage";
  const counts = new Map<string, number>();
  for (const row of answer.rows) {
    const name = row.dimensions[by] ?? row.dimensions["stage"];
    if (name == null) continue;
    counts.set(name, (counts.get(name) ?? 0) + (row.denominator ?? row.value ?? 0));
  }
  return { item: [...counts].slice(0, feed.limit).map(([name, value]) => ({ value, label: nameOf(name) })) };
}

function barWidget(feed: Feed, answer: MetricAnswer): Document {
  const bars = namedValues(feed, answer);
  return {
    x_axis: { labels: bars.map(({ name }) => name) },
    y_axis: formatOf(answer),
    series: [{ data: bars.map(({ value }) => value) }],
  };
}

/** The running period is marked as incomplete, which Geckoboard draws dashed. */
function lineWidget(data: WidgetData): Document {
  const { series } = data;
  const rows = series?.rows ?? [];
  const last = rows.at(-1)?.period ?? null;
  return {
    x_axis: { labels: rows.map(({ period }) => period), type: "datetime" },
    y_axis: series === null ? {} : formatOf(series),
    series: [
      { name: titled(data), data: rows.map(({ value }) => value), ...(last === null ? {} : { incomplete_from: last }) },
    ],
  };
}

function geckometerWidget(feed: Feed, { answer, before, better }: WidgetData): Document {
  const value = answer.rows[0]?.value ?? null;
  const min = feed.min ?? 0;
  const most = answer.unit === "ratio" ? 1 : Math.max(value ?? 0, before?.rows[0]?.value ?? 0, min + 1);
  return {
    item: value,
    min: { value: min },
    max: { value: feed.max ?? most },
    ...formatOf(answer),
    ...(better === "lower" ? { type: "reverse" } : {}),
  };
}

/** How many of the rows are red, amber and green, in this order. */
function ragWidget(feed: Feed, { answer, better, write }: WidgetData): Document {
  const amber = feed.amber ?? 0;
  const green = feed.green ?? 0;
  const counts = { red: 0, amber: 0, green: 0 };
  const reaches = (value: number, bound: number): boolean => (better === "lower" ? value <= bound : value >= bound);
  for (const { value } of answer.rows) {
    if (value === null) continue;
    counts[reaches(value, green) ? "green" : reaches(value, amber) ? "amber" : "red"] += 1;
  }
  const word = better === "lower" ? "above" : "below";
  return {
    item: [
      { value: counts.red, text: `${word} ${write(amber)}` },
      { value: counts.amber, text: `${word} ${write(green)}` },
      { value: counts.green, text: `${better === "lower" ? "up to" : "from"} ${write(green)}` },
    ],
  };
}

function textWidget({ answer, title, write, notes, asOf }: WidgetData): Document {
  // Type 1 puts Geckoboard's corner icon "alert" on what is not complete, 0 is none.
  const said = [...notes, ...(asOf === null ? [] : [asOf])].join("; ");
  const value = write(answer.rows[0]?.value ?? null);
  return {
    item: [
      { text: said === "" ? `${title}: ${value}` : `${title}: ${value} (${said})`, type: notes.length > 0 ? 1 : 0 },
    ],
  };
}

/** The title, with what is missing from the number behind it. */
function titled({ title, notes: [note] }: WidgetData): string {
  return note === undefined ? title : `${title} (${note})`;
}

/** Rows that have a value, the largest first unless the feed is in the order of stages. */
function namedValues(feed: Feed, answer: MetricAnswer): { readonly name: string; readonly value: number }[] {
  const by = feed.by ?? "rep";
  const rows = answer.rows.flatMap((row: MetricRow) =>
    row.value === null ? [] : [{ name: nameOf(row.dimensions[by]), value: row.value }],
  );
  const sorted = by.endsWith("stage") ? rows : rows.toSorted((left, right) => right.value - left.value);
  return sorted.slice(0, feed.limit);
}

function values(series: MetricAnswer | null): (number | null)[] {
  return (series?.rows ?? []).map(({ value }) => value);
}

function formatOf(answer: MetricAnswer): { readonly format: string; readonly unit?: string } {
  if (answer.unit === "money" || answer.unit === "money_per_day") return { format: "currency", unit: answer.currency };
  return answer.unit === "ratio" ? { format: "percent" } : { format: "decimal" };
}

/** The currency's own sign (`£`), as the widget's prefix. */
function prefixOf(answer: MetricAnswer): { readonly prefix?: string } {
  if (answer.unit !== "money" && answer.unit !== "money_per_day") return {};
  const parts = new Intl.NumberFormat("en", {
    style: "currency",
    currency: answer.currency,
    currencyDisplay: "narrowSymbol",
  }).formatToParts(0);
  const prefix = parts.find(({ type }) => type === "currency")?.value;
  return prefix === undefined ? {} : { prefix };
}
