import { minorUnitDigits, parseMinor } from "../../core/base/money.ts";
import type { Day } from "../../core/base/time.ts";
import type { NormaliseContext, Problem } from "../../core/connector/define.ts";
import type { Attributes, Moment } from "../../core/schema/facts.ts";
import { readNumber, type DecimalMark, type WrittenNumber } from "./amounts.ts";
import { chooseCurrency, currenciesOf, isOpen } from "./currencies.ts";
import { columnName, tidyText } from "./names.ts";
import type { Note } from "./notes.ts";
import { columnsNeeded, TEMPLATE_COLUMN, type ColumnSpec, type RowMapping, type RowSettings } from "./mapping.ts";
import { cellText, errorIn, excerpt, momentDay, readFlag, readMoment, type Cell } from "./values.ts";

export type Cells = { readonly [column: string]: Cell };

/**
 * What stands between a row and its facts besides the mapping: the defaults of connection and workspace. `currency` is null where the
 * workspace's is not known: whatever may be right for some workspace is then taken.
 */
export type ReadingContext = Pick<NormaliseContext<RowSettings>, "settings" | "timeZone"> & {
  readonly currency: string | null;
  /** The rows were posted as JSON: reasons speak of fields, not of columns. Absent: they are a sheet's. */
  readonly isPosted?: boolean;
};

/**
 * Reads the fields of one row as its mapping says. Every read gives a value or null; what could not be read is gathered in `problems`,
 * and then the row as a whole counts as unreadable.
 */
export type RowReader = {
  readonly problems: readonly Problem[];
  /** What was read in a way that people should know of. */
  readonly notes: readonly Note[];
  has(field: string): boolean;
  text(field: string): string | null;
  /** Several values in one cell, separated by `,` or `;`. */
  list(field: string): readonly string[];
  /** A percentage as its fraction: 45 % is 0.45. */
  number(field: string): number | null;
  integer(field: string): number | null;
  /** Whether the cell says that it is a percentage. */
  isPercentage(field: string): boolean;
  /** Seconds, where the cell is a time or a span of a workbook, or a text of hours, minutes and seconds (1:05:30); null where it is something else. */
  clock(field: string): number | null;
  flag(field: string): boolean | null;
  moment(field: string): Moment | null;
  instant(field: string): Date | null;
  day(field: string): Day | null;
  choice<T extends string>(field: string, allowed: readonly T[]): T | null;
  money(field: string): { readonly amountMinor: number; readonly currency: string } | null;
  attributes(): Attributes;
  /** For what only the caller can judge. */
  refuse(refusal: { readonly code: string; readonly field: string; readonly reason: string }): void;
  /** Notes that a field which the row cannot do without is empty. */
  require<T>(field: string, value: T | null): T | null;
};

/** What the fact makers of a table are given. */
export type FactInput = {
  readonly id: string;
  readonly mapping: RowMapping;
  readonly row: RowReader;
  readonly context: ReadingContext;
};

