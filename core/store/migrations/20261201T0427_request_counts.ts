import { type Kysely, sql } from "kysely";

/** How many requests each caller of the API has made in the running minute, counted by all processes together. Worth nothing after a crash: not logged. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create unlogged table request_counts (
        caller text primary key,
        minute timestamptz not null,
        used integer not null
      )`,
    )
    .execute(db);
}
