import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import { instantText } from "../../base/time.ts";
import { storableJson } from "../client.ts";
import type { Copy } from "../copy.ts";
import type { DealDoubt } from "../../schema/canonical.ts";
import type { Tx } from "../db.ts";
import { copyLines, unnested } from "./facts.ts";
import type { Cell, Cells } from "./facts-cells.ts";
import type { Column } from "./facts-shelves.ts";

/** Observations of deals, and the history that is folded from them. Instants are milliseconds of Unix time, ±Infinity included. */

export type ObservationRow = {
  readonly dealId: string;
  readonly recordId: string;
  readonly key: string;
  readonly kind: "snapshot" | "change";
  readonly at: number;
  readonly isDay: boolean;
  readonly knownAt: number;
  readonly seq: number;
  readonly before: JsonObject;
  readonly after: JsonObject;
};

const OBSERVATION_COLUMNS: readonly Column[] = [
  ["deal_id", "uuid"],
  ["key", "text"],
  ["record_id", "uuid"],
  ["connection_id", "text"],
  ["kind", "text"],
  ["at", "timestamptz"],
  ["is_day", "boolean"],
  ["known_at", "timestamptz"],
  ["seq", "bigint"],
  ["before", "jsonb"],
  ["after", "jsonb"],
];

/** What is stored of the deals, and of the records' observations of whichever deals. */
export async function readObservations(
  tx: Tx,
  dealIds: readonly string[],
  recordIds: readonly string[],
): Promise<ObservationRow[]> {
  const ofDeals = sql`o.deal_id = any(${dealIds}::uuid[])`;
  // New records were never observed; of the others only the keys are looked up first, so that each half uses its own index.
  const wanted =
    recordIds.length === 0
      ? ofDeals
      : sql`(o.deal_id, o.key) in (
          select deal_id, key from deal_observations o where ${ofDeals}
          union select deal_id, key from deal_observations where record_id = any(${recordIds}::uuid[]))`;
  const { rows } = await sql<ObservationRow>`
    select o.deal_id as "dealId", o.record_id as "recordId", o.key, o.kind, ${millis("o.at")} as at, o.is_day as "isDay",
      ${millis("o.known_at")} as "knownAt", o.seq, o.before, o.after
    from deal_observations o
    where ${wanted}
  `.execute(tx);
  return rows;
}

/** float8 says ±Infinity in words that node-postgres reads as the numbers of that name. */
function millis(column: string) {
  return sql`(case when isfinite(${sql.ref(column)}) then extract(epoch from ${sql.ref(column)}) * 1000
    when ${sql.ref(column)} > 'epoch' then 'infinity'::float8 else '-infinity'::float8 end)::float8`;
}

/** An instant as PostgreSQL reads it, the infinite ones included. */
export function instantCell(ms: number): string {
  if (Number.isFinite(ms)) return instantText(new Date(ms));
  return ms > 0 ? "infinity" : "-infinity";
}

function observationCells(connectionId: string, row: ObservationRow): Cells {
  return [
    row.dealId,
    row.key,
    row.recordId,
    connectionId,
    row.kind,
    instantCell(row.at),
    row.isDay ? "t" : "f",
    instantCell(row.knownAt),
    String(row.seq),
    storableJson(row.before),
    storableJson(row.after),
  ];
}

export async function insertObservations(
  copy: Copy,
  connectionId: string,
  rows: readonly ObservationRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await copy(
    "deal_observations",
    OBSERVATION_COLUMNS.map(([name]) => name),
    copyLines(rows.map((row) => observationCells(connectionId, row))),
  );
}

/** Replaces observations that are there under the same deal and key. */
export async function updateObservations(tx: Tx, connectionId: string, rows: readonly ObservationRow[]): Promise<void> {
  if (rows.length === 0) return;
  const cells = rows.map((row) => observationCells(connectionId, row));
  await sql`
    update deal_observations o set record_id = v.record_id, kind = v.kind, at = v.at, is_day = v.is_day, known_at = v.known_at,
      seq = v.seq, before = v.before, after = v.after
    from ${unnested(OBSERVATION_COLUMNS, cells)} v
    where o.deal_id = v.deal_id and o.key = v.key
  `.execute(tx);
}

export async function deleteObservations(
  tx: Tx,
  keys: readonly { readonly dealId: string; readonly key: string }[],
): Promise<void> {
  if (keys.length === 0) return;
  await sql`
    delete from deal_observations o
    using unnest(${keys.map((k) => k.dealId)}::uuid[], ${keys.map((k) => k.key)}::text[]) v (deal_id, key)
    where o.deal_id = v.deal_id and o.key = v.key
  `.execute(tx);
}

/** A row of deal_changes with its deal: its place, when, and the state as the columns' texts in the order of {@link STATE_COLUMNS}. */
export type ChangeRow = {
  readonly dealId: string;
  readonly ordinal: number;
  readonly heldFrom: number;
  readonly heldTo: number;
  readonly isDay: boolean;
  readonly knownAt: number;
  /** Why its time is not what the source says; see the table's column. */
  readonly doubt: DealDoubt | null;
  readonly changed: readonly string[];
  readonly state: { readonly [column: string]: string | number | null };
  readonly evidence: string;
};

