import { sql } from "kysely";
import type { IdentityEntity, IdentityKeyType } from "../../schema/tables/identity.ts";
import type { Copy } from "../copy.ts";
import type { Tx } from "../db.ts";
import { copyLines } from "../facts/facts.ts";

/** What rows can be recognised by. */

export type IdentityRow = {
  readonly entity: IdentityEntity;
  readonly entityId: string;
  readonly type: IdentityKeyType;
  readonly value: string;
};

export const ENTITY_TABLES = {
  rep: "reps",
  person: "people",
  company: "companies",
  team: "teams",
  pipeline: "pipelines",
} as const;

/** Those of the rows that are of the entity. */
export async function rowsOfEntity(tx: Tx, entity: IdentityEntity, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from ${sql.table(ENTITY_TABLES[entity])} where id = any(${ids}::uuid[])
  `.execute(tx);
  return rows.map((row) => row.id);
}

export async function readIdentities(tx: Tx, entityIds: readonly string[]): Promise<IdentityRow[]> {
  if (entityIds.length === 0) return [];
  return tx
    .selectFrom("identities")
    .select(["entity", "entity_id as entityId", "key_type as type", "key_value as value"])
    .where(sql<boolean>`entity_id = any(${entityIds}::uuid[])`)
    .execute();
}

/** Those of the rows that no record of their own has told of. */
export async function mentionedOnly(tx: Tx, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    with asked as materialized (select ${ids}::uuid[] as ids)
    select t.id from asked, lateral (
      select id from reps where id = any(ids) and is_mention
      union all select id from people where id = any(ids) and is_mention
      union all select id from companies where id = any(ids) and is_mention
      union all select id from teams where id = any(ids) and is_mention
      union all select id from pipelines where id = any(ids) and is_mention
    ) t
  `.execute(tx);
  return rows.map((row) => row.id);
}

export async function insertIdentities(copy: Copy, connectionId: string, rows: readonly IdentityRow[]): Promise<void> {
  if (rows.length === 0) return;
  const lines = copyLines(rows.map((row) => [row.entity, row.entityId, row.type, row.value, connectionId]));
  await copy("identities", ["entity", "entity_id", "key_type", "key_value", "connection_id"], lines);
}

export async function deleteIdentities(tx: Tx, rows: readonly IdentityRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    delete from identities i
    using unnest(${rows.map((r) => r.entityId)}::uuid[], ${rows.map((r) => r.type)}::text[], ${rows.map((r) => r.value)}::text[])
      v (entity_id, key_type, key_value)
    where i.entity_id = v.entity_id and i.key_type = v.key_type and i.key_value = v.key_value
  `.execute(tx);
}

/** Who is one is decided by one transaction at a time: two that cannot see each other's rows would miss that they match. */
export async function lockIdentities(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('tributary.identities'))`.execute(tx);
}

export async function hasOtherConnections(tx: Tx, connectionId: string): Promise<boolean> {
  const row = await tx
    .selectFrom("connections")
    .select("id")
    .where("id", "<>", connectionId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The connector of a connection: how other tools call its system. Null when there is no such connection. */
export async function connectorOf(tx: Tx, connectionId: string): Promise<string | null> {
  const row = await tx.selectFrom("connections").select("connector").where("id", "=", connectionId).executeTakeFirst();
  return row?.connector ?? null;
}

/** A key as rows are looked for by. */
export type Key = Omit<IdentityRow, "entityId">;

/** A row that shares a key with a row of another connection. */
export type Match = Key & {
  readonly entityId: string;
  readonly connectionId: string;
  readonly name: string | null;
};

/** Everything that has one of the keys, where more than one connection has it; in the order in which rows win: oldest connection first. */
export async function findMatches(tx: Tx, keys: readonly Key[]): Promise<Match[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<Match>`
    with asked as (${keyTable(keys)})
    select i.entity, i.key_type as type, i.key_value as value, i.entity_id as "entityId", i.connection_id as "connectionId",
      p.name
    from asked a
    join identities i on i.entity = a.entity and i.key_type = a.key_type and i.key_value = a.key_value
    join connections c on c.id = i.connection_id
    left join people p on p.id = i.entity_id and i.entity = 'person'
    where exists (
      select from identities o where o.entity = a.entity and o.key_type = a.key_type and o.key_value = a.key_value
        and o.connection_id <> i.connection_id)
    order by i.entity, i.key_type, i.key_value, c.created_at, c.id, i.entity_id
  `.execute(tx);
  return rows;
}

function keyTable(keys: readonly Key[]) {
  return sql`
    select distinct * from unnest(${keys.map((k) => k.entity)}::text[], ${keys.map((k) => k.type)}::text[],
      ${keys.map((k) => k.value)}::text[]) v (entity, key_type, key_value)`;
}

/** A row that names another tool's id, with a row of another connection that has that id. */
export type NamedMatch = {
  readonly entity: IdentityEntity;
  /** The `other_id` key, `close:cont_1`; `*:cont_1` where the record does not say whose id it is. */
  readonly value: string;
  readonly namerId: string;
  readonly namerConnectionId: string;
  readonly ownerId: string;
  readonly ownerConnectionId: string;
};

/** Who names one of the ids, with whose it is, in the order in which rows win. */
export async function findNamed(tx: Tx, keys: readonly Key[]): Promise<NamedMatch[]> {
  const asked = keys.filter((key) => key.type === "other_id");
  if (asked.length === 0) return [];
  const { rows } = await sql<NamedMatch>`
    with asked as (${keyTable(asked)})
    select n.entity, n.key_value as value, n.entity_id as "namerId", n.connection_id as "namerConnectionId",
      o.entity_id as "ownerId", o.connection_id as "ownerConnectionId"
    from asked a
    join identities n on n.entity = a.entity and n.key_type = 'other_id' and n.key_value = a.key_value
    join connections nc on nc.id = n.connection_id
    join identities o on o.entity = a.entity and o.key_type = 'vendor_id'
      and o.key_value = substr(a.key_value, strpos(a.key_value, ':') + 1) and o.connection_id <> n.connection_id
    join connections oc on oc.id = o.connection_id and split_part(a.key_value, ':', 1) in ('*', oc.connector)
    order by n.entity, n.key_value, oc.created_at, oc.id, o.entity_id, nc.created_at, nc.id, n.entity_id
  `.execute(tx);
  return rows;
}

/** Forgets what rows that are no more could be recognised by. @returns what that was. */
export async function forgetKeys(tx: Tx, ids: readonly string[]): Promise<IdentityRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<IdentityRow>`
    delete from identities where entity_id = any(${ids}::uuid[])
    returning entity, entity_id as "entityId", key_type as type, key_value as value
  `.execute(tx);
  return rows;
}

/** A row as the config file may name it. */
export type NamedRow = {
  readonly id: string;
  readonly connectionId: string;
  readonly externalId: string;
  readonly name: string | null;
  readonly email: string | null;
};

/** Every row of what the config file may name, in the order in which they win. */
export async function readNamed(tx: Tx, entity: "rep" | "team" | "pipeline"): Promise<NamedRow[]> {
  const { rows } = await sql<NamedRow>`
    select t.id, t.connection_id as "connectionId", t.external_id as "externalId", t.name,
      ${entity === "rep" ? sql`t.email` : sql`null::text`} as email
    from ${sql.table(ENTITY_TABLES[entity])} t left join connections c on c.id = t.connection_id order by c.created_at nulls last, t.connection_id, t.id
  `.execute(tx);
  return rows;
}
