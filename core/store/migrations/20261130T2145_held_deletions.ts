import { type Kysely, sql } from "kysely";

/** Damage at the source is not deletion: what a listing found gone, and why it was not believed; whether somebody said that it is meant. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table stream_states
      add column listing_doubt text,
      add column held_deletions bigint not null default 0,
      add column accepts_deletions boolean not null default false,
      add column refused bigint not null default 0
  `.execute(db);
  await sql`comment on column stream_states.listing_doubt is 'Why what the listing under way does not list may be there all the same'`.execute(
    db,
  );
  await sql`comment on column stream_states.held_deletions is 'How many records the last listing did not list that were not taken for deleted; partial_reason says why'`.execute(
    db,
  );
  await sql`comment on column stream_states.accepts_deletions is 'Somebody has said that what the next listing does not list is meant to go'`.execute(
    db,
  );
  await sql`comment on column stream_states.refused is 'Parts of the source that the last reading of all of it could not read'`.execute(
    db,
  );
}
