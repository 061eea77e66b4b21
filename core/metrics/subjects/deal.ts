import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { isKnown, periodTable, stillCounts, valueMinor } from "../engine/row-parts.ts";

/**
 * Deals. Each kind of rows is a query with one row per deal and period:
 *
 * - `period_no`, `id`      which period, which deal
 * - `nth`                  tells rows apart where a deal has several in one period and stage; else 0
 * - `at`, `at_is_day`      the instant that dates it here; whether the source knows only the day
 * - `status`, `rep_id`, `pipeline_id`, `stage_id`, `probability`
 * - `annual_minor`, `currency`, `value_minor`   the annualised value, and in minor units of the workspace's currency
 * - the deal's own columns: `company_id`, `connection_id`, `lost_reason`, `attributes`, `created_at`, `created_is_day`
 */
export const deal = {
  id: "deal",
  dimensions: {
    rep: by.rep,
    team: by.team,
    pipeline: by.pipeline,
    stage: by.stage,
    canonical_stage: by.canonicalStage,
    company: by.company,
    channel: by.dealChannel,
    connection: by.connection,
    currency: by.column("currency"),
    lost_reason: by.column("lost_reason"),
    status: by.column("status"),
  },
  rows: { closed, atEnd, created, moving },
  attributes: sql`select attributes from deals`,
  firstInstant: sql`select min(held_from) as at from deal_changes where held_from > '-infinity'`,
  comesFrom: sql`exists (select from deals f where f.connection_id = c.id)`,
  records: {
    kind: "deal",
    table: sql`join deals record on record.id = r.id`,
    columns: sql`record.name, record.url, record.created_at as created, r.status, coalesce(r.stage_id::text, '') || ' ' || r.nth as sub`,
  },
} as const satisfies Subject;

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
 *
 * `doubt` says why the instant is not what the source says. A deal that closed nobody knows when (`no_closing_date`, `at` -infinity) is
 * `in_period` only where the period is all time; of other periods the first lists it.
 */
function closed(scope: Scope): Sql {
  const undated = sql`c.doubt = 'no_closing_date'`;
  const dated = sql`c.held_from >= p.starts and c.held_from < p.ends and c.doubt is distinct from 'no_closing_date'`;
  const allTime = sql`p.starts = '-infinity' and p.ends = 'infinity'`;
  return sql`(${closings(scope, dated, sql`c.held_from`, sql`true`)})
    union all (${closings(scope, sql`${undated} and (p.no = 0 or ${allTime})`, sql`'-infinity'::timestamptz`, sql`(${allTime})`)})`;
}

function closings(scope: Scope, which: Sql, at: Sql, inPeriod: Sql): Sql {
  return sql`
    select p.no as period_no, d.id, 0 as nth, ${at} as at, c.is_day as at_is_day, c.doubt, ${inPeriod} as in_period, c.status, c.rep_id,
      l.pipeline_id, ${lastStage(scope)} as stage_id, l.probability, l.annual_minor, l.currency,
      ${valueMinor(scope, "l", at)} as value_minor, ${OF_THE_DEAL}
    from ${periodTable(scope)} p
    join deal_changes c on ${which} and c.status <> 'open' and ${isKnown(scope, "c")}
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
function atEnd(scope: Scope): Sql {
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
function created(scope: Scope): Sql {
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

/**
 * Deals that were open at the start of the period or were created in it, and whether each `moved_on` in it: reached a later stage of the pipeline
 * than the one it began the period with, or was won. Credit is the owner's at the end of the period, or at the cutoff where that is earlier.
 */
function moving(scope: Scope): Sql {
  return sql`
    select p.no as period_no, d.id, 0 as nth, greatest(p.starts, began.held_from) as at, false as at_is_day, l.status, l.rep_id, l.pipeline_id,
      began.stage_id, l.probability, l.annual_minor, l.currency, null::numeric as value_minor,
      exists (
        select from deal_changes x left join stages s on s.id = x.stage_id and s.type = 'open'
        where x.deal_id = d.id and ${isKnown(scope, "x")} and x.held_from < p.ends and x.ordinal > began.ordinal
          and (x.status = 'won' or x.status = 'open' and s.pipeline_id = at_first.pipeline_id and s.position > at_first.position)
      ) as moved_on, ${OF_THE_DEAL}
    from ${periodTable(scope)} p
    join deals d on d.merged_into is null and ${stillCounts(scope, "d")}
    join lateral (
      select x.* from deal_changes x where x.deal_id = d.id and ${isKnown(scope, "x")} and x.held_from < p.ends
      order by x.held_from < p.starts desc, case when x.held_from < p.starts then x.ordinal end desc, x.ordinal limit 1
    ) began on began.status = 'open'
    left join stages at_first on at_first.id = began.stage_id and at_first.type = 'open'
    join lateral (
      select x.* from deal_changes x where x.deal_id = d.id and ${isKnown(scope, "x")} and x.held_from < p.ends order by x.ordinal desc limit 1
    ) l on true
    where p.starts <= ${scope.cutoff}::timestamptz`;
}
