import { sql } from "kysely";
import type { IdentityEntity, IdentityKeyType } from "../../schema/tables/identity.ts";
import type { Db } from "../db.ts";
import { ENTITY_TABLES } from "./identities.ts";

/** Who is one, for people to look at. */

/** What people can look up and link by hand. */
export const WHO_ENTITIES = ["person", "company", "rep", "team", "pipeline"] as const;
export type WhoEntity = (typeof WHO_ENTITIES)[number];

/** A person, company or rep after merging. */
export type WhoSummary = {
  readonly id: string;
  readonly name: string | null;
  readonly connectionId: string;
  readonly externalId: string;
  /** How many rows are one; 1 stands for itself. */
  readonly rows: number;
};

/**
 * Those that stand for themselves or for others, by id.
 *
 * @param search part of a name, or a whole e-mail address, number, domain or id; null: only those that are several rows.
 */
export async function listWho(
  db: Db,
  entity: WhoEntity,
  page: { readonly search: string | null; readonly limit: number; readonly after: string | null },
): Promise<WhoSummary[]> {
  const { search, limit, after } = page;
  const table = sql.table(ENTITY_TABLES[entity]);
  const found =
    search === null
      ? sql`select distinct t.merged_into as id from ${table} t where t.merged_into is not null`
      : sql`
        select coalesce(t.merged_into, t.id) as id from ${table} t
        where strpos(lower(t.name), lower(${search})) > 0 or t.id::text = lower(${search})
        union
        select coalesce(t.merged_into, t.id) from identities i join ${table} t on t.id = i.entity_id
        where i.entity = ${entity} and i.key_value in (lower(${search}), ${search})`;
  const { rows } = await sql<WhoSummary>`
    select t.id, t.name, t.connection_id as "connectionId", t.external_id as "externalId",
      1 + (select count(*) from ${table} m where m.merged_into = t.id) as rows
    from (${found}) found join ${table} t on t.id = found.id
    where ${after}::uuid is null or t.id > ${after}::uuid
    order by t.id limit ${limit}
  `.execute(db);
  return rows;
}

export type WhoRow = {
  readonly id: string;
  readonly name: string | null;
  readonly connectionId: string;
  readonly externalId: string;
  readonly keys: readonly { readonly type: IdentityKeyType; readonly value: string }[];
};

export type WhoLink = {
  readonly id: number;
  readonly entity: IdentityEntity;
  readonly from: WhoEnd;
  readonly into: WhoEnd;
  readonly rule: string;
  readonly evidence: string;
  readonly createdAt: Date;
  readonly undoneAt: Date | null;
  readonly undoneBy: string | null;
};

/** What a link leads from or to; all but the id is null when the row is no more. */
export type WhoEnd = {
  readonly id: string;
  readonly name: string | null;
  readonly connectionId: string | null;
  readonly externalId: string | null;
};

export type Who = {
  /** The row that stands for all. */
  readonly id: string;
  readonly name: string | null;
  readonly rows: readonly WhoRow[];
  /** Every link of any of the rows, those that were undone among them. */
  readonly links: readonly WhoLink[];
};

/** The person, company or rep that the row is, or is one with; null when there is no such row. */
export async function findWho(db: Db, entity: WhoEntity, id: string): Promise<Who | null> {
  const table = sql.table(ENTITY_TABLES[entity]);
  const { rows } = await sql<WhoRow>`
    with root as (select coalesce(t.merged_into, t.id) as id from ${table} t where t.id = ${id})
    select t.id, t.name, t.connection_id as "connectionId", t.external_id as "externalId", coalesce((
        select json_agg(json_build_object('type', i.key_type, 'value', i.key_value) order by i.key_type, i.key_value)
        from identities i where i.entity_id = t.id), '[]') as keys
    from root join ${table} t on t.id = root.id or t.merged_into = root.id
    order by t.merged_into is not null, t.connection_id, t.external_id
  `.execute(db);
  const first = rows[0];
  if (first === undefined) return null;
  const ids = rows.map((row) => row.id);
  const links = await readLinks(
    db,
    entity,
    sql`where l.id in (
      select id from identity_links where from_id = any(${ids}::uuid[]) union select id from identity_links where into_id = any(${ids}::uuid[])
    ) order by l.id`,
  );
  return { id: first.id, name: first.name, rows, links };
}

/** Links of one kind, newest first, from below `before` on. */
export async function listLinks(
  db: Db,
  entity: WhoEntity,
  page: { readonly isUndone: boolean; readonly limit: number; readonly before: number | null },
): Promise<WhoLink[]> {
  const { isUndone, limit, before } = page;
  return readLinks(
    db,
    entity,
    sql`where l.entity = ${entity} and (l.undone_at is not null) = ${isUndone}
      and (${before}::bigint is null or l.id < ${before}::bigint) order by l.id desc limit ${limit}`,
  );
}

async function readLinks(db: Db, entity: WhoEntity, which: ReturnType<typeof sql>): Promise<WhoLink[]> {
  const table = sql.table(ENTITY_TABLES[entity]);
  const end = (
    side: "from" | "into",
  ) => sql`json_build_object('id', ${sql.ref(`l.${side}_id`)}, 'name', ${sql.ref(`${side}_row.name`)},
    'connectionId', ${sql.ref(`${side}_row.connection_id`)}, 'externalId', ${sql.ref(`${side}_row.external_id`)})`;
  const { rows } = await sql<WhoLink>`
    select l.id, l.entity, l.rule, l.evidence, l.created_at as "createdAt", l.undone_at as "undoneAt", l.undone_by as "undoneBy",
      ${end("from")} as "from", ${end("into")} as "into"
    from identity_links l
    left join ${table} from_row on from_row.id = l.from_id
    left join ${table} into_row on into_row.id = l.into_id
    ${which}
  `.execute(db);
  return rows;
}
