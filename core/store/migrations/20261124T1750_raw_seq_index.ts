import { type Kysely, sql } from "kysely";

/**
 * The order of landing gets an index that only the query for it can use. PostgreSQL takes a stream that its statistics do not know yet for
 * a handful of rows, and read the whole stream by the old index to find 500 records by their ids: a long first load became slower with
 * every batch.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index raw_records_by_seq`.execute(db);
  // A connection's id has no slash.
  await sql`create index raw_records_by_seq on raw_records ((connection_id || '/' || stream), seq)`.execute(db);
}
