import { sql } from "kysely";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

/** An applied section of the config file, as it was validated; null when the file has none. Secrets in it are sealed. */
export async function readSettings(db: Db | Tx, section: string): Promise<unknown> {
  const row = await db.selectFrom("settings").select("value").where("section", "=", section).executeTakeFirst();
  return row?.value ?? null;
}

/** Replaces a section; null takes it away. */
export async function writeSettings(db: Db | Tx, section: string, value: object | null): Promise<void> {
  if (value === null) {
    await db.deleteFrom("settings").where("section", "=", section).execute();
    return;
  }
  const json = storableJson(value);
  await db
    .insertInto("settings")
    .values({ section, value: json })
    .onConflict((conflict) => conflict.column("section").doUpdateSet({ value: json, updated_at: sql<Date>`now()` }))
    .execute();
}

/** Every stored section of the config file. */
export async function listSections(db: Db | Tx): Promise<{ readonly section: string; readonly value: object }[]> {
  return db.selectFrom("settings").select(["section", "value"]).orderBy("section").execute();
}
