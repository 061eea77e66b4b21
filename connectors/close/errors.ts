import type { TributaryErrorOptions } from "../../core/base/errors.ts";
import type { Json } from "../../core/base/json.ts";
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
export function classify(failure: HttpFailure): TributaryErrorOptions | null {
  const what = `${failure.request.method} ${failure.request.path}`;
  switch (failure.status) {
    case 400:
      return badRequest(what, errorText(failure.body));
    case 401:
      return {
        code: "close.auth.key_rejected",
        kind: "auth",
        message: `Close does not accept the credentials (401 on ${what}).`,
        mend: "Make a new API key in Close (Settings → Developer), or sign in again, and enter it for this connection.",
      };
    case 402:
      return {
        code: "close.plan.limit_reached",
        kind: "config",
        message: `The Close plan does not include ${what}.`,
        mend: "Leave the stream out of this connection, or change the plan in Close.",
      };
    case 403:
      return {
        code: "close.permission_missing",
        kind: "config",
        message: `The user behind the credentials may not use ${what}.`,
        mend: "Use an administrator's key, give the user's role this permission in Close, or leave the stream out.",
      };
    case 404:
      return {
        code: "close.record.not_found",
        kind: "contract",
        message: `Close has nothing at ${what}.`,
        mend: "If base_url was changed, check it; else the record was deleted and the next pull goes on without it.",
      };
    case 405:
    case 415:
      return {
        code: "close.request.unsupported",
        kind: "bug",
        message: `Close does not know this kind of request: ${what} (${failure.status}).`,
        mend: "Report it with this message.",
      };
    case 429:
      return {
        code: "close.rate_limited",
        kind: "rate_limited",
        message: `Close asks to slow down on ${what}.`,
        mend: "Nothing to do: the job goes on by itself when the time has passed.",
        retryAt: new Date(failure.now.getTime() + retryAfterMs(failure)),
      };
    default:
      return failure.status >= 500
        ? {
            code: "close.server.unavailable",
            kind: "transient",
            message: `Close answered ${failure.status} on ${what}.`,
            mend: "Nothing to do unless it lasts: status.close.com tells of outages.",
          }
        : null;
  }
}

function badRequest(what: string, text: string): TributaryErrorOptions {
  if (/max_skip|less than or equal to/i.test(text)) {
    return {
      code: "close.request.window_too_big",
      kind: "contract",
      message: `Close lists no further in one window of ${what}.`,
      mend: "Report it: the connector narrows its windows by itself and should never stop at this.",
    };
  }
  if (/cursor/i.test(text)) {
    return {
      code: "close.request.cursor_expired",
      kind: "contract",
      message: `Close no longer knows the cursor that ${what} went on from.`,
      mend: "Nothing to do: the walk starts again by itself.",
    };
  }
  return {
    code: "close.request.refused",
    kind: "contract",
    message: `Close refuses ${what}: ${text.slice(0, 200)}`,
    mend: "Check the connection's settings (custom fields, base_url); if they are right, report it.",
  };
}

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
  if (value === null || value === undefined || typeof value !== "object" || Array.isArray(value)) return undefined;
  return (value as { readonly [name: string]: Json })[name];
}
