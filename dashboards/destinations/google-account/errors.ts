import { isObject, type Json } from "../../../core/base/json.ts";
import { TributaryError } from "../../../core/base/errors.ts";

/** What was asked, for people to read. */
export type Asked = {
  /** `spreadsheet`, `document` */
  readonly what: string;
  readonly id: string;
  /** `Google Sheets` */
  readonly api: string;
};

/** Quotas are refilled each minute (developers.google.com, "Usage limits"). */
const REFILL_MS = 60_000;

/**
 * What Google's library throws: a GaxiosError with `status` and `response`, whose body is `{ error: { code, message, status } }`, of the token endpoint
 * `{ error, error_description }`; without a status where there was no answer.
 *
 * @param email the service account's; null: a person's sign-in.
 */
export function classify(error: unknown, { what, id, api }: Asked, email: string | null, now: Date): TributaryError {
  const { status, body, retryAfterS } = answerOf(error);
  const { message, reason } = wordsOf(body);
  const who = email === null ? "the person who signed in" : email;
  if (status === null)
    return new TributaryError({
      code: "google.unreachable",
      kind: "transient",
      message: `${api} could not be reached.`,
      mend: "It is tried again by itself; if it goes on, check this machine's way to googleapis.com.",
      // The library's error has the whole request in it, with what it is signed with.
      cause: new Error(error instanceof Error ? error.message : "no reason given"),
    });
  if (reason === "invalid_grant" || reason === "invalid_client" || status === 401)
    return new TributaryError({
      code: "google.key_rejected",
      kind: "auth",
      message: `Google refuses the sign-in: ${message}.`,
      mend:
        email === null
          ? "Ask the person for consent again, and put the new refresh token into the variable that `refresh_token` names."
          : `Make a new JSON key for ${email} in Google Cloud, put it into the variable that \`service_account\` names, and apply the config again.`,
    });
  if (status === 403 && /has not been used in project|is disabled/i.test(message))
    return new TributaryError({
      code: "google.api_disabled",
      kind: "auth",
      message: `The API of ${api} is not enabled in the account's Google Cloud project.`,
      mend: `Enable it in that project (APIs & Services → Library → ${api} API).`,
    });
  if (status === 403)
    return new TributaryError({
      code: "google.no_access",
      kind: "auth",
      message: `The ${what} ${id} may not be changed: ${message}.`,
      mend: `Share it with ${who} as an editor, and see that what is written to is not protected.`,
    });
  if (status === 404)
    return new TributaryError({
      code: "google.not_found",
      kind: "config",
      message: `There is no ${what} ${id}, or ${who} may not see it.`,
      mend: `Copy the id from its address (between /d/ and /edit), and share it with ${who} as an editor.`,
    });
  if (status === 429)
    return new TributaryError({
      code: "google.rate_limited",
      kind: "rate_limited",
      message: `A quota of ${api} is used up: ${message}.`,
      mend: "It goes on by itself when the minute is over. If it happens often, other programs use the same account.",
      retryAt: new Date(now.getTime() + (retryAfterS === null ? REFILL_MS : retryAfterS * 1000)),
    });
  if (status >= 500)
    return new TributaryError({
      code: "google.unavailable",
      kind: "transient",
      message: `${api} answered ${status}.`,
      mend: "It is tried again by itself.",
    });
  return new TributaryError({
    code: "google.refused",
    kind: "contract",
    message: `${api} refuses what was asked of the ${what} ${id} (${status}): ${message}.`,
    mend: "If somebody has changed it at that very moment, the next push mends it; else report this message.",
  });
}

function answerOf(error: unknown): {
  readonly status: number | null;
  readonly body: unknown;
  readonly retryAfterS: number | null;
} {
  // Gaxios' errors have the answer; others have none.
  const { response } = error as { readonly response?: { status?: unknown; data?: unknown; headers?: unknown } };
  const status = typeof response?.status === "number" ? response.status : null;
  const headers = response?.headers;
  const after = headers instanceof Headers ? Number(headers.get("retry-after") ?? Number.NaN) : Number.NaN;
  return { status, body: response?.data, retryAfterS: Number.isFinite(after) && after >= 0 ? after : null };
}

function wordsOf(body: unknown): { readonly message: string; readonly reason: string } {
  const said = (typeof body === "string" ? parsed(body) : body) as Json; // Parsed here or by the library.
  const error = isObject(said) ? (said["error"] ?? null) : null;
  if (typeof error === "string") {
    const description = isObject(said) ? said["error_description"] : null;
    return { message: typeof description === "string" ? description.slice(0, 300) : error, reason: error };
  }
  const message = isObject(error) && typeof error["message"] === "string" ? error["message"] : "no reason given";
  return { message: message.slice(0, 300).replace(/\.$/, ""), reason: "" };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
