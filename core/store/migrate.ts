import { readdirSync } from "node:fs";
import { type Migration, type MigrationProvider, Migrator, sql } from "kysely";
import { TributaryError } from "../base/errors.ts";
import type { Db } from "./db.ts";
import { ensureReader } from "./reader.ts";

const FOLDER = new URL("./migrations/", import.meta.url);

/** Of all migrations there are, oldest first. */
export function migrationNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.replace(/\.ts$/, ""))
    .toSorted();
}

/** Kysely's own FileMigrationProvider would do, but it imports from within node_modules, where Vitest and tsx do not see TypeScript. */
const MIGRATIONS: MigrationProvider = {
  getMigrations: async () => {
    const migrations: Record<string, Migration> = {};
    // The template is what a compiled program finds the files by.
    for (const name of migrationNames()) migrations[name] = (await import(`./migrations/${name}.ts`)) as Migration;
    return migrations;
  },
};

/**
 * Brings the schema `tributary` to the newest version. Safe to call from many processes at once: Kysely holds a lock while it runs.
 *
 * @param to stops after this migration: what a database of an earlier version has. For tests of upgrades.
 * @returns the names of the migrations that this call applied, oldest first.
 * @throws TributaryError `store.migration_failed`, `store.newer_database`; the database is left as it was.
 */
export async function migrate(db: Db, to?: string): Promise<string[]> {
  const { pending, unknown } = await migrationState(db);
  if (unknown.length > 0) throw newerDatabase(unknown);
  // Nearly every start: nothing is loaded, nothing locked.
  if (pending.length === 0 && (await followsPast(db))) return [];
  await createSchema(db);
  const migrator = migratorOf(db);
  // Views of the past hold on to the columns that a migration may change.
  await sql`drop schema if exists tributary_asof cascade`.execute(db);
  // It never throws: the failure is in `error`.
  const { error, results } = await (to === undefined ? migrator.migrateToLatest() : migrator.migrateTo(to));
  if (error !== undefined) {
    throw new TributaryError({
      code: "store.migration_failed",
      kind: "config",
      message: `The database could not be brought to this version: ${error instanceof Error ? error.message : "unknown reason"}`,
      mend: "See that the database user owns the schema `tributary`, and start again; nothing was changed.",
      cause: error,
    });
  }
  await followPast(db);
  if (to === undefined) await ensureReader(db);
  return (results ?? []).filter((result) => result.status === "Success").map((result) => result.migrationName);
}

/** Brings the past of facts, and the views that show facts as they were, to the columns that there are now. */
async function followPast(db: Db): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('tributary.follow_past'))`.execute(tx);
    const { rows } = await sql<{ there: boolean }>`
      select to_regprocedure('tributary.follow_past()') is not null as there`.execute(tx);
    // An upgrade that stops at an older version has no past yet.
    if (rows[0]?.there === true) await sql`select tributary.follow_past()`.execute(tx);
  });
}

/** Whether the views are there: a start that was killed may have left the database without. */
async function followsPast(db: Db): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`select to_regnamespace('tributary_asof') is not null as there`.execute(
    db,
  );
  return rows[0]?.there === true;
}

/** Whether the database has every migration of this version. */
export async function isMigrated(db: Db): Promise<boolean> {
  return (await migrationState(db)).pending.length === 0;
}

/** Migrations that the database lacks, and those it has that this version does not know: a newer one has used it. Reads only. */
export async function migrationState(
  db: Db,
): Promise<{ readonly pending: readonly string[]; readonly unknown: readonly string[] }> {
  const ours = migrationNames();
  const { rows: tables } = await sql<{ there: boolean }>`
    select to_regclass('tributary.kysely_migration') is not null as there
  `.execute(db);
  if (tables[0]?.there !== true) return { pending: ours, unknown: [] };
  const { rows } = await sql<{ name: string }>`select name from tributary.kysely_migration order by name`.execute(db);
  const theirs = new Set(rows.map(({ name }) => name));
  return {
    pending: ours.filter((name) => !theirs.has(name)),
    unknown: [...theirs].filter((name) => !ours.includes(name)),
  };
}

function newerDatabase(unknown: readonly string[]): TributaryError {
  return new TributaryError({
    code: "store.newer_database",
    kind: "config",
    message: `A newer Tributary has changed this database (${unknown.join(", ")}), and this one cannot tell whether it would do harm.`,
    mend: "Run that version of Tributary, or a newer one.",
  });
}

function migratorOf(db: Db): Migrator {
  return new Migrator({ db, migrationTableSchema: "tributary", provider: MIGRATIONS });
}

/** `create schema if not exists` still fails when two sessions run it at the same instant; the advisory lock makes them take turns. */
async function createSchema(db: Db): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('tributary.create_schema'))`.execute(tx);
    await sql`create schema if not exists tributary`.execute(tx);
  });
}
