import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline, Transform } from "node:stream";
import { parse, type CsvError } from "csv-parse";
import iconv from "iconv-lite";
import { fileError } from "./errors.ts";
import { wellFormed } from "../_rows/names.ts";
import { type ApartLimits, readApart, type TextRequest } from "./apart/thread.ts";
import type { RawRow, SheetFile } from "./sheet-rows.ts";
import { findEncoding, findLayout, type FoundEncoding, MAX_COLUMNS } from "./text-format.ts";

/** A text of so many bytes takes hardly longer to read than a thread to start, whatever is in it. */
const SMALL_BYTES = 128 * 1024;
/** Read at a time: what is made of it is made in one go, and a row takes two bytes. */
const CHUNK_BYTES = 32 * 1024;
/** Sheets are read twenty times as fast on an idle machine, and line ends alone half as fast. */
const LIMITS: ApartLimits = { heapMb: 384, openMs: 60_000, bytesPerMs: 2_000 };

/**
 * The rows of a text file as {@link readText} gives them; those of a larger one come from a thread of its own, so that what somebody has put
 * into it holds up nothing else.
 *
 * @throws TributaryError as {@link readText}, `csv.file.too_large` for what takes longer than any sheet; the signal's reason.
 */
export async function* readTextApart(
  file: SheetFile,
  path: string,
  name: string,
  { smallBytes = SMALL_BYTES, limits = LIMITS }: { readonly smallBytes?: number; readonly limits?: ApartLimits } = {},
): AsyncGenerator<readonly RawRow[]> {
  const { mapping, shown, log, tell, signal } = file;
  if ((await stat(path)).size <= smallBytes) {
    yield* readText(file, path, name);
    return;
  }
  const request: TextRequest = { path, shown, name, mapping };
  yield* readApart(
    { kind: "text", ...request },
    signal,
    (message) => {
      if (message.kind === "told") log(message.level, message.message);
      if (message.kind === "found") tell?.(message.fault);
    },
    limits,
  );
}

/** As many as a sheet of a spreadsheet program has. More in a row than that is no gap between rows. */
const MAX_EMPTY_LINES = 1_048_576;

/** A record longer than this comes from a quote that is never closed, or is no row at all. */
const MAX_ROW_CHARACTERS = 1024 * 1024;

/** What could not be read as the text that it should be, counted while a file is read. */
type Damage = { zeros: number; hasHoles: boolean; lines: number[]; rows: number; endsOpen: boolean };

/**
 * The rows of a text file, header and all, streamed from top to bottom, each with the line it starts on; empty lines left out.
 *
 * @param name the file's own name, which may say that it is divided by tabs.
 * @throws TributaryError `csv.file.encoding`, `csv.file.quotes`, `csv.file.unreadable`
 */
