import { sql } from "kysely";
import type { Tx } from "../db.ts";
import { SHELF_NAMES, SHELVES } from "../facts/facts-shelves.ts";
import { announceConnection } from "./connection-rows.ts";

/** Tables of facts whose rows are made one with rows of other connections: those that other records may mention. */
const MERGED = SHELF_NAMES.filter((name) => SHELVES[name].hasMentions);

/** All others with rows that were pulled from a connection; what hangs on `connections` itself goes by cascade. */
const PULLED = [
  "raw_records",
  "raw_versions",
  "labels",
  "team_memberships",
  "identities",
  "deal_observations",
  "deal_changes",
  "deal_closings",
  "deal_entries",
  "deal_stays",
  ...SHELF_NAMES.filter((name) => !SHELVES[name].hasMentions),
];

/**
 * Removes an account with everything that was pulled from it. Rows of other connections that had been merged into one of its rows stand
 * for themselves again; core/identity relates them anew.
 *
 * @returns false when there is no such connection.
 */
export async function deleteConnection(tx: Tx, id: string): Promise<boolean> {
  const result = await tx.deleteFrom("connections").where("id", "=", id).executeTakeFirst();
  if (result.numDeletedRows === 0n) return false;
  // Nothing of it is kept, also not of what was known before.
  await sql`select set_config('tributary.landing', '-infinity', true)`.execute(tx);
  for (const table of PULLED) await sql`delete from ${sql.table(table)} where connection_id = ${id}`.execute(tx);
  for (const table of MERGED) {
    const ours = sql`select own.id from ${sql.table(table)} own where own.connection_id = ${id}`;
    await sql`update ${sql.table(table)} set merged_into = null where merged_into in (${ours})`.execute(tx);
    await sql`delete from identity_links where from_id in (${ours}) or into_id in (${ours})`.execute(tx);
    await sql`delete from ${sql.table(table)} where connection_id = ${id}`.execute(tx);
  }
  await sql`select forget_past(${id})`.execute(tx);
  await sql`select set_config('tributary.landing', '', true)`.execute(tx);
  await announceConnection(tx, id);
  return true;
}
