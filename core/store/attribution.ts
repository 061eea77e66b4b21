import { sql } from "kysely";
import type { Tx } from "./db.ts";

/** The deal that a touch belongs to, where its source names none. */

/**
 * Attributes activities anew, by who they are with:
 *
 * 1. `person.open_deal`    a deal of that person that was open at that moment;
 * 2. `company.open_deal`   else one of the company that the activity or the person belongs to;
 * 3. none                  else the touch is the person's only.
 *
 * Of several the one that changed last before that moment, then the lower id. A touch of which only the day is known counts as of any moment
 * of that day. People and companies are taken after merging. A row that another transaction is writing is left out: that one does
 * this itself, after this.
 *
 * @returns how many were changed.
 */
export async function attributeActivities(tx: Tx, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const result = await sql`
    with target as materialized (
      select a.id, best.deal_id, best.rule
      from activities a
      left join people own on own.id = a.person_id
      left join lateral (
        select found.deal_id, found.rule
        from (
          select d.id as deal_id, 1 as rank, 'person.open_deal' as rule
          from ${GROUP_OF_PERSON} g join deals d on d.person_id = g.id and d.deleted_at is null and d.merged_into is null
          union all
          select d.id, 2, 'company.open_deal'
          from ${COMPANIES_OF} g join deals d on d.company_id = g.id and d.deleted_at is null and d.merged_into is null
        ) found
        join deal_changes c on c.deal_id = found.deal_id and c.status = 'open' and c.held_to > a.occurred_at
          and c.held_from <= a.occurred_at + case when a.occurred_is_day then interval '1 day' else interval '0' end
        order by found.rank, c.held_from desc, found.deal_id
        limit 1
      ) best on a.deal_id is null and a.deleted_at is null
      where a.id = any(${ids}::uuid[]) and (a.attributed_deal_id, a.attribution_rule) is distinct from (best.deal_id, best.rule)
      order by a.id for update of a skip locked
    )
    update activities a set attributed_deal_id = target.deal_id, attribution_rule = target.rule from target where a.id = target.id
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** Everyone who is the activity's person (`a`, `own`). */
const GROUP_OF_PERSON = sql`(
  select coalesce(own.merged_into, a.person_id) as id
  union all
  select m.id from people m where m.merged_into = coalesce(own.merged_into, a.person_id)
)`;

/** Every company that the activity or its person belongs to, with those that it is one with. */
const COMPANIES_OF = sql`(
  with roots as materialized (
    select distinct coalesce(c.merged_into, said.id) as id
    from (
      select a.company_id as id
      union all
      select m.company_id from ${GROUP_OF_PERSON} g join people m on m.id = g.id
    ) said
    left join companies c on c.id = said.id
    where said.id is not null
  )
  select id from roots union all select c.id from roots join companies c on c.merged_into = roots.id
)`;

export type AttributionChange = {
  readonly people: readonly string[];
  readonly companies: readonly string[];
  readonly deals: readonly string[];
  /** Records that the source no longer has, deals among them. */
  readonly deletedRecordIds: readonly string[];
};

/** Activities whose attribution may be another because of changed people, companies or deals; those that their source gave a deal are left out. */
export async function attributionsConcerned(tx: Tx, change: AttributionChange): Promise<string[]> {
  if (Object.values(change).every((ids) => ids.length === 0)) return [];
  const { rows } = await sql<{ id: string }>`
    with deal as materialized (
      select d.id, d.person_id, d.company_id from deals d
      where d.id = any(${change.deals}::uuid[]) or d.record_id = any(${change.deletedRecordIds}::uuid[])
    ),
    company as materialized (${withMerged("companies", sql`select unnest(${change.companies}::uuid[]) as id union select company_id from deal where company_id is not null`)}),
    person as materialized (${withMerged(
      "people",
      sql`select unnest(${change.people}::uuid[]) as id union select person_id from deal where person_id is not null
        union select p.id from company join people p on p.company_id = company.id`,
    )})
    select a.id from person join activities a on a.person_id = person.id where a.deal_id is null
    union select a.id from company join activities a on a.company_id = company.id where a.deal_id is null
    union select a.id from deal join activities a on a.attributed_deal_id = deal.id
    union select a.id from activities a where a.attributed_deal_id = any(${change.deals}::uuid[])
  `.execute(tx);
  return rows.map((row) => row.id);
}

/** The rows with all that are one with them. */
function withMerged(table: "people" | "companies", ids: ReturnType<typeof sql>) {
  return sql`
    with root as materialized (
      select distinct coalesce(t.merged_into, given.id) as id from (${ids}) given left join ${sql.table(table)} t on t.id = given.id
    )
    select id from root union select t.id from root join ${sql.table(table)} t on t.merged_into = root.id`;
}
