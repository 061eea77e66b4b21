import { sql } from "kysely";
import type { Db } from "./db.ts";

/** Asks the database for nothing. @throws when it does not answer. */
export async function ping(db: Db): Promise<void> {
  await sql`select 1`.execute(db);
}

/** What the server says of itself; null when it answers nothing, as no PostgreSQL does. */
export async function readServer(
  db: Db,
): Promise<{ readonly version: string; readonly mayCreateSchema: boolean } | null> {
  const { rows } = await sql<{ readonly version: string; readonly mayCreateSchema: boolean }>`
    select current_setting('server_version') as version,
      has_database_privilege(current_database(), 'CREATE') as "mayCreateSchema"
  `.execute(db);
  return rows[0] ?? null;
}

/** The sealed credentials of every connection that has some; null in a database that Tributary has not used yet. */
export async function readAllCredentials(
  db: Db,
): Promise<readonly { readonly id: string; readonly credentials: string }[] | null> {
  const { rows } = await sql<{ there: boolean }>`
    select to_regclass('tributary.connections') is not null as there
  `.execute(db);
  if (rows[0]?.there !== true) return null;
  return db
    .selectFrom("connections")
    .select(["id", "credentials"])
    .where("credentials", "is not", null)
    .$narrowType<{ credentials: string }>()
    .execute();
}
