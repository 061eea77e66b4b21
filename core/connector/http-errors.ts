import { TributaryError, type TributaryErrorOptions } from "../base/errors.ts";
import type { HttpFailure } from "./http.ts";
import { whyUnreached } from "./unreached.ts";

/** A message names method, path and status; never a query (it may hold a key), a header or a body. */
function where(failure: HttpFailure): string {
  return `${failure.request.method} ${failure.request.path} answered ${failure.status}`;
}

/** What a status means where the vendor has no words of its own for it. */
export function classifyStatus(vendor: string, failure: HttpFailure): TributaryErrorOptions {
  const { status } = failure;
  if (status === 401)
    return {
      code: `${vendor}.http.unauthorized`,
      kind: "auth",
      message: `The credentials were refused: ${where(failure)}.`,
      mend: "Enter a valid key, or sign in again, and resume the connection.",
    };
  if (status === 403)
    return {
      code: `${vendor}.http.forbidden`,
      kind: "auth",
      message: `The account may not do this: ${where(failure)}.`,
      mend: "Give the account that the credentials belong to the missing permission, then resume the connection.",
    };
  if (status === 429)
    return {
      code: `${vendor}.http.rate_limited`,
      kind: "rate_limited",
      message: `The vendor asks us to wait: ${where(failure)}.`,
      mend: "Nothing to do: it goes on by itself.",
      retryAt: new Date(failure.now.getTime() + retryAfterMs(failure)),
    };
  if (status === 408 || status >= 500)
    return {
      code: `${vendor}.http.unavailable`,
      kind: "transient",
      message: `The vendor is in trouble: ${where(failure)}.`,
      mend: "Nothing to do: it is tried again. If it lasts, look at the vendor's status page.",
    };
  return {
    code: `${vendor}.http.refused`,
    kind: "contract",
    message: `The vendor refused a request that its documentation allows: ${where(failure)}.`,
    mend: "Report it with the run's number: the vendor's interface has changed, or the connector asks for the wrong thing.",
  };
}

/** When to come back after a 429 that does not say. */
const DEFAULT_RETRY_AFTER_MS = 5_000;

/** Seconds or an HTTP date (RFC 9110, section 10.2.3). */
export function retryAfterMs(failure: Pick<HttpFailure, "headers" | "now">): number {
  const text = failure.headers["retry-after"];
  if (text === undefined) return DEFAULT_RETRY_AFTER_MS;
  const seconds = Number(text);
  if (text.trim() !== "" && Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(text);
  return Number.isNaN(at) ? DEFAULT_RETRY_AFTER_MS : Math.max(0, at - failure.now.getTime());
}

/** The connection failed before there was an answer. */
export function unreachable(vendor: string, method: string, path: string, cause: unknown): TributaryError {
  return new TributaryError({
    code: `${vendor}.http.unreachable`,
    kind: "transient",
    message: `No answer to ${method} ${path}: ${whyUnreached(cause)}.`,
    mend: "Nothing to do: it is tried again. If it lasts, check this machine's network and the vendor's status page.",
    cause: withoutRequest(cause),
  });
}

/** An answer that is no JSON although its status says that all is well: a proxy's page, or one that was cut off. */
export function unreadable(vendor: string, method: string, path: string, reason: string): TributaryError {
  return new TributaryError({
    code: `${vendor}.http.unreadable`,
    kind: "transient",
    message: `The answer to ${method} ${path} could not be read: ${reason}.`,
    mend: "Nothing to do: it is tried again. If it lasts, something between here and the vendor answers in its place.",
  });
}

/** An answer that is not what the vendor's documentation says. Names the fields that differ, never their values. */
export function mismatch(vendor: string, method: string, path: string, fields: string): TributaryError {
  return new TributaryError({
    code: `${vendor}.http.unexpected_shape`,
    kind: "contract",
    message: `The answer to ${method} ${path} has another shape than documented: ${fields}.`,
    mend: "Report it with the run's number: the vendor's interface has changed.",
  });
}

/** The address leads away from the vendor: a next-page link or a redirect that must not get our credentials. */
export function foreignAddress(vendor: string, method: string, path: string, origin: string): TributaryError {
  return new TributaryError({
    code: `${vendor}.http.foreign_address`,
    kind: "contract",
    message: `${method} ${path} leads to ${origin}, which is not the vendor's address; credentials are not sent there.`,
    mend: "Check the connection's base address. If the vendor has moved, the connector has to learn the new one.",
  });
}

/** The address lies in a private network, and an admin has not allowed that. */
export function privateAddress(vendor: string, method: string, path: string, host: string): TributaryError {
  return new TributaryError({
    code: `${vendor}.http.private_address`,
    kind: "config",
    message: `${method} ${path} would go to ${host}, which is in a private network.`,
    mend: "Use a public address, or set TRIBUTARY_ALLOW_PRIVATE_NETWORKS=true if the address is meant to be reached.",
  });
}

/** An axios error carries the whole request with its credentials; what is kept as a cause must not. */
function withoutRequest(cause: unknown): Error {
  return new Error(whyUnreached(cause));
}
