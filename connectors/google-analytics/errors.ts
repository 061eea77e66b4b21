import { fieldOf, isObject, type Json } from "../../core/base/json.ts";
import { errorTable } from "../../core/connector/error-table.ts";
import type { HttpFailure } from "../../core/connector/http.ts";
import { retryAfterMs } from "../../core/connector/http-errors.ts";

export const TOO_SLOW = "google-analytics.report.too_slow";
export const REFUSED = "google-analytics.report.refused";

/** What Google can answer instead of a report: `{ error: { code, message, status } }`, or a proxy's page. */
export const classify = errorTable([
  {
    status: 400,
    code: "google-analytics.report.refused",
    kind: "contract",
    message: "Google refuses the report: {detail}",
    detail: ({ body }) => errorOf(body).message.slice(0, 300),
    mend: "Check the names of key_events; else report it: a dimension or metric is no longer what it was.",
  },
  {
    status: 401,
    code: "google-analytics.auth.key_rejected",
    kind: "auth",
    message: "Google does not accept the service account's key (401).",
    mend: "Make a new JSON key for the service account in Google Cloud, and enter it for this connection.",
  },
  {
    status: 403,
    when: ({ body }) => /has not been used in project|is disabled/i.test(errorOf(body).message),
    code: "google-analytics.api_disabled",
    kind: "auth",
    message: "The Google Analytics Data API is not enabled in the service account's Google Cloud project.",
    mend: "Enable “Google Analytics Data API” in that project (APIs & Services → Library), then resume the connection.",
  },
  {
    // Also for a property that does not exist: Google does not tell which (developers.google.com, "What is my property ID?").
    status: 403,
    code: "google-analytics.property.no_access",
    kind: "auth",
    message: "The service account may not read this property, or no property has this number.",
    mend: "Check property_id (digits, not G-…), and add the service account's e-mail address as a Viewer in Admin → Property access management.",
  },
  {
    status: 404,
    code: "google-analytics.address_unknown",
    kind: "config",
    message: "Google knows no {detail} (404).",
    detail: ({ request }) => request.path,
    mend: "Check base_url: it is the Data API's address without a path.",
  },
  {
    status: 429,
    code: "google-analytics.quota_exhausted",
    kind: "rate_limited",
    message: "A quota of the property is used up: {detail}",
    detail: ({ body }) => errorOf(body).message.slice(0, 200),
    mend: "Nothing to do: it goes on by itself. If it happens often, other programs are reading the same property.",
    retryAfterMs: waitMs,
  },
  {
    status: 504,
    code: "google-analytics.report.too_slow",
    kind: "transient",
    message: "The report was not done in time.",
    mend: "Nothing to do: it is asked for again over half as many days.",
  },
  {
    status: "5xx",
    code: "google-analytics.server_error",
    kind: "transient",
    message: "Google Analytics answered {status}{detail}.",
    detail: ({ body }) => (errorOf(body).status === "" ? "" : ` ${errorOf(body).status}`),
    mend: "Nothing to do: it is tried again, seldom, since Google counts its own failures against us.",
  },
]);

/** Words of Google's texts with the waits of Airbyte's connector. Those of the hourly and daily token quotas are unverified. */
const WAITS: readonly (readonly [RegExp, number])[] = [
  [/concurrent requests/i, 30],
  [/server errors/i, 3600],
  [/thresholded requests/i, 1800],
  [/per day|daily/i, 4 * 3600],
  [/per hour|hourly/i, 1800],
];
const UNKNOWN_WAIT_S = 60;

function waitMs(failure: HttpFailure): number {
  if (failure.headers["retry-after"] !== undefined) return retryAfterMs(failure);
  const { message } = errorOf(failure.body);
  return (WAITS.find(([words]) => words.test(message))?.[1] ?? UNKNOWN_WAIT_S) * 1000;
}

function errorOf(body: Json): { readonly message: string; readonly status: string } {
  const error = fieldOf(body, "error");
  if (!isObject(error)) return { message: "no reason given", status: "" };
  const { message, status } = error;
  return {
    message: typeof message === "string" ? message : "no reason given",
    status: typeof status === "string" ? status : "",
  };
}
