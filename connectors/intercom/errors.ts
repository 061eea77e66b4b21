import { fieldOf, type Json, listOf } from "../../core/base/json.ts";
import { errorTable } from "../../core/connector/error-table.ts";
import type { HttpFailure } from "../../core/connector/http.ts";
import { resetSeconds } from "./limits.ts";

export const NOT_FOUND = "intercom.record.not_found";
export const PERMISSION_MISSING = "intercom.permission_missing";
export const PLAN_RESTRICTED = "intercom.plan.restricted";
export const REFUSED = "intercom.request.refused";
export const PAGE_LIMIT = "intercom.companies.page_limit";

/** A scroll that nobody goes on with ends after a minute. */
const SCROLL_ENDS_MS = 60_000;

const isScrollBusy = ({ status, body }: HttpFailure): boolean => status === 423 || errorCode(body) === "scroll_exists";
const isPlan = ({ status, body }: HttpFailure): boolean =>
  status === 402 || (status === 403 && errorCode(body) === "api_plan_restricted");

/** What Intercom can answer instead of what was asked for: `{type: "error.list", errors: [{code, message, field}]}`, or a proxy's page. */
export const classify = errorTable([
  {
    when: isScrollBusy,
    code: "intercom.companies.scroll_busy",
    kind: "rate_limited",
    message: "Somebody else is scrolling through the workspace's companies, and only one may.",
    mend: "Nothing to do: it goes on by itself when the other one has ended.",
    retryAfterMs: () => SCROLL_ENDS_MS,
  },
  {
    status: [400, 409, 422],
    when: ({ body }) => /page limit reached/i.test(JSON.stringify(body)),
    code: "intercom.companies.page_limit",
    kind: "contract",
    message: "Intercom lists no more than 10,000 companies.",
    mend: "Nothing to do: the others are read by scrolling.",
  },
  {
    status: [400, 409, 422],
    code: "intercom.request.refused",
    kind: "contract",
    message: "Intercom refuses {what}: {detail}.",
    detail: ({ body, status }) => errorCode(body) ?? `status ${status}`,
    mend: "Check the connection's settings; if they are right, report it with the run's number.",
  },
  {
    status: 401,
    code: "intercom.auth.token_rejected",
    kind: "auth",
    message: "Intercom does not accept the token (401 on {what}).",
    mend: "Enter the access token of the Developer Hub again, or sign in again; and check the connection's region: a workspace in Europe or Australia refuses tokens at the address of the United States.",
  },
  {
    when: isPlan,
    code: "intercom.plan.restricted",
    kind: "config",
    message: "The workspace's plan does not include {what}.",
    mend: "Leave the stream out of this connection, or change the plan at Intercom.",
  },
  {
    status: 403,
    code: "intercom.permission_missing",
    kind: "config",
    message: "The app may not use {what}.",
    mend: "Give the app in the Developer Hub the permission that `tributary test` names, or leave the stream out.",
  },
  {
    status: 404,
    when: ({ request }) => request.path === "companies/scroll",
    code: "intercom.companies.scroll_ended",
    kind: "transient",
    message: "Intercom has ended the scroll through companies: the next page was asked for too late.",
    mend: "Nothing to do: they are read again from the first.",
  },
  {
    status: 404,
    code: "intercom.record.not_found",
    kind: "contract",
    message: "Intercom has nothing at {what}.",
    mend: "Nothing to do: the record was deleted, and the pull goes on without it.",
  },
  {
    status: 429,
    code: "intercom.rate_limited",
    kind: "rate_limited",
    message: "Intercom asks to slow down on {what}.",
    mend: "Nothing to do: the job goes on by itself when the time has passed.",
    retryAfterMs: waitMs,
  },
]);

/** The window's end, in the vendor's time. At least a second: it is rounded. */
function waitMs({ headers }: HttpFailure): number {
  return Math.max(1, resetSeconds(headers) ?? 5) * 1000;
}

function errorCode(body: Json): string | null {
  const errors = fieldOf(body, "errors");
  const [first] = listOf(errors);
  const code = fieldOf(first, "code");
  return typeof code === "string" && /^[a-z_]{1,60}$/.test(code) ? code : null;
}
