import { createReadStream } from "node:fs";
import chardet from "chardet";
import { parse } from "csv-parse/sync";
import iconv from "iconv-lite";
import { fileError } from "./errors.ts";
import { headOf } from "./files.ts";

/** Enough rows to tell a delimiter from a character that happens to occur. */
const SAMPLE_BYTES = 64 * 1024;
/** More text makes a guess of an 8-bit encoding surer; beyond this it hardly does. */
const ENCODING_SAMPLE_BYTES = 1024 * 1024;

const DELIMITERS = [",", ";", "\t", "|"] as const;

/**
 * The file's encoding, by name: what the mapping says, else what a byte-order mark says, else UTF-8 where the whole file is valid UTF-8,
 * else the best guess from the letters that occur.
 *
 * @throws TributaryError `csv.file.encoding` for a name that nobody knows, or when there is no guess.
 */
export async function findEncoding(file: string, name: string, named: string | undefined): Promise<string> {
  if (named !== undefined) {
    if (iconv.encodingExists(named)) return named;
    throw unknownEncoding(name, `the encoding "${named}" is not known`);
  }
  const head = await headOf(file, 4);
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  if (await isUtf8(file)) return "utf-8";
  const guess = chardet.detect(await headOf(file, ENCODING_SAMPLE_BYTES));
  // Files that call themselves Latin-1 use its superset windows-1252 (WHATWG Encoding Standard, "latin1" label).
  const encoding = guess === "ISO-8859-1" ? "windows-1252" : guess;
  if (encoding === null || encoding === "UTF-8" || !iconv.encodingExists(encoding))
    throw unknownEncoding(name, "its encoding could not be told");
  return encoding.toLowerCase();
}

async function isUtf8(file: string): Promise<boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of createReadStream(file)) decoder.decode(chunk as Buffer, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function unknownEncoding(name: string, what: string): Error {
  return fileError({
    code: "csv.file.encoding",
    message: `${name}: ${what}.`,
    mend: "Name it in the mapping, for example encoding: windows-1252, or save the file as UTF-8.",
  });
}

/**
 * The delimiter that divides the first rows most evenly: the one with which most of them have as many columns as the header, and among
 * equals the one that gives more columns.
 */
export async function findDelimiter(file: string, encoding: string): Promise<string> {
  const sample = iconv.decode(await headOf(file, SAMPLE_BYTES), encoding);
  const scored = DELIMITERS.map((delimiter) => ({ delimiter, ...evenness(sample, delimiter) })).toSorted(
    (a, b) => b.even - a.even || b.columns - a.columns,
  );
  const best = scored.find((one) => one.columns > 1);
  return best?.delimiter ?? ",";
}

function evenness(sample: string, delimiter: string): { readonly even: number; readonly columns: number } {
  try {
    const rows: string[][] = parse(sample, {
      delimiter,
      to: 50,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    });
    const columns = rows[0]?.length ?? 0;
    // The sample may end in the middle of its last row.
    const whole = rows.length > 2 ? rows.slice(0, -1) : rows;
    return { even: columns > 1 ? whole.filter((row) => row.length === columns).length / whole.length : 0, columns };
  } catch {
    // A quote that this delimiter leaves open: not the one.
    return { even: 0, columns: 0 };
  }
}
