import { sql } from "kysely";
import { stretchesOf, type Stretch, type WorkingTime } from "../../base/working-time.ts";
import type { Scope, Sql } from "./define.ts";

/**
 * Hours from one instant to another: of working time where the workspace has business hours, else of all time. The SQL counterpart of
 * `workingSeconds` (core/base/working-time.ts), which a test holds it against.
 */
export function workingHours(scope: Scope, from: Sql, to: Sql): Sql {
  const { working } = scope;
  if (working === null) return calendarHours(from, to);
  return sql`((${workedBy(scope, working, to)} - ${workedBy(scope, working, from)}) / 3600)::float8`;
}

export function calendarHours(from: Sql, to: Sql): Sql {
  return sql`(extract(epoch from ${to} - ${from})::float8 / 3600)`;
}

/** A Monday; weeks are counted from it. */
const MONDAY = "2001-01-01";

/**
 * The seconds that are worked from that Monday to an instant: so many whole weeks, the days of the running week, what is worked of the day, less the
 * holidays between. Without going through the days, so it costs the same for years as for minutes.
 */
function workedBy(scope: Scope, working: WorkingTime, instant: Sql): Sql {
  const length = (day: readonly Stretch[]): number => day.reduce((sum, [from, to]) => sum + to - from, 0);
  const lengths = working.week.map(length);
  const week = lengths.reduce((sum, one) => sum + one, 0);
  const before = lengths.map((_, day) => lengths.slice(0, day).reduce((sum, one) => sum + one, 0));
  const stretches = working.week.flatMap((day, weekday) => day.map(([from, to]) => [weekday + 1, from, to] as const));
  // What a holiday would have been worked had it been none.
  const workless = { ...working, holidays: new Set<string>() };
  const holidays = [...working.holidays].map((day) => ({ day, seconds: length(stretchesOf(workless, day)) }));
  return sql`(
    select floor((l.day - ${MONDAY}::date) / 7.0) * ${week}::int + (${before}::int[])[extract(isodow from l.day)::int]
      + case when l.day = any(${holidays.map(({ day }) => day)}::date[]) then 0 else coalesce((
          select sum(greatest(0, least(l.second, s.until) - s.since))
          from unnest(${stretches.map(([day]) => day)}::int[], ${stretches.map(([, from]) => from)}::int[], ${stretches.map(([, , to]) => to)}::int[])
            as s(weekday, since, until)
          where s.weekday = extract(isodow from l.day)), 0) end
      - coalesce((
          select sum(h.seconds) from unnest(${holidays.map(({ day }) => day)}::date[], ${holidays.map(({ seconds }) => seconds)}::int[]) as h(day, seconds)
          where h.day < l.day and h.day >= ${MONDAY}::date), 0)
    from (select t.at::date as day, extract(epoch from t.at - date_trunc('day', t.at)) as second
      from (select ${instant} at time zone ${scope.timeZone}::text as at) t) l
  )`;
}
