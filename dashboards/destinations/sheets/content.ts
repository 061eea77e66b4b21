import { dayOf } from "../../../core/base/time.ts";
import type { Column, Exported } from "../../../core/export/columns.ts";
import type { MetricAnswer, MetricRow } from "../../../core/metrics/index.ts";
import {
  type Cell,
  cellOf,
  DATE,
  DATE_TIME,
  dayCell,
  type Pattern,
  patternOf,
  PERCENT,
  textCell,
  timeCell,
  unitPattern,
} from "./cells.ts";

/**
 * What stands in a tab.
 *
 *   1  title          which days
 *   2  As of          when this was written
 *   3  Fresh as of    what the sources had changed until then is in it
 *   4  Left out       what is missing
 *   5  the columns' names
 *   6  rows …
 */
export type Content = {
  readonly title: string;
  readonly span: string;
  readonly columns: readonly { readonly name: string; readonly pattern: Pattern }[];
  readonly rows: readonly (readonly Cell[])[];
  /** Of a history: the columns by which a row is known. */
  readonly keys: readonly number[];
  readonly leftOut: string;
  /** A time, or a sentence where there is none. */
  readonly freshAsOf: Cell;
};

export const HEAD_ROWS = 5;
/** Cells in the head that are times. */
export const STAMP_ROWS = { from: 1, to: 3 };
export const STAMP_PATTERN: Pattern = DATE_TIME;

/** @param by the dimensions that were asked for. */
export function kpiContent(
  answer: MetricAnswer,
  by: readonly string[],
  { limit, isHistory }: { readonly limit: number; readonly isHistory: boolean },
): Content {
  const dimensions = [...new Set([...by, ...answer.rows.flatMap((row) => Object.keys(row.dimensions))])];
  const hasPeriod = answer.rows.some(({ period }) => period !== null);
  const day = isHistory && !hasPeriod ? dayOf(new Date(answer.as_of), answer.timezone) : null;
  const isRatio = answer.unit === "ratio";
  const isRanking = answer.rows.some(({ rank }) => rank !== undefined);
  const shown: readonly (Content["columns"][number] & {
    readonly of: (row: MetricRow) => Cell;
    readonly isKey?: true;
  })[] = [
    ...(hasPeriod
      ? [
          {
            name: "Period",
            pattern: DATE,
            of: ({ period }: MetricRow) => (period === null ? "" : dayCell(period)),
            isKey: true as const,
          },
        ]
      : []),
    ...(day === null ? [] : [{ name: "Day", pattern: DATE, of: () => dayCell(day), isKey: true as const }]),
    ...dimensions.map((name) => ({
      name: heading(name),
      pattern: null,
      of: (row: MetricRow) => textCell(row.dimensions[name] ?? "(none)"),
      isKey: true as const,
    })),
    {
      name: heading(answer.metric),
      pattern: unitPattern(answer.unit, answer.currency),
      of: (row) => row.value ?? "",
    },
    ...(isRatio
      ? [
          { name: "Numerator", pattern: null, of: (row: MetricRow) => row.numerator ?? "" },
          { name: "Denominator", pattern: null, of: (row: MetricRow) => row.denominator ?? "" },
          { name: "Interval from", pattern: PERCENT, of: (row: MetricRow) => row.interval?.[0] ?? "" },
          { name: "Interval to", pattern: PERCENT, of: (row: MetricRow) => row.interval?.[1] ?? "" },
        ]
      : []),
    ...(isRanking
      ? [
          { name: "Rank", pattern: null, of: (row: MetricRow) => row.rank ?? "" },
          { name: "Previous rank", pattern: null, of: (row: MetricRow) => row.previous_rank ?? "" },
        ]
      : []),
    { name: "Records", pattern: null, of: (row) => row.sample_size },
  ];
  const rows = answer.rows.slice(0, limit).map((row) => shown.map(({ of }) => of(row)));
  return {
    title: heading(answer.metric),
    span: answer.from === null || answer.to === null ? "all time" : `${answer.from} to ${answer.to}`,
    columns: shown.map(({ name, pattern }) => ({ name, pattern })),
    rows,
    keys: shown.flatMap(({ isKey }, at) => (isKey === true ? [at] : [])),
    leftOut: said([...answer.notes, ...cutOff(answer.rows.length, limit)]),
    freshAsOf: freshText(answer.fresh_as_of, answer.timezone),
  };
}

/** Reads no more of the table than is shown. */
export async function tableContent(
  name: string,
  exported: Exported,
  {
    limit,
    timeZone,
    freshAsOf,
  }: { readonly limit: number; readonly timeZone: string; readonly freshAsOf: string | null },
): Promise<Content> {
  const { columns } = exported;
  const rows: Cell[][] = [];
  let isMore = false;
  for await (const batch of exported.batches) {
    for (const row of batch.slice(0, limit - rows.length))
      rows.push(columns.map((column) => cellOf(row[column.name], column, timeZone)));
    isMore = batch.length > limit - rows.length && rows.length === limit;
    if (isMore) break;
  }
  return {
    title: heading(name),
    span: "as it stands",
    columns: columns.map((column: Column) => ({ name: heading(column.name), pattern: patternOf(column) })),
    rows,
    keys: [],
    leftOut: said(isMore ? [`rows beyond the first ${limit}`] : []),
    freshAsOf: freshText(freshAsOf, timeZone),
  };
}

function cutOff(count: number, limit: number): readonly string[] {
  return count > limit ? [`${count - limit} rows beyond the first ${limit}`] : [];
}

function said(notes: readonly string[]): string {
  return textCell(notes.length === 0 ? "nothing" : notes.join("; "));
}

function freshText(freshAsOf: string | null, timeZone: string): Cell {
  return freshAsOf === null ? "not every source has been read yet" : timeCell(new Date(freshAsOf), timeZone);
}

export function heading(name: string): string {
  const words = textCell(name.replace(/^attributes\./, "").replaceAll("_", " "));
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The rows of a history: those that are there, and these, which take the place of what they are known by. By their first column. */
export function grown(content: Content, there: readonly (readonly Cell[])[]): readonly (readonly Cell[])[] {
  const keyOf = (row: readonly Cell[]): string => JSON.stringify(content.keys.map((at) => row[at] ?? ""));
  const all = new Map([...there, ...content.rows].map((row) => [keyOf(row), row]));
  return [...all.values()].toSorted((a, b) => Number(a[0]) - Number(b[0]));
}

/** The head and the rows, each as wide as the whole. @param writtenAt in cells of {@link timeCell}. */
export function cellsOf(
  content: Content,
  rows: Content["rows"],
  writtenAt: Cell,
  timeZone: string,
): readonly (readonly Cell[])[] {
  const width = widthOf(content);
  const padded = (row: readonly Cell[]): readonly Cell[] =>
    row.length >= width ? row : [...row, ...Array.from({ length: width - row.length }, () => "")];
  return [
    [content.title, content.span],
    [`As of (${timeZone})`, writtenAt],
    ["Fresh as of", content.freshAsOf],
    ["Left out", content.leftOut],
    content.columns.map(({ name }) => name),
    ...rows,
  ].map(padded);
}

export function widthOf({ columns }: Pick<Content, "columns">): number {
  return Math.max(2, columns.length);
}
