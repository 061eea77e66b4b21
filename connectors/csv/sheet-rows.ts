import type { Problem, RunLog } from "../../core/connector/define.ts";
import { openContent } from "./content.ts";
import { fileError } from "./errors.ts";
import { andList, columnName } from "../_rows/names.ts";
import { missingColumns, type Cells } from "../_rows/row-reader.ts";
import { columnsNeeded } from "../_rows/mapping.ts";
import type { Mapping } from "./settings.ts";
import { MAX_COLUMNS } from "./text-format.ts";
import { readTextApart } from "./text-rows.ts";
import { cellText, excerpt, type Cell } from "../_rows/values.ts";
import { readWorkbookApart } from "./workbook/index.ts";
import type { ChosenSheet } from "./workbook/read.ts";

/** A row of a file: its cells by column (of a broken row, those that could be told), and what is wrong with it. */
export type SheetRow = {
  readonly line: number;
  readonly cells: Cells;
  readonly problem: Pick<Problem, "code" | "reason"> | null;
};

export type RawRow = {
  readonly line: number;
  readonly cells: readonly Cell[] | null;
  readonly reason: string;
  /** The file ends in it, without an end of the line. */
  readonly isAtOpenEnd?: true;
};

export type SheetFile = {
  readonly path: string;
  readonly shown: string;
  readonly mapping: Mapping;
  readonly log: RunLog;
  /** Ends the reading, also of what is read elsewhere. */
  readonly signal: AbortSignal;
  /** Told what may be wrong with the file as a whole, once all of it has been read. */
  readonly tell?: (found: FileFault) => void;
};

/**
 * - `holes`     zero bytes in a row, where something else stood once: rows may be gone.
 * - `open_end`  a text that does not end with its line: more may be on its way.
 */
export type FileFault = "holes" | "open_end";

/** How far below the row that should be the header another one is looked for, to name it. */
const ROWS_SEARCHED = 20;
const COLUMNS_SHOWN = 50;

/**
 * The rows of a file below its header, top to bottom, with the line each starts on (in a workbook: the row's number). Text files are
 * streamed; workbooks and all but small texts are read by a thread of their own. Empty rows are left out.
 *
 * @throws TributaryError `config` naming the file and the column, sheet or line that is wrong.
 */
export async function* readRows(file: SheetFile): AsyncGenerator<SheetRow> {
  for await (const rows of readRowBatches(file)) yield* rows;
}

/** The same, as many rows at a time as there are. */
export async function* readRowBatches(file: SheetFile): AsyncGenerator<readonly SheetRow[]> {
  if (file.mapping.rows !== undefined) {
    yield [...writtenRows(file.mapping, file.mapping.rows)];
    return;
  }
  const content = await openContent(file, file.mapping.format);
  try {
    yield* shapedRows(
      file,
      content.kind === "workbook"
        ? readWorkbookRows(file, content.path)
        : readTextApart(file, content.path, content.name),
    );
  } finally {
    await content.remove();
  }
}

async function* shapedRows(
  file: SheetFile,
  batches: AsyncGenerator<readonly RawRow[]>,
): AsyncGenerator<readonly SheetRow[]> {
  const headerRow = file.mapping.header_row ?? 1;
  let header: Header | null = null;
  for await (const batch of batches) {
    const shaped: SheetRow[] = [];
    for (const [index, row] of batch.entries()) {
      if (row.line < headerRow || (row.cells !== null && row.cells.every((cell) => cell === ""))) continue;
      if (header === null) {
        header = headerFrom(file, row, headerRow);
        const missing = missingColumns(file.mapping, header.names);
        if (missing.length > 0) throw noColumns(file, header.names, missing, batch.slice(index + 1));
        tellColumns(file, header, row);
        if (headerRow > 0) continue;
      }
      shaped.push(shape(row, header));
    }
    if (shaped.length > 0) yield shaped;
  }
  if (header === null)
    throw fileError({
      code: "csv.file.header",
      message: `${file.shown} has no row ${headerRow} with the columns' names: it is empty.`,
      mend: "Export the sheet again, or correct header_row.",
    });
}

/** Rows of the mapping itself, numbered from 1; a column that a row does not have is empty. */
function* writtenRows(mapping: Mapping, rows: NonNullable<Mapping["rows"]>): Generator<SheetRow> {
  const empty = Object.fromEntries(columnsNeeded(mapping).map((column) => [column, ""]));
  for (const [index, row] of rows.entries()) yield { line: index + 1, cells: { ...empty, ...row }, problem: null };
}

type Header = {
  /** Each once. */
  readonly names: readonly string[];
  /** Names that stand more than once, with how often. */
  readonly repeated: ReadonlyMap<string, number>;
  /** Rows without their last cells so far: exports that leave out empty ones have many. */
  shortRows: number;
};

