import { findTributaryError, TributaryError } from "../../core/base/errors.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether something failed with this code, at whatever depth. */
export function failedWith(error: unknown, code: string): boolean {
  return findTributaryError(error)?.code === code;
}

/** The value of a field of any record, null when there is none. */
export function fieldOf(record: Json | undefined, name: string): Json {
  return record !== undefined && isObject(record) ? (record[name] ?? null) : null;
}

/** An id as text; null where there is none, or one that has lost digits on its way: Drift's are 64-bit numbers, JavaScript's are not. */
export function idText(value: Json | undefined): string | null {
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : null;
}

/** The record's id, which is what Drift knows it by. */
export function idOf(record: Json, field = "id"): string {
  const id = idText(fieldOf(record, field));
  if (id !== null) return id;
  throw new TributaryError({
    code: "drift.record.no_id",
    kind: "contract",
    message: `Drift sent a record without a readable ${field}.`,
    mend: "Report it: the connector expects an id on everything.",
  });
}

/** Unix milliseconds as an instant; null when it is none. */
export function instantOf(value: Json | undefined): Date | null {
  if (typeof value !== "number") return null;
  const instant = new Date(value);
  return Number.isNaN(instant.getTime()) ? null : instant;
}