export async function* readText(
  file: Pick<SheetFile, "mapping" | "shown" | "log" | "tell">,
  path: string,
  name: string,
  maxEmptyLines = MAX_EMPTY_LINES,
): AsyncGenerator<readonly RawRow[]> {
  const { mapping, shown, log } = file;
  const encoding = await findEncoding(path, shown, mapping.encoding);
  const isTabbed = mapping.format === "tsv" || (mapping.format === undefined && /\.(tsv|tab)$/i.test(name));
  const { delimiter, linesAbove, hasSpacedQuotes } = await findLayout(path, encoding.name, mapping, isTabbed);
  const where = linesAbove === 0 ? "" : `, rows from line ${linesAbove + 1}`;
  log("info", `${shown}: reading as ${encoding.name}, delimiter ${JSON.stringify(delimiter)}${where}`);
  if (encoding.how === "doubted")
    log(
      "warn",
      `${shown}: the mapping says that it is ${encoding.name}, but its letters are those of UTF-8; if they look wrong, leave out encoding in the mapping`,
    );
  if (encoding.how === "guessed")
    log(
      "warn",
      `${shown}: nothing in it says its encoding; ${encoding.name} is a guess by its letters. Name it (encoding) in the mapping, or save the file as UTF-8`,
    );

  let fatal: CsvError | null = null;
  let records: string[][] = [];
  const parser = parse({
    delimiter,
    // Files that were put together from several have several.
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    relax_quotes: true,
    trim: hasSpacedQuotes,
    max_record_size: MAX_ROW_CHARACTERS,
    skip_records_with_error: true,
    // With what is relaxed, these two errors are left.
    on_skip: (error) => void (fatal ??= error ?? null),
    // Gathered here, so that they come by the chunk: one by one through a stream, a row takes twice as long.
    on_record: (record: string[]) => {
      records.push(record);
      return null;
    },
  });
  const damage: Damage = { zeros: 0, hasHoles: false, lines: [], rows: 0, endsOpen: false };

  let line = linesAbove + 1;
  let emptyLines = 0;
  const number = (record: string[]): RawRow => {
    const row = rowOf(record, line);
    if (encoding.how !== "valid" && record.some((cell) => cell.includes("\ufffd"))) noteDamage(damage, line);
    line += 1;
    for (const cell of record)
      if (cell.includes("\n") || cell.includes("\r")) line += cell.match(/\r\n|\n|\r/g)?.length ?? 0;
    return row;
  };
  const take = (): RawRow[] => {
    const rows: RawRow[] = [];
    for (const record of records) {
      if (record.length > 1 || record[0] !== "") {
        rows.push(number(record));
        emptyLines = 0;
      } else {
        line += 1;
        emptyLines += 1;
      }
    }
    records = [];
    if (emptyLines > maxEmptyLines) throw onlyEmptyLines(shown, { line, most: maxEmptyLines });
    return rows;
  };

  let isLongLine = false;
  let held: RawRow | null = null;
  // Nothing comes out of it but its end. What fails in it fails in whatever is being written.
  parser.resume();
  parser.on("error", () => {});
  const texts = cleaned(linesAbove, damage);
  // Whoever reads the last one meets the errors of those before it.
  pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), iconv.decodeStream(encoding.name), texts, () => {});
  let openLine: OpenLine = { length: 0, hasQuote: false };
  for await (const text of texts as AsyncIterable<string>) {
    const before = openLine;
    openLine = lineAfter(before, text);
    await new Promise<void>((resolve, reject) => {
      parser.write(text, (error) => (error ? reject(error) : resolve()));
    });
    const rows = take();
    if (rows.length > 0) {
      // The last row of all is known as such only at the end.
      if (held !== null) rows.unshift(held);
      held = rows.pop() ?? null;
      yield rows;
    }
    if (fatal === null) continue;
    const [rest = ""] = text.split(/[\r\n]/, 1);
    isLongLine = before.length + rest.length >= MAX_ROW_CHARACTERS && !before.hasQuote && !rest.includes('"');
    break;
  }
  if (fatal === null) {
    const ended = once(parser, "end");
    parser.end();
    await ended;
    const rows = take();
    if (held !== null) rows.unshift(held);
    held = rows.pop() ?? null;
    yield rows;
  }
  if (held !== null) yield [damage.endsOpen && fatal === null ? { ...held, isAtOpenEnd: true } : held];
  tellDamage(file, damage, encoding);
  if (damage.hasHoles) file.tell?.("holes");
  if (damage.endsOpen) file.tell?.("open_end");
  if (fatal !== null)
    throw fileError({
      code: "csv.file.quotes",
      message: isLongLine
        ? `${shown}: line ${line} has more than ${MAX_ROW_CHARACTERS} characters, which no row has, so what is below it is not read.`
        : `${shown}: a quote that opens at about line ${line} is never closed, so the rows below it cannot be told apart.`,
      mend: `${isLongLine ? "Correct the line" : "Close the quote, or double it where it is part of a value"}. Rows above it were taken in.`,
      cause: fatal,
    });
}

/** What has come so far of the line that the text stands in. */
type OpenLine = { readonly length: number; readonly hasQuote: boolean };

