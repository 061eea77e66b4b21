import { type Kysely, sql } from "kysely";

/**
 * What a listing that is under way has listed so far, one row per landed batch. When it is complete, the stream's records that are in none
 * of its rows are gone at the source. On disk and not in memory, so that a listing of any size survives a kill half-way.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table stream_seen (
    connection_id text not null,
    stream text not null,
    batch bigint generated always as identity,
    external_ids text[] not null,
    primary key (connection_id, stream, batch),
    foreign key (connection_id, stream) references stream_states on delete cascade
  )`,
  `comment on table stream_seen is 'What a listing that is under way has listed so far; emptied when it is complete'`,
  `alter table runs add column since timestamptz`,
  `comment on column runs.since is 'For a pull that was asked to start again from this instant'`,
];
