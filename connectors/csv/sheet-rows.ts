import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { parse, type CsvError } from "csv-parse";
import iconv from "iconv-lite";
import { readSheet } from "read-excel-file/node";
import type { Problem, RunLog } from "../../core/connector/define.ts";
import { fileError } from "./errors.ts";
import { headOf } from "./files.ts";
import { missingColumns, type Cells } from "./row-reader.ts";
import { columnsNeeded, type Mapping } from "./settings.ts";
import { findDelimiter, findEncoding } from "./text-format.ts";
import { excerpt, type Cell } from "./values.ts";

/** A row of a file: its cells by column (of a broken row, those that could be told), and what is wrong with it. */
export type SheetRow = {
  readonly line: number;
  readonly cells: Cells;
  readonly problem: Pick<Problem, "code" | "reason"> | null;
};

type RawRow = { readonly line: number; readonly cells: readonly Cell[] | null; readonly reason: string };

export type SheetFile = {
  readonly path: string;
  readonly shown: string;
  readonly mapping: Mapping;
  readonly log: RunLog;
};

/** A record longer than this comes from a quote that is never closed. */
const MAX_ROW_CHARACTERS = 1024 * 1024;
/** A workbook is unpacked in memory, at about ten times its size. */
const MAX_WORKBOOK_BYTES = 50 * 1024 * 1024;

/**
 * The rows of a file below its header, top to bottom, with the line each starts on (in a workbook: the row's number). Text files are
 * streamed. Empty rows are left out.
 *
 * @throws TributaryError `config` naming the file and the column, sheet or line that is wrong.
 */
export async function* readRows(file: SheetFile): AsyncGenerator<SheetRow> {
  if (file.mapping.rows !== undefined) {
    yield* writtenRows(file.mapping, file.mapping.rows);
    return;
  }
  const headerRow = file.mapping.header_row ?? 1;
  const rows = (await formatOf(file)) === "xlsx" ? readWorkbook(file) : readText(file);
  let header: readonly string[] | null = null;
  for await (const row of rows) {
    if (row.line < headerRow || (row.cells !== null && row.cells.every((cell) => cell === ""))) continue;
    if (header === null) {
      header = headerFrom(file, row, headerRow);
      assertColumns(file, header);
      if (headerRow > 0) continue;
    }
    yield shape(row, header);
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

function headerFrom(file: SheetFile, row: RawRow, headerRow: number): readonly string[] {
  if (row.cells === null)
    throw fileError({
      code: "csv.file.header",
      message: `${file.shown} line ${row.line}: the columns' names cannot be read: ${row.reason}.`,
      mend: "Correct the line, or header_row in the mapping.",
    });
  if (headerRow === 0) return row.cells.map((_cell, index) => String(index + 1));
  const taken = new Map<string, number>();
  return row.cells.map((cell, index) => {
    const name = (typeof cell === "string" ? cell : cell.date).trim() || `column ${index + 1}`;
    const times = (taken.get(name) ?? 0) + 1;
    taken.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  });
}

function assertColumns(file: SheetFile, header: readonly string[]): void {
  const missing = missingColumns(file.mapping, header);
  if (missing.length === 0) return;
  const names = missing.map((name) => `"${name}"`).join(", ");
  throw fileError({
    code: "csv.column.missing",
    message: `${file.shown} has no column ${names}. Its columns: ${header.map(excerpt).join(", ")}.`,
    mend: "Correct the column's name in the mapping (upper and lower case count), or delimiter and header_row if the columns look wrong.",
  });
}

function shape(row: RawRow, header: readonly string[]): SheetRow {
  const { line, cells } = row;
  if (cells === null) return { line, cells: {}, problem: { code: "csv.row.unreadable", reason: row.reason } };
  const byColumn = Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ""]));
  const isTooLong = cells.slice(header.length).some((cell) => cell !== "");
  if (cells.length >= header.length && !isTooLong) return { line, cells: byColumn, problem: null };
  const reason = `it has ${cells.length} columns where the header has ${header.length}`;
  return { line, cells: byColumn, problem: { code: "csv.row.ragged", reason } };
}

