import { sql } from "kysely";
import { DEAL_STATUSES } from "../../schema/canonical.ts";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import {
  byPeriod,
  datedIn,
  holds,
  isKnown,
  periodTable,
  ratesAtEnd,
  stillCounts,
  valueMinor,
} from "../engine/row-parts.ts";

/**
 * Deals. Each kind of rows is a query with one row per deal and period:
 *
 * - `period_no`, `id`      which period, which deal
 * - `nth`                  tells rows apart where a deal has several in one period and stage; else 0
 * - `at`, `at_is_day`      the instant that dates it here; whether the source knows only the day
 * - `credited_at`          the instant whose owner, and whose team, has the credit
 * - `status`, `rep_id`, `pipeline_id`, `stage_id`, `probability`
 * - `annual_minor`, `currency`, `value_minor`   the annualised value, and in minor units of the workspace's currency
 * - the deal's own columns: `company_id`, `connection_id`, `lost_reason`, `attributes`, `created_at`, `created_is_day`
 */
export const deal = {
  id: "deal",
  dimensions: {
    rep: by.rep,
    // Of a created deal the credit goes by its outcome, which is later than what dates it.
    team: by.teamAt("credited_at"),
    pipeline: by.pipeline,
    stage: by.stage,
    canonical_stage: by.canonicalStage,
    company: by.company,
    channel: by.dealChannel,
    connection: by.connection,
    currency: by.column("currency", { table: "deal_changes" }),
    lost_reason: by.column("lost_reason", { table: "deals" }),
    status: by.column("status", { words: DEAL_STATUSES }),
  },
  rows: { closed, atEnd, openAtEnd, created, createdAndClosed, moving },
  attributes: sql`select attributes from deals`,
  firstInstant: sql`select min(held_from) as at from deal_changes where held_from > '-infinity'`,
  measured: "deal",
  records: {
    kind: "deal",
    table: sql`join deals record on record.id = r.id`,
    columns: sql`record.name, record.url, record.created_at as created, r.status, coalesce(r.stage_id::text, '') || ' ' || r.nth as sub`,
    // `c` is the change at that instant, `was` how it was before.
    entry: sql`(
      select json_build_object(
        'event', case
          when r.status <> 'open' and (c.status = r.status or r.at = '-infinity') then case when r.at = record.created_at then 'created and ' else '' end || r.status
          when r.at = record.created_at then 'created'
          when c.stage_id = r.stage_id and was.stage_id is distinct from c.stage_id then 'entered'
          when was.stage_id = r.stage_id and (c.stage_id is distinct from was.stage_id or c.status <> 'open') then 'left'
          when c.stage_id is distinct from was.stage_id and c.deal_id is not null then 'passed'
          else 'held' end,
        'status', r.status,
        'stage', (select s.name from stages s where s.id = r.stage_id),
        'from', (select s.name from stages s where s.id = was.stage_id))
      from (select 1) one
      left join lateral (select x.* from deal_changes x where x.deal_id = r.id and x.held_from = r.at order by x.ordinal desc limit 1) c on true
      left join deal_changes was on was.deal_id = r.id and was.ordinal = c.ordinal - 1)`,
  },
} as const satisfies Subject;

const OF_THE_DEAL = sql`d.company_id, d.connection_id, d.lost_reason, d.attributes, d.created_at, d.created_is_day`;

/**
 * Deals that were won or lost in the period, by closing instant: the latest change into won or lost that no reopening had followed by the
 * cutoff. Credit is the owner's at that instant; the value is the latest known, at the rate of the closing day; the stage is the one it
 * was closed from.
 *
 * `doubt` says why the instant is not what the source says. A deal that closed nobody knows when (`no_closing_date`, `at` -infinity) is
 * `in_period` only where the period is all time; of other periods the first lists it.
 *
 * @param status those with this outcome alone.
 */
