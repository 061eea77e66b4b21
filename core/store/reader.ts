import { sql } from "kysely";
import type { Db } from "./db.ts";

/**
 * A role of the database that may read facts and names and nothing else: no credentials, users, keys or settings, no files of the server, and nothing
 * can be written by it. What others have written as SQL runs under it, as the second wall behind the check of its text. Nobody signs in as it.
 *
 * It is made where the database's user may make roles (the embedded database's may); else an administrator may make it, see docs/own-kpis.md.
 */
export const READER = "tributary_reader";

/** What it may read, as they are and as they were known. */
export const READABLE_TABLES: ReadonlySet<string> = new Set([
  "activities",
  "campaigns",
  "companies",
  "conversations",
  "deal_changes",
  "deal_closings",
  "deal_entries",
  "deal_stays",
  "deals",
  "exchange_rates",
  "goals",
  "labels",
  "lead_statuses",
  "people",
  "pipelines",
  "reps",
  "spend",
  "stages",
  "team_memberships",
  "teams",
  "tickets",
  "web_traffic",
]);

/**
 * Makes the role where there is none, and gives it what it may have in this database. Where the user may not, nothing is changed and nothing fails:
 * {@link isReaderThere} then says no.
 */
export async function ensureReader(db: Db): Promise<void> {
  const tables = [...READABLE_TABLES].map((table) => sql.table(`tributary.${table}`));
  await db
    .transaction()
    .execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(hashtext('tributary.reader'))`.execute(tx);
      const { rows } = await sql`select from pg_roles where rolname = ${READER}`.execute(tx);
      if (rows.length === 0) await sql`create role ${sql.id(READER)} nologin`.execute(tx);
      if (!(await isReaderThere(tx))) await sql`grant ${sql.id(READER)} to current_user`.execute(tx);
      await sql`grant usage on schema tributary, tributary_asof to ${sql.id(READER)}`.execute(tx);
      await sql`grant select on ${sql.join(tables)} to ${sql.id(READER)}`.execute(tx);
      await sql`grant select on all tables in schema tributary_asof to ${sql.id(READER)}`.execute(tx);
      // Money is converted into the workspace's currency.
      await sql`grant select (currency) on tributary.workspace to ${sql.id(READER)}`.execute(tx);
    })
    .catch((error: unknown) => {
      if (!isRefused(error)) throw error;
    });
}

/** Whether the database's user may take the role on. */
export async function isReaderThere(db: Db): Promise<boolean> {
  const { rows } = await sql<{ may: boolean }>`
    select pg_has_role(oid, case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) as may
    from pg_roles where rolname = ${READER}`.execute(db);
  return rows[0]?.may === true;
}

/** The user may make no roles or give no rights, or another process did it at the same instant. */
function isRefused(error: unknown): boolean {
  const code: unknown = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" && ["42501", "42710", "23505", "0LP01", "25006"].includes(code);
}
