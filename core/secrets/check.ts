import type { Db } from "../store/db.ts";
import { readAllCredentials } from "../store/health.ts";
import { credentialsOf, type Secrets } from "./index.ts";

/** Whether the key in use opens what is stored. */
export type KeyCheck = {
  /** How many connections have sealed credentials. */
  readonly sealed: number;
  /** The ids of those whose credentials it does not open. */
  readonly unopened: readonly string[];
};

/** Tries the key on the credentials of every connection. */
export async function checkKey(db: Db, secrets: Secrets): Promise<KeyCheck> {
  const rows = (await readAllCredentials(db)) ?? [];
  const unopened = rows.filter(({ id, credentials }) => {
    try {
      secrets.open(credentials, credentialsOf(id));
      return false;
    } catch {
      return true;
    }
  });
  return { sealed: rows.length, unopened: unopened.map(({ id }) => id) };
}

/** Whether it is a wrong key altogether: nothing that is stored opens. One connection's broken credentials are that connection's affair. */
export function isWrongKey({ sealed, unopened }: KeyCheck): boolean {
  return sealed > 0 && unopened.length === sealed;
}

/** What to say of it, and what to do; null when all is well. */
export function keyProblem(
  check: KeyCheck,
): { readonly code: string; readonly message: string; readonly mend: string } | null {
  if (check.unopened.length === 0) return null;
  return {
    code: "secrets.unknown_key",
    message: `The secret key does not open the credentials of ${check.unopened.join(", ")}.`,
    mend: "Start with the TRIBUTARY_SECRET_KEY they were sealed with (or name it in TRIBUTARY_OLD_SECRET_KEYS), or enter them again.",
  };
}
