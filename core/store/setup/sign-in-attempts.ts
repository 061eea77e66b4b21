import { sql } from "kysely";
import type { Db, Tx } from "../db.ts";

/** From when on, and how much, failures slow down what is tried of one subject (an account, an address, a device). */
export type Pace = {
  /** So many failures cost no wait. */
  readonly free: number;
  /** Each further one doubles the wait, from two seconds up to here. */
  readonly longestS: number;
};

/** Failures are forgotten when nothing was tried for so long. */
const FORGOTTEN_S = 3600;

/**
 * Takes a turn at a subject, and counts it as failed until {@link forgive} says otherwise, so that tries at the same time do not all pass.
 *
 * @returns null when it may be tried now; else when it may.
 */
export async function takeTurn(tx: Tx, subject: string, pace: Pace, now: Date): Promise<Date | null> {
  const { rows } = await sql`
    insert into sign_in_attempts as known (subject, failures, failed_at, free_at) values (${subject}, 1, ${now}, ${now})
    on conflict (subject) do update set (failures, failed_at, free_at) = (
      select n, ${now}::timestamptz, ${now}::timestamptz + make_interval(secs =>
        case when n <= ${pace.free} then 0 else least(${pace.longestS}::float8, power(2, least(n - ${pace.free}, 20))) end)
      from (select case when known.failed_at < ${now}::timestamptz - make_interval(secs => ${FORGOTTEN_S}) then 1 else known.failures + 1 end as n) counted)
    where known.free_at <= ${now}
    returning 1`.execute(tx);
  if (rows.length > 0) return null;
  const known = await tx
    .selectFrom("sign_in_attempts")
    .select("free_at")
    .where("subject", "=", subject)
    .executeTakeFirst();
  return known?.free_at ?? now;
}

/** What was tried has succeeded: it counts as no failure. With `all`, none of the earlier ones does any more either. */
export async function forgive(db: Db | Tx, subject: string, all: boolean, now: Date): Promise<void> {
  if (all) await db.deleteFrom("sign_in_attempts").where("subject", "=", subject).execute();
  else
    await db
      .updateTable("sign_in_attempts")
      .set((eb) => ({ failures: eb("failures", "-", 1), free_at: now }))
      .where("subject", "=", subject)
      .where("failures", ">", 0)
      .execute();
}

/** Forgets what slows nobody down any more. */
export async function expireAttempts(db: Db, now: Date): Promise<void> {
  await db
    .deleteFrom("sign_in_attempts")
    .where("failed_at", "<", new Date(now.getTime() - 2 * FORGOTTEN_S * 1000))
    .execute();
}

/** A person signs in from so many devices; the one that was used longest ago is forgotten first. */
const MOST_DEVICES = 20;

/** Whether somebody with this e-mail address has signed in from the device before. */
export async function isKnownDevice(db: Db | Tx, tokenHash: Buffer, email: string): Promise<boolean> {
  const row = await db
    .selectFrom("known_devices")
    .innerJoin("users", "users.id", "known_devices.user_id")
    .select("users.id")
    .where("known_devices.token_hash", "=", tokenHash)
    .where("users.email", "=", email.toLowerCase())
    .executeTakeFirst();
  return row !== undefined;
}

export async function keepDevice(tx: Tx, tokenHash: Buffer, userId: string, now: Date): Promise<void> {
  await tx
    .insertInto("known_devices")
    .values({ token_hash: tokenHash, user_id: userId, used_at: now })
    .onConflict((conflict) => conflict.column("token_hash").doUpdateSet({ user_id: userId, used_at: now }))
    .execute();
  const kept = tx
    .selectFrom("known_devices")
    .select("token_hash")
    .where("user_id", "=", userId)
    .orderBy("used_at", "desc")
    .limit(MOST_DEVICES);
  await tx.deleteFrom("known_devices").where("user_id", "=", userId).where("token_hash", "not in", kept).execute();
}
