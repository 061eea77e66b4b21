import { TributaryError } from "../../core/base/errors.ts";
import { fieldOf, type Json } from "../../core/base/json.ts";

/** An id as text (admins' are numbers in some places), null where there is none. */
export function idText(value: Json | undefined): string | null {
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : null;
}

export function idOf(record: Json): string {
  const id = idText(fieldOf(record, "id"));
  if (id !== null) return id;
  throw new TributaryError({
    code: "intercom.record.no_id",
    kind: "contract",
    message: "Intercom sent a record without an id.",
    mend: "Report it: the connector expects an id on everything.",
  });
}

/** When it last changed, to the second: Intercom knows no finer. */
export function updatedAt(record: Json): Date | null {
  const seconds = secondsOf(record);
  return seconds === null ? null : new Date(seconds * 1000);
}

/** `updated_at` in Unix seconds. */
export function secondsOf(record: Json): number | null {
  const seconds = fieldOf(record, "updated_at");
  return typeof seconds === "number" && seconds >= 0 && seconds <= 8.64e12 ? seconds : null;
}
