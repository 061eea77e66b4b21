import { sql } from "kysely";
import type { Copy } from "../copy.ts";
import type { Tx } from "../db.ts";
import { copyLines, unnested } from "./facts.ts";
import type { Cells } from "./facts-cells.ts";
import type { Column } from "./facts-shelves.ts";

/** What deals did, as rows that questions read: closings, entries into stages, stays in them. */

/** Rows of each table, as texts in the order of its columns. */
export type AnswerRows = { readonly closings: Cells[]; readonly entries: Cells[]; readonly stays: Cells[] };

/** What of a stage its deals' entries and stays depend on. */
export type StageShape = {
  readonly id: string;
  readonly pipelineId: string;
  readonly position: number;
  /** Where it stood before it was moved among the others: until when (milliseconds of Unix time, exclusive), the earliest first. */
  readonly places: readonly { readonly until: number; readonly position: number }[];
  /** Whether it is one of the pipeline's own; the others are outcomes with a name. */
  readonly isOpen: boolean;
  /** Whether the source has taken it away. */
  readonly isGone: boolean;
};

const TABLES: readonly {
  readonly table: "deal_closings" | "deal_entries" | "deal_stays";
  readonly rows: keyof AnswerRows;
  readonly columns: readonly Column[];
}[] = [
  {
    table: "deal_closings",
    rows: "closings",
    columns: [
      ["deal_id", "uuid"],
      ["at", "timestamptz"],
      ["at_is_day", "boolean"],
      ["doubt", "text"],
      ["status", "text"],
      ["rep_id", "uuid"],
      ["held_from", "timestamptz"],
      ["held_to", "timestamptz"],
      ["pipeline_id", "uuid"],
      ["stage_id", "uuid"],
      ["annual_minor", "numeric"],
      ["currency", "text"],
      ["probability", "float8"],
      ["been_in", "uuid[]"],
    ],
  },
  {
    table: "deal_entries",
    rows: "entries",
    columns: [
      ["deal_id", "uuid"],
      ["ordinal", "integer"],
      ["at", "timestamptz"],
      ["at_is_day", "boolean"],
      ["rep_id", "uuid"],
      ["pipeline_id", "uuid"],
      ["stage_id", "uuid"],
      ["is_skipped", "boolean"],
      ["passed_at", "timestamptz"],
      ["entered_before", "timestamptz"],
    ],
  },
  {
    table: "deal_stays",
    rows: "stays",
    columns: [
      ["deal_id", "uuid"],
      ["ordinal", "integer"],
      ["started_at", "timestamptz"],
      ["started_is_day", "boolean"],
      ["ended_at", "timestamptz"],
      ["ended_is_day", "boolean"],
      ["rep_id", "uuid"],
      ["pipeline_id", "uuid"],
      ["stage_id", "uuid"],
      ["currency", "text"],
    ],
  },
];

/**
 * Brings the rows of deals to what is given.
 *
 * @param known deals that may have rows already. Of these only what differs is written.
 */
export async function writeAnswers(
  tx: Tx,
  copy: Copy,
  connectionId: string,
  fresh: AnswerRows,
  known: { readonly dealIds: readonly string[]; readonly rows: AnswerRows },
): Promise<void> {
  for (const { table, rows, columns } of TABLES) {
    const names = [...columns.map(([name]) => name), "connection_id"];
    if (fresh[rows].length > 0) {
      await copy(table, names, copyLines(fresh[rows].map((cells) => [...cells, connectionId])));
    }
    if (known.dealIds.length === 0) continue;
    const given = unnested(columns, known.rows[rows]);
    // Row by row through the index, and compared as hashed texts: PostgreSQL takes a table that it has no statistics of for a small one, and would
    // read all of it for every few deals.
    const stored = sql`
      unnest(${known.dealIds}::uuid[]) k(id)
      cross join lateral (select s.ctid, ${textOf("s", columns)} as said from ${sql.table(table)} s where s.deal_id = k.id offset 0) t`;
    await sql`
      delete from ${sql.table(table)} where ctid = any(array(
        select t.ctid from ${stored} where t.said not in (select ${textOf("v", columns)} from ${given} v)))`.execute(
      tx,
    );
    if (known.rows[rows].length === 0) continue;
    await sql`
      insert into ${sql.table(table)} (${sql.join(names.map((name) => sql.ref(name)))})
      select ${columnsOf("v", columns)}, ${connectionId}::text
      from ${given} v
      where ${textOf("v", columns)} not in (select t.said from ${stored})`.execute(tx);
  }
}

/** A row as one text; two are the same if and only if these are. Never null. */
function textOf(alias: string, columns: readonly Column[]) {
  return sql`row(${columnsOf(alias, columns)})::text`;
}

function columnsOf(alias: string, columns: readonly Column[]) {
  return sql.join(columns.map(([name]) => sql.ref(`${alias}.${name}`)));
}

/** The shapes of all stages of the pipelines that the named stages are of. */
export async function readStageShapes(tx: Tx, stageIds: ReadonlySet<string>): Promise<ReadonlyMap<string, StageShape>> {
  if (stageIds.size === 0) return new Map();
  const { rows } = await sql<StageShape>`
    select id, pipeline_id as "pipelineId", position, type = 'open' as "isOpen", deleted_at is not null as "isGone",
      coalesce((
        select json_agg(json_build_object('until', extract(epoch from p.landed_to) * 1000, 'position', p.position) order by p.landed_to)
        from tributary_past.stages p where p.id = stages.id and isfinite(p.landed_to)), '[]') as places
    from stages
    where pipeline_id in (select pipeline_id from stages where id = any(${[...stageIds]}::uuid[]))
    order by pipeline_id, position, id`.execute(tx);
  return new Map(rows.map((stage) => [stage.id, stage]));
}

/** Deals of the connection that were ever in a stage of the named stages' pipelines. */
export async function dealsOfPipelines(tx: Tx, connectionId: string, stageIds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ deal_id: string }>`
    select distinct c.deal_id from deal_changes c
    where c.connection_id = ${connectionId} and c.stage_id in (
      select s.id from stages s
      where s.pipeline_id in (select pipeline_id from stages where id = any(${stageIds}::uuid[])))
    order by c.deal_id`.execute(tx);
  return rows.map((row) => row.deal_id);
}
