import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import { daysFrom, holds, periodTable, stillCounts } from "../engine/row-parts.ts";
import { deal } from "./deal.ts";

/**
 * What deals did in a stage: that they entered it, and for how long they stayed. A stage is one of the pipeline's own; won and lost are
 * outcomes, and a deal that has one keeps the stage it was closed from. The records behind a number are the deals.
 */
export const stageStay = { ...deal, id: "stage_stay", rows: { entries, stays } } as const satisfies Subject;

const OF_THE_DEAL = sql`d.company_id, d.connection_id, d.lost_reason, d.attributes, d.created_at, d.created_is_day`;

/**
 * One row per deal, stage and period in which the deal entered the stage, with `went_on` (it then reached a later stage of the pipeline, by
 * the cutoff) and `lost_here` (it is lost, from this stage). A stage that a move skipped was entered and passed by it.
 */
function entries(scope: Scope): Sql {
  const currency = sql`(select l.currency from deal_changes l where l.deal_id = d.id and ${holds(scope, "l")})`;
  return sql`
    select p.no as period_no, d.id, 0 as nth, e.at, e.at as credited_at, e.at_is_day, coalesce(x.status, 'open') as status,
      e.rep_id, e.pipeline_id, e.stage_id, ${currency} as currency, e.passed_at <= ${scope.cutoff}::timestamptz as went_on,
      coalesce(x.status = 'lost' and x.stage_id = e.stage_id, false) as lost_here, ${OF_THE_DEAL}
    from ${periodTable(scope)} p
    join deal_entries e on e.at >= p.starts and e.at < p.ends and e.at <= ${scope.cutoff}::timestamptz
      and (e.entered_before is null or e.entered_before < p.starts)
    join deals d on d.id = e.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}
    left join deal_closings x on x.deal_id = e.deal_id and ${holds(scope, "x")}`;
}

/** One row per stay in a stage that ended in the period (the deal moved on, back, or was closed), with `days`: null when its beginning is unknown. A stay that ended nobody knows when ended in no period. */
function stays(scope: Scope): Sql {
  const days = daysFrom(scope, sql`s.started_at`, sql`s.ended_at`, sql`s.started_is_day or s.ended_is_day`);
  return sql`
    select p.no as period_no, d.id, s.ordinal as nth, s.ended_at as at, s.started_at as credited_at, s.ended_is_day as at_is_day, 'open' as status, s.rep_id, s.pipeline_id,
      s.stage_id, s.currency, ${days} as days, ${OF_THE_DEAL}
    from ${periodTable(scope)} p
    join deal_stays s on s.ended_at >= p.starts and s.ended_at < p.ends and s.ended_at <= ${scope.cutoff}::timestamptz
    join deals d on d.id = s.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}`;
}