async function formatOf(file: SheetFile): Promise<"text" | "xlsx"> {
  const head = await headOf(file.path, 8);
  // Every xlsx is a zip archive; D0CF11E0 starts the older xls.
  if (head.subarray(0, 4).toString("latin1") === "PK\u0003\u0004") return "xlsx";
  if (head.subarray(0, 4).toString("hex") === "d0cf11e0" || file.mapping.format === "xlsx")
    throw fileError({
      code: "csv.file.unreadable",
      message: `${file.shown} is no xlsx workbook${file.mapping.format === "xlsx" ? "" : ", but one of the older kind (xls)"}.`,
      mend: "Save it as an Excel workbook (.xlsx) or as CSV.",
    });
  return "text";
}

async function* readText(file: SheetFile): AsyncGenerator<RawRow> {
  const { mapping, shown, log } = file;
  const encoding = await findEncoding(file.path, shown, mapping.encoding);
  const isTsv = mapping.format === "tsv" || (mapping.format === undefined && /\.(tsv|tab)$/i.test(shown));
  const delimiter = mapping.delimiter ?? (isTsv ? "\t" : await findDelimiter(file.path, encoding));
  log("info", `${shown}: reading as ${encoding}, delimiter ${JSON.stringify(delimiter)}`);

  const broken: RawRow[] = [];
  let fatal: CsvError | null = null;
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_CHARACTERS,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error?.code === "CSV_QUOTE_NOT_CLOSED" || error?.code === "CSV_MAX_RECORD_SIZE") fatal ??= error;
      else
        broken.push({
          line: Number(error?.["lines"] ?? 0),
          cells: null,
          reason: error?.message ?? "it cannot be parsed",
        });
      return undefined;
    },
  });
  const source = createReadStream(file.path).pipe(iconv.decodeStream(encoding));
  source.on("error", (error: Error) => parser.destroy(error));
  source.pipe(parser);

  let lastLine = 0;
  // The parser counts a quoted CRLF as two lines.
  let overcounted = 0;
  for await (const parsed of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
    if (fatal !== null) break;
    yield* broken.splice(0);
    const { record, info } = parsed;
    const breaks = record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
    overcounted += record.reduce((sum, cell) => sum + (cell.match(/\r\n/g)?.length ?? 0), 0);
    const end = info.lines - overcounted;
    yield { line: end - breaks, cells: record, reason: "" };
    lastLine = end;
  }
  yield* broken.splice(0);
  if (fatal !== null)
    throw fileError({
      code: "csv.file.quotes",
      message: `${shown}: a quote that opens at about line ${lastLine + 1} is never closed, so the rows below it cannot be told apart.`,
      mend: "Close the quote, or double it where it is part of a value. Rows above it were taken in.",
      cause: fatal,
    });
}

async function* readWorkbook(file: SheetFile): AsyncGenerator<RawRow> {
  const { mapping, shown } = file;
  const rows = await loadSheet(file);
  for (const [index, row] of rows.entries()) {
    yield { line: index + 1, cells: row.map(workbookCell), reason: "" };
  }
  if (mapping.sheet === undefined) file.log("info", `${shown}: read its first sheet`);
}

async function loadSheet(file: SheetFile): Promise<readonly (readonly unknown[])[]> {
  const { mapping, shown } = file;
  const { size } = await stat(file.path);
  if (size > MAX_WORKBOOK_BYTES)
    throw fileError({
      code: "csv.file.too_large",
      message: `${shown} is larger than ${MAX_WORKBOOK_BYTES / 1024 / 1024} MB; a workbook has to fit into memory.`,
      mend: "Save the sheet as CSV, which is streamed.",
    });
  try {
    return mapping.sheet === undefined ? await readSheet(file.path) : await readSheet(file.path, mapping.sheet);
  } catch (error) {
    const isSheet = error instanceof Error && error.name === "SheetNotFoundError";
    throw fileError({
      code: isSheet ? "csv.file.sheet" : "csv.file.unreadable",
      message: isSheet
        ? `${shown} has no sheet "${mapping.sheet}". ${error.message}`
        : `${shown} cannot be read as a workbook: ${error instanceof Error ? error.message : "unknown reason"}.`,
      mend: isSheet
        ? "Correct `sheet` in the mapping."
        : "Open it in a spreadsheet program and save it again as .xlsx.",
      cause: error,
    });
  }
}

/** Numbers in their shortest exact form; dates as the wall clock shows them, and marked as dates. */
function workbookCell(value: unknown): Cell {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) {
    const iso = value.toISOString();
    return { date: iso.endsWith("T00:00:00.000Z") ? iso.slice(0, 10) : iso.slice(0, 19) };
  }
  return String(value as string | number | boolean);
}
