import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import { dayIn, daysFrom, isKnown, periodTable } from "../engine/row-parts.ts";
import { deal } from "./deal.ts";
import { isTouch, liesAhead } from "./touches.ts";
import { usualStays } from "./usual-stay.ts";

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
  return sql`select o.*, ${columns} from (${deal.rows.openAtEnd(scope)}) o ${joins}`;
}

const SHORTEST_DAYS = 14;

/**
 * With `stay_days` (how long it has been in its stage; null when its entry is unknown) and `limit_days`: longer than that it stands still.
 */
function standing(scope: Scope): Sql {
  // Only a stage that is none of its pipeline's own has no stay in deal_stays.
  const since = sql`case when stay.deal_id is not null then stay.started_at else (
    select min(x.held_from) from deal_changes x
    where x.deal_id = o.id and ${isKnown(scope, "x")} and x.held_from <= o.at and x.ordinal > coalesce((
      select max(y.ordinal) from deal_changes y
      where y.deal_id = o.id and ${isKnown(scope, "y")} and y.held_from <= o.at
        and (y.stage_id is distinct from o.stage_id or y.status <> 'open')), -1)) end`;
  // What PostgreSQL can know of the stays before it looks at the deals.
  const earliest = new Date(
    Math.min(...scope.periods.map(({ ends }) => Math.min(ends?.getTime() ?? Infinity, scope.cutoff.getTime()) - 1)),
  );
  return sql`(
    with ${usualStays(scope)}
    select o.*, ${daysFrom(scope, sql`o.since`, sql`o.at`, sql`false`)} as stay_days,
      greatest(${SHORTEST_DAYS}, 2 * coalesce(of_stage.days, of_pipeline.days, 0)) as limit_days
    from (
      select o.*, ${since} as since from (${deal.rows.openAtEnd(scope)}) o
      left join deal_stays stay on stay.deal_id = o.id and stay.stage_id = o.stage_id and stay.started_at <= o.at and stay.ended_at > o.at
        and stay.ended_at > ${earliest}::timestamptz
    ) o
    left join of_stage on of_stage.period_no = o.period_no and of_stage.stage_id = o.stage_id
    left join of_pipeline on of_pipeline.period_no = o.period_no and of_pipeline.pipeline_id = o.pipeline_id)`;
}

/** The changes of a deal's expected close to a later day, as `x`. A first date is no change, and no date is none. */
export function pushesOf(scope: Scope, dealId: Sql): Sql {
  // The words of deal_changes_of_expected, an index. There is none of a deal whose date never moved.
  return sql`deal_changes x
    where x.deal_id = ${dealId} and 'expected_close_on' = any(x.changed) and ${isKnown(scope, "x")} and x.expected_close_on > (
      select b.expected_close_on from deal_changes b
      where b.deal_id = x.deal_id and b.ordinal < x.ordinal and ${isKnown(scope, "b")} order by b.ordinal desc limit 1)`;
}

/**
 * With the day on which it is expected to close (`expected_on`), how often that was pushed to a later one in the period (`pushes`), and whether it
 * `is_expected` to close in it.
 */
function expected(scope: Scope): Sql {
  return open(
    scope,
    sql`o.expected_close_on as expected_on,
      (select count(*) from ${pushesOf(scope, sql`o.id`)} and x.held_from >= p.starts and x.held_from < p.ends) as pushes,
      coalesce(o.expected_close_on >= ${dayIn(scope, sql`p.starts`)} and o.expected_close_on < ${dayIn(scope, sql`p.ends`)}, false) as is_expected`,
    sql`join ${periodTable(scope)} p on p.no = o.period_no`,
  );
}

/** The activities of a deal, as `a`: those that its source names, and those that are attributed to it. None is both; each has an index. */
const NAMED = sql`activities a where a.deal_id = o.id`;
const ATTRIBUTED = sql`activities a where a.attributed_deal_id = o.id and a.deal_id is distinct from o.id`;

/** With whether it `has_next_step`: a meeting or a task that lies after the end of the period. */
function planned(scope: Scope): Sql {
  const ahead = liesAhead(scope, "a", sql`o.at`);
  return open(
    scope,
    sql`(exists (select from ${NAMED} and ${ahead}) or exists (select from ${ATTRIBUTED} and ${ahead})) as has_next_step`,
    sql``,
  );
}

/** With how many `people` there were touches with, either way, since it was created. */
function threads(scope: Scope): Sql {
  const since = sql`a.occurred_at >= coalesce(o.created_at, '-infinity') and a.occurred_at <= o.at`;
  const touch = sql`${isTouch(scope, "a")} and ${since}`;
  return open(
    scope,
    sql`(
      select count(distinct (select coalesce(person.merged_into, person.id) from people person where person.id = a.person_id))
      from (select a.person_id from ${NAMED} and ${touch} union all select a.person_id from ${ATTRIBUTED} and ${touch}) a) as people`,
    sql``,
  );
}

/** With `last_touch_at`, either way, by the end of the period. */
function touched(scope: Scope): Sql {
  const last = (activities: Sql): Sql =>
    sql`(select a.occurred_at from ${activities} and ${isTouch(scope, "a")} and a.occurred_at <= o.at order by a.occurred_at desc limit 1)`;
  return open(scope, sql`greatest(${last(NAMED)}, ${last(ATTRIBUTED)}) as last_touch_at`, sql``);
}
