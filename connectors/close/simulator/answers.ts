import type { SimAnswer } from "../../_simulator/server.ts";
import type { CloseObject, Fields } from "./objects.ts";

export function ok(body: unknown): SimAnswer {
  return { status: 200, body };
}

export function refusal(status: number, error: string): SimAnswer {
  return { status, body: { error } };
}

/** Only the fields that `_fields` names. */
export function sparse(object: CloseObject, fields: string | null): Fields {
  if (fields === null || fields === "") return object;
  const wanted = fields.split(",");
  return Object.fromEntries(wanted.filter((field) => field in object).map((field) => [field, object[field]]));
}
