import path from "node:path/posix";
import { fileError } from "../errors.ts";
import { tidyText } from "../../_rows/names.ts";
import type { Cell } from "../../_rows/values.ts";
import { openZip, type Zip, type ZipPart } from "../zip.ts";
import { cellValue, unescaped, type SheetContext } from "./cells.ts";
import { numberFormat, PLAIN_FORMAT, type NumberFormat } from "./number-formats.ts";
import { readXml } from "./xml.ts";

/** A row of a sheet; `cells` is null where it cannot be read, for the reason given. */
export type WorkbookRow = { readonly line: number; readonly cells: readonly Cell[] | null; readonly reason: string };

/** Which sheet was read, and what else there was to choose from. */
export type ChosenSheet = {
  readonly name: string;
  readonly visible: readonly string[];
  readonly hidden: readonly string[];
};

export type WorkbookRequest = {
  readonly path: string;
  /** How messages name the file. */
  readonly shown: string;
  /** The sheet to read; null: the first that is visible. */
  readonly sheet: string | null;
  /** The row of the columns' names; 0: there is none. */
  readonly headerRow: number;
};

export type WorkbookReader = {
  /** Once, before the first row. `bytes`: what the parts that are read unpack to, as the directory says. */
  readonly opened: (sheet: ChosenSheet, bytes: number) => void;
  /** Rows from top to bottom, empty ones left out. The next ones wait for it. */
  readonly rows: (rows: readonly WorkbookRow[]) => Promise<void>;
  /** What people should know of the sheet, once all of it was read. */
  readonly warn: (message: string) => void;
};

/** ECMA-376 part 1, 18.3.1.73 and 18.3.1.13: what a spreadsheet program can hold. */
const MAX_ROWS = 1_048_576;
const MAX_COLUMNS = 16_384;
/** As of a text file's rows. */
const MAX_ROW_CHARACTERS = 1024 * 1024;
/** Texts that cells share are held in memory. */
const MAX_SHARED_CHARACTERS = 64 * 1024 * 1024;
const MAX_SHARED_TEXTS = 4_000_000;
/** A few shared texts in many cells make a small file large. */
const MAX_CHARACTERS = 2 * 1024 * 1024 * 1024;
const MAX_STYLES = 1_000_000;
const BATCH_ROWS = 250;
const BATCH_CHARACTERS = 512 * 1024;

/**
 * Reads one sheet of an xlsx workbook (ECMA-376), row by row: numbers, dates, percentages, truth values and errors are what they are in the
 * workbook. Takes as long as the sheet is, so it is meant for a thread of its own.
 *
 * @throws TributaryError `csv.file.unreadable`, `csv.file.sheet`, `csv.file.too_large`
 */
export async function readWorkbook(request: WorkbookRequest, reader: WorkbookReader): Promise<void> {
  const { shown } = request;
  const zip = await openZip(request.path, shown);
  try {
    const book = await readBook(zip, request);
    const { chosen, isFrom1904, texts, styles } = book;
    reader.opened(
      chosen,
      [book.sheetPart, texts, styles].reduce((sum, part) => sum + (part?.bytes ?? 0), 0),
    );
    const formats = styles === null ? [] : await named(shown, styles, () => readFormats(zip, styles));
    const shared = texts === null ? [] : await named(shown, texts, () => readSharedTexts(zip, texts, shown));
    const sheet: SheetContext = { isFrom1904, sharedText: (index) => shared[index] ?? null };
    await named(shown, book.sheetPart, () => readSheet(zip, book.sheetPart, { request, sheet, formats, reader }));
  } finally {
    zip.close();
  }
}

/** Says in which part of the workbook something is wrong. */
async function named<T>(shown: string, part: ZipPart, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && error.name === "TributaryError") throw error;
    throw unreadable(shown, `${part.name}: ${error instanceof Error ? error.message : "unknown reason"}`, error);
  }
}

