import { TributaryError } from "../base/errors.ts";
import { hashPassword } from "../secrets/password.ts";
import { hashToken, newToken } from "../secrets/tokens.ts";
import type { Db } from "../store/db.ts";
import {
  createSession,
  createUser,
  endSession,
  findSessionUser,
  removeUser as deleteUser,
  setPasswordHash,
  type User,
  type UserRole,
} from "../store/setup/users.ts";
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
    (tx) => createUser(tx, { email, passwordHash, role }),
  );
}

/** Gives somebody a new password and ends their sessions. @throws TributaryError `user.unknown`, `user.weak_password` */
export async function setPassword(db: Db, actor: Actor, email: string, password: string): Promise<void> {
  const passwordHash = await hashed(password);
  await noted(db, { actor, action: "user.set_password", target: email }, async (tx) => {
    if (!(await setPasswordHash(tx, email, passwordHash))) throw unknownUser();
  });
}

/** Lets somebody sign in no longer, and ends their sessions. @throws TributaryError `user.unknown` */
export async function removeUser(db: Db, actor: Actor, email: string): Promise<void> {
  await noted(db, { actor, action: "user.remove", target: email }, async (tx) => {
    if (!(await deleteUser(tx, email))) throw unknownUser();
  });
}

/** Opens a session for somebody who has proved who they are. @returns the session's token, of which only the hash is stored. */
export async function signIn(
  db: Db,
  user: { readonly id: string; readonly email: string },
  expiresAt: Date,
): Promise<string> {
  const token = newToken("");
  const note = { actor: `user:${user.email.toLowerCase()}`, action: "sign_in", target: user.id } as const;
  await noted(db, note, (tx) => createSession(tx, { tokenHash: hashToken(token), userId: user.id, expiresAt }));
  return token;
}

/** Ends the session of a token, if it is one. */
export async function signOut(db: Db, token: string, now: Date): Promise<void> {
  const user = await findSessionUser(db, hashToken(token), now);
  if (user === null) return;
  const note = { actor: `user:${user.email}`, action: "sign_out", target: user.id } as const;
  await noted(db, note, (tx) => endSession(tx, hashToken(token)));
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
