import { type Kysely, sql } from "kysely";

/** What its connector says of a connection, so that a number lacks what was never read as well. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table connections add column declared jsonb`.execute(db);
  await sql`comment on column connections.declared is 'What its connector says of it by its settings: how often it is pulled, and what each stream gives'`.execute(
    db,
  );
}