function unreadable(shown: string, reason: string, cause?: unknown): Error {
  return fileError({
    code: "csv.file.unreadable",
    message: `${shown} cannot be read as a workbook: ${reason}.`,
    mend: "Open it in a spreadsheet program and save it again as .xlsx.",
    cause,
  });
}

function tooLarge(shown: string, what: string): Error {
  return fileError({
    code: "csv.file.too_large",
    message: `${shown} ${what}.`,
    mend: "Save the sheet that is needed as CSV, which is streamed, or split it.",
  });
}

type Book = {
  readonly chosen: ChosenSheet;
  readonly sheetPart: ZipPart;
  readonly texts: ZipPart | null;
  readonly styles: ZipPart | null;
  readonly isFrom1904: boolean;
};

type Relation = { readonly id: string; readonly type: string; readonly target: string };

/** Which parts belong to the sheet that is wanted. */
async function readBook(zip: Zip, request: WorkbookRequest): Promise<Book> {
  const { shown } = request;
  const main = (await readRelations(zip, shown, "")).find(({ type }) => type === "officeDocument");
  const bookPart = zip.find(main?.target ?? "xl/workbook.xml") ?? zip.find("xl/workbook.xml");
  if (bookPart === null) throw unreadable(shown, "it has no list of sheets (xl/workbook.xml)");
  const relations = await readRelations(zip, shown, bookPart.name);
  const sheets: { readonly name: string; readonly isHidden: boolean; readonly part: ZipPart }[] = [];
  let isFrom1904 = false;
  const open = (name: string, attributes: { readonly [name: string]: string }): void => {
    if (name === "workbookPr") isFrom1904 = /^(1|true|on)$/i.test(attributes["date1904"] ?? "");
    if (name !== "sheet") return;
    const id = Object.entries(attributes).find(([key]) => /(^|:)id$/.test(key))?.[1];
    const relation = relations.find((one) => one.id === id);
    const part = relation?.type === "worksheet" ? zip.find(relation.target) : null;
    // Sheets that hold a chart alone have no rows.
    if (part !== null && part !== undefined)
      sheets.push({ name: attributes["name"] ?? "", isHidden: /hidden/i.test(attributes["state"] ?? ""), part });
  };
  await named(shown, bookPart, () => readXml(zip.read(bookPart), { open, close: () => {} }));
  const other = (type: string, usual: string): ZipPart | null =>
    zip.find(relations.find((one) => one.type === type)?.target ?? usual);
  const wanted = request.sheet;
  const isCalled = (name: string): boolean => tidyText(name).toLowerCase() === tidyText(wanted ?? "").toLowerCase();
  const found =
    wanted === null
      ? (sheets.find(({ isHidden }) => !isHidden) ?? sheets[0])
      : (sheets.find(({ name }) => name === wanted) ?? sheets.find(({ name }) => isCalled(name)));
  const [visible, hidden] = [false, true].map((isHidden) =>
    sheets.filter((sheet) => sheet.isHidden === isHidden).map(({ name }) => name),
  );
  if (found === undefined)
    throw wanted === null
      ? unreadable(shown, "it has no sheet with cells")
      : fileError({
          code: "csv.file.sheet",
          message: `${shown} has no sheet "${wanted}". Its sheets: ${sheets.map(({ name, isHidden }) => `${name}${isHidden ? " (hidden)" : ""}`).join(", ")}.`,
          mend: "Correct `sheet` in the mapping.",
        });
  return {
    chosen: { name: found.name, visible: visible ?? [], hidden: hidden ?? [] },
    sheetPart: found.part,
    texts: other("sharedStrings", "xl/sharedStrings.xml"),
    styles: other("styles", "xl/styles.xml"),
    isFrom1904,
  };
}

