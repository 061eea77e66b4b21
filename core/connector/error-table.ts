import type { ErrorKind, TributaryErrorOptions } from "../base/errors.ts";
import type { HttpFailure } from "./http.ts";

/** One thing that a vendor can answer instead of what was asked for, and what it means. */
export type ErrorRule = {
  /** `5xx`: every status from 500. Absent: any. */
  readonly status?: number | readonly number[] | "5xx";
  /** What else about the answer tells that it is this. */
  readonly when?: (failure: HttpFailure) => boolean;
  readonly code: string;
  readonly kind: ErrorKind;
  /** `{what}` is the request (`GET contacts`), `{status}` the answer's status, `{detail}` what `detail` finds. */
  readonly message: string;
  readonly mend: string;
  /** Of the answer, never more of a person than an id. */
  readonly detail?: (failure: HttpFailure) => string;
  /** For `rate_limited`: how long to wait from now. */
  readonly retryAfterMs?: (failure: HttpFailure) => number;
};

/** Answers by the first rule that fits; null where none does: it then means what its status means (`classifyStatus`). */
export function errorTable(rules: readonly ErrorRule[]): (failure: HttpFailure) => TributaryErrorOptions | null {
  return (failure) => {
    const rule = rules.find((one) => hasStatus(one, failure.status) && one.when?.(failure) !== false);
    if (rule === undefined) return null;
    const { code, kind, message, mend, detail, retryAfterMs } = rule;
    const values: { readonly [name: string]: string } = {
      what: `${failure.request.method} ${failure.request.path}`,
      status: String(failure.status),
      detail: detail?.(failure) ?? "",
    };
    const waits =
      retryAfterMs === undefined ? {} : { retryAt: new Date(failure.now.getTime() + retryAfterMs(failure)) };
    const told = message.replaceAll(/\{(what|status|detail)\}/g, (_, name: string) => values[name] ?? "");
    return { code, kind, message: told, mend, ...waits };
  };
}

function hasStatus({ status }: ErrorRule, given: number): boolean {
  if (status === undefined) return true;
  if (status === "5xx") return given >= 500;
  return typeof status === "number" ? status === given : status.includes(given);
}
