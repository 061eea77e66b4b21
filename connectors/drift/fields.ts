import { TributaryError } from "../../core/base/errors.ts";
import { fieldOf, type Json } from "../../core/base/json.ts";

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
