/**
 * What is taken out, whatever file it goes to: columns with a type, and rows in batches.
 *
 * - `text`, `yes_no`
 * - `integer`, `number` (double)
 * - `time`  an instant: a Date
 * - `day`   a calendar day: `YYYY-MM-DD`
 * - `json`  a list or an object
 */
export type ColumnType = "text" | "yes_no" | "integer" | "number" | "time" | "day" | "json";

export type Column = { readonly name: string; readonly type: ColumnType };

/** By column; null: no value. */
export type ExportRow = { readonly [column: string]: unknown };

export type Exported = {
  readonly columns: readonly Column[];
  /** Batches that are never empty. Read once; what is open is closed at the end, or when the reader stops. */
  readonly batches: AsyncIterable<readonly ExportRow[]>;
};
