import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import { datedIn, daysFrom, holds, periodTable, stillCounts } from "../engine/row-parts.ts";
import { deal } from "./deal.ts";

/**
 * What deals did in a stage: that they entered it, and for how long they stayed. A stage is one of the pipeline's own; won and lost are
 * outcomes, and a deal that has one keeps the stage it was closed from. The records behind a number are the deals.
 */
export const stageStay = {
  ...deal,
  id: "stage_stay",
  rows: { entries, stays, joinedEntries, joinedStays },
} as const satisfies Subject;

/**
 * The entries, or the stays, as a number that is broken down so takes them: by canonical stage, those stages of a pipeline that are mapped to the same one
 * are one, and a move inside it is none.
 */
export function entriesBy(scope: Scope, slicedBy: ReadonlySet<string>): Sql {
  return areJoined(slicedBy) ? joinedEntries(scope) : entries(scope);
}

export function staysBy(scope: Scope, slicedBy: ReadonlySet<string>): Sql {
  return areJoined(slicedBy) ? joinedStays(scope) : stays(scope);
}

export function areJoined(slicedBy: ReadonlySet<string>): boolean {
  return slicedBy.has("canonical_stage") && !slicedBy.has("stage");
}

/** Which of the joined stages of its pipeline a stage `alias` belongs to; one that nobody has mapped to its own. */
export function joinedStage(alias: string): Sql {
  const s = sql.ref(alias);
  return sql`${s}.pipeline_id::text || ' ' || coalesce(${s}.canonical, ${s}.id::text)`;
}

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
    from ${datedIn(scope, sql`deal_entries e`, sql`e.at`)} and e.at <= ${scope.cutoff}::timestamptz
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
    from ${datedIn(scope, sql`deal_stays s`, sql`s.ended_at`)} and s.ended_at <= ${scope.cutoff}::timestamptz
    join deals d on d.id = s.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}`;
}

/** As {@link entries}, of joined stages: `stage_id` is the one by which the deal came in. */
function joinedEntries(scope: Scope): Sql {
  const currency = sql`(select l.currency from deal_changes l where l.deal_id = d.id and ${holds(scope, "l")})`;
  const inOrder = sql`order by e.ordinal, s.position`;
  return sql`
    select distinct on (p.no, e.deal_id, e.joined) p.no as period_no, d.id, 0 as nth, e.at, e.at as credited_at, e.at_is_day,
      coalesce(x.status, 'open') as status, e.rep_id, e.pipeline_id, e.stage_id, ${currency} as currency, (
        select min(y.at) from deal_entries y join stages later on later.id = y.stage_id
        where y.deal_id = e.deal_id and y.pipeline_id = e.pipeline_id and y.ordinal >= e.first_ordinal and later.position > e.first_position
          and ${joinedStage("later")} <> e.joined) <= ${scope.cutoff}::timestamptz as went_on,
      coalesce(x.status = 'lost' and ${joinedStage("lost_from")} = e.joined, false) as lost_here, ${OF_THE_DEAL}
    from ${periodTable(scope)} p
    join (
      select e.*, ${joinedStage("s")} as joined, lag(${joinedStage("s")}) over (partition by e.deal_id ${inOrder}) as before,
        first_value(e.ordinal) over within as first_ordinal, first_value(s.position) over within as first_position
      from deal_entries e join stages s on s.id = e.stage_id
      where e.deal_id in (select y.deal_id from ${periodTable(scope)} q join deal_entries y on y.at >= q.starts and y.at < q.ends)
      window within as (partition by e.deal_id, ${joinedStage("s")} ${inOrder})
    ) e on e.before is distinct from e.joined and e.at >= p.starts and e.at < p.ends and e.at <= ${scope.cutoff}::timestamptz
    join deals d on d.id = e.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}
    left join deal_closings x on x.deal_id = e.deal_id and ${holds(scope, "x")}
    left join stages lost_from on lost_from.id = x.stage_id
    order by p.no, e.deal_id, e.joined, e.ordinal`;
}

/** As {@link stays}, of joined stages: from coming into the first until leaving the last. */
function joinedStays(scope: Scope): Sql {
  const days = daysFrom(scope, sql`s.started_at`, sql`s.ended_at`, sql`s.started_is_day or s.ended_is_day`);
  const first = (column: string): Sql =>
    sql`(array_agg(${sql.ref(`t.${column}`)} order by t.ordinal))[1] as ${sql.id(column)}`;
  const last = (column: string): Sql =>
    sql`(array_agg(${sql.ref(`t.${column}`)} order by t.ordinal desc))[1] as ${sql.id(column)}`;
  const firsts = ["ordinal", "started_at", "started_is_day", "rep_id", "pipeline_id", "stage_id", "currency"].map(
    first,
  );
  return sql`
    select p.no as period_no, d.id, s.ordinal as nth, s.ended_at as at, s.started_at as credited_at, s.ended_is_day as at_is_day, 'open' as status,
      s.rep_id, s.pipeline_id, s.stage_id, s.currency, ${days} as days, ${OF_THE_DEAL}
    from ${periodTable(scope)} p
    join (
      select t.deal_id, ${sql.join([...firsts, last("ended_at"), last("ended_is_day")])}
      from (
        select o.*, count(*) filter (where o.begins) over (partition by o.deal_id order by o.ordinal) as run
        from (
          select s.*, lag(${joinedStage("stage")}) over deal is distinct from ${joinedStage("stage")}
            or lag(s.ended_at) over deal is distinct from s.started_at as begins
          from deal_stays s join stages stage on stage.id = s.stage_id
          where s.deal_id in (select y.deal_id from ${periodTable(scope)} q join deal_stays y on y.ended_at >= q.starts and y.ended_at < q.ends)
          window deal as (partition by s.deal_id order by s.ordinal)
        ) o
      ) t group by t.deal_id, t.run
    ) s on s.ended_at >= p.starts and s.ended_at < p.ends and s.ended_at <= ${scope.cutoff}::timestamptz
    join deals d on d.id = s.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}`;
}
