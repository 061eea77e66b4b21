import type { Db, Tx } from "../db.ts";

/** The code that makes the first admin, sealed. There is one at most. */

export async function readFirstAdminCode(db: Db | Tx): Promise<string | null> {
  return (await db.selectFrom("first_admin_code").select("code").executeTakeFirst())?.code ?? null;
}

/** Keeps it, unless there is one already. */
export async function insertFirstAdminCode(db: Db | Tx, sealed: string): Promise<void> {
  await db
    .insertInto("first_admin_code")
    .values({ code: sealed })
    .onConflict((conflict) => conflict.column("is_only").doNothing())
    .execute();
}

/** Reads and removes it; whoever else wants it waits for the transaction. */
export async function takeFirstAdminCode(tx: Tx): Promise<string | null> {
  return (await tx.deleteFrom("first_admin_code").returning("code").executeTakeFirst())?.code ?? null;
}