/** What a part refers to; targets as names of parts. The archive itself is the part "". */
async function readRelations(zip: Zip, shown: string, of: string): Promise<readonly Relation[]> {
  const folder = of === "" ? "" : path.dirname(of);
  const part = zip.find(path.join(folder, "_rels", `${path.basename(of)}.rels`));
  if (part === null) return [];
  const relations: Relation[] = [];
  const open = (name: string, attributes: { readonly [name: string]: string }): void => {
    if (name !== "Relationship" || attributes["TargetMode"] === "External") return;
    const { Id: id = "", Type: type = "", Target: target = "" } = attributes;
    const absolute = target.startsWith("/") ? target.slice(1) : path.join(folder, target);
    // Its name is the same in both editions of the standard, which differ in the address before it.
    relations.push({ id, type: type.slice(type.lastIndexOf("/") + 1), target: absolute });
  };
  await named(shown, part, () => readXml(zip.read(part), { open, close: () => {} }));
  return relations;
}

/** By a cell's style: the format of its number. */
async function readFormats(zip: Zip, part: ZipPart): Promise<readonly NumberFormat[]> {
  const codes = new Map<number, string>();
  const ids: number[] = [];
  let isInCells = false;
  await readXml(zip.read(part), {
    open: (name, attributes) => {
      if (name === "numFmt") codes.set(Number(attributes["numFmtId"]), attributes["formatCode"] ?? "");
      else if (name === "cellXfs") isInCells = true;
      else if (name === "xf" && isInCells) ids.push(Number(attributes["numFmtId"] ?? 0));
      if (ids.length > MAX_STYLES || codes.size > MAX_STYLES) throw new Error("it has too many styles");
    },
    close: (name) => {
      if (name === "cellXfs") isInCells = false;
    },
  });
  const known = new Map<number, NumberFormat>();
  return ids.map((id) => {
    const format = known.get(id) ?? numberFormat(id, codes.get(id) ?? null);
    known.set(id, format);
    return format;
  });
}

async function readSharedTexts(zip: Zip, part: ZipPart, shown: string): Promise<readonly string[]> {
  const texts: string[] = [];
  let [text, characters, isText, isReading] = ["", 0, false, false];
  await readXml(zip.read(part), {
    open: (name) => {
      if (name === "si") text = "";
      // Above some words stands how they are read aloud (`rPh`), which is no part of the text.
      else if (name === "rPh") isReading = true;
      else if (name === "t") isText = !isReading;
    },
    text: (piece) => {
      if (isText) text += piece;
    },
    close: (name) => {
      if (name === "t") isText = false;
      else if (name === "rPh") isReading = false;
      else if (name === "si") {
        characters += text.length;
        if (characters > MAX_SHARED_CHARACTERS || texts.length >= MAX_SHARED_TEXTS)
          throw tooLarge(shown, "holds more texts than fit into memory");
        texts.push(unescaped(text));
      }
    },
  });
  return texts;
}

type SheetOptions = {
  readonly request: WorkbookRequest;
  readonly sheet: SheetContext;
  readonly formats: readonly NumberFormat[];
  readonly reader: WorkbookReader;
};