/** @param at how problems name the row: `deals.csv line 17`, or its key. */
export function createRowReader(mapping: RowMapping, cells: Cells, context: ReadingContext, at: string): RowReader {
  const problems: Problem[] = [];
  const notes: Note[] = [];
  const refused = new Set<string>();
  const { settings, isPosted = false } = context;
  const placeOf = (field: string): string =>
    describePlace(field, mapping.columns[field] ?? mapping.attributes?.[field], isPosted);

  const refuse: RowReader["refuse"] = ({ code, field, reason }) => {
    const where = placeOf(field);
    refused.add(field);
    const problem = { code, at, reason: `${field}${where}: ${reason}` };
    // A field that is looked at twice is wrong once.
    if (!problems.some((one) => one.code === code && one.reason === problem.reason)) problems.push(problem);
  };
  const note = (field: string, kind: Note["kind"], cell: Cell): void => {
    const where = placeOf(field);
    notes.push({ kind, field: `${field}${where}`, example: excerpt(cellText(cell)) });
  };

  const cellOf = (field: string, spec: ColumnSpec | undefined): Cell | null => {
    const cell = spec === undefined ? null : readCell(spec, cells);
    if (cell === null || cell === "" || cellText(cell) === "") return null;
    const error = errorIn(cell);
    if (error === null) return cell;
    refuse({
      code: "csv.row.error_cell",
      field,
      reason: /^#{3,}$/.test(error)
        ? `"${excerpt(error)}": the column was too narrow for its value when the sheet was exported`
        : `${isPosted ? "" : "the cell "}holds ${error}`,
    });
    return null;
  };
  const textOf = (field: string, spec: ColumnSpec | undefined): string | null => {
    const cell = cellOf(field, spec);
    if (cell === null) return null;
    if (typeof cell !== "string" && "number" in cell && isLongNumber(cell.number)) note(field, "long_number", cell);
    return cellText(cell);
  };
  const text = (field: string): string | null => textOf(field, mapping.columns[field]);
  const saidMark = (spec: ColumnSpec | undefined): DecimalMark | undefined =>
    option(spec, "decimal") ?? mapping.decimal ?? settings.decimal;

  /** The number that a cell writes, or is. */
  const written = (
    cell: Cell,
    spec: ColumnSpec | undefined,
    what: "number" | "amount",
  ): WrittenNumber | { readonly refusal: string } => {
    if (typeof cell === "string") return readNumber(cell, saidMark(spec) ?? ".");
    const exact = { currency: "", isPercent: false, isDoubtful: false };
    if ("number" in cell) return { ...exact, plain: cell.number, currency: cell.currency ?? "" };
    if ("percent" in cell) return { ...exact, plain: cell.percent, isPercent: true };
    const kind = "date" in cell ? "a date" : "time" in cell ? "a time" : "a truth value";
    return { refusal: `is ${kind}${isPosted ? "" : " in the workbook"}, no ${what}` };
  };

  const numberOf = (field: string, spec: ColumnSpec | undefined): number | null => {
    const cell = cellOf(field, spec);
    if (cell === null) return null;
    const read = written(cell, spec, "number");
    const isText = typeof cell === "string";
    const refusal =
      "refusal" in read
        ? read.refusal
        : isText && read.currency !== ""
          ? `says a currency (${read.currency}), which a number has not`
          : Math.abs(Number(read.plain)) > Number.MAX_SAFE_INTEGER
            ? "has more digits than a number keeps; map it as a text"
            : null;
    if (refusal !== null || "refusal" in read) {
      refuse({ code: "csv.row.bad_number", field, reason: `"${excerpt(cellText(cell))}" ${refusal ?? ""}` });
      return null;
    }
    if (read.isDoubtful && saidMark(spec) === undefined) note(field, "three_decimals", cell);
    // In a text the sign divides by a hundred; a percentage of a workbook is a fraction already.
    return read.isPercent && isText ? percentage(read.plain) : Number(read.plain);
  };

  const moment = (field: string): Moment | null => {
    const spec = mapping.columns[field];
    const cell = cellOf(field, spec);
    if (cell === null) return null;
    const format = option(spec, "date_format") ?? mapping.date_format ?? settings.date_format;
    const timeZone = settings.time_zone ?? context.timeZone;
    const read = readMoment(cell, { format, timeZone, locale: settings.locale });
    if (read === null) {
      const reason =
        typeof cell === "string"
          ? `is no date of the form ${format}`
          : "time" in cell
            ? "is a time without a date"
            : isPosted
              ? `is no text of the form ${format}`
              : `is no date in the workbook, and no text of the form ${format}; format the column as a date`;
      refuse({ code: "csv.row.bad_date", field, reason: `"${excerpt(cellText(cell))}" ${reason}` });
    }
    return read;
  };

  /** The currency that the row itself names, beside the amount. */
  const currencyOfRow = (field: string): string | null => {
    const named = field === "currency" ? null : text("currency");
    if (named === null) return null;
    const usual = usualCurrency(field) ?? context.currency;
    const choice = chooseCurrency({ sign: named, said: null, usual });
    const refusal = "refusal" in choice ? choice.refusal : null;
    if (refusal === null && currenciesOf(named).length > 0 && "currency" in choice) return choice.currency;
    // A code that this machine's list does not have yet.
    if (/^[A-Z]{3}$/.test(named.toUpperCase()) && currenciesOf(named).length === 0) return named.toUpperCase();
    refuse({
      code: "csv.row.unknown_value",
      field: "currency",
      reason: refusal?.startsWith(`"${named}" may`) === true ? refusal : `"${excerpt(named)}" is no ISO 4217 code`,
    });
    return null;
  };
  const usualCurrency = (field: string): string | null =>
    option(mapping.columns[field], "currency") ?? mapping.currency ?? settings.currency ?? null;

  const money: RowReader["money"] = (field) => {
    const spec = mapping.columns[field];
    const cell = cellOf(field, spec);
    if (cell === null) return null;
    const bad = (reason: string): null => {
      refuse({ code: "csv.row.bad_amount", field, reason: `"${excerpt(cellText(cell))}" ${reason}` });
      return null;
    };
    const read = written(cell, spec, "amount");
    if ("refusal" in read) return bad(read.refusal);
    if (read.isPercent) return bad("is a percentage, no amount");
    const problemsBefore = problems.length;
    const said = currencyOfRow(field) ?? option(spec, "currency") ?? mapping.currency ?? null;
    if (problems.length > problemsBefore) return null;
    const usual = settings.currency ?? context.currency;
    const choice = chooseCurrency({ sign: read.currency, said, usual });
    if ("refusal" in choice) {
      refuse({ code: "csv.row.bad_amount", field, reason: `"${excerpt(cellText(cell))}": ${choice.refusal}` });
      return null;
    }
    // Where nobody knows the currency, it has most likely two decimals.
    const currency = choice.currency ?? "EUR";
    if (said === null && usual === null && isOpen(read.currency)) note(field, "open_currency", cell);
    const digits = minorUnitDigits(currency);
    const isText = typeof cell === "string";
    const mark = saidMark(spec);
    if (read.isDoubtful && digits !== 3) {
      const shownMark = mark ?? ".";
      const other = shownMark === "." ? "," : ".";
      if (mark === undefined)
        return bad(
          `may be a thousand times as much: where "${shownMark}" groups digits say decimal: "${other}", where it is the decimal point say decimal: "${shownMark}"`,
        );
      note(field, "three_decimals", cell);
    }
    if (decimalsOf(read.plain) > digits) {
      if (isText && option(spec, "round") !== true)
        return bad(`has more decimals than ${currency} (${digits}); round: true in the mapping rounds them`);
      note(field, "rounded", cell);
    }
    const amountMinor = parseMinor(read.plain, currency);
    return amountMinor === null ? bad("is too large for an amount") : { amountMinor, currency };
  };

  const flagOf = (field: string, spec: ColumnSpec | undefined): boolean | null => {
    const cell = cellOf(field, spec);
    if (cell === null) return null;
    const read = typeof cell !== "string" && "flag" in cell ? cell.flag : readFlag(cellText(cell));
    if (read === null)
      refuse({
        code: "csv.row.unknown_value",
        field,
        reason: `"${excerpt(cellText(cell))}" is neither yes nor no; map it under values`,
      });
    return read;
  };

  return {
    problems,
    notes,
    refuse,
    text,
    moment,
    money,
    has: (field) => mapping.columns[field] !== undefined,
    list: (field) =>
      (text(field) ?? "")
        .split(/[,;]/)
        .map((one) => one.trim())
        .filter((one) => one !== ""),
    number: (field) => numberOf(field, mapping.columns[field]),
    integer: (field) => {
      const value = numberOf(field, mapping.columns[field]);
      if (value === null || Number.isSafeInteger(value)) return value;
      refuse({ code: "csv.row.bad_number", field, reason: `"${value}" is no whole number` });
      return null;
    },
    isPercentage: (field) => {
      const spec = mapping.columns[field];
      const cell = cellOf(field, spec);
      if (cell === null) return false;
      const read = written(cell, spec, "number");
      return !("refusal" in read) && read.isPercent;
    },
    clock: (field) => {
      const cell = cellOf(field, mapping.columns[field]);
      const text = cell === null || typeof cell === "string" ? cell : "time" in cell ? cell.time : null;
      // Of two parts (5:30) nobody knows whether the first are hours.
      if (text === null || !/^\d{1,5}:[0-5]\d:[0-5]\d(\.\d+)?$/.test(text)) return null;
      const [hours = 0, minutes = 0, seconds = 0] = text.split(":").map(Number);
      return hours * 3600 + minutes * 60 + seconds;
    },
    flag: (field) => flagOf(field, mapping.columns[field]),
    instant: (field) => {
      const read = moment(field);
      if (read === null || "instant" in read) return read?.instant ?? null;
      refuse({ code: "csv.row.bad_date", field, reason: `"${read.day}" is a day; this field needs a time` });
      return null;
    },
    day: (field) => {
      const read = moment(field);
      return read === null ? null : momentDay(read, settings.time_zone ?? context.timeZone);
    },
    choice: (field, allowed) => {
      const value = text(field);
      const found = allowed.find((one) => one === value || one === value?.toLowerCase());
      if (value !== null && found === undefined)
        refuse({
          code: "csv.row.unknown_value",
          field,
          reason: `"${excerpt(value)}" is none of ${allowed.join(", ")}; map it under values`,
        });
      return found ?? null;
    },
    attributes: () => {
      const read: { [name: string]: string | number | boolean | null } = {};
      for (const [name, spec] of Object.entries(mapping.attributes ?? {})) {
        const type = option(spec, "type") ?? "text";
        if (type === "number") read[name] = numberOf(name, spec);
        else read[name] = type === "yes_no" ? flagOf(name, spec) : textOf(name, spec);
      }
      return read;
    },
    require: (field, value) => {
      // A field that could not be read has been refused already.
      if (value === null && !refused.has(field)) refuse({ code: "csv.row.missing_value", field, reason: "is empty" });
      return value;
    },
  };
}

