import { type Kysely, sql } from "kysely";

/** Which processes of the hub are alive, so that one that only answers requests knows whether the others do their work. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table heartbeats (
      role text not null,
      process text not null,
      at timestamptz not null default now(),
      primary key (role, process)
    )`.execute(db);
  await sql`comment on table heartbeats is 'When a process of the hub last did what its role is, or could have'`.execute(
    db,
  );
}