function closed(scope: Scope, status?: "won" | "lost"): Sql {
  const allTime = sql`p.starts = '-infinity' and p.ends = 'infinity'`;
  const only = status === undefined ? sql`true` : sql`x.status = ${status}`;
  const dated = closings(
    scope,
    sql`${datedIn(scope, sql`deal_closings x`, sql`x.at`)} and ${only} and x.doubt is distinct from 'no_closing_date'`,
    sql`true`,
  );
  const undated = closings(
    scope,
    sql`${periodTable(scope)} p join deal_closings x on ${only} and x.doubt = 'no_closing_date' and (p.no = 0 or ${allTime})`,
    sql`(${allTime})`,
  );
  return sql`(${dated}) union all (${undated})`;
}

function closings(scope: Scope, from: Sql, inPeriod: Sql): Sql {
  return sql`
    select p.no as period_no, d.id, 0 as nth, x.at, x.at as credited_at, x.at_is_day, x.doubt, ${inPeriod} as in_period, x.status, x.rep_id, x.pipeline_id,
      x.stage_id, x.probability, x.annual_minor, x.currency, ${valueMinor(scope, "x", sql`x.at`)} as value_minor, ${OF_THE_DEAL}
    from ${from} and ${holds(scope, "x")}
    join deals d on d.id = x.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}`;
}

/** Every deal as it was at the end of the period (or at the cutoff, when that is earlier). A period that has not begun has no rows. */
function atEnd(scope: Scope): Sql {
  return stateAtEnd(scope, null);
}

/** Those of them that were open. */
function openAtEnd(scope: Scope): Sql {
  return stateAtEnd(scope, "open");
}

/** The states first, by an index that holds the whole of those that are open; then the deals and the rates, once for all periods. */
function stateAtEnd(scope: Scope, status: "open" | null): Sql {
  const [isSo, said] =
    status === null ? [sql`true`, sql`c.status`] : [sql`c.status = 'open'`, sql`'open'::text as status`];
  const states = byPeriod(
    scope,
    (periods) => sql`
      select p.no as period_no, p.at, c.deal_id, ${said}, c.rep_id, c.pipeline_id, c.stage_id, c.probability, c.annual_minor, c.currency,
        c.expected_close_on
      from ${periods} p join deal_changes c on c.held_from <= p.at and c.held_to > p.at and ${isSo}`,
  );
  const worth = sql`case when c.currency is null or c.currency = ${scope.currency} then c.annual_minor::numeric
    else round(c.annual_minor::numeric * rate.factor) end`;
  return sql`
    select c.period_no, d.id, 0 as nth, c.at, c.at as credited_at, false as at_is_day, c.status, c.rep_id, c.pipeline_id, c.stage_id, c.probability,
      c.annual_minor::numeric as annual_minor, c.currency, ${worth} as value_minor, c.expected_close_on, ${OF_THE_DEAL}
    from (${states}) c
    join deals d on d.id = c.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}
    left join ${ratesAtEnd(scope)} rate on rate.period_no = c.period_no and rate.currency = c.currency`;
}

/**
 * Deals that were created in the period, as they are by the cutoff. What has no creation instant is counted only where the period has no
 * beginning. Credit is the owner's at the closing instant, of open ones at the cutoff. `closed_at`, `closed_is_day` and `doubt` are those of the
 * closing; null where the deal is open.
 */