async function readSheet(zip: Zip, part: ZipPart, { request, sheet, formats, reader }: SheetOptions): Promise<void> {
  const { shown, headerRow } = request;
  const merged: string[] = [];
  let batch: WorkbookRow[] = [];
  let batchCharacters = 0;
  let characters = 0;
  let isInData = false;
  let line = 0;
  let cells: Cell[] = [];
  let rowCharacters = 0;
  let column = -1;
  let isInCell = false;
  let type = "n";
  let format = PLAIN_FORMAT;
  let value: string | null = null;
  let hasFormula = false;
  /** Whether text belongs to the cell's value. */
  let takes = false;
  let isReading = false;

  const openRow = (ref: string | undefined): void => {
    const said = Number(ref);
    line = ref !== undefined && Number.isInteger(said) && said > line ? said : line + 1;
    if (line > MAX_ROWS) throw new Error(`it has a row ${line}, where a sheet has ${MAX_ROWS} at most`);
    [cells, rowCharacters, column] = [[], 0, -1];
  };
  const closeCell = (): void => {
    isInCell = false;
    if (rowCharacters > MAX_ROW_CHARACTERS) return;
    const cell = cellValue({ type, value, hasFormula, format }, sheet);
    if (cell === "") return;
    rowCharacters += typeof cell === "string" ? cell.length : 20;
    for (let index = cells.length; index < column; index += 1) cells[index] = "";
    cells[column] = cell;
  };
  const closeRow = (): void => {
    if (cells.length === 0) return;
    const isTooLong = rowCharacters > MAX_ROW_CHARACTERS;
    batch.push({
      line,
      cells: isTooLong ? null : cells,
      reason: isTooLong ? "it holds more than a million characters" : "",
    });
    batchCharacters += isTooLong ? 0 : rowCharacters;
    characters += isTooLong ? 0 : rowCharacters;
    if (characters > MAX_CHARACTERS) throw tooLarge(shown, "holds more text than a spreadsheet can");
  };

  await readXml(
    zip.read(part),
    {
      open: (name, attributes) => {
        if (name === "c" && isInData) {
          column = columnOf(attributes["r"]) ?? column + 1;
          if (column >= MAX_COLUMNS) throw new Error(`row ${line} has more than ${MAX_COLUMNS} columns`);
          type = attributes["t"] ?? "n";
          format = formats[Number(attributes["s"] ?? 0)] ?? PLAIN_FORMAT;
          [value, hasFormula, takes, isReading, isInCell] = [null, false, false, false, true];
        } else if (name === "row" && isInData) openRow(attributes["r"]);
        else if (name === "sheetData") isInData = true;
        else if (name === "mergeCell" && hasRowsOfItsOwn(attributes["ref"], headerRow))
          merged.push(attributes["ref"] ?? "");
        else if (!isInCell) return;
        else if (name === "v" || name === "t") {
          takes = !isReading;
          if (takes) value ??= "";
        } else if (name === "f") hasFormula = true;
        else if (name === "rPh") isReading = true;
      },
      text: (text) => {
        if (!takes) return;
        value = (value ?? "") + text;
        // The rest of it is not held: the row is refused.
        if (value.length > MAX_ROW_CHARACTERS) [rowCharacters, takes] = [MAX_ROW_CHARACTERS + 1, false];
      },
      close: (name) => {
        if (name === "v" || name === "t") takes = false;
        else if (name === "rPh") isReading = false;
        else if (name === "c" && isInCell) closeCell();
        else if (name === "row" && isInData) closeRow();
        else if (name === "sheetData") isInData = false;
      },
    },
    async () => {
      if (batch.length < BATCH_ROWS && batchCharacters < BATCH_CHARACTERS) return;
      const rows = batch;
      [batch, batchCharacters] = [[], 0];
      await reader.rows(rows);
    },
  );
  if (batch.length > 0) await reader.rows(batch);
  if (merged.length > 0) reader.warn(`${shown}: ${mergedWords(merged)}`);
}

/** Whether merged cells (`E2:E4`) go over several rows below the header. */
function hasRowsOfItsOwn(ref: string | undefined, headerRow: number): boolean {
  const [, first, last] = /^\$?[A-Z]+\$?(\d+):\$?[A-Z]+\$?(\d+)$/i.exec(ref ?? "") ?? [];
  return Number(first) > headerRow && Number(last) > Number(first);
}

function mergedWords(refs: readonly string[]): string {
  const shown = refs.slice(0, 3).join(", ");
  return `cells are merged over several rows (${shown}${refs.length > 3 ? `, and ${refs.length - 3} more` : ""}): the first row has the value, in the others it is empty. Unmerge them, and fill in every row`;
}

/** `AB12` → 27; null where a cell says no place: it then comes after the one before it. */
function columnOf(ref: string | undefined): number | null {
  const letters = /^([A-Za-z]{1,7})\d*$/.exec(ref ?? "")?.[1];
  if (letters === undefined) return null;
  let column = 0;
  for (const letter of letters.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}