/** Exactly: 0.07 for 7, not 0.07000000000000001. */
function percentage(plain: string): number {
  return Number((Number(plain) / 100).toPrecision(15));
}

/** Decimals that say something: 1234.5000 has one. */
function decimalsOf(plain: string): number {
  const at = plain.indexOf(".");
  return at < 0 ? 0 : plain.slice(at + 1).replace(/0+$/, "").length;
}

/** A spreadsheet keeps 15 digits of a number; of a longer identifier the rest may have been lost before it was saved. */
function isLongNumber(plain: string): boolean {
  return plain.replace(/\D/g, "").replace(/^0+/, "").length > 15;
}

export type RowKey =
  | { readonly kind: "key"; readonly id: string; readonly notes: readonly Note[] }
  | { readonly kind: "empty" }
  | { readonly kind: "bad"; readonly column: string; readonly reason: string };

/** The row's id in its table: its key's cells. */
export function readKey(mapping: RowMapping, cells: Cells): RowKey {
  const columns = typeof mapping.key === "string" ? [mapping.key] : mapping.key;
  const notes: Note[] = [];
  const parts: string[] = [];
  for (const column of columns) {
    const cell = cellIn(cells, column);
    const error = errorIn(typeof cell === "string" ? cell.trim() : cell);
    if (error !== null) return { kind: "bad", column, reason: `the cell holds ${error}` };
    const part = tidyText(cellText(cell));
    if (part === "") return { kind: "empty" };
    if (part.includes("\ufffd"))
      return { kind: "bad", column, reason: `"${excerpt(part)}" has a character that could not be read` };
    // What a spreadsheet program makes of a long number when it writes CSV: different ones become the same.
    if (typeof cell === "string" && /^\d(?:[.,]\d+)?E\+\d+$/i.test(part))
      return {
        kind: "bad",
        column,
        reason: `"${part}" is a long number of which a spreadsheet program has kept the first digits; format the column as text before exporting`,
      };
    if (typeof cell !== "string" && "number" in cell && isLongNumber(cell.number))
      notes.push({ kind: "long_number", field: `key (column "${column}")`, example: part });
    parts.push(part);
  }
  const [only = ""] = parts;
  return {
    kind: "key",
    id: parts.length === 1 ? only : parts.map((part) => part.replace(/[\\|]/g, "\\$&")).join("|"),
    notes,
  };
}

