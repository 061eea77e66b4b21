import { createReadStream } from "node:fs";
import chardet from "chardet";
import { parse } from "csv-parse/sync";
import iconv from "iconv-lite";
import { fileError } from "./errors.ts";
import { headOf } from "./files.ts";
import { columnName } from "../_rows/names.ts";
import { columnsNeeded } from "../_rows/mapping.ts";
import type { Mapping } from "./settings.ts";
import { bytesOf } from "../../core/base/network.ts";

/** Enough rows to tell a delimiter from a character that happens to occur. */
const SAMPLE_BYTES = 64 * 1024;
/** More text makes a guess of an 8-bit encoding surer; beyond this it hardly does. */
const LETTERS_SAMPLE_BYTES = 32 * 1024;

/** As many as a sheet of a spreadsheet program has. */
export const MAX_COLUMNS = 16_384;

/** How far down a header is looked for that is not where it should be. */
const HEADER_SEARCHED = 20;

const DELIMITERS = [",", ";", "\t", "|"] as const;

export type FoundEncoding = {
  readonly name: string;
  /**
   * - `named`    by the mapping.
   * - `doubted`  by the mapping, though the file is UTF-8.
   * - `mark`     by a byte-order mark, or by where the zero bytes of UTF-16 stand.
   * - `valid`    the whole file is UTF-8.
   * - `damaged`  it is UTF-8 but for some bytes, which are read as U+FFFD.
   * - `guessed`  by the letters that occur: told as a guess.
   */
  readonly how: "named" | "doubted" | "mark" | "valid" | "damaged" | "guessed";
};

/**
 * The file's encoding: what a byte-order mark says, else the mapping, else UTF-8 where the file is UTF-8 (but for a few bytes), else the best
 * guess from the letters that occur.
 *
 * @throws TributaryError `csv.file.encoding` for a name that nobody knows.
 */
export async function findEncoding(file: string, shown: string, named: string | undefined): Promise<FoundEncoding> {
  // Names of transformations are no encodings of texts.
  if (named !== undefined && (!iconv.encodingExists(named) || /^(base64|hex|binary)$/i.test(named)))
    throw fileError({
      code: "csv.file.encoding",
      message: `${shown}: the encoding "${named}" is not known.`,
      mend: "Name another in the mapping, for example encoding: windows-1252, or save the file as UTF-8.",
    });
  const head = await headOf(file, SAMPLE_BYTES);
  // A mark at the start is never text, so it wins over what the mapping says (as in browsers: WHATWG Encoding Standard, "decode").
  const mark = byMark(head);
  if (mark !== null) return { name: mark, how: "mark" };
  if (named !== undefined)
    return { name: named.toLowerCase(), how: (await isMisnamed(file, named)) ? "doubted" : "named" };
  const wide = byZeros(head);
  if (wide !== null) return { name: wide, how: "mark" };
  if (await isUtf8(file)) return { name: "utf-8", how: "valid" };
  const { sequences, strays, lines } = await lookAtLetters(file);
  // In a text of another encoding what looks like a letter of UTF-8 is rare; in one of UTF-8 with something pasted in, the rest is.
  if (sequences >= strays) return { name: "utf-8", how: "damaged" };
  const likely = chardet.detect(lines);
  const isLatin = likely === null || /^(ISO-8859-[129]|windows-125[024])$/.test(likely);
  const guess = isLatin ? (otherAlphabet(lines) ?? likely) : likely;
  // Files that call themselves Latin-1 use its superset windows-1252 (WHATWG Encoding Standard, "latin1" label), which is the likeliest as well
  // where a few letters tell nothing.
  const isNone = guess === null || ["ISO-8859-1", "UTF-8", "ASCII"].includes(guess) || !iconv.encodingExists(guess);
  return { name: isNone ? "windows-1252" : guess.toLowerCase(), how: "guessed" };
}

/** Encodings of one byte a letter whose letters are not Latin ones. */
const OTHER_ALPHABETS = ["windows-1251", "KOI8-R", "windows-1253", "windows-1255", "windows-1256"].concat(
  ["5", "6", "7", "8"].map((part) => `ISO-8859-${part}`),
);

/**
 * In Latin script, words are hardly ever made of letters beyond ASCII alone, which short texts in other alphabets are taken for by the frequency of
 * their letters.
 *
 * @returns the likeliest encoding of another alphabet in which those words are letters throughout; null: the words are Latin, or none fits.
 */
