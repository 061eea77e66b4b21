import { sql } from "kysely";
import type { Db } from "./db.ts";

/** The tables that can be taken out, in the order of what they hold, each with what orders its rows. */
export const EXPORT_TABLES = {
  deals: "id",
  deal_changes: "deal_id, ordinal",
  deal_stays: "deal_id, ordinal",
  activities: "id",
  people: "id",
  companies: "id",
  reps: "id",
  teams: "id",
  team_memberships: "rep_id, team_id, held_from",
  pipelines: "id",
  stages: "id",
  lead_statuses: "lead_id, at, key",
  tickets: "id",
  conversations: "id",
  campaigns: "id",
  web_traffic: "id",
  spend: "id",
  goals: "id",
  identities: "entity, entity_id, key_type, key_value, connection_id",
  metric_points: "id",
  raw_records: "connection_id, stream, external_id",
} as const;

export type ExportTable = keyof typeof EXPORT_TABLES;

/** As PostgreSQL has it: `text`, `bigint`, `timestamp with time zone`. */
export type StoredColumn = { readonly name: string; readonly type: string };

/** How the database keeps its books; of no use to anybody else. */
const OWN = new Set(["landed_from", "record_id", "hash", "seq"]);

export async function exportColumns(db: Db, table: ExportTable): Promise<readonly StoredColumn[]> {
  const { rows } = await sql<StoredColumn>`
    select column_name as name, data_type as type from information_schema.columns
    where table_schema = 'tributary' and table_name = ${table} order by ordinal_position`.execute(db);
  return rows.filter(({ name }) => !OWN.has(name));
}

/** For each column that points at somebody or something: the column that says its name, and where the name stands. */
const NAMES: { readonly [column: string]: { readonly as: string; readonly table: string } } = {
  rep_id: { as: "rep", table: "reps" },
  team_id: { as: "team", table: "teams" },
  person_id: { as: "person", table: "people" },
  company_id: { as: "company", table: "companies" },
  pipeline_id: { as: "pipeline", table: "pipelines" },
  stage_id: { as: "stage", table: "stages" },
  deal_id: { as: "deal", table: "deals" },
};
/** Of these, rows that are one with another have the other's name. */
const MERGED = new Set(["reps", "teams", "people", "companies", "pipelines", "deals"]);

/** The columns of names that a table's rows get beside their ids. */
export function nameColumns(columns: readonly StoredColumn[]): readonly string[] {
  return columns.flatMap(({ name }) => NAMES[name]?.as ?? []);
}

const BATCH = 2_000;

/**
 * The rows of a table in batches, all as they were at one moment. What the source has deleted is left out unless asked for.
 *
 * The transaction is open, and one connection of the pool taken, until the reader is through or stops.
 */
export async function* exportRows(
  db: Db,
  table: ExportTable,
  columns: readonly StoredColumn[],
  { withDeleted }: { readonly withDeleted: boolean },
): AsyncGenerator<readonly { readonly [column: string]: unknown }[]> {
  const tx = await db.startTransaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute();
  try {
    await sql`declare exported no scroll cursor for ${selection(table, columns, withDeleted)}`.execute(tx);
    for (;;) {
      const { rows } = await sql<{ [column: string]: unknown }>`fetch ${sql.lit(BATCH)} from exported`.execute(tx);
      if (rows.length === 0) return;
      yield rows;
    }
  } finally {
    await tx.rollback().execute();
  }
}

// Names of tables and columns are those of this file and of the catalogue, never a caller's.
function selection(table: ExportTable, columns: readonly StoredColumn[], withDeleted: boolean): ReturnType<typeof sql> {
  const has = (name: string): boolean => columns.some((column) => column.name === name);
  const chosen = columns.map(({ name }) => sql`t.${sql.ref(name)}`);
  const names = columns.flatMap(({ name }) => {
    const named = NAMES[name];
    return named === undefined ? [] : [sql`${nameOf(named.table, name)} as ${sql.ref(named.as)}`];
  });
  const live = withDeleted
    ? sql`true`
    : has("deleted_at")
      ? sql`t.deleted_at is null`
      : has("deal_id")
        ? sql`exists (select from deals d where d.id = t.deal_id and d.deleted_at is null)`
        : sql`true`;
  return sql`select ${sql.join([...chosen, ...names])} from ${sql.table(table)} t where ${live} order by ${sql.raw(EXPORT_TABLES[table])}`;
}

function nameOf(table: string, column: string): ReturnType<typeof sql> {
  const own = sql.table(table);
  const id = sql.ref(`t.${column}`);
  if (!MERGED.has(table)) return sql`(select n.name from ${own} n where n.id = ${id})`;
  return sql`(select coalesce(m.name, n.name) from ${own} n left join ${own} m on m.id = n.merged_into where n.id = ${id})`;
}
