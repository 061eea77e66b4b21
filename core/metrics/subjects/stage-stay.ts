import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import { daysFrom, isKnown, periodTable, stillCounts } from "../engine/row-parts.ts";
import { deal } from "./deal.ts";

/**
 * What deals did in a stage: that they entered it, and for how long they stayed. A stage is one of the pipeline's own; won and lost are
 * outcomes, and a deal that has one keeps the stage it was closed from. The records behind a number are the deals.
 */
export const stageStay = { ...deal, id: "stage_stay", rows: { entries, stays } } as const satisfies Subject;

const OF_THE_DEAL = sql`d.company_id, d.connection_id, d.lost_reason, d.attributes, d.created_at, d.created_is_day`;

/** Only deals with a change in one of the periods can have a row; the whole past of those is read. With what each is by the cutoff. */
function movedDeals(scope: Scope): Sql {
  return sql`(
    select moved.deal_id, l.status as status_now, l.currency as currency_now
    from (
      select distinct c.deal_id from ${periodTable(scope)} p
      join deal_changes c on c.held_from >= p.starts and c.held_from < p.ends and ${isKnown(scope, "c")}
    ) moved
    join lateral (
      select x.status, x.currency from deal_changes x where x.deal_id = moved.deal_id and ${isKnown(scope, "x")}
      order by x.ordinal desc limit 1
    ) l on true
    offset 0
  )`;
}

/**
 * One row per deal, stage and period in which the deal entered the stage, with `went_on` (it then reached a later stage of the pipeline, by
 * the cutoff) and `lost_here` (it is lost, from this stage).
 *
 *     P ──► M      a move over Q enters M, and at the same instant enters and passes Q
 *     Q ──► P      going back enters P again; that Q was reached from P stays true
 *
 * A deal that begins in a later stage, or is won from an early one, has skipped nothing: it never moved over the stages between.
 */
function entries(scope: Scope): Sql {
  return sql`
    select distinct on (p.no, e.deal_id, e.stage_id) p.no as period_no, d.id, 0 as nth, e.held_from as at, e.is_day as at_is_day, e.status_now as status, e.rep_id,
      e.pipeline_id, e.stage_id, e.currency_now as currency, e.went_on, e.status_now = 'lost' and e.last_stage_id = e.stage_id as lost_here, ${OF_THE_DEAL}
    from (
      select m.deal_id, m.ordinal, m.held_from, m.is_day, m.rep_id, m.pipeline_id, m.last_stage_id, m.status_now, m.currency_now, t.id as stage_id,
        first_value(m.furthest) over (partition by m.deal_id, t.id order by m.ordinal) > t.position as went_on
      from (
        select c.deal_id, c.ordinal, c.held_from, c.is_day, c.rep_id, s.id as stage_id, s.pipeline_id, s.position,
          moved.status_now, moved.currency_now, lag(s.id) over deal as before_id, lag(s.pipeline_id) over deal as before_pipeline_id, lag(s.position) over deal as before_position,
          last_value(s.id) over (deal rows between unbounded preceding and unbounded following) as last_stage_id,
          max(s.position) over (
            partition by c.deal_id, s.pipeline_id order by c.ordinal rows between current row and unbounded following) as furthest
        from deal_changes c
        join ${movedDeals(scope)} moved on moved.deal_id = c.deal_id
        join stages s on s.id = c.stage_id and s.type = 'open'
        where ${isKnown(scope, "c")}
        window deal as (partition by c.deal_id order by c.ordinal)
      ) m
      join stages t on t.pipeline_id = m.pipeline_id and t.type = 'open' and (
        t.id = m.stage_id
        or t.deleted_at is null and m.before_pipeline_id = m.pipeline_id and t.position > m.before_position and t.position < m.position)
      where m.before_id is distinct from m.stage_id
    ) e
    join ${periodTable(scope)} p on e.held_from >= p.starts and e.held_from < p.ends
    join deals d on d.id = e.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}
    order by p.no, e.deal_id, e.stage_id, e.ordinal`;
}

/** One row per stay in a stage that ended in the period (the deal moved on, back, or was closed), with `days`: null when its beginning is unknown. A stay that ended nobody knows when ended in no period. */
function stays(scope: Scope): Sql {
  return sql`
    select p.no as period_no, d.id, stay.ordinal as nth, stay.ended_at as at, stay.ended_is_day as at_is_day, stay.status, stay.rep_id, stay.pipeline_id,
      stay.stage_id, stay.currency, stay.days, ${OF_THE_DEAL}
    from (
      select b.*, ${daysFrom(scope, sql`b.held_from`, sql`b.ended_at`, sql`b.is_day or b.ended_is_day`)} as days
      from (
        select a.*, lead(a.held_from) over deal as ended_at, lead(a.is_day) over deal as ended_is_day, lead(a.doubt) over deal as ended_doubt
        from (
          select c.deal_id, c.ordinal, c.held_from, c.is_day, c.doubt, c.status, c.rep_id, c.currency, s.id as stage_id, s.pipeline_id,
            c.ordinal = min(c.ordinal) over deal or s.id is distinct from lag(s.id) over deal as begins
          from deal_changes c
          join ${movedDeals(scope)} moved on moved.deal_id = c.deal_id
          left join stages s on s.id = c.stage_id and s.type = 'open' and c.status = 'open'
          where ${isKnown(scope, "c")}
          window deal as (partition by c.deal_id order by c.ordinal)
        ) a
        where a.begins
        window deal as (partition by a.deal_id order by a.ordinal)
      ) b
      where b.stage_id is not null and b.ended_at is not null and b.ended_doubt is distinct from 'no_closing_date'
    ) stay
    join ${periodTable(scope)} p on stay.ended_at >= p.starts and stay.ended_at < p.ends
    join deals d on d.id = stay.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}`;
}
