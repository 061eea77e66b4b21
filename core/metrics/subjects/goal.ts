import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { stillCounts } from "../engine/row-parts.ts";

/** Goals: targets of a KPI for everyone, a team or a rep. */
export const goal = {
  id: "goal",
  dimensions: {
    rep: by.rep,
    team: by.ownTeam,
    metric: by.column("metric", { table: "goals" }),
    connection: by.connection,
  },
  rows: { given: (scope) => targets(scope, null, "any") },
  attributes: sql`select '{}'::jsonb as attributes where false`,
  firstInstant: sql`select min(from_day)::timestamptz as at from goals`,
  measured: "goal",
  records: {
    kind: "goal",
    table: sql`join goals record on record.id = r.id`,
    columns: sql`record.metric || ' ' || record.from_day || ' to ' || record.to_day as name, null::text as url, null::timestamptz as created, null as status, '' as sub`,
  },
} as const satisfies Subject;

/** Whose goals: everyone's together, a team's, a rep's; `any` of them. */
export type Whose = "everyone" | "team" | "rep" | "any";

/** Whose goals a slice has. */
export function whoseBy(slicedBy: ReadonlySet<string>): Whose {
  if (slicedBy.has("rep")) return "rep";
  return slicedBy.has("team") ? "team" : "everyone";
}

/**
 * One row per owner and period that has a `target`: that of the goal for exactly the period's days, else the sum of the goals that tile them, the
 * longest first; where neither is there, no row.
 *
 * @param metric of this KPI alone; null: of each.
 */
export function targets(scope: Scope, metric: string | null, whose: Whose): Sql {
  const bounded = scope.periods
    .map((period, no) => ({ no, ...period }))
    .filter(({ from, to }) => from !== null && to !== null);
  const goals = sql`(
    select g.id, g.metric, g.from_day, g.to_day, g.target, g.connection_id, coalesce(rep.merged_into, g.rep_id) as rep_id,
      coalesce(team.merged_into, g.team_id) as team_id
    from goals g left join reps rep on rep.id = g.rep_id left join teams team on team.id = g.team_id
    where ${stillCounts(scope, "g")} and (${metric}::text is null or g.metric = ${metric})
      and ${{ everyone: sql`g.rep_id is null and g.team_id is null`, team: sql`g.rep_id is null and g.team_id is not null`, rep: sql`g.rep_id is not null`, any: sql`true` }[whose]}
  )`;
  return sql`
    select p.no as period_no, tiled.id, 0 as nth, p.starts as at, true as at_is_day, owner.metric, owner.rep_id, owner.team_id, tiled.connection_id,
      '{}'::jsonb as attributes, tiled.target
    from unnest(${bounded.map(({ no }) => no)}::int[], ${bounded.map(({ from }) => from)}::date[], ${bounded.map(({ to }) => to)}::date[],
      ${bounded.map(({ starts }) => starts?.toISOString() ?? "-infinity")}::timestamptz[]) as p(no, from_day, to_day, starts)
    cross join (select distinct metric, rep_id, team_id from ${goals} g) owner
    cross join lateral (
      with recursive tile as (
        select p.from_day as next_day, 0::float8 as target, null::uuid as id, null::text as connection_id
        union all
        select g.to_day + 1, tile.target + g.target, coalesce(tile.id, g.id), coalesce(tile.connection_id, g.connection_id)
        from tile
        join lateral (
          select g.* from ${goals} g
          where g.metric = owner.metric and g.rep_id is not distinct from owner.rep_id and g.team_id is not distinct from owner.team_id
            and g.from_day = tile.next_day and g.to_day <= p.to_day
          order by g.to_day desc, g.id limit 1
        ) g on true
      )
      select * from tile where next_day = p.to_day + 1
    ) tiled`;
}
