import { type RawBuilder, sql } from "kysely";
import { entityId } from "../../base/ids.ts";
import type { Db, Tx } from "../db.ts";

/** Keys of deals that people write, and that do not meet. */

/** Records that tell of changes of deals which the connection does not have. */
export type Strays = {
  readonly count: number;
  /** The first of them, each with the deal whose key is the same but for upper and lower case, or for zeros around a number; null where there is none. */
  readonly examples: readonly { readonly record: string; readonly alike: string | null }[];
};

/**
 * The form in which keys that people take for one are equal: in lower case, and of numbers without the zeros that spreadsheet programs take
 * away (`00012`) or that number columns add (`12.0`).
 */
function keyForm(key: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`case when ${key} ~ '^[0-9]+([.]0+)?$' then regexp_replace(${key}, '^0+(?=[0-9])|[.]0+$', '', 'g') else lower(${key}) end`;
}

/** So many record ids are read at a time. */
const PAGE = 10_000;

/** Whether changes of any of these deals have been read, which are new themselves. */
export async function hasEarlierChanges(tx: Tx, dealIds: readonly string[]): Promise<boolean> {
  if (dealIds.length === 0) return false;
  const { rows } = await sql<{ found: boolean }>`
    select exists (
      select from deal_observations where deal_id = any(${[...dealIds]}::uuid[]) and kind = 'change'
    ) as found`.execute(tx);
  return rows[0]?.found === true;
}

export async function strayChanges(db: Db, connectionId: string, stream: string, most: number): Promise<Strays> {
  const { rows } = await sql<{ id: string }>`
    select distinct o.record_id as id from deal_observations o
    where o.connection_id = ${connectionId} and o.kind = 'change' and not exists (select from deals d where d.id = o.deal_id)`.execute(
    db,
  );
  if (rows.length === 0) return { count: 0, examples: [] };
  const strays = new Set(rows.map(({ id }) => id));
  const found: string[] = [];
  // Ids of records are computed from the source's own, and not the other way round.
  for (let after = ""; found.length < Math.min(most, strays.size);) {
    const page = await db
      .selectFrom("raw_records")
      .select("external_id")
      .where("connection_id", "=", connectionId)
      .where("stream", "=", stream)
      .where("external_id", ">", after)
      .orderBy("external_id")
      .limit(PAGE)
      .execute();
    for (const { external_id: id } of page)
      if (strays.has(entityId("record", connectionId, stream, id)) && found.length < most) found.push(id);
    if (page.length < PAGE) break;
    after = page.at(-1)?.external_id ?? "";
  }
  const { rows: alike } = await sql<{ record: string; deal: string }>`
    select distinct on (asked.record) asked.record, d.external_id as deal
    from unnest(${found}::text[]) asked(record)
    join deals d on d.connection_id = ${connectionId} and ${keyForm(sql`d.external_id`)} = ${keyForm(sql`asked.record`)}
    order by asked.record, d.external_id`.execute(db);
  const dealOf = new Map(alike.map(({ record, deal }) => [record, deal]));
  return { count: strays.size, examples: found.map((record) => ({ record, alike: dealOf.get(record) ?? null })) };
}

/** How many keys of the connection's deals are the same but for upper and lower case, or for zeros around a number, and two of them. */
export async function alikeKeys(
  db: Db,
  connectionId: string,
): Promise<{ readonly count: number; readonly one: string; readonly other: string } | null> {
  const { rows } = await sql<{ count: number; one: string; other: string }>`
    select count(*) over ()::int as count, min(external_id) as one, max(external_id) as other
    from deals where connection_id = ${connectionId} and deleted_at is null
    group by ${keyForm(sql`external_id`)} having count(*) > 1 order by 2 limit 1`.execute(db);
  return rows[0] ?? null;
}