function created(scope: Scope): Sql {
  // Without the coalesce an index leads to them, and PostgreSQL knows how many there are.
  const isFromEver = scope.periods.some(({ starts }) => starts === null);
  const at = isFromEver ? sql`coalesce(d.created_at, '-infinity')` : sql`d.created_at`;
  // An open deal is in a stage of the pipeline's own, as a rule.
  const openStage = sql`(
    select e.stage_id from deal_entries e where e.deal_id = d.id and e.at <= ${scope.cutoff}::timestamptz and not e.is_skipped
    order by e.ordinal desc limit 1)`;
  // A deal that is closed is known by its closing, so that of all histories those of the open ones alone are read.
  const known = (column: string): Sql =>
    sql`case when x.deal_id is null then l.${sql.id(column)} else x.${sql.id(column)} end as ${sql.id(column)}`;
  return sql`
    select p.no as period_no, d.id, 0 as nth, ${at} as at, d.created_is_day as at_is_day, coalesce(x.status, 'open') as status, ${known("rep_id")},
      case when x.deal_id is null then ${scope.cutoff}::timestamptz else x.at end as credited_at,
      ${known("pipeline_id")}, case when x.deal_id is null then ${openStage} else x.stage_id end as stage_id, ${known("probability")},
      ${known("annual_minor")}, ${known("currency")}, null::numeric as value_minor, x.at as closed_at, x.at_is_day as closed_is_day, x.doubt, ${OF_THE_DEAL}
    from ${datedIn(scope, sql`deals d`, at)} and ${at} <= ${scope.cutoff}::timestamptz and d.merged_into is null and ${stillCounts(scope, "d")}
    left join deal_closings x on x.deal_id = d.id and ${holds(scope, "x")}
    left join deal_changes l on x.deal_id is null and l.deal_id = d.id and l.status = 'open' and ${holds(scope, "l")}
    where x.deal_id is not null or l.deal_id is not null`;
}

/** Those of them that were closed by the cutoff, with what is known of closings: no history is read. */
function createdAndClosed(scope: Scope): Sql {
  return sql`
    select p.no as period_no, d.id, 0 as nth, d.created_at as at, d.created_is_day as at_is_day, x.status, x.rep_id, x.at as credited_at, x.pipeline_id, x.stage_id,
      x.probability, x.annual_minor, x.currency, null::numeric as value_minor, x.at as closed_at, x.at_is_day as closed_is_day, x.doubt, ${OF_THE_DEAL}
    from ${datedIn(scope, sql`deals d`, sql`d.created_at`)} and d.created_at <= ${scope.cutoff}::timestamptz
      and d.merged_into is null and ${stillCounts(scope, "d")}
    join deal_closings x on x.deal_id = d.id and ${holds(scope, "x")}`;
}

/**
 * Deals that were open at the start of the period or were created in it, and whether each `moved_on` in it: reached a later stage of the pipeline
 * than the one it began the period with, or was won. Credit is the owner's at the end of the period, or at the cutoff where that is earlier.
 */
function moving(scope: Scope): Sql {
  const [starts, ends] = [sql`p.starts`, sql`p.ends`];
  return byPeriod(scope, (periods) => {
    // The state in which it began the period: the one that held when it started, else its first.
    const before = sql`select c.* from deal_changes c where c.status = 'open' and c.held_from < ${starts} and c.held_to >= ${starts} and ${isKnown(scope, "c")}`;
    const first = sql`select c.* from deal_changes c where c.status = 'open' and c.held_from >= ${starts} and c.held_from < ${ends} and c.ordinal = 0 and ${isKnown(scope, "c")}`;
    const last = (column: string): Sql => sql`(
      select x.${sql.id(column)} from deal_changes x where x.deal_id = d.id and ${isKnown(scope, "x")} and x.held_from < p.ends order by x.ordinal desc limit 1
    ) as ${sql.id(column)}`;
    return sql`
      select p.no as period_no, d.id, 0 as nth, greatest(p.starts, began.held_from) as at, p.at as credited_at, false as at_is_day, ${last("status")}, ${last("rep_id")},
        ${last("pipeline_id")}, began.stage_id, ${last("probability")}, ${last("annual_minor")}, ${last("currency")}, null::numeric as value_minor,
        exists (
          select from deal_changes x left join stages s on s.id = x.stage_id and s.type = 'open'
          where x.deal_id = d.id and ${isKnown(scope, "x")} and x.held_from < p.ends and x.ordinal > began.ordinal
            and (x.status = 'won' or x.status = 'open' and s.pipeline_id = at_first.pipeline_id and s.position > at_first.position)
        ) as moved_on, ${OF_THE_DEAL}
      from ${periods} p
      join lateral (${before} union all ${first}) began on true
      join deals d on d.id = began.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}
      left join stages at_first on at_first.id = began.stage_id and at_first.type = 'open'
      where p.starts <= ${scope.cutoff}::timestamptz`;
  });
}