function headerFrom(file: SheetFile, row: RawRow, headerRow: number): Header {
  if (row.cells === null)
    throw fileError({
      code: "csv.file.header",
      message: `${file.shown} line ${row.line}: the columns' names cannot be read: ${row.reason}.`,
      mend: "Correct the line, or header_row in the mapping.",
    });
  if (row.cells.length > MAX_COLUMNS)
    throw fileError({
      code: "csv.file.header",
      message: `${file.shown} line ${row.line} has ${row.cells.length} columns, where a sheet has ${MAX_COLUMNS} at most.`,
      mend: "Correct the line, or delimiter and header_row in the mapping.",
    });
  if (headerRow === 0)
    return { names: row.cells.map((_cell, index) => String(index + 1)), repeated: new Map(), shortRows: 0 };
  const written = row.cells.map((cell, index) => columnName(cellText(cell)) || `column ${index + 1}`);
  const all = new Set(written);
  const times = new Map<string, number>();
  const taken = new Set<string>();
  const names = written.map((name) => {
    let count = (times.get(name) ?? 0) + 1;
    // Another column may really be called "Amount (2)".
    while (count > 1 && (taken.has(`${name} (${count})`) || all.has(`${name} (${count})`))) count += 1;
    times.set(name, count);
    const own = count === 1 ? name : `${name} (${count})`;
    taken.add(own);
    return own;
  });
  return { names, repeated: new Map([...times].filter(([, count]) => count > 1)), shortRows: 0 };
}

/** A name that stands for two columns is read as the first: told where the mapping needs it. */
function tellColumns({ mapping, shown, log }: SheetFile, { names, repeated }: Header, { line }: RawRow): void {
  const columns = names.slice(0, COLUMNS_SHOWN).map(excerpt).join(", ");
  const where = mapping.header_row === 0 ? "by number" : `by line ${line}`;
  log("info", `${shown}: columns ${where}: ${columns}${names.length > COLUMNS_SHOWN ? ", …" : ""}`);
  for (const column of new Set(columnsNeeded(mapping).map(columnName))) {
    const count = repeated.get(column);
    if (count !== undefined)
      log(
        "warn",
        `${shown}: the column "${column}" stands there more than once; the first one is read. The others are called "${column} (2)"${count > 2 ? ` to "${column} (${count})"` : ""}`,
      );
  }
}

/** @param below rows that follow: one of them may have the names. */
function noColumns(
  file: SheetFile,
  header: readonly string[],
  missing: readonly string[],
  below: readonly RawRow[],
): Error {
  const line =
    below
      .slice(0, file.mapping.header_row === 0 ? 0 : ROWS_SEARCHED)
      .find(({ cells }) => missingColumns(file.mapping, cells?.map(cellText) ?? []).length === 0)?.line ?? null;
  const names = missing.map((name) => `"${excerpt(name)}"`).join(", ");
  const shown = header.slice(0, COLUMNS_SHOWN).map(excerpt).join(", ");
  return fileError({
    code: "csv.column.missing",
    message: `${file.shown} has no column ${names}. Its columns: ${shown}${header.length > COLUMNS_SHOWN ? ", …" : ""}.`,
    mend:
      line === null
        ? "Correct the column's name in the mapping (upper and lower case count), or delimiter and header_row if the columns look wrong."
        : `Line ${line} has all the columns: say header_row: ${line} in the mapping.`,
  });
}

function shape(row: RawRow, header: Header): SheetRow {
  const { line, cells } = row;
  const { names } = header;
  if (cells === null) return { line, cells: {}, problem: { code: "csv.row.unreadable", reason: row.reason } };
  const byColumn: { [column: string]: Cell } = {};
  for (const [index, name] of names.entries()) byColumn[name] = cells[index] ?? "";
  const reason = raggedness(row, cells, header);
  return { line, cells: byColumn, problem: reason === null ? null : { code: "csv.row.ragged", reason } };
}

/**
 * Why the cells may stand under the wrong columns; null: they do not. Empty cells at the end are often left out. But what lacks its end
 * because the file does, or has run together over several lines, is damaged.
 */
function raggedness(row: RawRow, cells: readonly Cell[], header: Header): string | null {
  const width = header.names.length;
  const counted = `it has ${cells.length} columns where the header has ${width}`;
  for (const cell of cells) {
    if (typeof cell !== "string" || !/[\r\n]/.test(cell)) continue;
    if (cells.length !== width || hasRowsIn(cell, width))
      return `${counted}, and a value goes over several lines: a quote may be missing or one too many`;
  }
  if (cells.length > width) return cells.slice(width).some((cell) => cell !== "") ? counted : null;
  if (cells.length === width) return null;
  if (row.isAtOpenEnd === true && header.shortRows === 0) return `${counted}, and the file ends in the middle of it`;
  header.shortRows += 1;
  return null;
}

/** Whether a value holds lines that look like rows of a sheet so wide: what divides them stands in it often enough. */
function hasRowsIn(value: string, width: number): boolean {
  if (width < 4) return false;
  return value
    .split(/\r\n|\n|\r/)
    .some((line) => [",", ";", "\t", "|"].some((one) => line.split(one).length >= width - 1));
}

async function* readWorkbookRows(file: SheetFile, path: string): AsyncGenerator<readonly RawRow[]> {
  const { mapping, shown, log, signal } = file;
  const request = { path, shown, sheet: mapping.sheet ?? null, headerRow: mapping.header_row ?? 1 };
  const onOpen = ({ name, visible, hidden }: ChosenSheet): void => {
    const others = visible.filter((one) => one !== name);
    const rest = [
      ...(others.length === 0 ? [] : [`others: ${andList(others, "and")}`]),
      ...(hidden.length === 0 ? [] : [`hidden: ${andList(hidden, "and")}`]),
    ].join("; ");
    const first = hidden.includes(name)
      ? "reading its first sheet (all are hidden)"
      : "reading its first visible sheet";
    const how = mapping.sheet === undefined ? first : "reading sheet";
    log("info", `${shown}: ${how} "${name}"${rest === "" ? "" : ` (${rest})`}`);
  };
  yield* readWorkbookApart(request, signal, { onOpen, log });
}
