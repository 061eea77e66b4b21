import { type Kysely, sql } from "kysely";

/** Whom the hub has been told to forget: what is needed to know them when a source sends them again, and nothing else of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create table erasures (
        id uuid primary key default gen_random_uuid(),
        at timestamptz not null,
        salt bytea not null,
        marks bytea[] not null
      )`,
    )
    .execute(db);
  await sql
    .raw(
      `comment on column erasures.marks is 'HMAC-SHA256 under the salt of each address, name, number and record by which they were known'`,
    )
    .execute(db);
}
