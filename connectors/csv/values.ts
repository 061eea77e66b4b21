import { DateTime } from "luxon";
import { parseMinor } from "../../core/base/money.ts";
import { dayOf, isDay, type Day } from "../../core/base/time.ts";
import type { Moment } from "../../core/schema/facts.ts";

/** A cell as it is kept: its text, or, for a workbook's real date cells, the wall-clock date or time in ISO form. */
export type Cell = string | { readonly date: string };

/** The value's text; what a workbook says is a date stays in ISO form. */
export function cellText(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.date;
}

const GROUPING = { ".": "[,\\s'’]", ",": "[.\\s'’]" } as const;
const NUMBER = {
  ".": numberPattern("."),
  ",": numberPattern(","),
} as const;

/** Whole digits with or without groups (the last of three digits, earlier ones of two or three), then perhaps a fraction. */
function numberPattern(decimal: "." | ","): RegExp {
  const group = GROUPING[decimal];
  return new RegExp(`^(\\d+|\\d{1,3}(?:${group}\\d{2,3})*${group}\\d{3})?(?:[${decimal}](\\d*))?$`, "u");
}

/**
 * A number as people write it (`1,234.50`, `1.234,50 €`, `(12)`, `- 3`) in plain decimal form: `1234.50`.
 *
 * @param decimal the sheet's decimal point; the other one and spaces are group separators.
 * @returns null when it is no number of that form.
 */
export function decimalText(text: string, decimal: "." | ","): string | null {
  let body = text.trim().replace(/^[A-Z]{3}\s*|\s*[A-Z]{3}$|\p{Sc}/gu, "");
  let sign = "";
  const negative = /^\((.*)\)$|^[-−]\s*(.*)$/su.exec(body.trim());
  if (negative !== null) {
    sign = "-";
    body = negative[1] ?? negative[2] ?? "";
  }
  const match = NUMBER[decimal].exec(body.trim());
  if (match === null) return null;
  const whole = (match[1] ?? "").replace(/\D/g, "");
  const fraction = match[2] ?? "";
  if (whole + fraction === "") return null;
  return `${sign}${whole === "" ? "0" : whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** An amount in minor units, without going through a float; null when the text is none. */
export function amountMinor(text: string, decimal: "." | ",", currency: string): number | null {
  const plain = decimalText(text, decimal);
  return plain === null ? null : parseMinor(plain, currency);
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
  const key = JSON.stringify([cell, reading.format, reading.timeZone, reading.locale]);
  const known = readBefore.get(key);
  if (known !== undefined) return known;
  const read = parseMoment(cell, reading);
  if (readBefore.size >= MOST_REMEMBERED) readBefore.clear();
  readBefore.set(key, read);
  return read;
}

const readBefore = new Map<string, Moment | null>();
const MOST_REMEMBERED = 10_000;

function parseMoment(cell: Cell, reading: DateReading): Moment | null {
  if (typeof cell !== "string") return isoMoment(cell.date, reading.timeZone);
  if (reading.format === "iso") return isoMoment(cell, reading.timeZone);
  const options = { zone: reading.timeZone, locale: reading.locale };
  const read = DateTime.fromFormat(cell, reading.format, options);
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

/** The first characters of a value, for a message. */
export function excerpt(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
