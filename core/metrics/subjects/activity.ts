import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { periodTable, stillCounts } from "../engine/row-parts.ts";

/** Touches between us and customers. */
export const activity = {
  id: "activity",
  dimensions: {
    type: by.column("type"),
    direction: by.column("direction"),
    outcome: by.column("outcome"),
    rep: by.rep,
    team: by.team,
    company: by.company,
    deal: by.deal,
    connection: by.connection,
  },
  rows: { happened },
  attributes: sql`select attributes from activities`,
  firstInstant: sql`select min(occurred_at) as at from activities`,
  comesFrom: sql`exists (select from activities f where f.connection_id = c.id)`,
  records: {
    kind: "activity",
    table: sql`join activities record on record.id = r.id`,
    columns: sql`coalesce(record.subject, record.type) as name, record.url, null::timestamptz as created, null as status, '' as sub`,
    // Which deal it belongs to, and its doubles.
    deal: sql`(
      select json_build_object('id', d.id, 'name', d.name, 'rule', case when record.deal_id is null then record.attribution_rule else 'source' end)
      from deals d where d.id = coalesce(record.deal_id, record.attributed_deal_id))`,
    duplicates: sql`coalesce((
      select json_agg(json_build_object('id', x.id, 'connection', x.connection_id, 'external_id', x.external_id, 'url', x.url,
        'rule', x.duplicate_rule) order by x.occurred_at, x.id)
      from activities x where x.duplicate_of = record.id and x.deleted_at is null), '[]')`,
  },
} as const satisfies Subject;

/** One row per activity that happened in the period, with the deal that its source names or that it is attributed to. What is planned for later than the cutoff has not happened; doubles are left out. */
function happened(scope: Scope): Sql {
  return sql`
    select p.no as period_no, a.id, 0 as nth, a.occurred_at as at, a.occurred_is_day as at_is_day, a.type, a.direction, a.outcome, a.rep_id,
      a.company_id, coalesce(a.deal_id, a.attributed_deal_id) as deal_id, a.connection_id, a.attributes
    from ${periodTable(scope)} p
    join activities a on a.occurred_at >= p.starts and a.occurred_at < p.ends and a.occurred_at <= ${scope.cutoff}::timestamptz
      and a.duplicate_of is null and ${stillCounts(scope, "a")}`;
}
