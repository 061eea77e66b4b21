import { hash } from "node:crypto";
import { sql } from "kysely";
import { entityId } from "../base/ids.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { storableJson } from "./client.ts";
import type { Db, Tx } from "./db.ts";

/** Forgetting a person, everywhere. Which tables and columns there are is asked of the database, so that a new one is not forgotten. */

export type Erasures = { readonly salt: Buffer; readonly marks: ReadonlySet<string> };

/** Null: nobody was erased. */
export async function readErasures(db: Db): Promise<Erasures | null> {
  const rows = await db.selectFrom("erasures").select(["salt", "marks"]).execute();
  const [first] = rows;
  if (first === undefined) return null;
  return { salt: first.salt, marks: new Set(rows.flatMap(({ marks }) => marks.map((mark) => mark.toString("hex")))) };
}

/** Changes whenever somebody is erased. */
export async function erasuresVersion(db: Db): Promise<string> {
  const { rows } = await sql<{
    version: string;
  }>`select count(*) || ' ' || coalesce(max(at)::text, '') as version from erasures`.execute(db);
  return rows[0]?.version ?? "";
}

export async function insertErasure(
  tx: Tx,
  erasure: { readonly at: Date; readonly salt: Buffer; readonly marks: readonly Buffer[] },
): Promise<string> {
  const { at, salt, marks } = erasure;
  const row = await tx
    .insertInto("erasures")
    .values({ at, salt, marks: [...marks] })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** Waits until nothing is pulled or taken in any more, and keeps it so until the transaction ends. */
export async function holdStreams(tx: Tx, names: readonly string[], patienceMs: number): Promise<void> {
  await sql`select set_config('lock_timeout', ${String(patienceMs)}, true)`.execute(tx);
  for (const name of names) await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
  await sql`select set_config('lock_timeout', '0', true)`.execute(tx);
}

export async function streamsOf(
  db: Db,
): Promise<readonly { readonly connectionId: string; readonly stream: string }[]> {
  return db.selectFrom("stream_states").select(["connection_id as connectionId", "stream"]).execute();
}

/** A row of a person, as a source has them. */
export type ErasedPerson = {
  readonly id: string;
  readonly recordId: string;
  readonly externalId: string;
  readonly name: string | null;
  readonly emails: readonly string[];
  readonly phones: readonly string[];
};

/** All rows that are one with whoever has the address. */
export async function personRows(db: Db, email: string): Promise<readonly ErasedPerson[]> {
  const { rows } = await sql<ErasedPerson>`
    with found as (
      select coalesce(p.merged_into, p.id) as root from people p
      where exists (select from unnest(p.emails) e where lower(e) = ${email})
        or exists (select from identities i where i.entity = 'person' and i.entity_id = p.id and i.key_type = 'email' and i.key_value = ${email})
        or lower(p.external_id) = ${email}
    )
    select p.id, p.record_id as "recordId", p.external_id as "externalId", p.name, p.emails, p.phones
    from people p where coalesce(p.merged_into, p.id) in (select root from found)`.execute(db);
  return rows;
}

/** Whether a colleague has the address. */
export async function isColleague(db: Db, email: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from users where lower(email) = ${email}
    union all select 1 from reps where lower(email) = ${email} and deleted_at is null
    union all select 1 from identities where entity = 'rep' and key_type = 'email' and key_value = ${email}
    union all select 1 from settings where section in ('reps', 'teams') and strpos(lower(value::text), ${`"${email}"`}) > 0
    limit 1`.execute(db);
  return rows.length > 0;
}

/** Names of these that other people have as well. */
export async function sharedNames(
  db: Db,
  names: readonly string[],
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ name: string }>`
    select distinct lower(name) as name from people
    where lower(name) = any(${[...names]}::text[]) and not id = any(${[...ids]}::uuid[])
    union select distinct lower(name) from reps where lower(name) = any(${[...names]}::text[])`.execute(db);
  return new Set(rows.map(({ name }) => name));
}

/** Records of facts that point at these people. */
export async function recordsAbout(db: Db, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const tables = ["deals", "activities", "tickets", "conversations"] as const;
  const found = new Set<string>();
  for (const table of tables) {
    const { rows } = await sql<{ record_id: string }>`
      select record_id from ${sql.table(table)} where person_id = any(${[...ids]}::uuid[])`.execute(db);
    for (const row of rows) found.add(row.record_id);
  }
  return found;
}

type Table = {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** All of its columns' names. */
  readonly all: ReadonlySet<string>;
};

/** What is no place where people of sources stand: who signs in, and the list of the erased itself. */
const LEFT_ALONE = ["users", "erasures", "kysely_migration", "kysely_migration_lock"];
const TEXTS = new Set(["text", "character varying", "json", "jsonb", "text[]", "bytea"]);

async function tablesWithText(tx: Tx): Promise<readonly Table[]> {
  const { rows } = await sql<{ schema: string; table: string; column: string; type: string }>`
    select n.nspname as schema, c.relname as table, a.attname as column, format_type(a.atttypid, null) as type
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where n.nspname in ('tributary', 'tributary_past') and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      and a.attgenerated = '' and not (c.relname = any(${LEFT_ALONE}::text[]))
    order by 1, 2, a.attnum`.execute(tx);
  const tables = new Map<
    string,
    { schema: string; name: string; columns: { name: string; type: string }[]; all: Set<string> }
  >();
  for (const { schema, table, column, type } of rows) {
    const key = `${schema}.${table}`;
    const known = tables.get(key) ?? { schema, name: table, columns: [], all: new Set<string>() };
    tables.set(key, known);
    known.all.add(column);
    if (TEXTS.has(type)) known.columns.push({ name: column, type });
  }
  return [...tables.values()].filter(({ columns }) => columns.length > 0);
}

/** How a row that may speak of the person is left. */
export type Sweep = {
  /** Any of these, in lower case, stands in every row that is looked at; a space is any number of characters. */
  readonly needles: readonly string[];
  /** Whether the row speaks of them beyond doubt; `recordId`: of a raw record, or the one that a fact was made of. */
  readonly isAbout: (row: JsonObject, recordId: string | null) => boolean;
  readonly json: (value: Json, isAbout: boolean) => Json;
  readonly text: (value: string, isAbout: boolean) => string;
  /** Whether the raw record is the person's own, and goes as a whole. */
  readonly isOwn: (recordId: string, externalId: string) => boolean;
};

export type Swept = {
  /** Rows that were changed or deleted, by table. */
  readonly tables: { readonly [table: string]: number };
  /** Raw records that went. */
  readonly gone: readonly { readonly connectionId: string; readonly stream: string; readonly externalId: string }[];
};

/** Takes the person out of every row of every table. Nothing of it is kept as the past. */
export async function sweepPerson(tx: Tx, sweep: Sweep): Promise<Swept> {
  await sql`select set_config('tributary.landing', '-infinity', true)`.execute(tx);
  const counts: { [table: string]: number } = {};
  const gone: Swept["gone"][number][] = [];
  const patterns = sweep.needles.map((needle) => `%${needle.replace(/[\\%_]/g, "\\$&").replaceAll(" ", "%")}%`);
  for (const table of await tablesWithText(tx)) {
    const named = sql.table(`${table.schema}.${table.name}`);
    const columns = table.columns.map(({ name }) => sql.ref(name));
    const said = table.columns.map(({ name, type }) =>
      type === "bytea"
        ? sql`lower(encode(${sql.ref(name)}, 'escape')) like any(${patterns}::text[])`
        : sql`lower(${sql.ref(name)}::text) like any(${patterns}::text[])`,
    );
    const others = ["record_id", "connection_id", "stream", "external_id"].filter(
      (name) => table.all.has(name) && !table.columns.some((column) => column.name === name),
    );
    const { rows } = await sql<{ ctid: string } & { [column: string]: unknown }>`
      select ctid::text as ctid, ${sql.join([...columns, ...others.map((name) => sql.ref(name))])} from ${named}
      where ${sql.join(said, sql` or `)} for update`.execute(tx);
    let changed = 0;
    for (const row of rows) {
      const isRaw = table.name === "raw_records" || table.name === "raw_versions";
      const place = isRaw
        ? {
            connectionId: String(row["connection_id"]),
            stream: String(row["stream"]),
            externalId: String(row["external_id"]),
          }
        : null;
      const recordId =
        place === null
          ? textOrNull(row["record_id"])
          : entityId("record", place.connectionId, place.stream, place.externalId);
      if (place !== null && recordId !== null && sweep.isOwn(recordId, place.externalId)) {
        await sql`delete from ${named} where ctid = ${row.ctid}::tid`.execute(tx);
        gone.push(place);
        changed += 1;
        continue;
      }
      const changes = changesOf(table, row, sweep, recordId);
      if (changes.length === 0) continue;
      await sql`update ${named} set ${sql.join(changes)} where ctid = ${row.ctid}::tid`.execute(tx);
      changed += 1;
    }
    if (changed > 0) counts[table.schema === "tributary" ? table.name : `past ${table.name}`] = changed;
  }
  await sql`select set_config('tributary.landing', '', true)`.execute(tx);
  return { tables: counts, gone };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function changesOf(
  table: Table,
  row: { readonly [column: string]: unknown },
  sweep: Sweep,
  recordId: string | null,
): readonly ReturnType<typeof sql>[] {
  const plain = Object.fromEntries(
    // Read as JSON (`to_jsonb`), but for bytes.
    table.columns.filter(({ type }) => type !== "bytea").map(({ name }) => [name, (row[name] ?? null) as Json]),
  );
  const isAbout = sweep.isAbout(plain, recordId);
  return table.columns.flatMap(({ name, type }) => {
    const value = row[name];
    if (value === null || value === undefined) return [];
    if (Buffer.isBuffer(value)) {
      const left = Buffer.from(sweep.text(value.toString("latin1"), false), "latin1");
      if (left.equals(value)) return [];
      const sized =
        table.name === "uploads" ? [sql`sha256 = ${hash("sha256", left, "hex")}`, sql`size = ${left.length}`] : [];
      return [sql`${sql.ref(name)} = ${left}`, ...sized];
    }
    if (typeof value === "string") {
      const left = sweep.text(value, isAbout);
      return left === value ? [] : [sql`${sql.ref(name)} = ${left}`];
    }
    // A list of texts, or what came as JSON.
    const left = sweep.json(value as Json, isAbout);
    if (left === value) return [];
    if (type === "text[]") return [sql`${sql.ref(name)} = ${left}::text[]`];
    const json = JSON.stringify(left);
    const hashed = table.name === "raw_records" ? [sql`hash = decode(${hash("sha256", json, "hex")}, 'hex')`] : [];
    return [sql`${sql.ref(name)} = ${storableJson(left)}::${sql.raw(type)}`, ...hashed];
  });
}

/** Takes away the rows of these people, and what was known of who they are. @returns how many rows. */
export async function deletePeople(tx: Tx, ids: readonly string[]): Promise<number> {
  const people = sql`any(${[...ids]}::uuid[])`;
  return deleteEverywhere(tx, [
    ["identity_links", sql`from_id = ${people} or into_id = ${people}`],
    ["identities", sql`entity_id = ${people}`],
    ["lead_statuses", sql`lead_id = ${people}`],
    ["people", sql`id = ${people}`],
  ]);
}

/** Takes away whatever was made of these records. @returns how many rows. */
export async function deleteFactsOf(tx: Tx, recordIds: readonly string[]): Promise<number> {
  const where = sql`record_id = any(${[...recordIds]}::uuid[])`;
  return deleteEverywhere(
    tx,
    (await factTables(tx)).map((table) => [table, where]),
  );
}

/** Deletes in tables and in their past; nothing of it is kept. */
async function deleteEverywhere(
  tx: Tx,
  wanted: readonly (readonly [string, ReturnType<typeof sql>])[],
): Promise<number> {
  await sql`select set_config('tributary.landing', '-infinity', true)`.execute(tx);
  let deleted = 0;
  for (const [table, where] of wanted) {
    for (const schema of ["tributary", "tributary_past"]) {
      const { rows } = await sql<{ there: boolean }>`
        select to_regclass(${`${schema}.${table}`}) is not null as there`.execute(tx);
      if (rows[0]?.there !== true) continue;
      const { numAffectedRows } = await sql`delete from ${sql.table(`${schema}.${table}`)} where ${where}`.execute(tx);
      deleted += Number(numAffectedRows ?? 0n);
    }
  }
  await sql`select set_config('tributary.landing', '', true)`.execute(tx);
  return deleted;
}

/** Of these records, those of which also something else was made than these people. */
export async function sharedRecords(
  tx: Tx,
  recordIds: readonly string[],
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const shared = new Set<string>();
  for (const table of await factTables(tx)) {
    const own = table === "people" ? sql`id` : table === "lead_statuses" ? sql`lead_id` : null;
    const { rows } = await sql<{ record_id: string }>`
      select distinct record_id from ${sql.table(table)}
      where record_id = any(${[...recordIds]}::uuid[]) and ${own === null ? sql`true` : sql`not ${own} = any(${[...ids]}::uuid[])`}`.execute(
      tx,
    );
    for (const row of rows) shared.add(row.record_id);
  }
  return shared;
}

/** Tables whose rows say of which record they were made. */
async function factTables(tx: Tx): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.columns
    where table_schema = 'tributary' and column_name = 'record_id' order by 1`.execute(tx);
  return rows.map(({ name }) => name);
}
