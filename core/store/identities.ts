import { sql } from "kysely";
import type { IdentityEntity, IdentityKeyType } from "../schema/tables.ts";
import type { Copy } from "./copy.ts";
import type { Tx } from "./db.ts";
import { copyLines } from "./facts.ts";

/** What rows can be recognised by, and which of them are one. */

export type IdentityRow = {
  readonly entity: IdentityEntity;
  readonly entityId: string;
  readonly type: IdentityKeyType;
  readonly value: string;
};

export const ENTITY_TABLES = { rep: "reps", person: "people", company: "companies", team: "teams" } as const;

export async function readIdentities(tx: Tx, entityIds: readonly string[]): Promise<IdentityRow[]> {
  return tx
    .selectFrom("identities")
    .select(["entity", "entity_id as entityId", "key_type as type", "key_value as value"])
    .where(sql<boolean>`entity_id = any(${entityIds}::uuid[])`)
    .execute();
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

/** A row that shares a key with a row of another connection. */
export type Match = {
  readonly entity: IdentityEntity;
  readonly type: IdentityKeyType;
  readonly value: string;
  readonly entityId: string;
  readonly connectionId: string;
  readonly name: string | null;
};

/** Everything that has one of the keys, where more than one connection has it; in the order in which rows win: oldest connection first. */
export async function findMatches(tx: Tx, keys: readonly IdentityRow[]): Promise<Match[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<Match>`
    with asked as (
      select distinct * from unnest(${keys.map((k) => k.entity)}::text[], ${keys.map((k) => k.type)}::text[],
        ${keys.map((k) => k.value)}::text[]) v (entity, key_type, key_value)
    )
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

export type Link = {
  readonly entity: IdentityEntity;
  readonly fromId: string;
  readonly intoId: string;
  readonly rule: string;
  readonly evidence: string;
};

/** Adds links. A pair that somebody has taken apart stays apart, whatever the rule. @returns those that are new. */
export async function insertLinks(tx: Tx, links: readonly Link[]): Promise<Link[]> {
  if (links.length === 0) return [];
  const { rows } = await sql<Link>`
    insert into identity_links (entity, from_id, into_id, rule, evidence)
    select v.* from unnest(${links.map((l) => l.entity)}::text[], ${links.map((l) => l.fromId)}::uuid[],
      ${links.map((l) => l.intoId)}::uuid[], ${links.map((l) => l.rule)}::text[], ${links.map((l) => l.evidence)}::text[])
      v (entity, from_id, into_id, rule, evidence)
    where v.rule = 'manual' or not exists (
      select from identity_links l
      where l.undone_at is not null and ((l.from_id = v.from_id and l.into_id = v.into_id) or (l.from_id = v.into_id and l.into_id = v.from_id)))
    on conflict (from_id, into_id, rule, evidence) do nothing
    returning entity, from_id as "fromId", into_id as "intoId", rule, evidence
  `.execute(tx);
  return rows;
}

/** Takes back links that a key made which one of the two no longer has. @returns the rows they had joined. */
export async function dropStaleLinks(tx: Tx, entityIds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ from_id: string; into_id: string }>`
    delete from identity_links l
    where (l.from_id = any(${entityIds}::uuid[]) or l.into_id = any(${entityIds}::uuid[])) and l.undone_at is null
      and l.rule not in ('manual', 'rep.config')
      and (not exists (select from identities i where i.entity_id = l.from_id and i.key_type || ':' || i.key_value = l.evidence)
        or not exists (select from identities i where i.entity_id = l.into_id and i.key_type || ':' || i.key_value = l.evidence))
    returning from_id, into_id
  `.execute(tx);
  return rows.flatMap((row) => [row.from_id, row.into_id]);
}

export type StoredLink = Link & { readonly id: number; readonly isUndone: boolean };

/** The links of everything that is one with any of the rows, directly or through others, with those that were undone among them. */
export async function readComponentLinks(tx: Tx, entityIds: readonly string[]): Promise<StoredLink[]> {
  const { rows } = await sql<StoredLink>`
    with recursive reached (id) as (
      select unnest(${entityIds}::uuid[])
      union
      select case when l.from_id = r.id then l.into_id else l.from_id end
      from reached r join identity_links l on l.undone_at is null and (l.from_id = r.id or l.into_id = r.id)
    )
    select l.id, l.entity, l.from_id as "fromId", l.into_id as "intoId", l.rule, l.evidence, l.undone_at is not null as "isUndone"
    from identity_links l where l.from_id in (select id from reached) or l.into_id in (select id from reached)
    order by l.id
  `.execute(tx);
  return rows;
}

/** Those of the rows that there are, in the order in which they win. */
export async function inWinningOrder(tx: Tx, entity: IdentityEntity, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select t.id from ${sql.table(ENTITY_TABLES[entity])} t left join connections c on c.id = t.connection_id
    where t.id = any(${ids}::uuid[]) order by c.created_at nulls last, t.connection_id, t.id
  `.execute(tx);
  return rows.map((row) => row.id);
}

/** @returns how many rows were changed. */
export async function setMergedInto(
  tx: Tx,
  entity: IdentityEntity,
  merges: readonly { readonly id: string; readonly into: string | null }[],
): Promise<number> {
  if (merges.length === 0) return 0;
  const result = await sql`
    update ${sql.table(ENTITY_TABLES[entity])} t set merged_into = v.into_id
    from unnest(${merges.map((m) => m.id)}::uuid[], ${merges.map((m) => m.into)}::uuid[]) v (id, into_id)
    where t.id = v.id and t.merged_into is distinct from v.into_id
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** Forgets rows that are no more: their keys and links. @returns the rows they had been joined with. */
export async function forgetEntities(tx: Tx, ids: readonly string[]): Promise<string[]> {
  await sql`delete from identities where entity_id = any(${ids}::uuid[])`.execute(tx);
  const { rows } = await sql<{ from_id: string; into_id: string }>`
    delete from identity_links where (from_id = any(${ids}::uuid[]) or into_id = any(${ids}::uuid[])) and undone_at is null
    returning from_id, into_id
  `.execute(tx);
  return rows.flatMap((row) => [row.from_id, row.into_id]);
}

/** Takes a pair apart: every link between the two, so that none of them is ever made again. @returns the pair, or null when there is no such link. */
export async function undoLinksOfPair(
  tx: Tx,
  linkId: number,
  by: string,
  now: Date,
): Promise<{ readonly entity: IdentityEntity; readonly fromId: string; readonly intoId: string } | null> {
  const link = await tx
    .selectFrom("identity_links")
    .select(["entity", "from_id", "into_id"])
    .where("id", "=", linkId)
    .executeTakeFirst();
  if (link === undefined) return null;
  await sql`
    update identity_links set undone_at = ${now}, undone_by = ${by}
    where undone_at is null
      and ((from_id = ${link.from_id} and into_id = ${link.into_id}) or (from_id = ${link.into_id} and into_id = ${link.from_id}))
  `.execute(tx);
  return { entity: link.entity, fromId: link.from_id, intoId: link.into_id };
}

/** A link that somebody makes by hand is made, whatever was undone before. */
export async function insertManualLink(tx: Tx, link: Omit<Link, "rule">): Promise<void> {
  await sql`
    insert into identity_links (entity, from_id, into_id, rule, evidence)
    values (${link.entity}, ${link.fromId}, ${link.intoId}, 'manual', ${link.evidence})
    on conflict (from_id, into_id, rule, evidence) do update set undone_at = null, undone_by = null
  `.execute(tx);
}

export type RepName = {
  readonly id: string;
  readonly connectionId: string;
  readonly externalId: string;
  readonly name: string | null;
  readonly email: string | null;
};

/** Every rep, in the order in which they win. */
export async function readReps(tx: Tx): Promise<RepName[]> {
  const { rows } = await sql<RepName>`
    select t.id, t.connection_id as "connectionId", t.external_id as "externalId", t.name, t.email
    from reps t left join connections c on c.id = t.connection_id order by c.created_at nulls last, t.connection_id, t.id
  `.execute(tx);
  return rows;
}

/** Takes away the config's links that it no longer asks for. @returns the rows they had joined. */
export async function dropConfigLinksBut(tx: Tx, wanted: readonly Link[]): Promise<string[]> {
  const { rows } = await sql<{ from_id: string; into_id: string }>`
    delete from identity_links l where l.rule = 'rep.config' and l.undone_at is null and not exists (
      select from unnest(${wanted.map((l) => l.fromId)}::uuid[], ${wanted.map((l) => l.intoId)}::uuid[], ${wanted.map((l) => l.evidence)}::text[])
        v (from_id, into_id, evidence)
      where v.from_id = l.from_id and v.into_id = l.into_id and v.evidence = l.evidence)
    returning from_id, into_id
  `.execute(tx);
  return rows.flatMap((row) => [row.from_id, row.into_id]);
}
