import type { Feed } from "../../../core/metrics/feeds.ts";
import type { MetricAnswer, MetricRow } from "../../../core/metrics/index.ts";
import type { SourceState } from "../../../core/metrics/engine/freshness.ts";
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
    // Lying or standing bars: one document for both.
    case "bar":
    case "column":
      return barWidget(feed, data);
    case "line":
      return lineWidget(data);
    case "geckometer":
      return geckometerWidget(feed, data);
    case "bullet":
      return bulletWidget(feed, data);
    case "map":
      return mapWidget(feed, data.answer);
    case "monitoring":
      return monitoringWidget(data);
    case "pie":
      return {
        item: [
          ...namedValues(feed, data.answer).map(({ name, value }) => ({ value: String(value), label: name })),
          // A slice of nothing: its label stands in the legend.
          ...data.notes.slice(0, 1).map((note) => ({ value: "0", label: note })),
        ],
      };
    case "rag":
      return ragWidget(feed, data);
    case "text":
      return textWidget(data);
    case "list":
      return [
        ...namedValues(feed, data.answer).map(({ name, value }) => ({
          title: { text: name },
          description: data.write(value),
        })),
        ...data.notes.slice(0, 1).map((note) => ({ title: { text: note }, label: { name: "!", color: "#ffb300" } })),
      ];
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

/** More rows than Geckoboard takes are refused by it without a word. */
const MOST_STEPS = 8;
const MOST_RANKS = 22;
const MOST_RAG_CHARACTERS = 40;

function leaderboardWidget(feed: Feed, answer: MetricAnswer): Document {
  // A ranking is by rep, whatever else was asked for.
  const by = answer.rows.some((row) => row.rank !== undefined) ? "rep" : (feed.by ?? "rep");
  const items = answer.rows
    .filter(({ value }) => value !== null)
    .slice(0, Math.min(feed.limit, MOST_RANKS))
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
  return {
    item: [...counts]
      .slice(0, Math.min(feed.limit, MOST_STEPS))
      .map(([name, value]) => ({ value, label: nameOf(name) })),
  };
}

/** The format has no title: what is missing names the series, which Geckoboard may leave out where there is one alone. */
function barWidget(feed: Feed, data: WidgetData): Document {
  const { answer, notes } = data;
  const bars = namedValues(feed, answer);
  return {
    x_axis: { labels: bars.map(({ name }) => name) },
    y_axis: formatOf(answer),
    series: [{ ...(notes.length === 0 ? {} : { name: titled(data) }), data: bars.map(({ value }) => value) }],
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
      { value: counts.red, text: cut(`${word} ${write(amber)}`) },
      { value: counts.amber, text: cut(`${word} ${write(green)}`) },
      { value: counts.green, text: cut(`${better === "lower" ? "up to" : "from"} ${write(green)}`) },
    ],
  };
}

function cut(text: string): string {
  return Array.from(text).slice(0, MOST_RAG_CHARACTERS).join("");
}

/** The value as a bar before its ranges, with a mark for the period before. Long axis labels do not fit: amounts are shown in thousands or millions. */
function bulletWidget(feed: Feed, { answer, before, better, title }: WidgetData): Document {
  const value = answer.rows[0]?.value ?? 0;
  const previous = before?.rows[0]?.value ?? null;
  const min = feed.min ?? 0;
  const max = feed.max ?? (answer.unit === "ratio" ? 1 : Math.max(value, previous ?? 0, feed.green ?? 0, min + 1));
  const [scale, word] = scaleOf(max);
  const scaled = (number: number): number => Number((number / scale).toPrecision(6));
  const amber = feed.amber ?? min + (max - min) / 3;
  const green = feed.green ?? min + ((max - min) * 2) / 3;
  const bounds = [min, ...[amber, green].toSorted((a, b) => a - b), max].map(scaled);
  const colours = better === "lower" ? (["green", "amber", "red"] as const) : (["red", "amber", "green"] as const);
  const range = Object.fromEntries(colours.map((colour, at) => [colour, { start: bounds[at], end: bounds[at + 1] }]));
  const unit = answer.unit === "money" || answer.unit === "money_per_day" ? answer.currency : "";
  const sublabel = [word, unit].filter((one) => one !== "").join(" ");
  return {
    orientation: "horizontal",
    item: {
      label: title,
      ...(sublabel === "" ? {} : { sublabel }),
      axis: { point: [0, 1, 2, 3, 4].map((step) => String(scaled(min + ((max - min) * step) / 4))) },
      range,
      measure: { current: { start: String(scaled(min)), end: String(scaled(value)) } },
      ...(previous === null ? {} : { comparative: { point: String(scaled(previous)) } }),
    },
  };
}

function scaleOf(most: number): readonly [scale: number, word: string] {
  if (most >= 1_000_000) return [1_000_000, "million"];
  return most >= 1_000 ? [1_000, "thousand"] : [1, ""];
}

/** Rows whose name is a place (`Oslo, NO`), the largest as the largest point. Others have no place on a map. */
function mapWidget(feed: Feed, answer: MetricAnswer): Document {
  const places = namedValues(feed, answer).flatMap(({ name, value }) => {
    const [, city, country] = /^(.+?)\s*[,(]\s*([A-Z]{2})\)?$/.exec(name) ?? [];
    return city === undefined || country === undefined || value <= 0 ? [] : [{ city, country, value }];
  });
  const most = Math.max(...places.map(({ value }) => value), 1);
  return {
    points: {
      point: places.map(({ city, country, value }) => ({
        city: { city_name: city, country_code: country },
        size: Math.max(1, Math.round((value / most) * 10)),
      })),
    },
  };
}

/** Whether the sources of the number are read as they should be, and how fresh it is. */
function monitoringWidget({ answer, notes, asOf }: WidgetData): Document {
  const isIn = (...states: readonly SourceState[]): boolean =>
    answer.sources.some(({ state }) => states.includes(state));
  const isRead = isIn("current", "partial", "stale", "stopped");
  return {
    status: isIn("stopped", "stale") ? "Down" : isRead ? "Up" : "Unreported",
    // Shown only while it is up: what is wrong otherwise.
    downTime: notes[0] ?? "",
    responseTime: asOf ?? "",
  };
}

/** The widget reads simple HTML: names that come from outside must not be any. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function textWidget({ answer, title, write, notes, asOf }: WidgetData): Document {
  // Type 1 puts Geckoboard's corner icon "alert" on what is not complete, 0 is none.
  const said = [...notes, ...(asOf === null ? [] : [asOf])].join("; ");
  const value = write(answer.rows[0]?.value ?? null);
  const text = said === "" ? `${title}: ${value}` : `${title}: ${value} (${said})`;
  return { item: [{ text: escaped(text), type: notes.length > 0 ? 1 : 0 }] };
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