function lineAfter(before: OpenLine, text: string): OpenLine {
  const end = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r"));
  if (end >= 0) return { length: text.length - end - 1, hasQuote: text.includes('"', end + 1) };
  return { length: before.length + text.length, hasQuote: before.hasQuote || text.includes('"') };
}

/** `="007"`: a text that other programs write as a formula, so that spreadsheet programs leave it a text. */
const TEXT_FORMULA = /^="((?:[^"]|"")*)"$/;

/** The record as a row; empty cells beyond what any sheet has say nothing. */
function rowOf(record: string[], line: number): RawRow {
  for (const [index, cell] of record.entries())
    if (cell.startsWith('="')) record[index] = TEXT_FORMULA.exec(cell)?.[1]?.replaceAll('""', '"') ?? cell;
  if (record.length <= MAX_COLUMNS) return { line, cells: record, reason: "" };
  const last = record.findLastIndex((cell) => cell !== "");
  if (last < MAX_COLUMNS) return { line, cells: record.slice(0, MAX_COLUMNS), reason: "" };
  return { line, cells: null, reason: `it has ${last + 1} columns, where a sheet has ${MAX_COLUMNS} at most` };
}

function onlyEmptyLines(shown: string, { line, most }: { readonly line: number; readonly most: number }): Error {
  return fileError({
    code: "csv.file.unreadable",
    message: `${shown}: more than ${most} empty lines stand above line ${line}.`,
    mend: "See whether it is the file that it should be, and export it again.",
  });
}

/** As file systems leave them where something was never written; what slips into a text is one or two. */
// oxlint-disable-next-line no-control-regex -- zero bytes are what it looks for
const HOLE = /\u0000{4}/;

/** The text below so many lines, without what no text holds: zero bytes, halves of characters. */
function cleaned(linesAbove: number, damage: Damage): Transform {
  let above = linesAbove;
  // Of a line end of two characters the second one may come with the next chunk.
  let isAfterReturn = false;
  return new Transform({
    decodeStrings: false,
    encoding: "utf8",
    transform: (chunk: string, _encoding, done) => {
      let text = wellFormed(chunk);
      if (text.includes("\u0000")) {
        damage.zeros += text.split("\u0000").length - 1;
        damage.hasHoles ||= HOLE.test(text);
        text = text.replaceAll("\u0000", "");
      }
      // How DOS marked the end of a text.
      if (text.endsWith("\u001a")) text = text.slice(0, -1);
      if (isAfterReturn && text !== "") {
        if (text.startsWith("\n")) text = text.slice(1);
        isAfterReturn = false;
      }
      while (above > 0 && text !== "") {
        const end = /\r\n|\n|\r/.exec(text);
        if (end === null) {
          text = "";
          break;
        }
        text = text.slice(end.index + end[0].length);
        above -= 1;
        isAfterReturn = end[0] === "\r" && text === "";
      }
      if (text !== "") damage.endsOpen = !/[\r\n]$/.test(text);
      done(null, text);
    },
  });
}

function noteDamage(damage: Damage, line: number): void {
  damage.rows += 1;
  if (damage.lines.length < 5) damage.lines.push(line);
}

function tellDamage(
  { shown, log }: Pick<SheetFile, "shown" | "log">,
  damage: Damage,
  { name, how }: FoundEncoding,
): void {
  if (damage.zeros > 0) log("warn", `${shown}: ${damage.zeros} zero bytes, which no text has, were left out`);
  if (damage.rows === 0) return;
  const lines = `line${damage.rows === 1 ? "" : "s"} ${damage.lines.join(", ")}${damage.rows > damage.lines.length ? ", …" : ""}`;
  const reason = how === "damaged" ? "though the rest of the file is" : "as the file should be";
  log(
    "warn",
    `${shown} ${lines}: some bytes are no ${name}, ${reason}; they are shown as \ufffd. Correct them at the source, or save the file again as UTF-8`,
  );
}
