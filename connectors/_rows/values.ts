import { DateTime } from "luxon";
import { dayOf, isDay, type Day } from "../../core/base/time.ts";
import type { Moment } from "../../core/schema/facts.ts";
import { withPlainDigits } from "./amounts.ts";

/** What a cell of a workbook is, where it is no text. Kept so, so that a setting about texts does not touch it. */
export type TypedCell =
  /** The wall-clock date or time in ISO form: `2026-01-05`, `2026-01-05T14:30:00`. */
  | { readonly date: string }
  /** A time without a date, or a span: `14:30:00`, `36:00:00`. */
  | { readonly time: string }
  /**
   * In plain decimal form. `shown`: as its format shows it, where it is an identifier (`00007`). `currency`: the sign or code that its
   * format puts beside it.
   */
  | { readonly number: string; readonly shown?: string; readonly currency?: string }
  /** As a fraction: `0.45`. */
  | { readonly percent: string }
  | { readonly flag: boolean }
  /** `#DIV/0!`, or why there is no value. */
  | { readonly error: string };

/** A cell as it is kept: its text, or what it is in a workbook. */
export type Cell = string | TypedCell;

/** The cell's value as a text, for fields that are texts; a number in plain decimal form. */
export function cellText(cell: Cell): string {
  if (typeof cell === "string") return cell;
  if ("date" in cell) return cell.date;
  if ("time" in cell) return cell.time;
  if ("number" in cell) return cell.shown ?? cell.number;
  if ("percent" in cell) return `${Number((Number(cell.percent) * 100).toPrecision(15))}%`;
  return "flag" in cell ? String(cell.flag) : cell.error;
}

/**
 * What spreadsheet programs show, and write to CSV, instead of a value that could not be worked out (ECMA-376 part 1, 18.17.2.7, and newer
 * ones), and what they show where a column is too narrow for its value.
 */
const ERROR_TEXT =
  /^(?:#(?:DIV\/0!|N\/A|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|BUSY!|EXTERNAL!|PYTHON!|ERROR!|GETTING_DATA)|#{3,}|Err:\d{3})$/;

/** Why a cell has no value though something stands in it; null: it has one. */
export function errorIn(cell: Cell): string | null {
  if (typeof cell !== "string") return "error" in cell ? cell.error : null;
  return (cell.startsWith("#") || cell.startsWith("Err:")) && ERROR_TEXT.test(cell) ? cell : null;
}

export type DateReading = { readonly format: string; readonly timeZone: string; readonly locale: string };

/** Letters of luxon's formats that speak of a time of day, or of an instant. */
const TIME_TOKEN = /[HhmsSuXxtTfF]/;
const isTimed = new Map<string, boolean>();

function formatHasTime(format: string): boolean {
  let known = isTimed.get(format);
  if (known === undefined) {
    known = TIME_TOKEN.test(format.replace(/'[^']*'/g, ""));
    isTimed.set(format, known);
  }
  return known;
}

/**
 * A date or time by its named format, only as exact as the format is: a format without a time of day gives a day.
 *
 * @returns null when the text is not of that form, or no such day exists.
 */
export function readMoment(cell: Cell, reading: DateReading): Moment | null {
  // A sheet has few different dates on many rows, and reading one by its format takes longer than all else of a row.
  if (typeof cell !== "string" && !("date" in cell)) return parseMoment(cell, reading);
  const text = cellText(cell);
  if (text.length > MAX_DATE_CHARACTERS) return null;
  const known = remembered(reading, typeof cell === "string" ? "text" : "date");
  const before = known.get(text);
  if (before !== undefined) return before;
  const read = parseMoment(cell, reading);
  if (known.size >= MOST_REMEMBERED) known.clear();
  known.set(text, read);
  return read;
}

/** Dates by their text, of the few ways of reading that a process has. */
const readBefore = new Map<string, Map<string, Moment | null>>();
const MOST_REMEMBERED = 10_000;
const MOST_WAYS = 100;
/** A longer text is no date. It also bounds the work of looking for one. */
const MAX_DATE_CHARACTERS = 100;

function remembered({ format, timeZone, locale }: DateReading, kind: string): Map<string, Moment | null> {
  const way = `${kind}\n${format}\n${timeZone}\n${locale}`;
  let known = readBefore.get(way);
  if (known === undefined) {
    if (readBefore.size >= MOST_WAYS) readBefore.clear();
    known = new Map();
    readBefore.set(way, known);
  }
  return known;
}

function parseMoment(cell: Cell, reading: DateReading): Moment | null {
  if (typeof cell !== "string" && "date" in cell) return isoMoment(cell.date, reading.timeZone);
  // A time of day alone, a truth value or a percentage is no date; a number may be one by its format: 20260105.
  if (typeof cell !== "string" && !("number" in cell)) return null;
  const text = withPlainDigits(cellText(cell));
  if (reading.format === "iso") return isoMoment(text, reading.timeZone);
  const options = { zone: reading.timeZone, locale: reading.locale };
  const read = DateTime.fromFormat(text, reading.format, options);
  if (!read.isValid || !hasFourDigitYear(read)) return null;
  return formatHasTime(reading.format) ? { instant: read.toJSDate() } : { day: read.toFormat("yyyy-MM-dd") };
}

function isoMoment(text: string, timeZone: string): Moment | null {
  const isWholeDay: boolean = isDay(text);
  if (isWholeDay) return { day: text };
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:?\d{2}/.test(text)) return null;
  const read = DateTime.fromISO(text.replace(" ", "T"), { zone: timeZone });
  return read.isValid ? { instant: read.toJSDate() } : null;
}

/** `yyyy` also reads `17` and `20170`; such a year is a slip, not a date. */
function hasFourDigitYear(read: DateTime): boolean {
  return read.year >= 1000 && read.year <= 9999;
}

/** The calendar day of a moment in the time zone. */
export function momentDay(moment: Moment, timeZone: string): Day {
  return "day" in moment ? moment.day : dayOf(moment.instant, timeZone);
}

const YES = new Set(["yes", "y", "true", "1", "x", "active"]);
const NO = new Set(["no", "n", "false", "0", "inactive"]);

/** yes/no, true/false, 1/0, active/inactive in any case; null when it is none of them. */
export function readFlag(text: string): boolean | null {
  const word = text.toLowerCase();
  return YES.has(word) ? true : NO.has(word) ? false : null;
}

/** The first characters of a value, for a message; no half of a character. */
export function excerpt(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40).replace(/[\ud800-\udbff]$/, "")}…` : text;
}
