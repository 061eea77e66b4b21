import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { periodTable, stillCounts } from "../engine/row-parts.ts";

/** People and companies that a source has as leads. */
export const lead = {
  id: "lead",
  dimensions: { kind: by.column("kind"), rep: by.rep, team: by.team, connection: by.connection },
  rows: { created },
  attributes: sql`select attributes from people union all select attributes from companies`,
  firstInstant: sql`select least((select min(lead_created_at) from people), (select min(lead_created_at) from companies)) as at`,
  comesFrom: sql`(exists (select from people f where f.connection_id = c.id and f.lead_created_at is not null)
    or exists (select from companies f where f.connection_id = c.id and f.lead_created_at is not null))`,
  records: {
    kind: "lead",
    table: sql`join (
      select id, name, url, external_id from people union all select id, name, url, external_id from companies
    ) record on record.id = r.id`,
    columns: sql`record.name, record.url, r.at as created, null as status, '' as sub`,
  },
} as const satisfies Subject;

/**
 * One row per person or company that was first seen as a lead in the period. Rows that are one (merged) count once, at the earliest
 * instant; `id` is the row that instant comes from.
 */
function created(scope: Scope): Sql {
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
