import { sql } from "kysely";
import type { Tx } from "../db.ts";
import { withMerged } from "./merged.ts";

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
  const best = new Map((await bestDeals(tx, ids)).map((row) => [row.id, row]));
  const rows = ids.map((id) => best.get(id) ?? { id, dealId: null, rule: null });
  const result = await sql`
    with target as materialized (
      select a.id, v.deal_id, v.rule
      from unnest(${ids}::uuid[], ${rows.map((r) => r.dealId)}::uuid[], ${rows.map((r) => r.rule)}::text[]) v (id, deal_id, rule)
      join activities a on a.id = v.id
      where (a.attributed_deal_id, a.attribution_rule) is distinct from (v.deal_id, v.rule)
      order by a.id for update of a skip locked
    )
    update activities a set attributed_deal_id = target.deal_id, attribution_rule = target.rule from target where a.id = target.id
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

type BestDeal = { readonly id: string; readonly dealId: string | null; readonly rule: string | null };

/**
 * The deal of each activity that has one by the rules. Each step takes the step before as it is and looks up by index, row by row: PostgreSQL
 * knows nothing yet of tables that are being loaded, and would join them whole for every batch.
 */
async function bestDeals(tx: Tx, ids: readonly string[]): Promise<BestDeal[]> {
  const { rows } = await sql<BestDeal>`
    with touched as materialized (
      select a.id, a.occurred_at as at, a.company_id, coalesce(own.merged_into, a.person_id) as person_id,
        a.occurred_at + case when a.occurred_is_day then interval '1 day' else interval '0' end as until
      from activities a left join people own on own.id = a.person_id
      where a.id = any(${ids}::uuid[]) and a.deal_id is null and a.deleted_at is null
    ), person as materialized (
      select t.id as touch, t.at, t.until, g.id, g.company_id from touched t cross join lateral (
        select t.person_id as id, p.company_id from (select) one left join people p on p.id = t.person_id
        union all
        select m.id, m.company_id from people m where m.merged_into = t.person_id
        offset 0
      ) g where t.person_id is not null
    ), company as materialized (
      select root.touch, root.at, root.until, g.id from (
        select distinct said.touch, said.at, said.until, coalesce(c.merged_into, said.company_id) as id
        from (
          select id as touch, at, until, company_id from touched union all select touch, at, until, company_id from person
        ) said
        left join lateral (select c.merged_into from companies c where c.id = said.company_id offset 0) c on true
        where said.company_id is not null
      ) root cross join lateral (
        select root.id union all select c.id from companies c where c.merged_into = root.id offset 0
      ) g
    ), found as materialized (
      select person.touch, person.at, person.until, d.id as deal_id, 1 as rank, 'person.open_deal' as rule
      from person cross join lateral (${dealsOf("person")}) d
      union all
      select company.touch, company.at, company.until, d.id, 2, 'company.open_deal'
      from company cross join lateral (${dealsOf("company")}) d
    )
    select distinct on (found.touch) found.touch as id, found.deal_id as "dealId", found.rule
    from found cross join lateral (
      select max(c.held_from) as held_from from deal_changes c
      where c.deal_id = found.deal_id and c.status = 'open' and c.held_to > found.at and c.held_from <= found.until
    ) state
    where state.held_from is not null
    order by found.touch, found.rank, state.held_from desc, found.deal_id
  `.execute(tx);
  return rows;
}

/** `offset 0`: by index for each row, also in tables that were just loaded and have no statistics yet. */
function dealsOf(who: "person" | "company") {
  return sql`
    select d.id from deals d
    where ${sql.ref(`d.${who}_id`)} = ${sql.ref(`${who}.id`)} and d.deleted_at is null and d.merged_into is null offset 0`;
}

export type AttributionChange = {
  readonly people: readonly string[];
  readonly companies: readonly string[];
  readonly deals: readonly string[];
  /** Records that the source no longer has: of deals, and of touches, which belong to none then. */
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
        union select p.id from company cross join lateral (select p.id from people p where p.company_id = company.id offset 0) p`,
    )})
    select a.id from person cross join lateral (
      select a.id from activities a where a.person_id = person.id and a.deal_id is null offset 0) a
    union select a.id from company cross join lateral (
      select a.id from activities a where a.company_id = company.id and a.deal_id is null offset 0) a
    union select a.id from deal cross join lateral (select a.id from activities a where a.attributed_deal_id = deal.id offset 0) a
    union select a.id from activities a where a.attributed_deal_id = any(${change.deals}::uuid[])
    union select a.id from activities a where a.record_id = any(${change.deletedRecordIds}::uuid[]) and a.attributed_deal_id is not null
  `.execute(tx);
  return rows.map((row) => row.id);
}
