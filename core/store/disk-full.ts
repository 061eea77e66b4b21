import { TributaryError } from "../base/errors.ts";

/** Whether an error, or one that caused it, says that a disk is full: ours (ENOSPC) or the database's (SQLSTATE 53100). */
export function isDiskFull(error: unknown): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 10; current = current.cause, depth += 1) {
    const { code } = current as { code?: unknown };
    if (code === "ENOSPC" || code === "53100") return true;
  }
  return false;
}

/** @param place what is full: a folder, or "the database server". */
export function diskFull(place: string, cause: unknown): TributaryError {
  return new TributaryError({
    code: "store.disk_full",
    kind: "config",
    message: `The disk that holds ${place} is full.`,
    mend: "Free some space or enlarge the disk, then start again; nothing that was stored is lost.",
    cause,
  });
}
