import { type RawBuilder, sql } from "kysely";
import { type Copy, copyText } from "../copy.ts";
import type { Tx } from "../db.ts";
import { type Cell, type Cells, json } from "./facts-cells.ts";
import { type Column, type Shelf, SHELF_NAMES, type ShelfName, SHELVES } from "./facts-shelves.ts";

/** Writes rows of facts in sets: new ones by COPY, known ones only where they differ. */

export type FactRow = {
  readonly cells: Cells;
  /** The record only names it: makes the row where there is none, and fills in what other mentions have left empty. */
  readonly isMention: boolean;
  /** Made from a record the store had never seen, so most likely new itself. */
  readonly isFresh: boolean;
  /** Several records speak of it, and this is what they say together. Attributes that others have added stay. */
  readonly isJoint?: true;
};

/** Rows of one table by id. */
export type FactRows = ReadonlyMap<string, FactRow>;

export type Written = { readonly added: number; readonly changed: number; readonly removed: number };

type AnyShelf = Pick<Shelf<never>, "table" | "hasMentions" | "columns" | "said">;

/** Stores rows of one table. A row that is there is replaced where it differs; a mention only fills a gap. */
export async function storeRows(tx: Tx, copy: Copy, shelf: AnyShelf, rows: FactRows): Promise<Written> {
  const fresh: Cells[] = [];
  const others = new Map<string, FactRow>();
  for (const [id, row] of rows) {
    if (row.isFresh && !row.isMention) fresh.push(row.cells);
    else others.set(id, row);
  }
  if (fresh.length > 0 && !(await copyUnlessThere(tx, copy, shelf, fresh)))
    for (const [id, row] of rows) others.set(id, row);
  const added = others.size === rows.size ? 0 : fresh.length;
  const rest = await storeKnown(tx, copy, shelf, others);
  return { ...rest, added: added + rest.added };
}

/**
 * Adds rows by COPY without having asked whether they are there: rows of new records hardly ever are, and asking costs an index look-up
 * each.
 *
 * @returns false when one of them was there; then none was added.
 */
async function copyUnlessThere(tx: Tx, copy: Copy, shelf: AnyShelf, rows: readonly Cells[]): Promise<boolean> {
  await sql`savepoint optimistic`.execute(tx);
  try {
    await copyRows(copy, shelf, rows);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    await sql`rollback to savepoint optimistic`.execute(tx);
    return false;
  }
  await sql`release savepoint optimistic`.execute(tx);
  return true;
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23505";
}

async function storeKnown(tx: Tx, copy: Copy, shelf: AnyShelf, rows: FactRows): Promise<Written> {
  if (rows.size === 0) return NOTHING_WRITTEN;
  const { rows: found } = await sql<{ id: string }>`
    select id from ${sql.table(shelf.table)} where id = any(${[...rows.keys()]}::uuid[])
  `.execute(tx);
  const there = new Set(found.map((row) => row.id));
  const added: Cells[] = [];
  const changed: Cells[] = [];
  const joint: Cells[] = [];
  const mentioned: Cells[] = [];
  for (const [id, row] of rows) {
    if (!there.has(id)) added.push(row.cells);
    else if (row.isJoint === true) joint.push(row.cells);
    else (row.isMention ? mentioned : changed).push(row.cells);
  }
  await copyRows(copy, shelf, added);
  const filled = shelf.hasMentions ? await fillIn(tx, shelf, mentioned) : 0;
  return {
    added: added.length,
    changed: filled + (await updateRows(tx, shelf, changed)) + (await joinRows(tx, shelf, joint)),
    removed: 0,
  };
}

const NOTHING_WRITTEN: Written = { added: 0, changed: 0, removed: 0 };

async function copyRows(copy: Copy, shelf: AnyShelf, rows: readonly Cells[]): Promise<void> {
  if (rows.length === 0) return;
  await copy(
    shelf.table,
    shelf.columns.map(([name]) => name),
    copyLines(rows),
  );
}

/** Rows as COPY's text format. */
export function* copyLines(rows: readonly Cells[]): Generator<string> {
  for (const cells of rows) yield `${cells.map(copyText).join("\t")}\n`;
}

