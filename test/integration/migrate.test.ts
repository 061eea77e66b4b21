import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { type DatabaseTarget, openStore, type Store } from "../../core/store/db.ts";
import { isMigrated, migrate, migrationState } from "../../core/store/migrate.ts";
import { emptyDatabaseTarget, testDatabase } from "../support/database.ts";

/** A database that has nothing in it. */
async function emptyDatabase(): Promise<{ readonly store: Store; readonly target: DatabaseTarget }> {
  const target = await emptyDatabaseTarget();
  const store = openStore(target);
  onTestFinished(() => store.close());
  return { store, target };
}

async function migrateInProcess(target: DatabaseTarget): Promise<string[]> {
  const script = fileURLToPath(new URL("../support/migrate-database.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(target));
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(0);
  return JSON.parse(said) as string[];
}

test("processes that migrate one database at once apply each migration once, and all succeed", async () => {
  const { store, target } = await emptyDatabase();
  const { pending } = await migrationState(store.db);
  expect(pending.length).toBeGreaterThan(0);
  const applied = await Promise.all([migrateInProcess(target), migrateInProcess(target), migrate(store.db)]);
  expect(applied.flat().toSorted()).toEqual(pending);
  expect(await isMigrated(store.db)).toBe(true);
});

test("migrating again changes nothing", async () => {
  const store = await testDatabase();
  expect(await migrate(store.db)).toEqual([]);
});

test("a database that a newer version has migrated is refused, by the migration's name", async () => {
  const store = await testDatabase();
  await sql`insert into kysely_migration (name, timestamp) values ('29991231T0000_later', '2999-12-31')`.execute(
    store.db,
  );
  await expect(migrate(store.db)).rejects.toMatchObject({
    code: "store.newer_database",
    message: expect.stringContaining("29991231T0000_later") as string,
  });
});

test("every test file's database has the schema and is its own", async () => {
  const [one, two] = await Promise.all([testDatabase(), testDatabase()]);
  await one.db.updateTable("workspace").set({ name: "one" }).execute();
  expect(await two.db.selectFrom("workspace").select("name").executeTakeFirst()).toEqual({ name: "Tributary" });
});