function otherAlphabet(lines: Buffer): string | null {
  // One character a byte.
  const words = lines.toString("latin1").match(/[A-Za-z\u0080-\u00ff]{3,}/g) ?? [];
  const beyond = words.filter((word) => /[\u0080-\u00ff]/.test(word));
  const whole = beyond.filter((word) => !/[A-Za-z]/.test(word));
  if (whole.length < 2 || whole.length < beyond.length * 0.75) return null;
  const fits = (encoding: string): boolean =>
    whole.every((word) => {
      const read = iconv.decode(Buffer.from(word, "latin1"), encoding);
      // A capital after a small letter: another encoding of the same alphabet.
      return /^[\p{L}\p{M}\p{P}]+$/u.test(read) && !/\p{Ll}\p{Lu}/u.test(read);
    });
  return (
    chardet
      .analyse(lines)
      .find(({ name }) => OTHER_ALPHABETS.includes(name) && iconv.encodingExists(name) && fits(name))?.name ?? null
  );
}

function byMark(head: Buffer): string | null {
  const hex = head.subarray(0, 4).toString("hex");
  if (hex === "fffe0000") return "utf-32le";
  if (hex === "0000feff") return "utf-32be";
  if (hex.startsWith("fffe")) return "utf-16le";
  if (hex.startsWith("feff")) return "utf-16be";
  return hex.startsWith("efbbbf") ? "utf-8" : null;
}

/** Letters that are right in UTF-8 are hardly ever meant as several of another encoding each. */
async function isMisnamed(file: string, named: string): Promise<boolean> {
  if (/^(utf|ucs|unicode)/i.test(named) || !(await isUtf8(file))) return false;
  const { sequences } = await lookAtLetters(file);
  return sequences > 0;
}

/**
 * UTF-16 without a mark: delimiters, line ends and digits have a zero byte, all of them on the same side; in UTF-32 every character has one or two at
 * its end. A zero byte that slipped into another text stands alone.
 */
function byZeros(head: Buffer): string | null {
  const zeros = [0, 0, 0, 0];
  for (const [at, byte] of head.entries()) if (byte === 0) zeros[at % 4] = (zeros[at % 4] ?? 0) + 1;
  const [first = 0, second = 0, third = 0, fourth = 0] = zeros;
  const [even, odd] = [first + third, second + fourth];
  if (even + odd < head.length / 12) return null;
  const all = Math.floor(head.length / 4);
  // No character has a number of more than 21 bits.
  if (head.length % 4 === 0 && fourth === all && third >= all * 0.9) return "utf-32le";
  if (head.length % 4 === 0 && first === all && second >= all * 0.9) return "utf-32be";
  if (odd > even * 20) return "utf-16le";
  return even > odd * 20 ? "utf-16be" : null;
}

async function isUtf8(file: string): Promise<boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of bytesOf(createReadStream(file))) decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

type Letters = {
  /** Letters beyond ASCII that are right in UTF-8. */
  readonly sequences: number;
  /** Bytes that are not. */
  readonly strays: number;
  /** Lines that have any of either, as far as they fit into a sample. */
  readonly lines: Buffer;
};

async function lookAtLetters(file: string): Promise<Letters> {
  let [sequences, strays, sampled] = [0, 0, 0];
  const sample: Buffer[] = [];
  let rest = Buffer.alloc(0);
  const look = (text: Buffer): void => {
    for (let at = 0; at < text.length;) {
      if ((text[at] ?? 0) < 0x80) {
        at += 1;
        continue;
      }
      const length = sequenceAt(text, at);
      if (length === 0) strays += 1;
      else sequences += 1;
      at += Math.max(1, length);
      if (sampled >= LETTERS_SAMPLE_BYTES) continue;
      const end = text.indexOf(0x0a, at);
      const line = text.subarray(text.lastIndexOf(0x0a, at) + 1, end < 0 ? text.length : end + 1);
      if (sample.at(-1)?.equals(line) === true) continue;
      sample.push(line.subarray(0, LETTERS_SAMPLE_BYTES - sampled));
      sampled += line.length;
    }
  };
  for await (const chunk of createReadStream(file)) {
    const text = Buffer.concat([rest, chunk as Buffer]);
    // A letter may go on in the next chunk; a line as well, which matters little.
    const end = text.lastIndexOf(0x0a) + 1 || text.length - (text.length > 4 ? 4 : 0);
    look(text.subarray(0, end));
    rest = Buffer.from(text.subarray(end));
  }
  look(rest);
  return { sequences, strays, lines: Buffer.concat(sample) };
}

/** How many bytes the letter takes in UTF-8; 0: it is none (RFC 3629, section 4). */
function sequenceAt(text: Buffer, at: number): number {
  const [first = 0, second = 0] = [text[at], text[at + 1]];
  const isNext = (offset: number): boolean => ((text[at + offset] ?? 0) & 0xc0) === 0x80;
  if (first >= 0xc2 && first <= 0xdf) return isNext(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const isOdd = (first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f);
    return isNext(1) && isNext(2) && !isOdd ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const isOdd = (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f);
    return isNext(1) && isNext(2) && isNext(3) && !isOdd ? 4 : 0;
  }
  return 0;
}