/** The columns of `header` that the mapping needs and does not find. */
export function missingColumns(mapping: RowMapping, header: readonly string[]): readonly string[] {
  const known = new Set(header.flatMap((name) => [name, columnName(name)]));
  return columnsNeeded(mapping).filter((column) => !known.has(column) && !known.has(columnName(column)));
}

function option<K extends "date_format" | "decimal" | "currency" | "type" | "unit" | "round">(
  spec: ColumnSpec | undefined,
  name: K,
): Exclude<ColumnSpec, string>[K] | undefined {
  return spec === undefined || typeof spec === "string" ? undefined : spec[name];
}

/** The unit that a field's column was given in the mapping. */
export function unitOf(mapping: RowMapping, field: string): string | undefined {
  return option(mapping.columns[field], "unit");
}

/** A column's cell. Names of columns that look the same are the same. */
function cellIn(cells: Cells, column: string): Cell {
  return cells[column] ?? cells[columnName(column)] ?? "";
}

function readCell(spec: ColumnSpec, cells: Cells): Cell {
  if (typeof spec === "string") return tidy(cellIn(cells, spec), true);
  const isTrimmed = spec.trim ?? true;
  const read =
    spec.constant ??
    (spec.template === undefined
      ? tidy(cellIn(cells, spec.column ?? ""), isTrimmed)
      : fillTemplate(spec.template, cells));
  const cell = cellText(read) === "" ? (spec.default ?? "") : (spec.filled ?? read);
  const mapped = spec.values === undefined ? undefined : valueOf(spec.values, cell);
  return mapped === undefined ? cell : (mapped ?? "");
}

