import { sql } from "kysely";
import type { Db } from "./db.ts";
import { isReaderThere, READER } from "./reader.ts";

/** What a statement of somebody else's may cost. */
export type SandboxLimits = { readonly timeoutMs: number };

/**
 * Does the work in a transaction that can only read, under the role that may read facts alone (where there is one: see reader.ts), where each statement ends
 * after so long; what it has set (a role, a time zone) does not
 * outlive it. Inside a transaction that is open already it is a part of that one, which goes on as it was.
 */
export async function inSandbox<T>(db: Db, { timeoutMs }: SandboxLimits, work: (db: Db) => Promise<T>): Promise<T> {
  if (!db.isTransaction) return db.transaction().execute((tx) => inSandbox(tx, { timeoutMs }, work));
  await sql`savepoint sandbox`.execute(db);
  try {
    await sql`select set_config('transaction_read_only', 'on', true), set_config('statement_timeout', ${String(timeoutMs)}, true)`.execute(
      db,
    );
    if (await isReaderThere(db)) await sql`set local role ${sql.id(READER)}`.execute(db);
    return await work(db);
  } finally {
    // Settings are those of before again, and the transaction is well, whatever happened.
    await sql`rollback to savepoint sandbox`.execute(db);
    await sql`release savepoint sandbox`.execute(db);
  }
}

/** The server's own states: it went away, is full, or shuts down. Everything else is the statement's fault. */
const SERVER = /^(08|53|57P|58)/;

/**
 * What PostgreSQL says of a statement that failed by its own fault, a time limit or a try to write included, without the values it quotes. Null:
 * something else went wrong.
 */
export function faultOf(error: unknown): string | null {
  for (let one = error; one instanceof Error; one = one.cause) {
    const code: unknown = "code" in one ? one.code : null;
    if (typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code)) continue;
    return SERVER.test(code) ? null : (one.message.split(/: "/)[0] ?? one.message);
  }
  return null;
}
