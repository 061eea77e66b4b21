import { sql } from "kysely";
import { expect, test } from "vitest";
import { testDatabase } from "../support/database.ts";

test("a test database has the schema and is its own", async () => {
  const [one, two] = await Promise.all([testDatabase(), testDatabase()]);
  await one.db.updateTable("workspace").set({ name: "one" }).execute();
  expect(await two.db.selectFrom("workspace").select("name").executeTakeFirst()).toEqual({ name: "Tributary" });
  const { rows } = await sql<{ fsync: string }>`select current_setting('fsync') as fsync`.execute(one.db);
  expect(rows).toHaveLength(1);
});