/** What a value stands for; undefined: it is not listed. */
function valueOf(values: { readonly [value: string]: string | null }, cell: Cell): string | null | undefined {
  const text = cellText(cell);
  // `hasOwn`: a cell may say "constructor".
  for (const name of [text, typeof cell !== "string" && "number" in cell ? cell.number : text])
    if (Object.hasOwn(values, name)) return values[name];
  const alike = Object.keys(values).find((name) => tidyText(name) === text);
  return alike === undefined ? undefined : values[alike];
}

function tidy(cell: Cell, isTrimmed: boolean): Cell {
  return typeof cell === "string" && isTrimmed ? tidyText(cell) : cell;
}

/** The columns put into the template; empty where all of them are. */
function fillTemplate(template: string, cells: Cells): string {
  let isEmpty = true;
  const filled = template.replace(TEMPLATE_COLUMN, (_match, column: string) => {
    const text = tidyText(cellText(cellIn(cells, column)));
    if (text !== "") isEmpty = false;
    return text;
  });
  return isEmpty ? "" : filled.replace(/\s+/g, " ").trim();
}

/** Where a field is read from, as a remark. Of what was posted only what is called otherwise needs one. */
function describePlace(field: string, spec: ColumnSpec | undefined, isPosted: boolean): string {
  if (spec === undefined) return "";
  const name = typeof spec === "string" ? spec : spec.column;
  if (name === undefined) return typeof spec === "string" || spec.template === undefined ? "" : ` (${spec.template})`;
  if (isPosted) return name === field ? "" : ` (at "${name}")`;
  return ` (column "${name}")`;
}
