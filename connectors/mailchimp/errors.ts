import type { TributaryErrorOptions } from "../../core/base/errors.ts";
import { fieldOf, type Json } from "../../core/base/json.ts";
import { errorTable } from "../../core/connector/error-table.ts";
import type { HttpFailure } from "../../core/connector/http.ts";

export const NOT_FOUND = "mailchimp.record.not_found";
export const PERMISSION_MISSING = "mailchimp.permission_missing";

/** A bare 403 is tried again so often before it is believed. */
const MOST_BARE_403 = 3;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

/** What Mailchimp's refusals mean; counts them, since it never says how long to wait. One for each client. */
export type Refusals = {
  readonly classify: (failure: HttpFailure) => TributaryErrorOptions | null;
  /** A call has been answered: the waits begin small again. */
  readonly passed: () => void;
};

/**
 * There are no rate limit headers, and a throttle may be a 429 or a 403 without a body: the status decides, and whether there is a problem
 * document (RFC 9457) beside it. mailchimp.com/developer, "Errors" and "API limits".
 */
export function createRefusals(): Refusals {
  let throttled = 0;
  let bare403 = 0;

  function wait(failure: HttpFailure, what: string): TributaryErrorOptions {
    throttled += 1;
    const waitMs = retryAfterMs(failure) ?? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (throttled - 1));
    return {
      code: "mailchimp.rate_limited",
      kind: "rate_limited",
      message: `Mailchimp asks to slow down on ${what} (${failure.status}): ten connections at once are all that a user has.`,
      mend: "Nothing to do: it goes on by itself. If it lasts, other programs are using the same account.",
      retryAt: new Date(failure.now.getTime() + waitMs),
    };
  }

  function classify(failure: HttpFailure): TributaryErrorOptions | null {
    const what = `${failure.request.method} ${failure.request.path}`;
    if (failure.status === 429) return wait(failure, what);
    if (failure.status === 403 && titleOf(failure.body) === null && bare403 < MOST_BARE_403) {
      bare403 += 1;
      return { ...wait(failure, what), retryAt: new Date(failure.now.getTime() + 1000 * 2 ** (bare403 - 1)) };
    }
    return meaningOf(failure);
  }

  return {
    classify,
    passed() {
      throttled = 0;
      bare403 = 0;
    },
  };
}

const meaningOf = errorTable([
  {
    status: 401,
    code: "mailchimp.auth.key_rejected",
    kind: "auth",
    message: "Mailchimp does not accept the credentials (401 on {what}).",
    mend: "Make a new API key in Mailchimp (Account & billing → Extras → API keys), or sign in again, and enter it for this connection.",
  },
  {
    status: 403,
    code: "mailchimp.permission_missing",
    kind: "config",
    message: "The user behind the credentials, or the account's plan, may not use {what}.",
    mend: "Use the key of a user with the role manager or above, or leave the stream out of this connection.",
  },
  {
    status: 404,
    code: "mailchimp.record.not_found",
    kind: "contract",
    message: "Mailchimp has nothing at {what}.",
    mend: "If base_url was changed, check it; else the record was deleted and the next pull goes on without it.",
  },
  {
    status: "5xx",
    code: "mailchimp.server.unavailable",
    kind: "transient",
    message: "Mailchimp answered {status} on {what}.",
    mend: "Nothing to do unless it lasts: status.mailchimp.com tells of outages.",
  },
  {
    code: "mailchimp.request.refused",
    kind: "contract",
    message: "Mailchimp refuses {what} ({status}): {detail}",
    detail: ({ body }) => withoutAddresses(titleOf(body) ?? "no reason given"),
    mend: "Check the connection's settings; if they are right, report it with the run's number.",
  },
]);

/** Of a problem document; null where there is none. */
function titleOf(body: Json): string | null {
  const title = fieldOf(body, "title");
  return typeof title === "string" && title !== "" ? title.slice(0, 200) : null;
}

function withoutAddresses(text: string): string {
  return text.replaceAll(/[^\s<>"']+@[^\s<>"']+/g, "(an address)");
}

/** Not documented, honoured where it appears. */
function retryAfterMs(failure: HttpFailure): number | null {
  const seconds = Number(failure.headers["retry-after"] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.max(1, seconds) * 1000 : null;
}
