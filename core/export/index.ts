import { Readable } from "node:stream";
import type { Exported } from "./columns.ts";
import { csvText } from "./csv.ts";
import { jsonLines } from "./json-lines.ts";
import { parquetBytes } from "./parquet.ts";

export const FORMATS = ["csv", "jsonl", "parquet"] as const;
export type Format = (typeof FORMATS)[number];

export const CONTENT_TYPES: { readonly [format in Format]: string } = {
  csv: "text/csv; charset=utf-8; header=present",
  jsonl: "application/jsonl",
  parquet: "application/vnd.apache.parquet",
};

/** @param hasMark of CSV: whether it begins with a byte-order mark, by which Excel knows UTF-8. */
export function fileOf(
  exported: Exported,
  format: Format,
  { hasMark = true }: { readonly hasMark?: boolean } = {},
): Readable {
  switch (format) {
    case "csv":
      return Readable.from(csvText(exported, { hasMark }));
    case "jsonl":
      return Readable.from(jsonLines(exported));
    case "parquet":
      return Readable.from(parquetBytes(exported));
    default:
      return format satisfies never;
  }
}
