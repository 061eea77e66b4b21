import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { TributaryError, type ErrorKind, findTributaryError } from "../../core/base/errors.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { recognise } from "../../core/store/failures.ts";

/** Errors of this server whose status says more than their kind does. */
const STATUS_BY_CODE: { readonly [code: string]: number } = {
  "request.invalid": 400,
  "request.malformed": 400,
  "access.unauthenticated": 401,
  "access.sign_in_failed": 401,
  "access.sign_in_not_started": 401,
  "access.provider_refused": 401,
  "access.forbidden": 403,
  "access.not_admitted": 403,
  "access.cross_site": 403,
  "request.not_found": 404,
  "request.method_not_allowed": 405,
  "request.idempotency_in_progress": 409,
  "request.too_large": 413,
  "request.idempotency_mismatch": 422,
  "access.too_many_attempts": 429,
  "request.too_many": 429,
  // Nothing that the caller could change: the hub cannot do its work now.
  "store.disk_full": 503,
  "store.refused": 503,
  "store.value_refused": 422,
};

const STATUS_BY_KIND: { readonly [kind in ErrorKind]: number } = {
  // Understood, and wrong in what it asks for: a setting, or credentials that the vendor refuses.
  config: 422,
  auth: 422,
  // Of the vendor, not of this server: nothing that is asked for again will be there.
  ended: 422,
  rate_limited: 429,
  transient: 503,
  contract: 502,
  bug: 500,
};

export function statusOf(error: TributaryError): number {
  return STATUS_BY_CODE[error.code] ?? STATUS_BY_KIND[error.kind];
}

/** An RFC 9457 problem document. `type` leads to the code's entry in docs/errors.md; `mend` says what to do. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly mend: string;
  /** The request's id, as in the log and the header `X-Request-Id`. */
  readonly instance: string;
};

export function problemOf(error: TributaryError, requestId: string): Problem {
  const status = statusOf(error);
  const isOurs = error.kind === "bug";
  return {
    type: `/docs/errors#${error.code}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    // What an unexpected error says of itself may hold anything; it is in the log under the request's id.
    detail: isOurs ? "Something went wrong on our side." : error.message,
    code: error.code,
    mend: isOurs ? "Try again; if it stays, look for this request's id in the server's log." : error.mend,
    instance: `urn:uuid:${requestId}`,
  };
}

/** @param more further members of the problem document (RFC 9457, section 3.2). */
export function sendProblem(response: Response, error: TributaryError, more: JsonObject = {}): void {
  const problem = problemOf(error, requestIdOf(response));
  if (error.kind === "rate_limited" && error.retryAt !== null) {
    response.set("Retry-After", String(Math.max(1, Math.ceil((error.retryAt.getTime() - Date.now()) / 1000))));
  }
  response
    .status(problem.status)
    .type("application/problem+json")
    .send(JSON.stringify({ ...problem, ...more }));
}

export function requestIdOf(response: Response): string {
  return String(response.locals["requestId"]);
}

export function notFound(what = "There is nothing at this address."): TributaryError {
  return new TributaryError({
    code: "request.not_found",
    kind: "config",
    message: what,
    mend: "Check the address; /docs lists what there is.",
  });
}

/** @param allowed as in the header `Allow`. */
export function methodNotAllowed(allowed: string): TributaryError {
  return new TributaryError({
    code: "request.method_not_allowed",
    kind: "config",
    message: "This address does not take such a request.",
    mend: `Send it as ${allowed}.`,
  });
}

export function invalidRequest(message: string): TributaryError {
  return new TributaryError({
    code: "request.invalid",
    kind: "config",
    message,
    mend: "Correct the request; /docs says what is expected.",
  });
}

/** What Express and its body parsers throw, in our words; everything else as it is. */
export function fromExpress(error: unknown): TributaryError {
  const known = findTributaryError(error);
  if (known !== null) return known;
  const type = error instanceof Error && "type" in error ? error.type : null;
  if (type === "entity.too.large") {
    return new TributaryError({
      code: "request.too_large",
      kind: "config",
      message: "The request's body is larger than this address accepts.",
      mend: "Send less at once.",
      cause: error,
    });
  }
  if (usedStackUp(error)) return tooDeep(error);
  const status = error instanceof Error && "status" in error ? error.status : null;
  if (error instanceof URIError || (typeof status === "number" && status >= 400 && status < 500)) {
    return new TributaryError({
      code: "request.malformed",
      kind: "config",
      message: "The request could not be read.",
      mend: "Send valid JSON as application/json in UTF-8, and encode the address's special characters.",
      cause: error,
    });
  }
  return recognise(error);
}

/** Reading what is nested level by level ends so, when there are too many. */
function usedStackUp(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("call stack");
}

export function tooDeep(cause: unknown): TributaryError {
  return new TributaryError({
    code: "request.malformed",
    kind: "config",
    message: "The request is nested too deeply.",
    mend: `Send objects and lists at most ${MOST_LEVELS} levels deep.`,
    cause,
  });
}

const MOST_LEVELS = 100;

/** Whether JSON goes deeper than any request needs. */
export function isTooDeep(body: unknown): boolean {
  let level = [body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MOST_LEVELS) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? (Object.values(one) as unknown[]) : []));
  }
  return false;
}

/** The last handler of all: nothing else has answered. */
export const answerNotFound: RequestHandler = (_request, _response, next) => next(notFound());

/** Turns whatever was thrown into an answer: a page for people who browse, a problem document for everyone else. */
export function answerErrors(options: {
  readonly onUnexpected: (error: TributaryError, request: Request, requestId: string) => void;
  readonly renderPage: (
    error: TributaryError,
    request: Request,
    response: Response,
  ) => { readonly page: string } | "sent" | null;
}): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    const error = fromExpress(thrown);
    if (error.kind === "bug") options.onUnexpected(error, request, requestIdOf(response));
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const page = options.renderPage(error, request, response);
    if (page === null) sendProblem(response, error);
    else if (page !== "sent") response.status(statusOf(error)).type("html").send(page.page);
  };
}
