import { sql } from "kysely";
import type { ActivityType, Direction } from "../../schema/canonical.ts";
import type { Outcome } from "../../schema/outcomes.ts";
import type { Db } from "../db.ts";

/** Activities, for people to look at: what each is one with, and which deal it belongs to. */

export type TouchRef = {
  readonly id: string;
  readonly connectionId: string;
  readonly externalId: string;
  readonly url: string | null;
  readonly rule: string;
};

export type TouchRow = {
  readonly id: string;
  readonly connectionId: string;
  readonly externalId: string;
  readonly type: ActivityType;
  readonly direction: Direction | null;
  readonly occurredAt: Date;
  readonly durationS: number | null;
  readonly outcome: Outcome | null;
  /** What the tool calls it, by name. */
  readonly disposition: string | null;
  readonly subject: string | null;
  readonly url: string | null;
  /** After merging. */
  readonly rep: { readonly id: string; readonly name: string | null } | null;
  readonly person: { readonly id: string; readonly name: string | null } | null;
  /** The one that counts, where this is its double. */
  readonly duplicateOf: TouchRef | null;
  /** Its doubles, where this is the one that counts. */
  readonly duplicates: readonly TouchRef[];
  /** `rule` is `source` where the tool itself names the deal. */
  readonly deal: { readonly id: string; readonly name: string | null; readonly rule: string } | null;
};

export type TouchFilter = {
  /** Only doubles, only the others, or both. */
  readonly doubles: boolean | null;
  readonly person: string | null;
  readonly deal: string | null;
  readonly rep?: string | null;
  readonly type?: string | null;
  /** Only what has been, or only what is to come; null: both. */
  readonly span?: { readonly is: "past" | "ahead"; readonly now: Date } | null;
  readonly limit: number;
  readonly before: { readonly at: Date; readonly id: string } | null;
};

/** Newest first; what is to come alone, the soonest first. Of a person: theirs after merging; of a deal: those that its source or a rule gives it. */
export async function listTouches(db: Db, filter: TouchFilter): Promise<TouchRow[]> {
  const { doubles, person, deal, rep = null, type = null, span = null, limit, before } = filter;
  const conditions = [sql`a.deleted_at is null`];
  if (doubles !== null) conditions.push(doubles ? sql`a.duplicate_of is not null` : sql`a.duplicate_of is null`);
  if (person !== null)
    conditions.push(sql`a.person_id in (
      with root as (select coalesce(p.merged_into, p.id) as id from people p where p.id = ${person})
      select id from root union select p.id from root join people p on p.merged_into = root.id)`);
  if (deal !== null) conditions.push(sql`(a.deal_id = ${deal} or a.attributed_deal_id = ${deal})`);
  if (rep !== null)
    conditions.push(sql`a.rep_id in (
      with root as (select coalesce(r.merged_into, r.id) as id from reps r where r.id = ${rep})
      select id from root union select r.id from root join reps r on r.merged_into = root.id)`);
  if (type !== null) conditions.push(sql`a.type = ${type}`);
  const isAhead = span !== null && span.is === "ahead";
  if (span !== null) conditions.push(isAhead ? sql`a.occurred_at > ${span.now}` : sql`a.occurred_at <= ${span.now}`);
  // What is to come begins with what comes first.
  const way = isAhead ? sql`asc` : sql`desc`;
  if (before !== null)
    conditions.push(sql`(a.occurred_at, a.id) ${isAhead ? sql`>` : sql`<`} (${before.at}, ${before.id}::uuid)`);
  return readTouches(
    db,
    sql`where ${sql.join(conditions, sql` and `)} order by a.occurred_at ${way}, a.id ${way} limit ${limit}`,
    way,
  );
}

/** Null when there is no such activity, or its source no longer has it. */
export async function findTouch(db: Db, id: string): Promise<TouchRow | null> {
  return (await readTouches(db, sql`where a.id = ${id} and a.deleted_at is null`))[0] ?? null;
}

async function readTouches(
  db: Db,
  which: ReturnType<typeof sql>,
  way: ReturnType<typeof sql> = sql`desc`,
): Promise<TouchRow[]> {
  const ref = (alias: string, rule: string) => sql`json_build_object('id', ${sql.ref(`${alias}.id`)},
    'connectionId', ${sql.ref(`${alias}.connection_id`)}, 'externalId', ${sql.ref(`${alias}.external_id`)},
    'url', ${sql.ref(`${alias}.url`)}, 'rule', ${sql.ref(`${rule}.duplicate_rule`)})`;
  const { rows } = await sql<TouchRow>`
    select a.id, a.connection_id as "connectionId", a.external_id as "externalId", a.type, a.direction, a.occurred_at as "occurredAt",
      a.duration_s as "durationS", a.outcome, coalesce(l.name, a.disposition) as disposition, a.subject, a.url,
      case when a.rep_id is not null then json_build_object('id', coalesce(r.merged_into, a.rep_id), 'name', coalesce(rw.name, r.name)) end as rep,
      case when a.person_id is not null
        then json_build_object('id', coalesce(p.merged_into, a.person_id), 'name', coalesce(pw.name, p.name)) end as person,
      case when f.id is not null then ${ref("f", "a")} end as "duplicateOf",
      coalesce((select json_agg(${ref("x", "x")} order by x.occurred_at, x.id) from activities x
        where x.duplicate_of = a.id and x.deleted_at is null), '[]') as duplicates,
      case when coalesce(a.deal_id, a.attributed_deal_id) is not null then json_build_object('id', coalesce(a.deal_id, a.attributed_deal_id),
        'name', d.name, 'rule', case when a.deal_id is null then a.attribution_rule else 'source' end) end as deal
    from (select a.* from activities a ${which}) a
    left join reps r on r.id = a.rep_id left join reps rw on rw.id = r.merged_into
    left join people p on p.id = a.person_id left join people pw on pw.id = p.merged_into
    left join activities f on f.id = a.duplicate_of
    left join labels l on l.connection_id = a.connection_id and l.namespace = 'outcome' and l.external_id = a.disposition
    left join deals d on d.id = coalesce(a.deal_id, a.attributed_deal_id)
    order by a.occurred_at ${way}, a.id ${way}
  `.execute(db);
  return rows;
}
