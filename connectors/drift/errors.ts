import { fieldOf, type Json, listOf } from "../../core/base/json.ts";
import type { VendorEnd } from "../../core/connector/define.ts";
import { errorTable } from "../../core/connector/error-table.ts";

export const NOT_FOUND = "drift.record.not_found";
export const PERMISSION_MISSING = "drift.permission_missing";
export const REFUSED = "drift.request.refused";

const MOVE_ON =
  "What was pulled stays, and so do the numbers made of it. Chats go on with another tool: move them to Intercom and run `tributary connect intercom`; people and reps with the same e-mail addresses are the same to Tributary. If Drift does answer you, resume the connection.";

const DAY_MS = 86_400_000;

/**
 * Drift is being wound down. It has ended when it says so (410), or when for a day there was nothing but what is left of a service that is
 * gone: no such host, a certificate that fails, another company's web page, no such address.
 */
export const DRIFT_END: VendorEnd = {
  signs: ["drift.http.unreachable", "drift.http.unreadable", "drift.http.foreign_address", "drift.api.not_found"],
  afterMs: DAY_MS,
  error: {
    code: "drift.vendor.silent",
    message: "Drift has not answered for a day, and its vendor has announced its end: this connection ends with it.",
    mend: MOVE_ON,
  },
};

/** A list is always there; what is about one record may be gone. */
const LISTS = /^(conversations\/(list|stats)|users\/list|users\/meetings\/org|accounts|app\/token_info)$/;

/**
 * What Drift can answer instead of what was asked for. The body is `{error: {type, message}}` or `{errors: [{type, message}]}`; the status
 * decides. airbytehq/airbyte, source-drift.
 */
export const classify = errorTable([
  {
    status: 400,
    code: "drift.request.refused",
    kind: "contract",
    message: "Drift refuses {what}: {detail}.",
    detail: ({ body }) => errorType(body),
    mend: "Check the connection's base_url; if it is right, report it with the run's number.",
  },
  {
    status: 401,
    code: "drift.auth.token_rejected",
    kind: "auth",
    message: "Drift does not accept the token (401 on {what}).",
    mend: "Install the app to Drift again at dev.drift.com and enter its token, or sign in again. If Drift no longer lets you: move to Intercom, what was pulled stays.",
  },
  {
    status: 403,
    code: "drift.permission_missing",
    kind: "config",
    message: "The app may not use {what}.",
    mend: "Add the scope that `tributary test` names to the app at dev.drift.com and install it again, or leave the stream out.",
  },
  {
    status: 404,
    when: ({ request }) => LISTS.test(request.path),
    code: "drift.api.not_found",
    kind: "contract",
    message: "There is nothing at {what}: this is not Drift's API, or no longer.",
    mend: "Check the connection's base_url. If it stays so for a day, the connection ends and keeps what was pulled.",
  },
  {
    status: 404,
    code: "drift.record.not_found",
    kind: "contract",
    message: "Drift has nothing at {what}.",
    mend: "Nothing to do: the record was deleted, and the pull goes on without it.",
  },
  {
    status: 410,
    code: "drift.vendor.ended",
    kind: "ended",
    message: "Drift says that its API has ended (410).",
    mend: MOVE_ON,
  },
  {
    status: 429,
    code: "drift.rate_limited",
    kind: "rate_limited",
    message: "Drift asks to slow down on {what}.",
    mend: "Nothing to do: the job goes on by itself when the time has passed.",
  },
]);

/** The error's type, never its message: that may quote what was asked for. */
function errorType(body: Json): string {
  const several = fieldOf(body, "errors");
  const [first] = listOf(several);
  const type = fieldOf(fieldOf(body, "error"), "type") ?? fieldOf(first, "type");
  return typeof type === "string" ? type.slice(0, 60) : "no reason given";
}
