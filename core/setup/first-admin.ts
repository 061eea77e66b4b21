import { TributaryError } from "../base/errors.ts";
import type { Secrets } from "../secrets/index.ts";
import { isSameSecret, newToken } from "../secrets/tokens.ts";
import type { Db } from "../store/db.ts";
import { insertFirstAdminCode, readFirstAdminCode, takeFirstAdminCode } from "../store/setup/first-admin.ts";
import { hasUsers, type User } from "../store/setup/users.ts";
import { addUser } from "./users.ts";

/**
 * A fresh hub knows nobody. It prints one address with a code that makes the first admin in the browser, once; whoever can read what the hub
 * prints, or its database with its key, is its operator.
 */

const SEALED_FOR = "first_admin_code";

/** The code, made when there is none yet; null where somebody may sign in already. */
export async function firstAdminCode(db: Db, secrets: Secrets): Promise<string | null> {
  if (await hasUsers(db)) return null;
  await insertFirstAdminCode(db, secrets.seal(newToken(""), SEALED_FOR));
  return shownFirstAdminCode(db, secrets);
}

/** The code that was made already; null: there is none. Writes nothing. */
export async function shownFirstAdminCode(db: Db, secrets: Secrets): Promise<string | null> {
  if (await hasUsers(db)) return null;
  const sealed = await readFirstAdminCode(db);
  return sealed === null ? null : secrets.open(sealed, SEALED_FOR);
}

/**
 * Makes the first admin. The code is good once, and only as long as nobody may sign in.
 *
 * @throws TributaryError `first_admin.refused`, `user.weak_password`
 */
export async function makeFirstAdmin(
  db: Db,
  secrets: Secrets,
  { code, email, password }: { readonly code: string; readonly email: string; readonly password: string },
): Promise<User> {
  return db.transaction().execute(async (tx) => {
    // Taken, not read: of two at once, one finds none.
    const sealed = await takeFirstAdminCode(tx);
    const isRight = sealed !== null && isSameSecret(code, secrets.open(sealed, SEALED_FOR));
    if (!isRight || (await hasUsers(tx))) throw refused();
    return addUser(tx, `user:${email.toLowerCase()}`, { email, password, role: "admin" });
  });
}

function refused(): TributaryError {
  return new TributaryError({
    code: "first_admin.refused",
    kind: "auth",
    message: "This address makes no admin: its code is wrong or was used, or somebody may sign in already.",
    mend: "Sign in; or open the address that the hub printed when it was started, which `tributary doctor` shows again.",
  });
}
