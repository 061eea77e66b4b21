import { sql } from "kysely";
import type { Db } from "../db.ts";

/** How many records are kept of each connection, by its id: what making its facts anew has to go through. */
export async function countRecords(db: Db): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ id: string; count: number }>`
    select connection_id as id, count(*) as count from raw_records group by connection_id`.execute(db);
  return new Map(rows.map(({ id, count }) => [id, Number(count)]));
}

/** How many deals are in pipelines of these names. */
export async function countDealsOf(db: Db, pipelines: readonly string[]): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from deals d join pipelines p on p.id = d.pipeline_id
    where d.deleted_at is null and coalesce(p.name, p.external_id) = any(${pipelines}::text[])`.execute(db);
  return Number(rows[0]?.count ?? 0);
}

/** Streams of which something has landed that is no fact yet, or is to become one anew. */
export async function streamsBehind(
  db: Db,
): Promise<readonly { readonly connectionId: string; readonly stream: string }[]> {
  return db
    .selectFrom("stream_states")
    .select(["connection_id as connectionId", "stream"])
    .whereRef("normalised_seq", "<", "landed_seq")
    .execute();
}
