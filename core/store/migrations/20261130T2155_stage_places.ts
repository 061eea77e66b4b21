import { type Kysely, sql } from "kysely";

/** Stages stand with room between them, so that one that is removed can keep its place among those that stay. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`update stages set position = position * 1000`.execute(db);
}
