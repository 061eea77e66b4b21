import { sql } from "kysely";
import { TributaryError } from "../../base/errors.ts";
import type { Db, Tx } from "../db.ts";

/** `admin` may change everything, `viewer` may look at everything but secrets. */
export const USER_ROLES = ["admin", "viewer"] as const;
export type UserRole = (typeof USER_ROLES)[number];

export type User = {
  readonly id: string;
  readonly email: string;
  readonly role: UserRole;
  readonly createdAt: Date;
};

/**
 * Adds a person who may sign in to the console.
 *
 * @param email compared without case; stored in lower case.
 * @param passwordHash as `hashPassword` gives it, never the password; null: they sign in at a provider alone.
 * @throws TributaryError `user.exists`
 */
export async function createUser(
  db: Db,
  user: { readonly email: string; readonly passwordHash: string | null; readonly role: UserRole },
): Promise<User> {
  const row = await db
    .insertInto("users")
    .values({ email: user.email.toLowerCase(), password_hash: user.passwordHash, role: user.role })
    .onConflict((conflict) => conflict.column("email").doNothing())
    .returning(["id", "email", "role", "created_at"])
    .executeTakeFirst();
  if (row === undefined) {
    throw new TributaryError({
      code: "user.exists",
      kind: "config",
      message: "There is already a user with this e-mail address.",
      mend: "Sign in with it, or set a new password with `tributary users set-password`.",
    });
  }
  return { id: row.id, email: row.email, role: row.role, createdAt: row.created_at };
}

/** Whether anybody may sign in. */
export async function hasUsers(db: Db): Promise<boolean> {
  return (await db.selectFrom("users").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** Everyone who may sign in, by e-mail address. */
export async function listUsers(db: Db): Promise<User[]> {
  const rows = await db.selectFrom("users").select(["id", "email", "role", "created_at"]).orderBy("email").execute();
  return rows.map((row) => ({ id: row.id, email: row.email, role: row.role, createdAt: row.created_at }));
}

export async function findUser(db: Db, id: string): Promise<User | null> {
  const row = await db
    .selectFrom("users")
    .select(["id", "email", "role", "created_at"])
    .where("id", "=", id)
    .executeTakeFirst();
  return row === undefined ? null : { id: row.id, email: row.email, role: row.role, createdAt: row.created_at };
}

/**
 * The user with this e-mail address (any case) and the hash to compare the password with (null: they have none); null when there is no such
 * user.
 */
export async function findUserForSignIn(
  db: Db | Tx,
  email: string,
): Promise<(User & { readonly passwordHash: string | null }) | null> {
  const row = await db
    .selectFrom("users")
    .select(["id", "email", "role", "created_at as createdAt", "password_hash as passwordHash"])
    .where("email", "=", email.toLowerCase())
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Sets a new password and ends the user's sessions everywhere.
 *
 * @returns false when nobody has this e-mail address.
 */
export async function setPasswordHash(tx: Tx, email: string, passwordHash: string): Promise<boolean> {
  const row = await tx
    .updateTable("users")
    .set({ password_hash: passwordHash })
    .where("email", "=", email.toLowerCase())
    .returning("id")
    .executeTakeFirst();
  if (row === undefined) return false;
  await tx.deleteFrom("sessions").where("user_id", "=", row.id).execute();
  return true;
}

/**
 * Sets what a user may do. Sessions go on: what they may is looked up with each request.
 *
 * @returns null when nobody has this e-mail address.
 */
export async function setRole(tx: Tx, email: string, role: UserRole): Promise<User | null> {
  const row = await tx
    .updateTable("users")
    .set({ role })
    .where("email", "=", email.toLowerCase())
    .returning(["id", "email", "role", "created_at"])
    .executeTakeFirst();
  return row === undefined ? null : { id: row.id, email: row.email, role: row.role, createdAt: row.created_at };
}

/** Removes a user and their sessions. @returns false when nobody has this e-mail address. */
export async function removeUser(db: Db, email: string): Promise<boolean> {
  const result = await db.deleteFrom("users").where("email", "=", email.toLowerCase()).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Remembers that the bearer of a token (given by its SHA-256) is signed in until `expiresAt`. */
export async function createSession(
  db: Db,
  session: { readonly tokenHash: Buffer; readonly userId: string; readonly expiresAt: Date },
): Promise<void> {
  await db
    .insertInto("sessions")
    .values({ token_hash: session.tokenHash, user_id: session.userId, expires_at: session.expiresAt })
    .execute();
}

/** Who the bearer of a session token is; null when the session is unknown or over. */
export async function findSessionUser(db: Db, tokenHash: Buffer, now: Date): Promise<User | null> {
  const row = await db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(["users.id", "users.email", "users.role", "users.created_at"])
    .where("sessions.token_hash", "=", tokenHash)
    .where("sessions.expires_at", ">", now)
    .executeTakeFirst();
  return row === undefined ? null : { id: row.id, email: row.email, role: row.role, createdAt: row.created_at };
}

export async function endSession(db: Db, tokenHash: Buffer): Promise<void> {
  await db.deleteFrom("sessions").where("token_hash", "=", tokenHash).execute();
}

/** Forgets sessions that are over. @returns how many. */
export async function expireSessions(db: Db, now: Date): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    with gone as (delete from sessions where expires_at <= ${now} returning 1) select count(*) as n from gone
  `.execute(db);
  return rows[0]?.n ?? 0;
}
