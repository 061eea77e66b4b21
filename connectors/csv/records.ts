import { z } from "zod";
import type { Json, JsonObject } from "../../core/base/json.ts";
import type { Cell, TypedCell } from "../_rows/values.ts";

const typedCell = z.union([
  z.strictObject({ date: z.string() }),
  z.strictObject({ time: z.string() }),
  z.strictObject({ number: z.string(), shown: z.string().exactOptional(), currency: z.string().exactOptional() }),
  z.strictObject({ percent: z.string() }),
  z.strictObject({ flag: z.boolean() }),
  z.strictObject({ error: z.string() }),
]) satisfies z.ZodType<TypedCell>;

/**
 * A row as it is kept raw. No line number: a row that moved down because another was inserted above it has not changed. `id` is made
 * of the key's columns; `source` names the mapping's source (see `sourceName`).
 */
export type RowRecord = {
  readonly id: string;
  readonly source: string;
  readonly columns: { readonly [column: string]: Cell };
  /** Of a table whose sources join on the key: which source after the first it is of. Absent: the first. */
  readonly part?: number;
};

/** The row that a raw record is; null: it has not the shape of one. By hand: most cells are texts, and there are millions. */
export function readRowRecord(record: Json): RowRecord | null {
  if (typeof record !== "object" || record === null || Array.isArray(record)) return null;
  const { id, source, columns } = record as JsonObject;
  if (typeof id !== "string" || typeof source !== "string") return null;
  if (typeof columns !== "object" || columns === null || Array.isArray(columns)) return null;
  for (const cell of Object.values(columns))
    if (typeof cell !== "string" && !typedCell.safeParse(cell).success) return null;
  const part = partOf(record);
  // Each cell has just been looked at.
  return { id, source, columns: columns as RowRecord["columns"], ...(part === 0 ? {} : { part }) };
}

/** The id of a record of any of the streams: the key, and for a further source that speaks of the same key which one. */
export function recordId(record: unknown): string {
  const id: unknown = typeof record === "object" && record !== null && "id" in record ? record.id : null;
  if (typeof id !== "string") throw new Error("a record of a spreadsheet has an id");
  return partId(id, partOf(record));
}

function partOf(record: unknown): number {
  const part: unknown = typeof record === "object" && record !== null && "part" in record ? record.part : 0;
  return typeof part === "number" ? part : 0;
}

/** No key has a unit separator. */
export function partId(id: string, part: number): string {
  return part === 0 ? id : `${id}\u001f${part}`;
}
