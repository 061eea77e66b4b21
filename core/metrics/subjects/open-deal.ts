import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import { dayIn, daysFrom, isKnown, periodTable } from "../engine/row-parts.ts";
import { deal } from "./deal.ts";
import { stageStay } from "./stage-stay.ts";
import { isTouch } from "./touches.ts";

/**
 * Deals on their way: those open at the end of a period (or at the cutoff), with what shows whether they move. `at` is that end. The records are the deals.
 */
export const openDeal = {
  ...deal,
  id: "open_deal",
  rows: { standing, expected, planned, threads, touched },
} as const satisfies Subject;

/** The deals, with more `columns` that `joins` give. */
function open(scope: Scope, columns: Sql, joins: Sql): Sql {
  return sql`select o.*, ${columns} from (${deal.rows.atEnd(scope)}) o ${joins} where o.status = 'open'`;
}

const EVER = { label: null, from: null, to: null, starts: null, ends: null };

/** A stage's own stays, or its pipeline's, speak only where there are so many. */
const MIN_STAYS = 20;
const HISTORY_DAYS = 365;
const SHORTEST_DAYS = 14;

/** The median of the completed stays of the year before each period's end, of all that have the same `of`. */
function medianStays(scope: Scope, of: "stage_id" | "pipeline_id"): Sql {
  return sql`
    select p.no as period_no, s.${sql.id(of)}, percentile_cont(0.5) within group (order by s.days) as days
    from (${stageStay.rows.stays({ ...scope, periods: [EVER] })}) s
    join ${periodTable(scope)} p on s.at <= p.at and s.at > p.at - make_interval(days => ${HISTORY_DAYS})
    where s.days is not null
    group by p.no, s.${sql.id(of)}
    having count(*) >= ${MIN_STAYS}`;
}

/**
 * With `stay_days` (how long it has been in its stage; null when its entry is unknown) and `limit_days`: longer than that it stands still.
 */
function standing(scope: Scope): Sql {
  const since = sql`(
    select min(x.held_from) from deal_changes x
    where x.deal_id = o.id and ${isKnown(scope, "x")} and x.held_from <= o.at and x.ordinal > coalesce((
      select max(y.ordinal) from deal_changes y
      where y.deal_id = o.id and ${isKnown(scope, "y")} and y.held_from <= o.at
        and (y.stage_id is distinct from o.stage_id or y.status <> 'open')), -1))`;
  return open(
    scope,
    sql`${daysFrom(scope, sql`stay.since`, sql`o.at`, sql`false`)} as stay_days,
      greatest(${SHORTEST_DAYS}, 2 * coalesce(of_stage.days, of_pipeline.days, 0)) as limit_days`,
    sql`left join lateral (select ${since} as since) stay on true
    left join (${medianStays(scope, "stage_id")}) of_stage on of_stage.period_no = o.period_no and of_stage.stage_id = o.stage_id
    left join (${medianStays(scope, "pipeline_id")}) of_pipeline
      on of_pipeline.period_no = o.period_no and of_pipeline.pipeline_id = o.pipeline_id`,
  );
}

/** The changes of a deal's expected close, as `x`: to `expected_close_on`, from `before`. A first date is no change, and no date is none. */
export function pushesOf(scope: Scope, dealId: Sql): Sql {
  return sql`(
    select c.held_from, c.expected_close_on, lag(c.expected_close_on) over (order by c.ordinal) as before
    from deal_changes c where c.deal_id = ${dealId} and ${isKnown(scope, "c")}
  ) x where x.expected_close_on > x.before`;
}

/**
 * With the day on which it is expected to close (`expected_on`), how often that was pushed to a later one in the period (`pushes`), and whether it
 * `is_expected` to close in it.
 */
function expected(scope: Scope): Sql {
  return open(
    scope,
    sql`(
        select c.expected_close_on from deal_changes c where c.deal_id = o.id and ${isKnown(scope, "c")} and c.held_from <= o.at
        order by c.ordinal desc limit 1
      ) as expected_on,
      (select count(*) from ${pushesOf(scope, sql`o.id`)} and x.held_from >= p.starts and x.held_from < p.ends) as pushes,
      coalesce((
        select c.expected_close_on >= ${dayIn(scope, sql`p.starts`)} and c.expected_close_on < ${dayIn(scope, sql`p.ends`)}
        from deal_changes c where c.deal_id = o.id and ${isKnown(scope, "c")} and c.held_from <= o.at order by c.ordinal desc limit 1
      ), false) as is_expected`,
    sql`join ${periodTable(scope)} p on p.no = o.period_no`,
  );
}

/** The activities of a deal, as `a`: those that its source names, or that are attributed to it. */
const OF_DEAL = sql`activities a where (a.deal_id = o.id or a.attributed_deal_id = o.id)`;

/** With whether it `has_next_step`: a meeting or a task that lies after the end of the period. */
function planned(scope: Scope): Sql {
  return open(
    scope,
    sql`exists (
      select from ${OF_DEAL} and a.type in ('meeting', 'task') and a.occurred_at > o.at and coalesce(a.booked_at, '-infinity') <= o.at
        and a.duplicate_of is null and (a.deleted_at is null or a.deleted_at > ${scope.cutoff}::timestamptz)
        and coalesce(a.outcome, '') not in ('cancelled', 'canceled', 'no_show')) as has_next_step`,
    sql``,
  );
}

/** With how many `people` there were touches with, either way, since it was created. */
function threads(scope: Scope): Sql {
  return open(
    scope,
    sql`(
      select count(distinct coalesce(person.merged_into, person.id)) from (select a.person_id, a.occurred_at from ${OF_DEAL} and ${isTouch(scope, "a")}) a
      join people person on person.id = a.person_id
      where a.occurred_at >= coalesce(o.created_at, '-infinity') and a.occurred_at <= o.at) as people`,
    sql``,
  );
}

/** With `last_touch_at`, either way, by the end of the period. */
function touched(scope: Scope): Sql {
  return open(
    scope,
    sql`(select max(a.occurred_at) from ${OF_DEAL} and ${isTouch(scope, "a")} and a.occurred_at <= o.at) as last_touch_at`,
    sql``,
  );
}
