import { sql } from "kysely";
import { periodTable, stillCounts } from "./deal-rows.ts";
import type { Scope, Sql } from "./define.ts";

/** One row per activity that happened in the period, with the deal that its source names or that it is attributed to. What is planned for later than the cutoff has not happened; doubles are left out. */
export function activityRows(scope: Scope): Sql {
  return sql`
    select p.no as period_no, a.id, 0 as nth, a.occurred_at as at, a.occurred_is_day as at_is_day, a.type, a.direction, a.outcome, a.rep_id,
      a.company_id, coalesce(a.deal_id, a.attributed_deal_id) as deal_id, a.connection_id, a.attributes
    from ${periodTable(scope)} p
    join activities a on a.occurred_at >= p.starts and a.occurred_at < p.ends and a.occurred_at <= ${scope.cutoff}::timestamptz
      and a.duplicate_of is null and ${stillCounts(scope, "a")}`;
}

/**
 * One row per person or company that was first seen as a lead in the period. Rows that are one (merged) count once, at the earliest
 * instant; `id` is the row that instant comes from.
 */
export function leadRows(scope: Scope): Sql {
  const leads = (table: "people" | "companies", kind: string): Sql => sql`
    select distinct on (coalesce(l.merged_into, l.id)) l.id, ${kind}::text as kind, l.lead_created_at as at, l.rep_id, l.connection_id, l.attributes
    from ${sql.table(table)} l
    where l.lead_created_at is not null and ${stillCounts(scope, "l")}
    order by coalesce(l.merged_into, l.id), l.lead_created_at, l.id`;
  return sql`
    select p.no as period_no, lead.*, 0 as nth, false as at_is_day
    from ${periodTable(scope)} p
    join ((${leads("people", "person")}) union all (${leads("companies", "company")})) lead
      on lead.at >= p.starts and lead.at < p.ends and lead.at <= ${scope.cutoff}::timestamptz`;
}
