import { isObject, type Json } from "../../core/base/json.ts";
import { errorTable } from "../../core/connector/error-table.ts";

export const NOTHING_FOUND = "gong.nothing_found";
export const CURSOR_REFUSED = "gong.request.cursor_refused";
export const PERMISSION_MISSING = "gong.permission_missing";

/** A list that holds nothing is a 404. Some of these texts end in a full stop, some do not. estuary/connectors, source-gong. */
const EMPTY = /^No .+ found corresponding to the provided filters/i;

/**
 * What Gong can answer instead of what was asked for. Its error body is `{ requestId, errors: [text, …] }`; the request id is what its
 * support asks for. Anything without words of its own here means what its status means.
 */
export const classify = errorTable([
  {
    status: 400,
    when: ({ body }) => errorTexts(body).some((text) => /cursor/i.test(text)),
    code: "gong.request.cursor_refused",
    kind: "contract",
    message: "Gong no longer takes the cursor that {what} went on from.",
    mend: "Nothing to do: the days are listed again from their beginning.",
  },
  {
    status: 400,
    code: "gong.request.refused",
    kind: "contract",
    message: "Gong refuses {what}: {detail}",
    detail: ({ body }) => `${errorTexts(body).join("; ").slice(0, 200)}${requestOf(body)}`,
    mend: "Report it with this message: the connector asks for something that Gong does not take.",
  },
  {
    status: 401,
    code: "gong.auth.key_rejected",
    kind: "auth",
    message: "Gong does not accept the credentials (401 on {what}).",
    mend: "Check base_url first: a key works only at its own account's address. Else make a new access key in Gong (Admin center → Settings → Ecosystem → API), or sign in again.",
  },
  {
    status: 403,
    code: "gong.permission_missing",
    kind: "config",
    message: "The credentials may not use {what}.",
    mend: "Give the access key or the integration this scope in Gong (Admin center → Settings → Ecosystem → API), or leave the stream out.",
  },
  {
    status: 404,
    when: ({ body }) => errorTexts(body).some((text) => EMPTY.test(text)),
    code: "gong.nothing_found",
    kind: "contract",
    message: "Gong found nothing for {what}.",
    mend: "Nothing to do: lists that are empty are answered like this, and read so.",
  },
  {
    status: 404,
    code: "gong.address_unknown",
    kind: "config",
    message: "There is no {what} at the connection's base_url.",
    mend: "Enter the API address that Gong shows (Admin center → Settings → Ecosystem → API), without a path.",
  },
]);

function errorTexts(body: Json): readonly string[] {
  const errors: unknown = isObject(body) ? body["errors"] : null;
  return Array.isArray(errors) ? errors.filter((error): error is string => typeof error === "string") : [];
}

function requestOf(body: Json): string {
  const id: unknown = isObject(body) ? body["requestId"] : null;
  return typeof id === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(id) ? ` (request ${id})` : "";
}
