import type { NormaliseContext, Problem } from "../../core/connector/define.ts";
import type { Day } from "../../core/base/time.ts";
import type { Attributes, Moment } from "../../core/schema/facts.ts";
import { columnsNeeded, TEMPLATE_COLUMN, type ColumnSpec, type Mapping, type Settings } from "./settings.ts";
import { amountMinor, cellText, decimalText, excerpt, momentDay, readFlag, readMoment, type Cell } from "./values.ts";

export type Cells = { readonly [column: string]: Cell };

/** What stands between a row and its facts besides the mapping: the defaults of connection and workspace. */
export type ReadingContext = Pick<NormaliseContext<Settings>, "settings" | "timeZone" | "currency">;

/**
 * Reads the fields of one row as its mapping says. Every read gives a value or null; what could not be read is gathered in `problems`,
 * and then the row as a whole counts as unreadable.
 */
export type RowReader = {
  readonly problems: readonly Problem[];
  has(field: string): boolean;
  text(field: string): string | null;
  /** Several values in one cell, separated by `,` or `;`. */
  list(field: string): readonly string[];
  number(field: string): number | null;
  integer(field: string): number | null;
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
  readonly mapping: Mapping;
  readonly row: RowReader;
  readonly context: ReadingContext;
};

/** @param at how problems name the row: `deals.csv line 17`, or its key. */
export function createRowReader(mapping: Mapping, cells: Cells, context: ReadingContext, at: string): RowReader {
  const problems: Problem[] = [];
  const refused = new Set<string>();
  const { settings } = context;

  const refuse: RowReader["refuse"] = ({ code, field, reason }) => {
    const where = describeColumn(mapping.columns[field] ?? mapping.attributes?.[field]);
    refused.add(field);
    problems.push({ code, at, reason: `${field}${where}: ${reason}` });
  };

  const cellOf = (spec: ColumnSpec | undefined): Cell | null => {
    const cell = spec === undefined ? null : readCell(spec, cells);
    return cell === null || cellText(cell) === "" ? null : cell;
  };
  const textOf = (spec: ColumnSpec | undefined): string | null => {
    const cell = cellOf(spec);
    return cell === null ? null : cellText(cell);
  };
  const text = (field: string): string | null => textOf(mapping.columns[field]);
  const decimalOf = (spec: ColumnSpec | undefined): "." | "," =>
    option(spec, "decimal") ?? mapping.decimal ?? settings.decimal;

  const numberOf = (field: string, spec: ColumnSpec | undefined): number | null => {
    const value = textOf(spec);
    if (value === null) return null;
    const plain = decimalText(value.replace(/%$/, ""), decimalOf(spec));
    if (plain !== null) return value.endsWith("%") ? Number(plain) / 100 : Number(plain);
    refuse({
      code: "csv.row.bad_number",
      field,
      reason: `"${excerpt(value)}" is no number with decimal "${decimalOf(spec)}"`,
    });
    return null;
  };

  const moment = (field: string): Moment | null => {
    const spec = mapping.columns[field];
    const cell = cellOf(spec);
    if (cell === null) return null;
    const format = option(spec, "date_format") ?? mapping.date_format ?? settings.date_format;
    const timeZone = settings.time_zone ?? context.timeZone;
    const read = readMoment(cell, { format, timeZone, locale: settings.locale });
    if (read === null)
      refuse({
        code: "csv.row.bad_date",
        field,
        reason: `"${excerpt(cellText(cell))}" is no date of the form ${format}`,
      });
    return read;
  };

  const currencyFor = (field: string): string | null => {
    const own = option(mapping.columns[field], "currency") ?? mapping.currency ?? settings.currency ?? context.currency;
    const named = field === "currency" ? null : text("currency");
    if (named === null) return own;
    if (/^[A-Z]{3}$/.test(named.toUpperCase())) return named.toUpperCase();
    refuse({ code: "csv.row.unknown_value", field: "currency", reason: `"${excerpt(named)}" is no ISO 4217 code` });
    return null;
  };

  return {
    problems,
    refuse,
    text,
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
    flag: (field) => {
      const value = text(field);
      const read = value === null ? null : readFlag(value);
      if (value !== null && read === null)
        refuse({
          code: "csv.row.unknown_value",
          field,
          reason: `"${excerpt(value)}" is neither yes nor no; map it under values`,
        });
      return read;
    },
    moment,
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
    money: (field) => {
      const value = text(field);
      const currency = value === null ? null : currencyFor(field);
      if (value === null || currency === null) return null;
      const spec = mapping.columns[field];
      const minor = amountMinor(value, decimalOf(spec), currency);
      if (minor !== null) return { amountMinor: minor, currency };
      refuse({
        code: "csv.row.bad_amount",
        field,
        reason: `"${excerpt(value)}" is no amount with decimal "${decimalOf(spec)}"`,
      });
      return null;
    },
    attributes: () => {
      const read: { [name: string]: string | number | boolean | null } = {};
      for (const [name, spec] of Object.entries(mapping.attributes ?? {})) {
        const type = option(spec, "type") ?? "text";
        if (type === "number") read[name] = numberOf(name, spec);
        else if (type === "yes_no") read[name] = readFlag(textOf(spec) ?? "");
        else read[name] = textOf(spec);
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

/** The row's id in its table: its key's cells. Null where one of them is empty. */
export function rowId(mapping: Mapping, cells: Cells): string | null {
  const columns = typeof mapping.key === "string" ? [mapping.key] : mapping.key;
  const parts = columns.map((column) => cellText(cells[column] ?? "").trim());
  if (parts.some((part) => part === "")) return null;
  return parts.length === 1 ? (parts[0] ?? null) : parts.map((part) => part.replace(/[\\|]/g, "\\$&")).join("|");
}

/** The columns of `header` that the mapping needs and does not find. */
export function missingColumns(mapping: Mapping, header: readonly string[]): readonly string[] {
  return columnsNeeded(mapping).filter((column) => !header.includes(column));
}

function option<K extends "date_format" | "decimal" | "currency" | "type" | "unit">(
  spec: ColumnSpec | undefined,
  name: K,
): Exclude<ColumnSpec, string>[K] | undefined {
  return spec === undefined || typeof spec === "string" ? undefined : spec[name];
}

/** The unit that a field's column was given in the mapping. */
export function unitOf(mapping: Mapping, field: string): string | undefined {
  return option(mapping.columns[field], "unit");
}

function readCell(spec: ColumnSpec, cells: Cells): Cell {
  if (typeof spec === "string") return tidy(cells[spec] ?? "", true);
  const isTrimmed = spec.trim ?? true;
  const read =
    spec.constant ??
    (spec.template === undefined
      ? tidy(cells[spec.column ?? ""] ?? "", isTrimmed)
      : fillTemplate(spec.template, cells));
  const cell = cellText(read) === "" ? (spec.default ?? "") : read;
  const text = cellText(cell);
  // `hasOwn`: a cell may say "constructor".
  const mapped = spec.values !== undefined && Object.hasOwn(spec.values, text) ? spec.values[text] : undefined;
  return mapped === undefined ? cell : (mapped ?? "");
}

function tidy(cell: Cell, isTrimmed: boolean): Cell {
  return typeof cell === "string" && isTrimmed ? cell.trim() : cell;
}

/** The columns put into the template; empty where all of them are. */
function fillTemplate(template: string, cells: Cells): string {
  let isEmpty = true;
  const filled = template.replace(TEMPLATE_COLUMN, (_match, column: string) => {
    const text = cellText(cells[column] ?? "").trim();
    if (text !== "") isEmpty = false;
    return text;
  });
  return isEmpty ? "" : filled.replace(/\s+/g, " ").trim();
}

function describeColumn(spec: ColumnSpec | undefined): string {
  if (spec === undefined) return "";
  if (typeof spec === "string") return ` (column "${spec}")`;
  if (spec.column !== undefined) return ` (column "${spec.column}")`;
  return spec.template === undefined ? "" : ` (${spec.template})`;
}
