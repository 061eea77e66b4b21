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

/** One thing of a section that is a list. */
export type Entry = { readonly id: string };

/** Where stands, beside a config file's section, what people made one by one in the console or by the API. Applying a file leaves it alone. */
export function madeSection(section: string): string {
  return `made:${section}`;
}

/** A list's entries: those of the config file (null: it has no such section), and those made here, but for ids that the file has too. */
export async function readEntries(
  db: Db | Tx,
  section: string,
): Promise<{ readonly file: readonly Entry[] | null; readonly made: readonly Entry[] }> {
  const rows = await db
    .selectFrom("settings")
    .select(["section", "value"])
    .where("section", "in", [section, madeSection(section)])
    .execute();
  // Written as lists by whoever writes them; what an older version wrote otherwise is its reader's to refuse.
  const of = (name: string): readonly Entry[] | null =>
    (rows.find((row) => row.section === name)?.value ?? null) as readonly Entry[] | null;
  const file = of(section);
  const made = of(madeSection(section)) ?? [];
  return { file, made: made.filter(({ id }) => file?.some((one) => one.id === id) !== true) };
}

/** Both together, those of the file last; null where there are none. */
export async function readList(db: Db | Tx, section: string): Promise<readonly unknown[] | null> {
  const { file, made } = await readEntries(db, section);
  return file === null && made.length === 0 ? null : [...made, ...(file ?? [])];
}

/** What the config file said when it was last applied: what is changed there, and nowhere else. Names, not values. */
export type AppliedFile = {
  /** Columns of the workspace. */
  readonly workspace: readonly string[];
  readonly exchange_rates: boolean;
  /** Ids. */
  readonly connections: readonly string[];
  readonly sections: readonly string[];
};
const APPLIED = "applied_file";

/** Null: none was ever applied. */
export async function readAppliedFile(db: Db | Tx): Promise<AppliedFile | null> {
  // Written by the function below.
  return (await readSettings(db, APPLIED)) as AppliedFile | null;
}

export async function writeAppliedFile(tx: Tx, file: AppliedFile): Promise<void> {
  await writeSettings(tx, APPLIED, file);
}
