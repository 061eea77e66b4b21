import { sql } from "kysely";
import type { Scope, Sql } from "./define.ts";

/**
 * The rows that deal metrics count. Each function gives a query with one row per deal and period:
 *
 * - `period_no`, `id`      which period, which deal
 * - `nth`                  tells rows apart where a deal has several in one period and stage; else 0
 * - `at`, `at_is_day`      the instant that dates it here; whether the source knows only the day
 * - `status`, `rep_id`, `pipeline_id`, `stage_id`, `probability`
 * - `annual_minor`, `currency`, `value_minor`   the annualised value, and in minor units of the workspace's currency
 * - the deal's own columns: `company_id`, `connection_id`, `lost_reason`, `attributes`, `created_at`, `created_is_day`
 */

/** The periods as a table (no, starts, ends, at): `at` is the last instant that is in the period and not after the cutoff. */
export function periodTable(scope: Scope): Sql {
  const starts = scope.periods.map((period) => period.starts?.toISOString() ?? "-infinity");
  const ends = scope.periods.map((period) => period.ends?.toISOString() ?? "infinity");
  return sql`(
    select no::int - 1 as no, starts, ends, least(ends - interval '1 microsecond', ${scope.cutoff}::timestamptz) as at
    from unnest(${starts}::timestamptz[], ${ends}::timestamptz[]) with ordinality as given(starts, ends, no)
  )`;
}

/** Whether a row of deal_changes may be used: it had happened, and had landed. */
export function isKnown(scope: Scope, alias: string): Sql {
  const c = sql.ref(alias);
  return scope.landedBy === null
    ? sql`${c}.held_from <= ${scope.cutoff}::timestamptz`
    : sql`${c}.held_from <= ${scope.cutoff}::timestamptz and ${c}.known_at <= ${scope.landedBy}::timestamptz`;
}

/** Whether the source still had it at the cutoff, and it is not another's double. */
export function stillCounts(scope: Scope, alias: string): Sql {
  const d = sql.ref(alias);
  return sql`(${d}.deleted_at is null or ${d}.deleted_at > ${scope.cutoff}::timestamptz)`;
}

/** The calendar day of an instant in the workspace's time zone. */
export function dayIn(scope: Scope, instant: Sql): Sql {
  return sql`(${instant} at time zone ${scope.timeZone}::text)::date`;
}

/** Days from one instant to another: with fractions between instants, whole calendar days where either is only a day. Null when either is unknown. */
export function daysFrom(scope: Scope, from: Sql, to: Sql, isDay: Sql): Sql {
  return sql`case
    when not isfinite(${from}) or not isfinite(${to}) then null
    when ${isDay} then (${dayIn(scope, to)} - ${dayIn(scope, from)})::float8
    else extract(epoch from ${to} - ${from})::float8 / 86400
  end`;
}

/** Most deals are in the workspace's own currency: the function, which is not inlined, is called for the others only. */
function valueMinor(scope: Scope, state: string, at: Sql): Sql {
  const s = sql.ref(state);
  return sql`case
    when ${s}.currency is null or ${s}.currency = ${scope.currency} then ${s}.annual_minor::numeric
    else tributary.workspace_minor(${s}.annual_minor, ${s}.currency, ${dayIn(scope, at)})
  end`;
}

const OF_THE_DEAL = sql`d.company_id, d.connection_id, d.lost_reason, d.attributes, d.created_at, d.created_is_day`;

/** The last of the pipeline's own stages that a deal was in. */
function lastStage(scope: Scope): Sql {
  return sql`(
    select x.stage_id from deal_changes x join stages s on s.id = x.stage_id and s.type = 'open'
    where x.deal_id = d.id and ${isKnown(scope, "x")} order by x.ordinal desc limit 1
  )`;
}

function latestState(scope: Scope): Sql {
  return sql`(
    select x.* from deal_changes x where x.deal_id = d.id and ${isKnown(scope, "x")} order by x.ordinal desc limit 1
  )`;
}

