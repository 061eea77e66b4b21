import { sql } from "kysely";
import type { Tx } from "../db.ts";
import type { Key } from "./identities.ts";

/** What hangs on an account's rows without being its own. */
export type LeftBy = {
  /** Rows of others that links lead to or from. */
  readonly rows: readonly string[];
  /** What the account's rows can be recognised by, where others can, too. */
  readonly keys: readonly Key[];
  /** Activities of others that are marked as one touch with the account's. */
  readonly doubles: readonly string[];
  /** Activities of others that are attributed to the account's deals. */
  readonly attributed: readonly string[];
};

export async function leftBy(tx: Tx, connectionId: string): Promise<LeftBy> {
  const keys = await sql<Key>`
    select distinct i.entity, i.key_type as type, i.key_value as value from identities i
    where i.connection_id = ${connectionId} and exists (
      select from identities o where o.entity = i.entity and o.key_type = i.key_type and o.key_value = i.key_value
        and o.connection_id <> i.connection_id)
  `.execute(tx);
  const rows = await sql<{ id: string }>`
    with own as materialized (
      select id from people where connection_id = ${connectionId} union all select id from companies where connection_id = ${connectionId}
      union all select id from reps where connection_id = ${connectionId}
      union all select id from teams where connection_id = ${connectionId}
      union all select id from pipelines where connection_id = ${connectionId}
    )
    select l.into_id as id from own join identity_links l on l.from_id = own.id
    union select l.from_id from own join identity_links l on l.into_id = own.id
  `.execute(tx);
  const doubles = await sql<{ id: string }>`
    with firsts as materialized (
      select a.duplicate_of as id from activities a where a.connection_id = ${connectionId} and a.duplicate_of is not null
      union
      select a.duplicate_of from activities a join activities f on f.id = a.duplicate_of where f.connection_id = ${connectionId}
    )
    select a.id from firsts join activities a on a.id = firsts.id where a.connection_id <> ${connectionId}
    union select a.id from firsts join activities a on a.duplicate_of = firsts.id where a.connection_id <> ${connectionId}
  `.execute(tx);
  const attributed = await sql<{ id: string }>`
    select a.id from activities a join deals d on d.id = a.attributed_deal_id
    where d.connection_id = ${connectionId} and a.connection_id <> ${connectionId}
  `.execute(tx);
  const idsOf = (found: { readonly rows: readonly { readonly id: string }[] }): string[] =>
    found.rows.map((row) => row.id);
  return { rows: idsOf(rows), keys: keys.rows, doubles: idsOf(doubles), attributed: idsOf(attributed) };
}
