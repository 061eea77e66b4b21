import { DateTime } from "luxon";
import { minorUnitDigits } from "../../../core/base/money.ts";
import { toVisible } from "../../../core/base/text.ts";
import { type Day, daysBetween } from "../../../core/base/time.ts";
import type { Column } from "../../../core/export/columns.ts";
import type { Unit } from "../../../core/metrics/engine/define.ts";

/** Values as a spreadsheet has them. They are sent `RAW`: what is text here stays text there, also where it begins with `=`. */
export type Cell = string | number | boolean;

/** Day 0 of spreadsheets. */
const DAY_ZERO: Day = "1899-12-30";
/** Characters that a cell holds (support.google.com, "Files you can store"; unverified). */
const MOST_CHARACTERS = 50_000;

export function dayCell(day: Day): number {
  return daysBetween(DAY_ZERO, day);
}

/** The workspace's wall clock, as a number of days: a spreadsheet's times have no zone. */
export function timeCell(instant: Date, timeZone: string): number {
  const there = DateTime.fromJSDate(instant, { zone: timeZone });
  const seconds = there.hour * 3600 + there.minute * 60 + there.second;
  return dayCell(there.toFormat("yyyy-MM-dd")) + seconds / 86_400;
}

/** Control characters and halves of characters are written out, as everywhere that people look. */
export function textCell(text: string): string {
  const shown = toVisible(text);
  return shown.length <= MOST_CHARACTERS ? shown : shown.slice(0, MOST_CHARACTERS - 1).toWellFormed();
}

/** A value of a table. What has no value is an empty cell: null would leave what was there. */
export function cellOf(value: unknown, { type }: Column, timeZone: string): Cell {
  if (value === null || value === undefined) return "";
  switch (type) {
    case "integer":
    case "number":
      return numberCell(value);
    case "yes_no":
      return value === true;
    case "time":
      return value instanceof Date && !Number.isNaN(value.getTime()) ? timeCell(value, timeZone) : "";
    case "day":
      return typeof value === "string" ? dayCell(value) : "";
    case "json":
      return textCell(JSON.stringify(value));
    case "text":
      return textCell(typeof value === "string" ? value : JSON.stringify(value));
    default:
      return type satisfies never;
  }
}

/** JSON has no NaN and no infinity; integers beyond 2^53 are not exact in a spreadsheet either. */
function numberCell(value: unknown): Cell {
  const number = Number(value);
  return Number.isFinite(number) ? number : "";
}

/** How numbers of a column are shown; null: as they are. */
export type Pattern = { readonly type: "NUMBER" | "PERCENT" | "DATE" | "DATE_TIME"; readonly pattern: string } | null;

export const DATE: Pattern = { type: "DATE", pattern: "yyyy-mm-dd" };
export const DATE_TIME: Pattern = { type: "DATE_TIME", pattern: "yyyy-mm-dd hh:mm" };
export const PERCENT: Pattern = { type: "PERCENT", pattern: "0.0%" };

export function patternOf({ type }: Column): Pattern {
  if (type === "day") return DATE;
  return type === "time" ? DATE_TIME : null;
}

export function unitPattern(unit: Unit, currency: string): Pattern {
  switch (unit) {
    case "money":
    case "money_per_day": {
      const digits = minorUnitDigits(currency);
      return { type: "NUMBER", pattern: `#,##0${digits === 0 ? "" : `.${"0".repeat(digits)}`} "${currency}"` };
    }
    case "ratio":
      return PERCENT;
    case "count":
      return { type: "NUMBER", pattern: "#,##0" };
    case "number":
    case "days":
    case "hours":
    case "minutes":
      return { type: "NUMBER", pattern: "#,##0.0" };
    default:
      return unit satisfies never;
  }
}
