import { type Kysely, sql } from "kysely";

/**
 * Outcomes of activities are one vocabulary; what the tool calls them stands beside them. What was loaded before keeps its tool's word as the
 * disposition, and gets its outcome by a replay.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table activities add column said_outcome text, add column disposition text`.execute(db);
  await sql`update activities set disposition = outcome, outcome = null where outcome is not null`.execute(db);
}
