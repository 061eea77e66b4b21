import { isObject, type Json } from "../../core/base/json.ts";
import { errorTable } from "../../core/connector/error-table.ts";
import type { HttpFailure } from "../../core/connector/http.ts";
import { readLimit } from "./limits.ts";

export const WINDOW_TOO_BIG = "close.request.window_too_big";
export const CURSOR_EXPIRED = "close.request.cursor_expired";
export const NOT_FOUND = "close.record.not_found";
export const PERMISSION_MISSING = "close.permission_missing";

/**
 * What Close can answer instead of what was asked for, as errors. Close has no formal error schema; three shapes of body are seen
 * (`error` text, `field-errors`, HTML from a proxy) and the status decides. developer.close.com, "HTTP Response Codes".
 */
export const classify = errorTable([
  {
    status: 400,
    when: ({ body }) => /max_skip|less than or equal to/i.test(errorText(body)),
    code: "close.request.window_too_big",
    kind: "contract",
    message: "Close lists no further in one window of {what}.",
    mend: "Report it: the connector narrows its windows by itself and should never stop at this.",
  },
  {
    status: 400,
    when: ({ body }) => /cursor/i.test(errorText(body)),
    code: "close.request.cursor_expired",
    kind: "contract",
    message: "Close no longer knows the cursor that {what} went on from.",
    mend: "Nothing to do: the walk starts again by itself.",
  },
  {
    status: 400,
    code: "close.request.refused",
    kind: "contract",
    message: "Close refuses {what}: {detail}",
    detail: ({ body }) => errorText(body).slice(0, 200),
    mend: "Check the connection's settings (custom fields, base_url); if they are right, report it.",
  },
  {
    status: 401,
    code: "close.auth.key_rejected",
    kind: "auth",
    message: "Close does not accept the credentials (401 on {what}).",
    mend: "Make a new API key in Close (Settings → Developer), or sign in again, and enter it for this connection.",
  },
  {
    status: 402,
    code: "close.plan.limit_reached",
    kind: "config",
    message: "The Close plan does not include {what}.",
    mend: "Leave the stream out of this connection, or change the plan in Close.",
  },
  {
    status: 403,
    code: "close.permission_missing",
    kind: "config",
    message: "The user behind the credentials may not use {what}.",
    mend: "Use an administrator's key, give the user's role this permission in Close, or leave the stream out.",
  },
  {
    status: 404,
    code: "close.record.not_found",
    kind: "contract",
    message: "Close has nothing at {what}.",
    mend: "If base_url was changed, check it; else the record was deleted and the next pull goes on without it.",
  },
  {
    status: [405, 415],
    code: "close.request.unsupported",
    kind: "bug",
    message: "Close does not know this kind of request: {what} ({status}).",
    mend: "Report it with this message.",
  },
  {
    status: 429,
    code: "close.rate_limited",
    kind: "rate_limited",
    message: "Close asks to slow down on {what}.",
    mend: "Nothing to do: the job goes on by itself when the time has passed.",
    retryAfterMs,
  },
  {
    status: "5xx",
    code: "close.server.unavailable",
    kind: "transient",
    message: "Close answered {status} on {what}.",
    mend: "Nothing to do unless it lasts: status.close.com tells of outages.",
  },
]);

/** At least a second: a `rate_reset` of 0.2 has been seen and must not become a hot loop. */
function retryAfterMs(failure: HttpFailure): number {
  const observed = readLimit(failure.headers);
  const seconds = observed?.resetS ?? legacyReset(failure.body) ?? 1;
  return Math.max(1, seconds) * 1000;
}

/** The body's own word, still sent by older parts: inside `error` or at the top. Deprecated since April 2024. */
function legacyReset(body: Json): number | null {
  const inner = field(field(body, "error"), "rate_reset") ?? field(body, "rate_reset");
  return typeof inner === "number" && inner >= 0 ? inner : null;
}

function errorText(body: Json): string {
  if (typeof body === "string") return body;
  const error = field(body, "error");
  return typeof error === "string" ? error : JSON.stringify(body);
}

function field(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) ? value[name] : undefined;
}