const STATE_COLUMNS: readonly Column[] = [
  ["status", "text"],
  ["pipeline_id", "uuid"],
  ["stage_id", "uuid"],
  ["amount_minor", "bigint"],
  ["currency", "text"],
  ["value_period", "text"],
  ["rep_id", "uuid"],
  ["probability", "float8"],
  ["expected_close_on", "date"],
];

/** The stored history of the deals, in order. */
export async function readChanges(tx: Tx, dealIds: readonly string[]): Promise<Map<string, ChangeRow[]>> {
  const byDeal = new Map<string, ChangeRow[]>();
  if (dealIds.length === 0) return byDeal;
  const state = sql.join(STATE_COLUMNS.flatMap(([name]) => [sql.lit(name), sql.ref(name)]));
  const { rows } = await sql<ChangeRow>`
    select deal_id as "dealId", ordinal, ${millis("held_from")} as "heldFrom", ${millis("held_to")} as "heldTo", is_day as "isDay",
      ${millis("known_at")} as "knownAt", doubt, changed, json_build_object(${state}) as state, evidence
    from deal_changes where deal_id = any(${dealIds}::uuid[]) order by deal_id, ordinal
  `.execute(tx);
  for (const row of rows) {
    const changes = byDeal.get(row.dealId);
    if (changes === undefined) byDeal.set(row.dealId, [row]);
    else changes.push(row);
  }
  return byDeal;
}

/** Writes the histories' ends anew: for each deal everything from the given ordinal on. */
export async function replaceChanges(
  tx: Tx,
  copy: Copy,
  connectionId: string,
  ends: readonly { readonly dealId: string; readonly fromOrdinal: number; readonly isNew: boolean }[],
  rows: readonly ChangeRow[],
): Promise<void> {
  const old = ends.filter((end) => !end.isNew);
  if (old.length > 0)
    await sql`
      delete from deal_changes c
      using unnest(${old.map((end) => end.dealId)}::uuid[], ${old.map((end) => end.fromOrdinal)}::integer[]) v (deal_id, ordinal)
      where c.deal_id = v.deal_id and c.ordinal >= v.ordinal
    `.execute(tx);
  if (rows.length === 0) return;
  const columns = [
    "deal_id",
    "ordinal",
    "connection_id",
    "held_from",
    "held_to",
    "is_day",
    "known_at",
    "doubt",
    "changed",
    "evidence",
  ];
  await copy(
    "deal_changes",
    [...columns, ...STATE_COLUMNS.map(([name]) => name)],
    copyLines(rows.map((row) => changeCells(connectionId, row))),
  );
}

function changeCells(connectionId: string, row: ChangeRow): Cells {
  const cells: Cell[] = [
    row.dealId,
    String(row.ordinal),
    connectionId,
    instantCell(row.heldFrom),
    instantCell(row.heldTo),
    row.isDay ? "t" : "f",
    instantCell(row.knownAt),
    row.doubt,
    `{${row.changed.join(",")}}`,
    row.evidence,
  ];
  for (const [name] of STATE_COLUMNS) {
    const value = row.state[name] ?? null;
    cells.push(value === null ? null : String(value));
  }
  return cells;
}

/** What an event tells of a deal, besides the change itself. Merged reps and companies are told by the row they are one with. */
export type DealCard = {
  readonly n: number;
  readonly name: string | null;
  readonly url: string | null;
  readonly lostReason: string | null;
  readonly company: string | null;
  readonly stage: string | null;
  readonly fromStage: string | null;
  readonly pipeline: string | null;
  readonly ownerId: string | null;
  readonly ownerName: string | null;
};

export type CardRequest = {
  readonly dealId: string;
  readonly stageId: string | null;
  readonly fromStageId: string | null;
  readonly pipelineId: string | null;
  readonly repId: string | null;
};

/** One card per request, by its place in the list; none for a deal that the source no longer has. */
export async function dealCards(tx: Tx, requests: readonly CardRequest[]): Promise<Map<number, DealCard>> {
  const { rows } = await sql<DealCard>`
    select (v.n - 1)::integer as n, d.name, d.url, d.lost_reason as "lostReason", coalesce(company.name, company_own.name) as company,
      stage.name as stage, from_stage.name as "fromStage", pipeline.name as pipeline,
      coalesce(rep_own.merged_into, v.rep_id) as "ownerId", coalesce(rep.name, rep_own.name) as "ownerName"
    from unnest(
      ${requests.map((r) => r.dealId)}::uuid[], ${requests.map((r) => r.stageId)}::uuid[], ${requests.map((r) => r.fromStageId)}::uuid[],
      ${requests.map((r) => r.pipelineId)}::uuid[], ${requests.map((r) => r.repId)}::uuid[]
    ) with ordinality v (deal_id, stage_id, from_stage_id, pipeline_id, rep_id, n)
    join deals d on d.id = v.deal_id and d.deleted_at is null
    left join stages stage on stage.id = v.stage_id
    left join stages from_stage on from_stage.id = v.from_stage_id
    left join pipelines pipeline on pipeline.id = v.pipeline_id
    left join reps rep_own on rep_own.id = v.rep_id
    left join reps rep on rep.id = rep_own.merged_into
    left join companies company_own on company_own.id = d.company_id
    left join companies company on company.id = company_own.merged_into
  `.execute(tx);
  return new Map(rows.map((row) => [row.n, row]));
}
