import { sql } from "kysely";
import type { Store } from "../../core/store/db.ts";
import { SHELF_NAMES } from "../../core/store/facts/facts-shelves.ts";

/** Every table that the making of facts writes, with an order that makes two readings alike. The outbox is last. */
export const FACT_TABLES: readonly (readonly [table: string, order: string])[] = [
  ...SHELF_NAMES.map((name) => [name, "id"] as const),
  ["team_memberships", "rep_id, team_id, held_from"],
  ["identities", "entity_id, key_type, key_value"],
  ["identity_links", "from_id, into_id, rule, evidence"],
  ["labels", "connection_id, namespace, external_id"],
  ["deal_observations", "deal_id, key"],
  ["deal_changes", "deal_id, ordinal"],
  ["deal_closings", "deal_id, held_from, held_to"],
  ["deal_entries", "deal_id, ordinal, stage_id"],
  ["deal_stays", "deal_id, ordinal"],
  ["outbox", "id"],
];

type Row = { readonly [column: string]: unknown };

/** Rows by table. */
export type Everything = { readonly [table: string]: readonly Row[] };

/** Everything that facts have written, to be compared as a whole. The `written` of a row changes when it is written again. */
export async function everything(store: Store): Promise<Everything> {
  const tables: Record<string, readonly Row[]> = {};
  for (const [table, order] of FACT_TABLES) {
    const { rows } = await sql<Row>`
      select xmin::text as written, t.* from ${sql.table(table)} t order by ${sql.raw(order)}`.execute(store.db);
    tables[table] = rows;
  }
  return tables;
}