/** How the rows of a text stand in its lines. */
export type Layout = {
  readonly delimiter: string;
  /** Lines before the first row: what stands above the header, and a line that only names the delimiter. */
  readonly linesAbove: number;
  /** Spaces stand between delimiters and quotes (`A-1, "Smith, Inc", 5`), which RFC 4180 does not know of: the quotes are quotes all the same. */
  readonly hasSpacedQuotes: boolean;
};

/**
 * Where the rows begin, and what divides them: what the mapping says, else what a first line `sep=;` says (which spreadsheet programs write
 * and read), else the delimiter with which the header has most of the columns that are needed, and among equals the one that divides the
 * first rows most evenly.
 *
 * @param isTabbed whether the file's name or format says that it is divided by tabs.
 */
export async function findLayout(file: string, encoding: string, mapping: Mapping, isTabbed: boolean): Promise<Layout> {
  const text = iconv.decode(await headOf(file, SAMPLE_BYTES), encoding).replaceAll("\u0000", "");
  const said = /^"?sep=(.)"?[;,\t|]*(?:\r\n|\n|\r|$)/i.exec(text)?.[1];
  const headerRow = mapping.header_row ?? 1;
  const linesAbove = Math.max(headerRow - 1, said === undefined ? 0 : 1);
  const named = mapping.delimiter ?? (isTabbed ? "\t" : said);
  const rows = withoutLines(text, linesAbove);
  const layout = (delimiter: string): Layout => ({
    delimiter,
    linesAbove,
    hasSpacedQuotes: hasSpacedQuotes(rows, delimiter),
  });
  if (named !== undefined) return layout(named);
  const needed = headerRow === 0 ? [] : columnsNeeded(mapping);
  const scored = DELIMITERS.map((delimiter) => ({ delimiter, ...divide(rows, delimiter, needed) })).toSorted(
    (a, b) => b.found - a.found || b.foundBelow - a.foundBelow || b.even - a.even || b.columns - a.columns,
  );
  const best = scored.find((one) => one.foundBelow > 0 || (one.columns > 1 && (one.found > 0 || needed.length === 0)));
  // One column: what divides it must not occur in it.
  const unused = DELIMITERS.find((delimiter) => !rows.includes(delimiter));
  return layout(best?.delimiter ?? scored.find((one) => one.columns > 1)?.delimiter ?? unused ?? ",");
}

/** Whether a cell begins with spaces and a quote, and ends with that quote's other half. */
function hasSpacedQuotes(text: string, delimiter: string): boolean {
  const mark = delimiter.replace(/[^\w\s]/g, "\\$&");
  return delimiter.trim() !== "" && new RegExp(`${mark} +"[^"\r\n]*" *(?:${mark}|[\r\n]|$)`).test(text);
}

/** The text below so many lines, whatever ends them. */
export function withoutLines(text: string, count: number): string {
  const ends = /\r\n|\n|\r/g;
  for (let line = 0; line < count; line += 1) if (ends.exec(text) === null) return "";
  return text.slice(ends.lastIndex);
}

type Divided = {
  /** How many of the columns that are needed the first row has. */
  readonly found: number;
  /** Where it has none: how many of them a row below has, since a title may stand above the header. */
  readonly foundBelow: number;
  /** The share of rows that have as many columns as the first. */
  readonly even: number;
  readonly columns: number;
};

function divide(text: string, delimiter: string, needed: readonly string[]): Divided {
  const rows = firstRows(text, delimiter, 50);
  // A quote that this delimiter leaves open: the header may still be told.
  const [first = []] = rows ?? firstRows(text, delimiter, 1) ?? [];
  const wanted = needed.map(columnName);
  const foundIn = (row: readonly string[]): number => {
    const header = new Set(row.map(columnName));
    return wanted.filter((column) => header.has(column)).length;
  };
  const found = foundIn(first);
  const foundBelow = found > 0 ? 0 : Math.max(0, ...(rows ?? []).slice(0, HEADER_SEARCHED).map(foundIn));
  const columns = first.length;
  if (rows === null || columns < 2) return { found, foundBelow, even: 0, columns };
  // The sample may end in the middle of its last row.
  const whole = rows.length > 2 ? rows.slice(0, -1) : rows;
  return { found, foundBelow, even: whole.filter((row) => row.length === columns).length / whole.length, columns };
}

function firstRows(text: string, delimiter: string, to: number): string[][] | null {
  try {
    return parse(text, {
      delimiter,
      record_delimiter: ["\r\n", "\n", "\r"],
      to,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    });
  } catch {
    return null;
  }
}
