import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { dayIn, periodTable } from "../engine/row-parts.ts";
import { activity } from "./activity.ts";
import { deal } from "./deal.ts";
import { stageStay } from "./stage-stay.ts";

/** What reps did of what the config's `targeted_actions` ask for. A record counts once, for the first action of the list that it fits. */
export const targetedAction = {
  id: "targeted_action",
  dimensions: {
    action: {
      ...by.column("action", {}),
      everyone: sql`select e.j ->> 'id' as key, e.j ->> 'id' as label, null::text as hint
        from settings s, jsonb_array_elements(s.value) as e(j) where s.section = 'targeted_actions'`,
    },
    rep: by.rep,
    team: by.team,
    connection: by.connection,
  },
  rows: { done, streaks },
  attributes: sql`select '{}'::jsonb as attributes where false`,
  firstInstant: sql`select least((select min(occurred_at) from activities), (select min(created_at) from deals)) as at`,
  measured: "activity",
  records: {
    kind: "action",
    table: sql`join lateral (
      select external_id, coalesce(subject, type) as name, url from activities where id = r.id
      union all select external_id, name, url from deals where id = r.id
      union all select external_id, name, null from reps where id = r.id
    ) record on true`,
    columns: sql`record.name, record.url, null::timestamptz as created, null as status, r.action || ' ' || r.nth as sub`,
  },
} as const satisfies Subject;

/** The actions in the order of the config, as `t` (j, no). */
const ACTIONS = sql`(
  select e.j, e.no from settings s, jsonb_array_elements(s.value) with ordinality as e(j, no) where s.section = 'targeted_actions'
) t`;

/** The first action that a row fits, as `t`. */
function first(fits: Sql): Sql {
  return sql`join lateral (
    select t.j ->> 'id' as action, (t.j ->> 'points')::float8 as points from ${ACTIONS} where ${fits} order by t.no limit 1) t on true`;
}

/** One row per record and period by which a rep did it, with its `points`. */
function done(scope: Scope): Sql {
  const columns = sql`a.period_no, a.id, a.at, a.at_is_day, a.rep_id, a.connection_id, '{}'::jsonb as attributes, t.action, t.points`;
  const activities = first(sql`
    t.j -> 'type' ? a.type and coalesce(t.j ->> 'direction' = a.direction, t.j ->> 'direction' is null)
      and (t.j -> 'outcome' is null or coalesce(t.j -> 'outcome' ? a.outcome, false))
      and coalesce(a.duration_s, 0) >= coalesce((t.j ->> 'at_least_minutes')::float8 * 60, 0)`);
  const deals = (event: string): Sql => first(sql`t.j ->> 'deal' = ${event}::text`);
  const stages = first(sql`
    lower(t.j ->> 'stage') in (lower(stage.name), stage.canonical)
      and (t.j ->> 'pipeline' is null or lower(t.j ->> 'pipeline') in (select lower(p.name) from pipelines p where p.id = stage.pipeline_id))`);
  return sql`
    select ${columns}, 0 as nth from (${activity.rows.happened(scope)}) a ${activities} where a.rep_id is not null
    union all select ${columns}, 0 as nth from (${deal.rows.created(scope)}) a ${deals("created")} where a.rep_id is not null and isfinite(a.at)
    union all select ${columns}, 0 as nth from (${deal.rows.closed(scope)}) a ${deals("won")} where a.rep_id is not null and a.status = 'won' and a.in_period
    union all select ${columns}, stage.position as nth from (${stageStay.rows.entries(scope)}) a join stages stage on stage.id = a.stage_id ${stages}
      where a.rep_id is not null`;
}

const EVER = { label: null, from: null, to: null, starts: null, ends: null };

/**
 * One row per rep, period and action with a daily target that the rep has ever done: `days`, how many working days in a row up to the end of the
 * period (or the cutoff) it was reached. The last day breaks nothing while it is not over.
 */
function streaks(scope: Scope): Sql {
  const { working } = scope;
  const weekdays = [1, 2, 3, 4, 5, 6, 7].filter(
    (weekday) => working === null || (working.week[weekday - 1] ?? []).length > 0,
  );
  const holidays = [...(working?.holidays ?? [])];
  const today = dayIn(scope, sql`${scope.cutoff}::timestamptz`);
  return sql`
    with kept as (
      select coalesce(rep.merged_into, rep.id) as rep_id, a.action, ${dayIn(scope, sql`a.at`)} as day, count(*) as times,
        min(a.connection_id) as connection_id
      from (${done({ ...scope, periods: [EVER] })}) a join reps rep on rep.id = a.rep_id
      group by 1, 2, 3
    ), met as (
      select k.rep_id, k.action, k.day, k.connection_id, k.times >= (t.j ->> 'daily_target')::int as is_met
      from kept k join ${ACTIONS} on t.j ->> 'id' = k.action where t.j ->> 'daily_target' is not null
    ), ends as (
      select p.no, p.at, ${dayIn(scope, sql`p.at`)} as last_day from ${periodTable(scope)} p where p.starts <= p.at
    ), days as (
      select e.no, e.at, w.rep_id, w.action, w.connection_id, d.day::date as day,
        exists (select from met m where m.rep_id = w.rep_id and m.action = w.action and m.day = d.day::date and m.is_met) as is_met
      from ends e
      join (select rep_id, action, min(day) as since, min(connection_id) as connection_id from met group by 1, 2) w on w.since <= e.last_day
      cross join lateral generate_series(w.since::timestamp, e.last_day::timestamp, interval '1 day') d(day)
      where extract(isodow from d.day)::int = any(${weekdays}::int[]) and d.day::date <> all(${holidays}::date[])
    )
    select o.no as period_no, o.rep_id as id, 0 as nth, o.at, false as at_is_day, o.rep_id, o.connection_id, '{}'::jsonb as attributes, o.action,
      count(*) filter (where o.is_met and o.day > coalesce(o.missed, '-infinity')) as days
    from (
      select d.*, max(d.day) filter (where not d.is_met and d.day <> ${today}) over (partition by d.no, d.rep_id, d.action) as missed from days d
    ) o
    group by o.no, o.rep_id, o.at, o.connection_id, o.action`;
}
