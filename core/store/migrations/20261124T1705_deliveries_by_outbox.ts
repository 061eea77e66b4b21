import { type Kysely, sql } from "kysely";

/** An event that expires takes its deliveries along; without the index each would be looked for in all of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index deliveries_by_outbox on deliveries (outbox_id)`.execute(db);
}
