import { type RawBuilder, sql } from "kysely";
import type { DealStatus } from "../../schema/canonical.ts";
import type { Day } from "../../base/time.ts";
import type { Db } from "../db.ts";

/** Deals, people, reps and pipelines, for whoever looks one up: an automation that has a name, an address or an id and wants the rest. */

export type Named = { readonly id: string; readonly name: string | null };

/** A deal as it stands by its history, as the KPIs see it. Merged reps, people and companies are those that they are one with. */
export type DealFound = {
  readonly id: string;
  readonly connectionId: string;
  readonly externalId: string;
  readonly name: string | null;
  readonly status: DealStatus;
  readonly pipeline: string | null;
  readonly stage: string | null;
  /** In main units of `currency`; null without a value. */
  readonly amount: number | null;
  readonly currency: string | null;
  readonly owner: Named | null;
  readonly company: Named | null;
  readonly person: Named | null;
  readonly expectedCloseOn: Day | null;
  readonly createdAt: Date | null;
  readonly closedAt: Date | null;
  readonly lostReason: string | null;
  readonly url: string | null;
};

export type DealSearch = {
  /** Part of the name, or a whole id; null: any. */
  readonly search: string | null;
  readonly status: DealStatus | null;
  readonly connection: string | null;
  /** After merging; null: of anybody. */
  readonly person: string | null;
};

/** Where a page of deals ends: milliseconds of Unix time, and the id. */
export type DealPlace = { readonly at: number; readonly id: string };

/** Newest first; those whose source does not say since when they are there come last. Without those that the source no longer has. */
export async function findDeals(
  db: Db,
  { search, status, connection, person }: DealSearch,
  page: { readonly limit: number; readonly before: DealPlace | null },
): Promise<(DealFound & { readonly place: number })[]> {
  const place = sql`coalesce(floor(extract(epoch from d.created_at) * 1000), -1)::float8`;
  const conditions = [sql`d.deleted_at is null`, sql`d.merged_into is null`];
  if (search !== null)
    conditions.push(
      sql`(strpos(lower(d.name), lower(${search})) > 0 or d.external_id = ${search} or d.id::text = lower(${search}))`,
    );
  if (connection !== null) conditions.push(sql`d.connection_id = ${connection}`);
  if (status !== null) conditions.push(sql`coalesce(c.status, d.status) = ${status}`);
  if (person !== null)
    conditions.push(sql`d.person_id in (
      with root as (select coalesce(p.merged_into, p.id) as id from people p where p.id = ${person})
      select id from root union select p.id from root join people p on p.merged_into = root.id)`);
  if (page.before !== null)
    conditions.push(sql`(${place}, d.id) < (${page.before.at}::float8, ${page.before.id}::uuid)`);
  const latest = sql`left join lateral (select x.* from deal_changes x where x.deal_id = d.id order by x.ordinal desc limit 1) c on true`;
  // Which they are is found first: the rest is looked up for these alone.
  const { rows } = await sql<DealFound & { place: number }>`
    with found as materialized (
      select d.id, ${place} as place from deals d ${status === null ? sql`` : latest}
      where ${sql.join(conditions, sql` and `)} order by place desc, d.id desc limit ${page.limit}
    )
    select d.id, d.connection_id as "connectionId", d.external_id as "externalId", d.name, coalesce(c.status, d.status) as status,
      pipeline.name as pipeline, stage.name as stage, ${held("currency")} as currency,
      ${held("amount_minor")} / power(10, minor_digits(${held("currency")})) as amount,
      ${one("r")} as owner, ${one("co")} as company, ${one("p")} as person, ${held("expected_close_on")} as "expectedCloseOn",
      d.created_at as "createdAt", case when coalesce(c.status, d.status) <> 'open' then d.closed_at end as "closedAt",
      d.lost_reason as "lostReason", d.url, found.place
    from found join deals d on d.id = found.id ${latest}
    left join pipelines pipeline on pipeline.id = ${held("pipeline_id")}
    left join stages stage on stage.id = ${held("stage_id")}
    left join reps r on r.id = ${held("rep_id")} left join reps r_one on r_one.id = r.merged_into
    left join companies co on co.id = d.company_id left join companies co_one on co_one.id = co.merged_into
    left join people p on p.id = d.person_id left join people p_one on p_one.id = p.merged_into
    order by found.place desc, d.id desc
  `.execute(db);
  return rows;
}

/** What a deal's history says last, and where it has none, what its record says. */
function held(column: string): RawBuilder<unknown> {
  return sql`case when c.deal_id is null then ${sql.ref(`d.${column}`)} else ${sql.ref(`c.${column}`)} end`;
}

/** The row that a joined row `alias` is one with: `alias_one` where it was merged, else itself. */
function one(alias: string): RawBuilder<Named | null> {
  const [own, merged] = [alias, `${alias}_one`].map((table) => (column: string) => sql.ref(`${table}.${column}`));
  if (own === undefined || merged === undefined) throw new Error("two tables were named");
  return sql`case when ${own("id")} is not null then json_build_object('id', coalesce(${merged("id")}, ${own("id")}),
    'name', coalesce(${merged("name")}, ${own("name")})) end`;
}