async function updateRows(tx: Tx, shelf: AnyShelf, rows: readonly Cells[]): Promise<number> {
  if (rows.length === 0) return 0;
  const data = shelf.columns.slice(1);
  const result = await sql`
    update ${sql.table(shelf.table)} t
    set ${sql.join(data.map(([name]) => sql`${sql.ref(name)} = v.${sql.ref(name)}`))}
    from ${unnested(shelf.columns, rows)} v
    where t.id = v.id and (${columnsOf("t", data)}) is distinct from (${columnsOf("v", data)})
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** Rows that several records speak of are replaced; of attributes, those that are not said here stay. */
async function joinRows(tx: Tx, shelf: AnyShelf, rows: readonly Cells[]): Promise<number> {
  if (rows.length === 0) return 0;
  const data = shelf.columns.slice(1);
  const joined = ([name, type]: Column) => {
    const [t, v] = [sql.ref(`t.${name}`), sql.ref(`v.${name}`)];
    return type === "jsonb" ? sql`${t} || jsonb_strip_nulls(${v})` : v;
  };
  const values = sql.join(data.map((column) => joined(column)));
  const result = await sql`
    update ${sql.table(shelf.table)} t
    set (${sql.join(data.map(([name]) => sql.ref(name)))}) = row(${values})
    from ${unnested(shelf.columns, rows)} v
    where t.id = v.id and (${columnsOf("t", data)}) is distinct from (${values})
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** Adds attributes to those of deals. */
export async function addDealAttributes(
  tx: Tx,
  attributes: ReadonlyMap<string, { readonly [name: string]: unknown }>,
): Promise<number> {
  if (attributes.size === 0) return 0;
  const result = await sql`
    update deals d set attributes = d.attributes || jsonb_strip_nulls(v.attributes::jsonb)
    from unnest(${[...attributes.keys()]}::uuid[], ${[...attributes.values()].map((one) => json(one))}::text[]) v (id, attributes)
    where d.id = v.id and d.attributes is distinct from d.attributes || jsonb_strip_nulls(v.attributes::jsonb)
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** Rows that have only ever been mentioned: together the mentions say what each says, whichever came first. */
async function fillIn(tx: Tx, shelf: AnyShelf, mentions: readonly Cells[]): Promise<number> {
  const at = shelf.columns.length - shelf.said.length;
  const telling = mentions.filter((cells) => cells.slice(at).some((cell) => !isEmpty(cell)));
  if (telling.length === 0) return 0;
  const empty = (alias: string, [name, type]: Column) => {
    const column = sql.ref(`${alias}.${name}`);
    return type === "text[]" || type === "jsonb" ? sql`${column} = '{}'` : sql`${column} is null`;
  };
  const filled = ([name, type]: Column) => {
    const column = sql.ref(name);
    return sql`${column} = case when ${empty("t", [name, type])} then v.${column} else t.${column} end`;
  };
  const result = await sql`
    update ${sql.table(shelf.table)} t set ${sql.join(shelf.said.map(filled))}
    from ${unnested(shelf.columns, telling)} v
    where t.id = v.id and t.is_mention
      and (${sql.join(
        shelf.said.map((column) => sql`(${empty("t", column)} and not (${empty("v", column)}))`),
        sql` or `,
      )})
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** One mention's row with what another says where the first says nothing. */
export function filledIn(cells: Cells, other: Cells): Cells {
  return cells.map((cell, at) => (isEmpty(cell) ? (other[at] ?? null) : cell));
}

/** Nothing, an empty array or an object without fields. */
function isEmpty(cell: Cell): boolean {
  return cell === null || cell === "{}";
}

function columnsOf(alias: string, columns: readonly Column[]) {
  return sql.join(columns.map(([name]) => sql.ref(`${alias}.${name}`)));
}

/** Rows as a table in a statement: one array of texts per column, cast once. */
export function unnested(columns: readonly Column[], rows: readonly Cells[]): RawBuilder<unknown> {
  const arrays = columns.map((_, index) => sql`${rows.map((cells) => cells[index] ?? null)}::text[]`);
  const names = columns.map(([name]) => sql.ref(name));
  const casts = columns.map(([name, type]) => sql`u.${sql.ref(name)}::${sql.raw(type)} as ${sql.ref(name)}`);
  return sql`(select ${sql.join(casts)} from unnest(${sql.join(arrays)}) u (${sql.join(names)}))`;
}

/** Which rows the records own, by table. Rows that were only mentioned belong to nobody. */
export async function ownedRows(tx: Tx, recordIds: readonly string[]): Promise<Map<ShelfName, Set<string>>> {
  const parts = SHELF_NAMES.map(
    (name) =>
      sql`select ${name}::text as shelf, t.id from ${sql.table(name)} t where t.record_id = any(r.ids) ${owned(name)}`,
  );
  const { rows } = await sql<{ shelf: ShelfName; id: string }>`
    with r as materialized (select ${recordIds}::uuid[] as ids)
    select found.* from r, lateral (${sql.join(parts, sql` union all `)}) found
  `.execute(tx);
  const byShelf = new Map<ShelfName, Set<string>>();
  for (const { shelf, id } of rows) {
    const ids = byShelf.get(shelf);
    if (ids === undefined) byShelf.set(shelf, new Set([id]));
    else ids.add(id);
  }
  return byShelf;
}

/** Leaves out rows that a record has only mentioned. A stage is a mention where its pipeline is one, or is another record's. */
function owned(name: ShelfName) {
  if (name === "stages")
    return sql`and exists (select from pipelines p where p.id = t.pipeline_id and p.record_id = t.record_id and not p.is_mention)`;
  return SHELVES[name].hasMentions ? sql`and not t.is_mention` : sql``;
}

/** Takes rows away that their record no longer gives. Stages stay, marked as deleted: the history of deals points at them. */
export async function removeRows(tx: Tx, name: ShelfName, ids: readonly string[], now: Date): Promise<number> {
  if (ids.length === 0) return 0;
  if (name === "stages") return removeStages(tx, ids, now);
  const result = await sql`delete from ${sql.table(name)} where id = any(${ids}::uuid[])`.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** How far apart the places of neighbouring stages are. */
export const STAGE_STEP = 1000;

/** A removed stage stands before the one that has moved up to its place, so that what moved over it still has. */
async function removeStages(tx: Tx, ids: readonly string[], now: Date): Promise<number> {
  const removed = sql`(
    select id, pipeline_id, position, row_number() over (partition by pipeline_id order by position, id) - 1 as before
    from stages where id = any(${ids}::uuid[]) and deleted_at is null
  )`;
  await sql`
    update stages s set position = s.position - ${STAGE_STEP} * moved.steps
    from (
      select d.id, count(*) as steps from stages d join ${removed} r on r.pipeline_id = d.pipeline_id and r.position < d.position
      where d.deleted_at is not null group by d.id
    ) moved
    where moved.id = s.id
  `.execute(tx);
  const result = await sql`
    update stages s set deleted_at = ${now}, position = r.position - ${STAGE_STEP} * r.before - ${STAGE_STEP / 2} + r.before
    from ${removed} r where r.id = s.id
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** Marks what the records own as deleted at the source; it stays, and leaves every KPI. */
export async function markDeleted(
  tx: Tx,
  records: readonly { readonly recordId: string; readonly deletedAt: Date }[],
): Promise<number> {
  if (records.length === 0) return 0;
  let marked = 0;
  for (const name of SHELF_NAMES) {
    const result = await sql`
      update ${sql.table(name)} t set deleted_at = v.deleted_at
      from unnest(${records.map((r) => r.recordId)}::uuid[], ${records.map((r) => r.deletedAt)}::timestamptz[]) v (record_id, deleted_at)
      where t.record_id = v.record_id and t.deleted_at is distinct from v.deleted_at ${owned(name)}
    `.execute(tx);
    marked += Number(result.numAffectedRows ?? 0);
  }
  return marked;
}

export type LabelRow = {
  readonly namespace: string;
  readonly externalId: string;
  readonly recordId: string;
  readonly name: string;
};

/** Stores labels, and forgets those that the records gave before and no longer give. */
export async function storeLabels(
  tx: Tx,
  connectionId: string,
  labels: readonly LabelRow[],
  changedRecordIds: readonly string[],
): Promise<Written> {
  let removed = 0;
  if (changedRecordIds.length > 0) {
    const result = await sql`
      delete from labels l where l.connection_id = ${connectionId} and l.record_id = any(${changedRecordIds}::uuid[])
        and not exists (
          select from unnest(${labels.map((l) => l.namespace)}::text[], ${labels.map((l) => l.externalId)}::text[]) v (namespace, external_id)
          where v.namespace = l.namespace and v.external_id = l.external_id)
    `.execute(tx);
    removed = Number(result.numAffectedRows ?? 0);
  }
  if (labels.length === 0) return { added: 0, changed: 0, removed };
  const { rows } = await sql<{ is_new: boolean }>`
    insert into labels (connection_id, namespace, external_id, record_id, name)
    select ${connectionId}::text, * from unnest(
      ${labels.map((l) => l.namespace)}::text[], ${labels.map((l) => l.externalId)}::text[],
      ${labels.map((l) => l.recordId)}::uuid[], ${labels.map((l) => l.name)}::text[])
    on conflict (connection_id, namespace, external_id) do update set record_id = excluded.record_id, name = excluded.name
      where (labels.record_id, labels.name) is distinct from (excluded.record_id, excluded.name)
    returning (xmax = 0) as is_new
  `.execute(tx);
  const added = rows.filter((row) => row.is_new).length;
  return { added, changed: rows.length - added, removed };
}
