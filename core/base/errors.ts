import { toVisible } from "./text.ts";

/**
 * Errors are part of the product: every failure a person may meet is a {@link TributaryError} with a stable `code`
 * (explained in docs/errors.md), a closed `kind` that decides what happens to the job, and what to do about it.
 */

/**
 * What went wrong, and by that what happens next:
 *
 * - `config`        a setting is wrong; the job stops, an admin changes the setting.
 * - `auth`          the vendor refuses us; the connection is paused, an admin reconnects.
 * - `ended`         the vendor has ended its service; the connection ends with it and keeps its data, an admin moves on to another tool.
 * - `rate_limited`  the vendor asks us to wait until `retryAt`; the job waits, no attempt is used.
 * - `transient`     it may work next time; retried with back-off.
 * - `contract`      the vendor answered something its documentation rules out; raw data is kept, the run fails visibly.
 * - `bug`           an invariant of ours is broken, or nobody recognised the error.
 */
export const ERROR_KINDS = ["config", "auth", "ended", "rate_limited", "transient", "contract", "bug"] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

export type TributaryErrorOptions = {
  /** Dotted, stable, lower case: `close.auth.key_rejected`. Has an entry in docs/errors.md. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** Names the thing that is wrong. Never holds a credential, a whole payload, or more of a person than an id. */
  readonly message: string;
  /** What the reader can do about it, as an instruction. */
  readonly mend: string;
  /** Only for `rate_limited`: when it may be tried again. */
  readonly retryAt?: Date;
  readonly cause?: unknown;
};

/** The one error class of the product. `toString()` gives code, message and mend. */
export class TributaryError extends Error {
  override readonly name = "TributaryError";
  readonly code: string;
  readonly kind: ErrorKind;
  readonly mend: string;
  readonly retryAt: Date | null;

  constructor(options: TributaryErrorOptions) {
    // It goes on to terminals, pages and the database, and may quote what a source has sent.
    super(toVisible(options.message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.kind = options.kind;
    this.mend = toVisible(options.mend);
    this.retryAt = options.retryAt ?? null;
  }

  override toString(): string {
    return `${this.message} [${this.code}] ${this.mend}`;
  }
}

/** The first {@link TributaryError} in a chain of causes, or null. */
export function findTributaryError(error: unknown): TributaryError | null {
  for (let current = error, depth = 0; current instanceof Error && depth < 10; current = current.cause, depth += 1) {
    if (current instanceof TributaryError) return current;
  }
  return null;
}

/** Coerces anything thrown into a {@link TributaryError}; what nobody recognised is a `bug`, never guessed `transient`. */
export function toTributaryError(error: unknown): TributaryError {
  const known = findTributaryError(error);
  if (known !== null) return known;
  return new TributaryError({
    code: "internal.unexpected",
    kind: "bug",
    message:
      error instanceof Error
        ? `Unexpected error: ${error.message}`
        : "Unexpected error: something was thrown that is no error",
    mend: "Report it with the log lines around it; the run can be started again.",
    cause: error,
  });
}

/** Whether something failed with one of these codes, at whatever depth. */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  const code = findTributaryError(error)?.code;
  return code !== undefined && codes.includes(code);
}

/** The code that the system, PostgreSQL or a library gave to a failure (`ENOENT`, `57P03`); null without one. */
export function systemCodeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
