import type { Db, Tx } from "../db.ts";
import type { User } from "./users.ts";

/** Who somebody is here whom a provider of identities knows; null: nobody yet. */
export async function findUserByIdentity(
  db: Db | Tx,
  issuer: string,
  subject: string,
): Promise<(User & { readonly hasPassword: boolean }) | null> {
  const row = await db
    .selectFrom("user_identities")
    .innerJoin("users", "users.id", "user_identities.user_id")
    .select(["users.id", "users.email", "users.role", "users.created_at as createdAt", "users.password_hash"])
    .where("user_identities.issuer", "=", issuer)
    .where("user_identities.subject", "=", subject)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { password_hash: hash, ...user } = row;
  return { ...user, hasPassword: hash !== null };
}

/** Whether a provider knows this user under some identity already. */
export async function hasIdentityAt(db: Db | Tx, userId: string, issuer: string): Promise<boolean> {
  const row = await db
    .selectFrom("user_identities")
    .select("subject")
    .where("user_id", "=", userId)
    .where("issuer", "=", issuer)
    .executeTakeFirst();
  return row !== undefined;
}

export async function keepIdentity(
  tx: Tx,
  identity: { readonly issuer: string; readonly subject: string; readonly userId: string },
  now: Date,
): Promise<void> {
  const { issuer, subject, userId } = identity;
  await tx
    .insertInto("user_identities")
    .values({ issuer, subject, user_id: userId, used_at: now })
    .onConflict((conflict) => conflict.columns(["issuer", "subject"]).doUpdateSet({ used_at: now }))
    .execute();
}
