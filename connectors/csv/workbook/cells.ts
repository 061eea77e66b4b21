import { wellFormed } from "../../_rows/names.ts";
import type { Cell } from "../../_rows/values.ts";
import { showIdentifier, type NumberFormat } from "./number-formats.ts";

/** A cell as a sheet's XML holds it (ECMA-376 part 1, 18.3.1.4). */
export type StoredCell = {
  /** `n`, `s`, `str`, `inlineStr`, `b`, `e`, `d`. */
  readonly type: string;
  /** What stands in `v`, or the inline text; null: there is no such element. */
  readonly value: string | null;
  readonly hasFormula: boolean;
  readonly format: NumberFormat;
};

export type SheetContext = {
  /** The text of that number in the workbook's list; null: there is none. */
  readonly sharedText: (index: number) => string | null;
  /** Days count from 1904, as in workbooks of old Macs. */
  readonly isFrom1904: boolean;
};

const DAY_MS = 86_400_000;
/** A double keeps so many digits of any decimal number; what a file writes beyond them is rounding. Spreadsheet programs show no more. */
const SURE_DIGITS = 15;

/** The cell's value by its type; an empty text for a cell that only has a format. */
export function cellValue(stored: StoredCell, sheet: SheetContext): Cell {
  const { type, value, hasFormula, format } = stored;
  if (value === null) return hasFormula ? { error: "a formula without a stored result" } : "";
  switch (type) {
    case "s": {
      const text = /^\d{1,9}$/.test(value) ? sheet.sharedText(Number(value)) : null;
      return text ?? { error: "a text that the workbook does not hold" };
    }
    case "str":
    case "inlineStr":
      return unescaped(value);
    case "b":
      return { flag: value.trim() === "1" || value.trim().toLowerCase() === "true" };
    case "e":
      return { error: value.trim() === "" ? "an error" : value.trim() };
    case "d":
      return isoCell(value.trim(), format);
    default:
      return value.trim() === "" ? "" : numberCell(value.trim(), format, sheet.isFrom1904);
  }
}

/** `_x000D_` stands for a character that XML cannot hold (ECMA-376 part 1, 22.9.2.19, ST_Xstring). */
export function unescaped(text: string): string {
  const plain = text.includes("_x")
    ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
  return wellFormed(plain.replaceAll("\u0000", ""));
}

function isoCell(text: string, format: NumberFormat): Cell {
  const match = /^(\d{4}-\d{2}-\d{2})?(?:T?(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  const [, day, time, zone = ""] = match ?? [];
  if (day === undefined) return time === undefined ? { error: `"${text}", which is no date` } : { time };
  const isDay = time === undefined || (format.kind !== "datetime" && zone === "" && /^[0:.]+$/.test(time));
  return { date: isDay ? day : `${day}T${time}${zone}` };
}

function numberCell(text: string, format: NumberFormat, isFrom1904: boolean): Cell {
  const plain = plainNumber(text);
  if (plain === null) return { error: `"${text.slice(0, 40)}", which is no number` };
  const value = Number(plain);
  switch (format.kind) {
    case "percent":
      return { percent: plain };
    case "elapsed":
      return value < 0 ? { error: "a negative time" } : { time: clock(Math.round(value * DAY_MS)) };
    case "time":
    case "date":
    case "datetime":
      return momentCell(value, format.kind, isFrom1904);
    case "none":
      return {
        number: plain,
        ...(format.currency === null ? {} : { currency: format.currency }),
        ...(format.identifier !== null && /^\d{1,15}$/.test(plain)
          ? { shown: showIdentifier(format.identifier, value) }
          : {}),
      };
    default:
      return format.kind satisfies never;
  }
}

/** Without an exponent: whole numbers digit by digit as they stand, others to as many digits as a double is sure of. Null: no number. */
export function plainNumber(text: string): string | null {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/.test(text) || text.length > 400) return null;
  const whole = /^([+-]?)0*(\d+)$/.exec(text);
  if (whole !== null) return whole[1] === "-" && whole[2] !== "0" ? `-${whole[2] ?? ""}` : (whole[2] ?? null);
  const value = Number(text);
  if (!Number.isFinite(value)) return null;
  return withoutExponent(String(Number(value.toPrecision(SURE_DIGITS))));
}

function withoutExponent(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text === "-0" ? "0" : text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const digits = whole + fraction;
  const at = whole.length + Number(exponent);
  if (at <= 0) return `${sign}0.${"0".repeat(-at)}${digits}`;
  if (at >= digits.length) return `${sign}${digits}${"0".repeat(at - digits.length)}`;
  return `${sign}${digits.slice(0, at)}.${digits.slice(at)}`;
}

/**
 * Days since the end of 1899 (or the start of 1904). Spreadsheet programs count a 29 February 1900 that never was, so days before March 1900 are
 * one off.
 */
function momentCell(serial: number, kind: "date" | "datetime" | "time", isFrom1904: boolean): Cell {
  const ms = Math.round(serial * DAY_MS);
  const days = Math.floor(ms / DAY_MS);
  const ofDay = ms - days * DAY_MS;
  if (ms < 0) return { error: "a negative date" };
  if (days === 0 && !isFrom1904) return kind === "time" ? { time: clock(ofDay) } : { error: "a date without a day" };
  if (days === 0 && kind === "time") return { time: clock(ofDay) };
  if (days === 60 && !isFrom1904) return { error: "29 February 1900, a day that never was" };
  const start = isFrom1904 ? Date.UTC(1904, 0, 1) : days < 60 ? Date.UTC(1899, 11, 31) : Date.UTC(1899, 11, 30);
  const date = new Date(start + days * DAY_MS);
  if (date.getUTCFullYear() > 9999 || Number.isNaN(date.getTime())) return { error: "a date after the year 9999" };
  const day = date.toISOString().slice(0, 10);
  return { date: ofDay === 0 && kind === "date" ? day : `${day}T${clock(ofDay)}` };
}

/** `14:30:00`, with thousandths where there are some; hours may pass 24. */
function clock(ms: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const rest = ms % 1000;
  const seconds = Math.floor(ms / 1000);
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}${rest === 0 ? "" : `.${String(rest).padStart(3, "0")}`}`;
}
