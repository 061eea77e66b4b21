import { TributaryError } from "../../core/base/errors.ts";
import { addDays, type Day, isDay } from "../../core/base/time.ts";
import { type Report, type Row, unreadable } from "./answers.ts";
import type { AnalyticsClient, ReportQuery } from "./client.ts";

/** Rows a page. The most is 250,000, older pages say 100,000; this many are a few megabytes. */
const PAGE_ROWS = 10_000;

/** What is read of a report: a span of whole dates. */
export type Span = Omit<ReportQuery, "limit" | "offset" | "from" | "to"> & { readonly from: Day; readonly to: Day };

/** Dates that are complete, oldest first, each with its rows; dates without any are there, too. */
export type Dates = {
  readonly report: Report;
  readonly dates: ReadonlyMap<Day, readonly Row[]>;
  /** Dates up to here are done. */
  readonly through: Day;
};

/**
 * How a span ended: `moved`: it changed while it was read, what was not given is to be read again; `sampled`: Google guessed, day by day
 * it may not have to.
 */
export type SpanEnd = "complete" | "moved" | "sampled";

/**
 * Reads a span page by page, and gives each date once its last row is here. Holds a page and the rows of one date.
 *
 *   pages    | 1: rows 0 – 9,999            | 2: rows 10,000 – 19,999      | 3: the rest |
 *   dates    | 19th        | 20th         | 21st          | 22nd                        |
 *   given      after page 1: 19th           after page 2: 20th, 21st?       after page 3
 *
 * A date is complete when a row of a later one has come, or the report's end.
 */
export async function* readSpan(
  client: AnalyticsClient,
  span: Span,
  pageRows = PAGE_ROWS,
): AsyncGenerator<Dates, SpanEnd> {
  const query = { ...span, dimensions: ["date", ...span.dimensions], limit: pageRows };
  let next = span.from;
  let open = new Map<Day, Map<string, Row>>();
  let rowCount: number | null = null;
  for (let offset = 0; ;) {
    const report = await client.report({ ...query, offset });
    if (report.quality.sampling !== null && span.from < span.to) return "sampled";
    if (report.rowCount !== (rowCount ??= report.rowCount)) return "moved";
    expectHeaders(report, query.dimensions, span.metrics);
    for (const { date, row } of report.rows.map(rowOfDate)) {
      const rows = open.get(date) ?? new Map<string, Row>();
      const key = JSON.stringify(row.dimensions);
      // Pages that overlap have shifted, and may have left out as much elsewhere.
      if (rows.has(key) || date < next || date > span.to) return "moved";
      open.set(date, rows.set(key, row));
    }
    offset += report.rows.length;
    const isLast = offset >= rowCount;
    if (!isLast && report.rows.length === 0) return "moved";
    const newest = [...open.keys()].reduce((latest, date) => (date > latest ? date : latest), next);
    const through = isLast ? span.to : addDays(newest, -1);
    if (through >= next) {
      const dates = new Map<Day, readonly Row[]>();
      for (let date = next; date <= through; date = addDays(date, 1))
        dates.set(date, [...(open.get(date)?.values() ?? [])]);
      yield { report, dates, through };
      open = new Map([...open].filter(([date]) => date > through));
      next = addDays(through, 1);
    }
    if (isLast) return "complete";
  }
}

/** Rows are positional: they mean something only beside the headers of the same answer. */
function expectHeaders(report: Report, dimensions: readonly string[], metrics: readonly string[]): void {
  const isAsAsked = sameNames(report.dimensions, dimensions) && sameNames(report.metrics, metrics);
  if (report.rows.length > 0 && !isAsAsked) throw unreadable(["headers: other columns than were asked for"]);
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, at) => name === other[at]);
}

function rowOfDate(row: Row): { readonly date: Day; readonly row: Row } {
  const [text = "", ...dimensions] = row.dimensions;
  const date = text.replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3");
  if (!isDay(date)) throw unreadable(["rows.date: no day"]);
  return { date, row: { dimensions, metrics: row.metrics } };
}

export function keepsMoving(from: Day, to: Day): TributaryError {
  return new TributaryError({
    code: "google-analytics.report.keeps_moving",
    kind: "transient",
    message: `The report of ${from} to ${to} changed each time it was read.`,
    mend: "Nothing to do: it is read again with the next pull, when Google has done with it.",
  });
}
