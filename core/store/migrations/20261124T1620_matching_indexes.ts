import { type Kysely, sql } from "kysely";

/** What the relate step asks for: activities by the keys that other tools know them under, links by the row they lead to. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  // Partial, so that the many activities without a key cost nothing when they are loaded.
  `create index activities_by_match_key on activities using gin (match_keys) where match_keys <> '{}'`,
  `create index identity_links_into on identity_links (into_id)`,
];
