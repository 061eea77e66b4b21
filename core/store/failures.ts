import { tmpdir } from "node:os";
import { TributaryError } from "../base/errors.ts";

/** Codes of Node and classes of SQLSTATE that say "the database could not be reached", or went away on the way. */
const UNREACHABLE = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|57P0\w|53300)$/;
/** serialization_failure, deadlock_detected, lock_not_available */
const CONFLICT = /^(40001|40P01|55P03)$/;
/** node-postgres gives these no code. */
const CUT_OFF =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;

/**
 * What a failed statement means, or null when it says nothing that we know. Statements go to the database alone, so a bare
 * network error under them is the database's; vendors' errors are translated where they arise.
 *
 * @param place where the database is, as the store says it: a folder or a server, so that the reader knows which one.
 */
export function toStoreFailure(error: unknown, place: string | null = null): TributaryError | null {
  const database = place === null ? "the database" : `the database (${place})`;
  if (isDiskFull(error)) return diskFull(fullFile(error) ?? database, error);
  for (const { code, message } of causes(error)) {
    if (UNREACHABLE.test(code) || CUT_OFF.test(message)) {
      return new TributaryError({
        code: "store.unreachable",
        kind: "transient",
        message: `T${database.slice(1)} does not answer.`,
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
  }
  return null;
}

/** Whether an error, or one that caused it, says that a disk is full: ours (ENOSPC) or the database's (SQLSTATE 53100). */
export function isDiskFull(error: unknown): boolean {
  return causes(error).some(({ code }) => code === "ENOSPC" || code === "53100");
}

/**
 * A file of our own (a key, a copy of a sheet) that found no room, or the folders where those are when the system does not name it; null
 * when it was the database's disk.
 */
function fullFile(error: unknown): string | null {
  const ours = causes(error).find(({ code }) => code === "ENOSPC");
  if (ours === undefined) return null;
  return ours.path ?? `the data folder (TRIBUTARY_DATA_DIR) or temporary files (${tmpdir()})`;
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

type Cause = { readonly code: string; readonly message: string; readonly path: string | null };

function causes(error: unknown): Cause[] {
  const chain: Cause[] = [];
  for (let current = error; current instanceof Error && chain.length < 10; current = current.cause) {
    const { code, path } = current as { code?: unknown; path?: unknown };
    chain.push({
      code: typeof code === "string" ? code : "",
      message: current.message,
      path: typeof path === "string" ? path : null,
    });
    // Several addresses of one name were tried, each with its own error.
    if (current instanceof AggregateError) chain.push(...current.errors.flatMap(causes));
  }
  return chain;
}
