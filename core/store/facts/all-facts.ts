import { sql } from "kysely";
import type { Json, JsonObject } from "../../base/json.ts";
import type { Db } from "../db.ts";
import { SHELF_NAMES } from "./facts-shelves.ts";

/**
 * Everything that was made of a connection's records, to be compared as a whole: a line of JSON for each row that counts, by table and id.
 * When something became known is left out: a replay cannot know it better.
 */
export async function factLines(db: Db, connectionId: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const table of SHELF_NAMES) {
    const { rows } = await sql<{ readonly row: JsonObject }>`
      select to_jsonb(t) - 'landed_from' as row from ${sql.table(table)} t
      where connection_id = ${connectionId} and deleted_at is null order by id
    `.execute(db);
    lines.push(...rows.map(({ row }) => `${table} ${JSON.stringify(row)}`));
  }
  const { rows } = await sql<{ readonly row: JsonObject }>`
    select to_jsonb(c) - 'known_at' - 'landed_from' as row from deal_changes c join deals d on d.id = c.deal_id
    where c.connection_id = ${connectionId} and d.deleted_at is null order by deal_id, ordinal
  `.execute(db);
  return [...lines, ...rows.map(({ row }) => `deal_changes ${JSON.stringify(row)}`)];
}

/** What a stream's records say, by their id, of those that are not deleted; in the order of ids. */
export async function readPayloads(db: Db, connectionId: string, stream: string): Promise<ReadonlyMap<string, Json>> {
  const rows = await db
    .selectFrom("raw_records")
    .select(["external_id", "payload"])
    .where("connection_id", "=", connectionId)
    .where("stream", "=", stream)
    .where("deleted_at", "is", null)
    .orderBy("external_id")
    .execute();
  return new Map(rows.map((row) => [row.external_id, row.payload]));
}
