import { sql } from "kysely";
import type { Tx } from "./db.ts";

/** Work that is done by one transaction at a time, whichever process it belongs to. */
type Turn = "apply_config" | "entries" | "measure" | "review" | "rules";

/** Waits until no other transaction has this turn; the turn ends with the transaction. */
export async function takeTurn(tx: Tx, turn: Turn): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${`tributary.${turn}`}))`.execute(tx);
}

/** Does a piece of a transaction; when it fails, the transaction goes on as if the piece had not been begun. */
export async function inSavepoint<T>(tx: Tx, piece: () => Promise<T>): Promise<T> {
  await sql`savepoint piece`.execute(tx);
  try {
    const done = await piece();
    await sql`release savepoint piece`.execute(tx);
    return done;
  } catch (error) {
    await sql`rollback to savepoint piece`.execute(tx);
    throw error;
  }
}