export type PersonFound = {
  readonly id: string;
  readonly name: string | null;
  /** Of every row that is this person, in the order of the alphabet. */
  readonly emails: readonly string[];
  readonly phones: readonly string[];
  readonly title: string | null;
  readonly company: Named | null;
  readonly owner: Named | null;
  readonly leadCreatedAt: Date | null;
  readonly url: string | null;
};

export type WhoSearch = {
  /** A whole address; null: any. */
  readonly email: string | null;
  /** Part of a name, or a whole address, number or id; null: any. */
  readonly search: string | null;
};
type WhoPage = { readonly limit: number; readonly after: string | null };

/** People after merging, by id. */
export async function findPeople(db: Db, search: WhoSearch, page: WhoPage): Promise<PersonFound[]> {
  const { rows } = await sql<PersonFound>`
    select p.id, coalesce(p.name, (select min(m.name) from people m where m.merged_into = p.id)) as name,
      ${keysOf("email", "people", "p")} as emails, ${keysOf("phone", "people", "p")} as phones, p.title,
      ${one("co")} as company, ${one("r")} as owner, p.lead_created_at as "leadCreatedAt", p.url
    from people p
    left join companies co on co.id = p.company_id left join companies co_one on co_one.id = co.merged_into
    left join reps r on r.id = p.rep_id left join reps r_one on r_one.id = r.merged_into
    where p.merged_into is null and ${isWho("person", "people", "p", search)}
      and (${page.after}::uuid is null or p.id > ${page.after}::uuid)
    order by p.id limit ${page.limit}
  `.execute(db);
  return rows;
}

export type RepFound = {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
  /** Null: no source says. */
  readonly isActive: boolean | null;
  /** The teams that the rep is in now, by name. */
  readonly teams: readonly string[];
};

/** Reps after merging, by id. */
export async function findReps(db: Db, search: WhoSearch, page: WhoPage): Promise<RepFound[]> {
  const { rows } = await sql<RepFound>`
    select r.id, coalesce(r.name, (select min(m.name) from reps m where m.merged_into = r.id)) as name,
      coalesce(r.email, (select min(m.email) from reps m where m.merged_into = r.id)) as email, r.is_active as "isActive",
      array(select distinct coalesce(t_one.name, t.name) from team_memberships held
        join reps own on own.id = held.rep_id
        join teams t on t.id = held.team_id left join teams t_one on t_one.id = t.merged_into
        where coalesce(own.merged_into, own.id) = r.id and held.held_to is null and coalesce(t_one.name, t.name) is not null
        order by 1) as teams
    from reps r
    where r.merged_into is null and ${isWho("rep", "reps", "r", search)}
      and (${page.after}::uuid is null or r.id > ${page.after}::uuid)
    order by r.id limit ${page.limit}
  `.execute(db);
  return rows;
}

/** Whether a row that stands for itself is looked for: it, or one that is one with it, has the key or the name. */
function isWho(
  entity: "person" | "rep",
  table: string,
  alias: string,
  { email, search }: WhoSearch,
): RawBuilder<boolean> {
  const id = sql.ref(`${alias}.id`);
  const conditions = [sql`${sql.ref(`${alias}.deleted_at`)} is null`];
  const found = (rows: RawBuilder<unknown>): RawBuilder<unknown> =>
    sql`${id} in (select coalesce(w.merged_into, w.id) from ${sql.table(table)} w where w.id in (${rows}))`;
  const byKey = (text: string): RawBuilder<unknown> =>
    sql`select i.entity_id from identities i where i.entity = ${entity} and i.key_value in (lower(${text}), ${text})`;
  if (email !== null)
    conditions.push(
      found(sql`select i.entity_id from identities i
        where i.entity = ${entity} and i.key_type = 'email' and i.key_value = lower(${email})`),
    );
  if (search !== null)
    conditions.push(
      found(sql`${byKey(search)} union select n.id from ${sql.table(table)} n
        where strpos(lower(n.name), lower(${search})) > 0 or n.external_id = ${search} or n.id::text = lower(${search})`),
    );
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

function keysOf(type: "email" | "phone", table: string, alias: string): RawBuilder<readonly string[]> {
  const id = sql.ref(`${alias}.id`);
  return sql`array(select distinct i.key_value from ${sql.table(table)} w join identities i on i.entity_id = w.id
    where (w.id = ${id} or w.merged_into = ${id}) and i.key_type = ${type} order by 1)`;
}

/** A pipeline after merging, with its open stages in their order. */
export type PipelineFound = { readonly id: string; readonly name: string; readonly stages: readonly string[] };

export async function findPipelines(db: Db): Promise<PipelineFound[]> {
  const { rows } = await sql<PipelineFound>`
    select p.id, p.name, array(
        select s.name from stages s join pipelines own on own.id = s.pipeline_id
        where coalesce(own.merged_into, own.id) = p.id and s.type = 'open' and s.deleted_at is null
        group by s.name order by min(s.position), s.name) as stages
    from pipelines p where p.merged_into is null and p.name is not null and p.deleted_at is null
    order by p.name, p.id
  `.execute(db);
  return rows;
}
