import { type Kysely, sql } from "kysely";

/**
 * Keys are looked for right after they are written, so they go into the index at once: a list of what is still to be put there would be read
 * through by every look-up.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter index activities_by_match_key set (fastupdate = off)`.execute(db);
}