/**
 * Deals that were won or lost in the period, by closing instant: the latest change into won or lost that no reopening had followed by the
 * cutoff. Credit is the owner's at that instant; the value is the latest known, at the rate of the closing day; the stage is the one it
 * was closed from.
 */
export function closedDeals(scope: Scope): Sql {
  return sql`
    select p.no as period_no, d.id, 0 as nth, c.held_from as at, c.is_day as at_is_day, c.status, c.rep_id, l.pipeline_id,
      ${lastStage(scope)} as stage_id, l.probability, l.annual_minor, l.currency,
      ${valueMinor(scope, "l", sql`c.held_from`)} as value_minor, ${OF_THE_DEAL}
    from ${periodTable(scope)} p
    join deal_changes c on c.held_from >= p.starts and c.held_from < p.ends and c.status <> 'open' and ${isKnown(scope, "c")}
    join deals d on d.id = c.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}
    join lateral ${latestState(scope)} l on true
    where c.status is distinct from (
        select x.status from deal_changes x where x.deal_id = c.deal_id and x.ordinal < c.ordinal and ${isKnown(scope, "x")}
        order by x.ordinal desc limit 1)
      and not exists (
        select from deal_changes x
        where x.deal_id = c.deal_id and x.ordinal > c.ordinal and x.status <> c.status and ${isKnown(scope, "x")})`;
}

/** deal_changes as states that hold from and to; of what had landed only, when that is asked for. */
function states(scope: Scope): Sql {
  if (scope.landedBy === null) return sql`deal_changes`;
  return sql`(
    select x.deal_id, x.held_from, x.status, x.rep_id, x.pipeline_id, x.stage_id, x.probability, x.annual_minor, x.currency,
      lead(x.held_from, 1, 'infinity') over (partition by x.deal_id order by x.ordinal) as held_to
    from deal_changes x where ${isKnown(scope, "x")}
  )`;
}

/** Every deal as it was at the end of the period (or at the cutoff, when that is earlier). A period that has not begun has no rows. */
export function dealsAtEnd(scope: Scope): Sql {
  return sql`
    select p.no as period_no, d.id, 0 as nth, p.at, false as at_is_day, c.status, c.rep_id, c.pipeline_id, c.stage_id, c.probability,
      c.annual_minor, c.currency, ${valueMinor(scope, "c", sql`p.at`)} as value_minor, ${OF_THE_DEAL}
    from ${periodTable(scope)} p
    join ${states(scope)} c on c.held_from <= p.at and c.held_to > p.at and p.starts <= p.at
    join deals d on d.id = c.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}`;
}

/**
 * Deals that were created in the period, as they are by the cutoff. What has no creation instant is counted only where the period has no
 * beginning. Credit is the owner's at the closing instant, of open ones at the cutoff.
 */
export function createdDeals(scope: Scope): Sql {
  return sql`
    select p.no as period_no, d.id, 0 as nth, coalesce(d.created_at, '-infinity') as at, d.created_is_day as at_is_day, l.status, credit.rep_id,
      l.pipeline_id, ${lastStage(scope)} as stage_id, l.probability, l.annual_minor, l.currency, null::numeric as value_minor, ${OF_THE_DEAL}
    from ${periodTable(scope)} p
    join deals d on coalesce(d.created_at, '-infinity') >= p.starts and coalesce(d.created_at, '-infinity') < p.ends
      and coalesce(d.created_at, '-infinity') <= ${scope.cutoff}::timestamptz and d.merged_into is null and ${stillCounts(scope, "d")}
    join lateral ${latestState(scope)} l on true
    join lateral (
      select x.rep_id from deal_changes x where x.deal_id = d.id and ${isKnown(scope, "x")} and (
        case when l.status = 'open' then x.ordinal = l.ordinal
        else x.ordinal > coalesce((
          select max(y.ordinal) from deal_changes y where y.deal_id = d.id and y.status <> l.status and ${isKnown(scope, "y")}), -1) end)
      order by x.ordinal limit 1
    ) credit on true`;
}
