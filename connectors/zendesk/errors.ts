import type { Json } from "../../core/base/json.ts";
import { errorTable } from "../../core/connector/error-table.ts";
import type { HttpFailure } from "../../core/connector/http.ts";
import { retryAfterMs } from "../../core/connector/http-errors.ts";

export const NOT_FOUND = "zendesk.record_not_found";
export const PERMISSION_MISSING = "zendesk.permission_missing";
export const TOO_RECENT = "zendesk.export.too_recent";
export const TOO_HEAVY = "zendesk.export.page_too_heavy";
export const REFUSED = "zendesk.request_refused";

/** Zendesk's own advice for a 429 that does not say how long. */
const UNSAID_WAIT_MS = 60_000;

/**
 * What Zendesk can answer instead of what was asked for. The status decides: bodies are JSON with `error` as a text or as an object, plain
 * text or HTML. developer.zendesk.com, "Requests"; airbytehq/airbyte issues 11035 and 16163 for the bodies of a 429.
 */
export const classify = errorTable([
  {
    status: 401,
    code: "zendesk.auth.rejected",
    kind: "auth",
    message: "Zendesk does not accept the credentials (401 on {what}).",
    mend: "Sign in again, or enter the OAuth client's id and secret anew. An API token may have been switched off: use OAuth.",
  },
  {
    status: 403,
    code: "zendesk.permission_missing",
    kind: "config",
    message: "The credentials may not use {what}{detail}.",
    detail: ({ body }) => missingScopes(errorText(body)),
    mend: "Use an administrator, give the OAuth client the scope read, or leave the stream out: the plan may not include it.",
  },
  {
    // A subdomain that nobody has is answered with a web page.
    status: 404,
    when: ({ body }) => typeof body === "string" && /^\s*</.test(body),
    code: "zendesk.no_such_account",
    kind: "config",
    message: "There is no Zendesk account at this address: {what} gives a web page.",
    mend: "Check the subdomain: it is the first part of your Zendesk address.",
  },
  {
    status: 404,
    code: "zendesk.record_not_found",
    kind: "contract",
    message: "Zendesk has nothing at {what}.",
    mend: "Nothing to do for a single record: it was deleted. For a whole stream: the plan does not include it; leave it out.",
  },
  {
    status: 409,
    code: "zendesk.server.conflict",
    kind: "transient",
    message: "Zendesk was busy with the same thing (409 on {what}).",
    mend: "Nothing to do: it is tried again.",
  },
  {
    status: 422,
    when: ({ body }) => /too recent start_time/i.test(errorText(body)),
    code: "zendesk.export.too_recent",
    kind: "contract",
    message: "Zendesk holds the last minute of {what} back.",
    mend: "Check this machine's clock: it runs ahead of Zendesk's.",
  },
  {
    // Paging by offset has an end at 10,000 rows, told with the same status. No waiting cures it.
    status: 429,
    when: ({ body }) => !/pagination limit/i.test(errorText(body)),
    code: "zendesk.rate_limited",
    kind: "rate_limited",
    message: "Zendesk asks to slow down on {what}.",
    mend: "Nothing to do: the job goes on by itself when the time has passed.",
    retryAfterMs: waitMs,
  },
  {
    // Not tried again as it is: the same page would take as long.
    status: 504,
    when: ({ request, body }) =>
      request.path.includes("/incremental/") && /upstream request timeout/i.test(errorText(body)),
    code: "zendesk.export.page_too_heavy",
    kind: "contract",
    message: "Zendesk could not gather the page in time: {what}.",
    mend: "Report it: the connector asks for smaller pages by itself and should never stop at this.",
  },
  {
    status: "5xx",
    code: "zendesk.server.unavailable",
    kind: "transient",
    message: "Zendesk answered {status} on {what}.",
    mend: "Nothing to do unless it lasts: status.zendesk.com tells of outages.",
  },
  {
    code: "zendesk.request_refused",
    kind: "contract",
    message: "Zendesk refuses {what} ({status}).",
    mend: "Report it with the run's number: the connector asks for what its documentation no longer allows.",
  },
]);

/** OAuth tokens without the scope are told which one. */
function missingScopes(text: string): string {
  const scopes = /required scopes?: ([a-z:_ ]{1,80})/.exec(text)?.[1];
  return scopes === undefined ? "" : ` (missing scopes: ${scopes.trim()})`;
}

/** `Retry-After`, else when the account's minute is over, else a minute. At least a second, so that a rounded-down 0 is no hot loop. */
function waitMs(failure: HttpFailure): number {
  if (failure.headers["retry-after"] !== undefined) return Math.max(1000, retryAfterMs(failure));
  const resetS = Number(failure.headers["ratelimit-reset"] ?? NaN);
  return Number.isFinite(resetS) ? Math.max(1, resetS) * 1000 : UNSAID_WAIT_MS;
}

/** Whatever words the body has, in one line. */
function errorText(body: Json): string {
  if (typeof body === "string") return body;
  return JSON.stringify(body);
}
