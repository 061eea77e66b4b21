import path from "node:path";
import type { Location } from "./files.ts";
import { createSeenIds } from "./seen-ids.ts";
import type { Mapping } from "./settings.ts";

/** One file of a source, with the time of its content. */
export type DatedFile = { readonly mapping: Mapping; readonly location: Location; readonly mtimeMs: number | null };

/**
 * Which row of several with one key counts:
 *
 * - `report`  the first; the others are listed as unreadable.
 * - `first`   the first.
 * - `last`    the last one of the last file: the files are snapshots, or lines are added below.
 */
export type RepeatedKeys = "report" | "first" | "last";

/**
 * What holds between the files of a source. Where nothing is said, files whose names differ in their numbers alone (`w1.csv`, `w2.csv`;
 * `deals-2026-01-05.csv`; `export.csv`, `export (1).csv`) are snapshots of one sheet, so the later one counts.
 */
export function repeatsBetweenFiles(mapping: Mapping, files: readonly DatedFile[]): RepeatedKeys {
  if (mapping.repeated_keys !== undefined) return mapping.repeated_keys;
  return files.length > 1 && areNumbered(files) ? "last" : "report";
}

function areNumbered(files: readonly DatedFile[]): boolean {
  const wordings = new Set(files.map(({ location }) => (location.kind === "file" ? numbersIn(location).wording : "")));
  return wordings.size === 1 && !wordings.has("");
}

/** The files in the order in which they are read: of snapshots the latest first, so that the first row of a key is the one that counts. */
export function readingOrder<File extends DatedFile>(files: readonly File[]): readonly File[] {
  return sourcesOf(files).flatMap((own) => (isOfSnapshots(own) ? latestFirst(own).files : own));
}

/** Of each source with several snapshots which one counts, and by what. */
export function describeOrder(files: readonly DatedFile[]): readonly string[] {
  return sourcesOf(files).flatMap((own) => {
    if (own.length < 2 || !isOfSnapshots(own)) return [];
    const { files: ordered, by } = latestFirst(own);
    return [`of ${own.length} snapshots the latest is ${ordered[0]?.location.shown ?? ""}, by ${by}`];
  });
}

function sourcesOf<File extends DatedFile>(files: readonly File[]): readonly (readonly File[])[] {
  return [...new Set(files.map(({ mapping }) => mapping))].map((mapping) =>
    files.filter((file) => file.mapping === mapping),
  );
}

function isOfSnapshots(own: readonly DatedFile[]): boolean {
  return own[0] !== undefined && repeatsBetweenFiles(own[0].mapping, own) === "last";
}

/**
 * By name, where the names have numbers, with the year first wherever it stands (`31.01.2026` comes before `01.02.2026`, `w52-2025` before
 * `w1-2026`); else by time of change, as where the names leave open whether the day or the month comes first.
 */
function latestFirst<File extends DatedFile>(
  own: readonly File[],
): { readonly files: readonly File[]; readonly by: "name" | "time of change" } {
  // They come in the order of their names: of equal ones the last name counts.
  const backwards = own.toReversed();
  const said = own[0]?.mapping.latest_file;
  const ranks = areNumbered(own) ? ranksOf(own) : null;
  const hasNumber = ({ location }: DatedFile): boolean =>
    location.kind === "file" && /\d/.test(path.basename(location.path));
  const saysNothing = ranks === "open" || (ranks === null && !own.every(hasNumber));
  if (said === "time" || (said === undefined && saysNothing))
    return { files: backwards.toSorted((a, b) => (b.mtimeMs ?? 0) - (a.mtimeMs ?? 0)), by: "time of change" };
  if (ranks === null || ranks === "open") return { files: backwards, by: "name" };
  return {
    files: backwards.toSorted((a, b) => compareNumbers(ranks.get(b) ?? [], ranks.get(a) ?? [])),
    by: "name",
  };
}

function compareNumbers(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}

/** A name without its numbers, and these; the number of a copy (`export (2).csv`) comes last and is 0 where there is none. */
function numbersIn({ path: file }: { readonly path: string }): {
  readonly wording: string;
  readonly numbers: readonly string[];
} {
  const [name = ""] = path.basename(file).split(/(?=\.(?:csv|tsv|tab|txt|xls[xm])(?:\.|$))/i);
  const rest = path.basename(file).slice(name.length);
  const copy = / ?\((\d+)\)$/.exec(name);
  const own = copy === null ? name : name.slice(0, copy.index);
  return { wording: `${own.replace(/\d+/g, "0")}${rest}`, numbers: [...(own.match(/\d+/g) ?? []), copy?.[1] ?? "0"] };
}

/**
 * By what the files are compared, number by number; `open`: their names leave open which number is the month.
 *
 * @param own files whose names differ in their numbers alone.
 */
function ranksOf<File extends DatedFile>(own: readonly File[]): ReadonlyMap<File, readonly number[]> | "open" {
  const rows = own.map((file) => (file.location.kind === "file" ? spread(numbersIn(file.location).numbers, own) : []));
  const plain = new Map(own.map((file, index) => [file, (rows[index] ?? []).map(Number)] as const));
  const columns = (rows[0] ?? []).map((_number, column) => rows.map((row) => row[column] ?? ""));
  const year = columns.findIndex((column) => column.every((text) => /^(19|20)\d\d$/.test(text)));
  if (year < 1) return plain;
  const order = [year];
  const [first, second] = [columns[year - 2] ?? [], columns[year - 1] ?? []];
  const upTo = (column: readonly string[], most: number): boolean =>
    column.length > 0 && column.every((text) => Number(text) >= 1 && Number(text) <= most);
  if (upTo(first, 31) && upTo(second, 31)) {
    const [dayFirst, monthFirst] = [upTo(second, 12), upTo(first, 12)];
    const isDotted = own.every(({ location }) => location.kind === "file" && /\d\.\d+\.\d{4}/.test(location.path));
    if (dayFirst && monthFirst && !isDotted) return "open";
    order.push(...(dayFirst ? [year - 1, year - 2] : [year - 2, year - 1]));
  }
  const rest = columns.map((_column, index) => index).filter((index) => !order.includes(index));
  return new Map(
    [...plain].map(([file, numbers]) => [file, [...order, ...rest].map((index) => numbers[index] ?? 0)] as const),
  );
}

/** `31012026` as 31, 01, 2026, where the numbers of no file can be read from the year on (`20260131`). */
function spread(numbers: readonly string[], own: readonly DatedFile[]): readonly string[] {
  const all = own.flatMap(({ location }) => (location.kind === "file" ? numbersIn(location).numbers : []));
  const compact = all.filter((text) => text.length === 8);
  const endsInYear = (text: string): boolean => /^\d{4}(19|20)\d\d$/.test(text);
  const beginsWithYear = (text: string): boolean => /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(text);
  if (compact.every(beginsWithYear) || !compact.every(endsInYear)) return numbers;
  return numbers.flatMap((text) => (text.length === 8 ? [text.slice(0, 2), text.slice(2, 4), text.slice(4)] : [text]));
}

/** The number of the last row of each key. */
export type LastRows = { readonly isLast: (id: string, row: number) => boolean };

/** Reads a file for its keys alone, where a later row of it may count instead of an earlier one. */
export async function findLastRows(ids: AsyncIterable<string | null>): Promise<LastRows> {
  const last = createSeenIds();
  let row = 0;
  for await (const id of ids) {
    if (id !== null) last.set(id, row);
    row += 1;
  }
  return { isLast: (id, at) => last.get(id) === at };
}
