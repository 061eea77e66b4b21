import { TributaryError } from "../base/errors.ts";
import { hashPassword } from "../secrets/password.ts";
import type { Db } from "../store/db.ts";
import {
  createUser,
  removeUser as deleteUser,
  setPasswordHash,
  setRole,
  type User,
  type UserRole,
} from "../store/setup/users.ts";
import { takeFirstAdminCode } from "../store/setup/first-admin.ts";
import { type Actor, noted } from "./verb.ts";

/** NIST SP 800-63B asks for 8 of a person's choice, and for 15 where nothing else is asked for. */
const LEAST_LENGTH = 12;

/** Lets somebody sign in. @throws TributaryError `user.exists`, `user.weak_password` */
export async function addUser(
  db: Db,
  actor: Actor,
  { email, password, role }: { readonly email: string; readonly password: string; readonly role: UserRole },
): Promise<User> {
  const passwordHash = await hashed(password);
  return noted<User>(
    db,
    (user) => ({ actor, action: "user.create", target: user.id, details: { email: user.email, role } }),
    async (tx) => {
      const user = await createUser(tx, { email, passwordHash, role });
      // From now on somebody may sign in: the code of the first admin is of no more use.
      await takeFirstAdminCode(tx);
      return user;
    },
  );
}

/** Gives somebody a new password and ends their sessions. @throws TributaryError `user.unknown`, `user.weak_password` */
export async function setPassword(db: Db, actor: Actor, email: string, password: string): Promise<void> {
  const passwordHash = await hashed(password);
  await noted(db, { actor, action: "user.set_password", target: email }, async (tx) => {
    if (!(await setPasswordHash(tx, email, passwordHash))) throw unknownUser();
  });
}

/** Lets somebody do more or less than before, from their next request on. @throws TributaryError `user.unknown` */
export async function changeRole(db: Db, actor: Actor, email: string, role: UserRole): Promise<User> {
  return noted<User>(db, { actor, action: "user.set_role", target: email, details: { role } }, async (tx) => {
    const user = await setRole(tx, email, role);
    if (user === null) throw unknownUser();
    return user;
  });
}

/** Lets somebody sign in no longer, and ends their sessions. @throws TributaryError `user.unknown` */
export async function removeUser(db: Db, actor: Actor, email: string): Promise<void> {
  await noted(db, { actor, action: "user.remove", target: email }, async (tx) => {
    if (!(await deleteUser(tx, email))) throw unknownUser();
  });
}

async function hashed(password: string): Promise<string> {
  assertStrong(password);
  return hashPassword(password);
}

/** @throws TributaryError `user.weak_password` */
export function assertStrong(password: string): void {
  if (password.length < LEAST_LENGTH) throw weakPassword();
}

/** Also for who gave none at all. */
export function weakPassword(): TributaryError {
  return new TributaryError({
    code: "user.weak_password",
    kind: "config",
    message: `A password has at least ${LEAST_LENGTH} characters.`,
    mend: "Run the command on a terminal and type one, or pass the name of an environment variable with --password-env.",
  });
}

function unknownUser(): TributaryError {
  return new TributaryError({
    code: "user.unknown",
    kind: "config",
    message: "Nobody with this e-mail address may sign in.",
    mend: "`tributary users list` shows who may.",
  });
}
