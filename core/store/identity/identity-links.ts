import { sql } from "kysely";
import type { IdentityEntity } from "../../schema/tables/identity.ts";
import type { Tx } from "../db.ts";
import { ENTITY_TABLES } from "./identities.ts";

/** Which rows are one: links between them, each with its rule and evidence, and what follows from them (`merged_into`). */

export type Link = {
  readonly entity: IdentityEntity;
  readonly fromId: string;
  readonly intoId: string;
  readonly rule: string;
  readonly evidence: string;
};

/** What a link goes by: all links of one evidence are worked out together. */
export type Evidence = Pick<Link, "entity" | "evidence">;

/** Links that people make or the config asks for; the others follow from keys. */
const SAID = ["manual", "rep.config", "team.config", "pipeline.config"] as const;

/** Adds links. A pair that somebody has taken apart stays apart, whatever the rule. */
export async function insertLinks(tx: Tx, links: readonly Link[]): Promise<void> {
  if (links.length === 0) return;
  await sql`
    insert into identity_links (entity, from_id, into_id, rule, evidence)
    select v.* from ${linkTable(links)}
    where not exists (
        select from identity_links l where l.undone_at is not null and l.from_id = v.from_id and l.into_id = v.into_id)
      and not exists (
        select from identity_links l where l.undone_at is not null and l.from_id = v.into_id and l.into_id = v.from_id)
    on conflict (from_id, into_id, rule, evidence) do nothing
  `.execute(tx);
}

function linkTable(links: readonly Link[]) {
  return sql`unnest(${links.map((l) => l.entity)}::text[], ${links.map((l) => l.fromId)}::uuid[],
      ${links.map((l) => l.intoId)}::uuid[], ${links.map((l) => l.rule)}::text[], ${links.map((l) => l.evidence)}::text[])
    v (entity, from_id, into_id, rule, evidence)`;
}

/**
 * Brings the links that follow from the evidences to those that are wanted now. What was undone is kept.
 *
 * @returns the rows whose links went.
 */
export async function replaceLinks(
  tx: Tx,
  evidences: readonly Evidence[],
  wanted: readonly Link[],
): Promise<readonly string[]> {
  if (evidences.length === 0) return [];
  const { rows } = await sql<{ from_id: string; into_id: string }>`
    delete from identity_links l
    using (select distinct * from unnest(${evidences.map((e) => e.entity)}::text[], ${evidences.map((e) => e.evidence)}::text[])
      e (entity, evidence)) e
    where l.entity = e.entity and l.evidence = e.evidence and l.undone_at is null and l.rule <> all(${SAID}::text[])
      and not exists (
        select from ${linkTable(wanted)}
        where v.from_id = l.from_id and v.into_id = l.into_id and v.rule = l.rule and v.evidence = l.evidence)
    returning l.from_id, l.into_id
  `.execute(tx);
  await insertLinks(tx, wanted);
  return rows.flatMap((row) => [row.from_id, row.into_id]);
}

export type StoredLink = Link & { readonly id: number; readonly isUndone: boolean };

/** The links of everything that is one with any of the rows, directly or through others, with those that were undone among them. */
export async function readComponentLinks(tx: Tx, entityIds: readonly string[]): Promise<StoredLink[]> {
  // Two look-ups by index each; `or` between the ends of a link would be read as a scan.
  const { rows } = await sql<StoredLink>`
    with recursive reached (id) as (
      select unnest(${entityIds}::uuid[])
      union
      select next.id from reached r cross join lateral (
        select l.into_id as id from identity_links l where l.from_id = r.id and l.undone_at is null
        union all
        select l.from_id from identity_links l where l.into_id = r.id and l.undone_at is null
      ) next
    ), found as (
      select l.id from reached r join identity_links l on l.from_id = r.id
      union
      select l.id from reached r join identity_links l on l.into_id = r.id
    )
    select l.id, l.entity, l.from_id as "fromId", l.into_id as "intoId", l.rule, l.evidence, l.undone_at is not null as "isUndone"
    from found join identity_links l on l.id = found.id
    order by l.id
  `.execute(tx);
  return rows;
}

/** Those of the rows that any link leads from or to. */
export async function linkedRows(tx: Tx, entityIds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select v.id from unnest(${entityIds}::uuid[]) v (id)
    where exists (select from identity_links l where l.from_id = v.id) or exists (select from identity_links l where l.into_id = v.id)
  `.execute(tx);
  return rows.map((row) => row.id);
}

/** Those of the rows that there are, in the order in which they win. */
export async function inWinningOrder(tx: Tx, entity: IdentityEntity, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select t.id from ${sql.table(ENTITY_TABLES[entity])} t left join connections c on c.id = t.connection_id
    where t.id = any(${ids}::uuid[]) order by c.created_at nulls last, t.connection_id, t.id
  `.execute(tx);
  return rows.map((row) => row.id);
}

/**
 * A row that another transaction is writing is left out: that one relates the row itself, after this.
 *
 * @returns the rows that were changed, with those that they were one with before.
 */
export async function setMergedInto(
  tx: Tx,
  entity: IdentityEntity,
  merges: readonly { readonly id: string; readonly into: string | null }[],
): Promise<{ readonly id: string; readonly before: string | null }[]> {
  if (merges.length === 0) return [];
  const table = sql.table(ENTITY_TABLES[entity]);
  const { rows } = await sql<{ id: string; before: string | null }>`
    with target as materialized (
      select t.id, t.merged_into as before, v.into_id
      from unnest(${merges.map((m) => m.id)}::uuid[], ${merges.map((m) => m.into)}::uuid[]) v (id, into_id)
      join ${table} t on t.id = v.id
      where t.merged_into is distinct from v.into_id
      order by t.id for update of t skip locked
    )
    update ${table} t set merged_into = target.into_id from target where t.id = target.id
    returning t.id, target.before
  `.execute(tx);
  return rows;
}

/** Forgets the links of rows that are no more. @returns the rows they had been joined with. */
export async function forgetLinks(tx: Tx, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
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

/** A link that somebody makes by hand is made, whatever was undone before. @returns its number. */
export async function insertManualLink(tx: Tx, link: Omit<Link, "rule">): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into identity_links (entity, from_id, into_id, rule, evidence)
    values (${link.entity}, ${link.fromId}, ${link.intoId}, 'manual', ${link.evidence})
    on conflict (from_id, into_id, rule, evidence) do update set undone_at = null, undone_by = null
    returning id
  `.execute(tx);
  // Exactly one row was written.
  return (rows[0] as { id: number }).id;
}

/** Takes away the config's links that it no longer asks for. @returns the rows they had joined. */
export async function dropConfigLinksBut(
  tx: Tx,
  rule: "rep.config" | "team.config" | "pipeline.config",
  wanted: readonly Link[],
): Promise<string[]> {
  const { rows } = await sql<{ from_id: string; into_id: string }>`
    delete from identity_links l where l.rule = ${rule} and l.undone_at is null and not exists (
      select from ${linkTable(wanted)} where v.from_id = l.from_id and v.into_id = l.into_id and v.evidence = l.evidence)
    returning from_id, into_id
  `.execute(tx);
  return rows.flatMap((row) => [row.from_id, row.into_id]);
}
