import { tmpdir } from "node:os";
import { findTributaryError, toTributaryError, TributaryError } from "../base/errors.ts";

/** Node's codes for "nobody answered", or for a line that broke. They say nothing of who it was. */
const NO_ANSWER =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_\w+)$/;
/**
 * SQLSTATEs of a server that cannot serve now: connection exceptions, no memory or no connection left, a query that was ended, shutting down
 * or starting, an I/O error, read-only (a standby).
 */
const NOT_NOW = /^(08\w{3}|53[0234]00|57014|57P0\w|58\w{3}|25006)$/;
/** serialization_failure, deadlock_detected, lock_not_available */
const CONFLICT = /^(40001|40P01|55P03)$/;
/** Wrong user or password, no such database, no permission. */
const REFUSED = /^(28\w{3}|3D000|42501)$/;
/** A number, time or text outside what the column's type or an index can hold. Not a division by zero and the like: those are ours. */
const UNSTORABLE = /^(22001|22003|22007|22008|22021|22P02|22P03|22P05|54000|54001)$/;
/** Node's codes for a file or folder that this user may not use. */
const NOT_PERMITTED = /^(EACCES|EPERM|EROFS)$/;
/** node-postgres gives these no code. */
const CUT_OFF =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|The server does not support SSL)/;

/**
 * What a failed statement means, or null when it says nothing that we know. Only for what a database connection has thrown: a bare network
 * error says nothing of whose it is.
 *
 * @param place where the database is, as the store says it: a folder or a server, so that the reader knows which one.
 */
export function databaseFailure(error: unknown, place: string | null): TributaryError | null {
  const database = place === null ? "database" : `database (${place})`;
  for (const { code, message } of causes(error)) {
    if (code === "53100" || code === "ENOSPC") return diskFull(`the ${database}`, error);
    if (NO_ANSWER.test(code) || NOT_NOW.test(code) || CUT_OFF.test(message)) {
      return new TributaryError({
        code: "store.unreachable",
        kind: "transient",
        message: `The ${database} does not answer.`,
        mend: "It is tried again by itself. If it lasts: see whether PostgreSQL runs, and whether DATABASE_URL is right.",
        cause: error,
      });
    }
    if (CONFLICT.test(code)) {
      return new TributaryError({
        code: "store.conflict",
        kind: "transient",
        message: "Two transactions stood in each other's way, and the database ended this one.",
        mend: "Nothing to do: it is tried again by itself.",
        cause: error,
      });
    }
    if (REFUSED.test(code)) {
      return new TributaryError({
        code: "store.refused",
        kind: "config",
        message: `The ${database} refuses: ${message}.`,
        mend: "Correct user, password and database in DATABASE_URL, or give the user the permission; `tributary doctor` checks it.",
        cause: error,
      });
    }
    if (UNSTORABLE.test(code)) {
      return new TributaryError({
        code: "store.value_refused",
        kind: "contract",
        // What PostgreSQL says beyond the code quotes the value.
        message: `A number, time or text lies outside what the ${database} can hold (SQLSTATE ${code}).`,
        mend: "Correct the value: years from 1 to 9999, whole numbers below 2^53, ids and names of at most 2,000 characters.",
        cause: error,
      });
    }
  }
  return null;
}

/**
 * For the outermost frame of a job, a request or a command: what anything thrown means. What the database says is recognised where it is
 * asked (core/store/client.ts); a bare network error that comes up here is of something else, and is told by its address.
 */
export function recognise(error: unknown): TributaryError {
  const known = findTributaryError(error);
  if (known !== null) return known;
  if (isDiskFull(error)) return diskFull(fullFile(error), error);
  for (const cause of causes(error)) {
    if (NOT_PERMITTED.test(cause.code) && cause.path !== null) {
      return new TributaryError({
        code: "files.not_permitted",
        kind: "config",
        message: `${cause.path} cannot be used: the user that runs Tributary is not allowed to (${cause.code}).`,
        mend: "Give that user the file or folder, or name another one: TRIBUTARY_DATA_DIR or --data-dir for the hub's own.",
        cause: error,
      });
    }
    // What AbortSignal.timeout() ends things with: whoever set the time knows that it was for an answer.
    if (cause.name === "TimeoutError") {
      return new TributaryError({
        code: "network.timed_out",
        kind: "transient",
        message: "No answer came in the time that there was for it.",
        mend: "It is tried again by itself; what was asked by hand can be asked again. If it lasts: see whether the other side, or this machine, has too much to do.",
        cause: error,
      });
    }
    if (NO_ANSWER.test(cause.code)) {
      return new TributaryError({
        code: "network.unreachable",
        kind: "transient",
        message: `${cause.address ?? "An address"} does not answer (${cause.code}).`,
        mend: "It is tried again by itself. If it lasts: see whether what should answer there runs, and whether this machine may reach it.",
        cause: error,
      });
    }
  }
  return toTributaryError(error);
}

/** Whether an error, or one that caused it, says that a disk is full: ours (ENOSPC) or the database's (SQLSTATE 53100). */
export function isDiskFull(error: unknown): boolean {
  return causes(error).some(({ code }) => code === "ENOSPC" || code === "53100");
}

/** The file of our own (a key, a copy of a sheet) that found no room, or the folders where those are when the system does not name it. */
function fullFile(error: unknown): string {
  const ours = causes(error).find(({ code }) => code === "ENOSPC");
  return ours?.path ?? `the data folder (TRIBUTARY_DATA_DIR) or temporary files (${tmpdir()})`;
}

/** @param what the folder or the server whose disk is full. */
export function diskFull(what: string, cause: unknown): TributaryError {
  return new TributaryError({
    code: "store.disk_full",
    kind: "config",
    message: `The disk that holds ${what} is full.`,
    mend: "Free some space or enlarge the disk (`tributary doctor` shows what is free), then start again; nothing that was stored is lost.",
    cause,
  });
}

type Cause = {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  /** Of a file that could not be written. */
  readonly path: string | null;
  /** Of a connection that could not be made: `host:port`. */
  readonly address: string | null;
};

function causes(error: unknown): Cause[] {
  const chain: Cause[] = [];
  for (let current = error; current instanceof Error && chain.length < 10; current = current.cause) {
    // Node's own errors have them, of any type as far as can be known.
    const { code, path, address, hostname, port } = current as { readonly [field: string]: unknown } & Error;
    const host = typeof hostname === "string" ? hostname : typeof address === "string" ? address : null;
    chain.push({
      name: current.name,
      code: typeof code === "string" ? code : "",
      message: current.message,
      path: typeof path === "string" ? path : null,
      address: host === null ? null : typeof port === "number" ? `${host}:${port}` : host,
    });
    // Several addresses of one name were tried, each with its own error.
    if (current instanceof AggregateError) chain.push(...current.errors.flatMap(causes));
  }
  return chain;
}
