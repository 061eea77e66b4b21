import { sql } from "kysely";
import type { Scope, Sql } from "../engine/define.ts";
import { dayIn, daysBefore, partsOf, periodTable, stillCounts } from "../engine/row-parts.ts";

/** A stage's own stays, or its pipeline's, speak only where there are so many. */
const MIN_STAYS = 20;
const HISTORY_DAYS = 365;

/**
 * The median of the completed stays of the year before each period's end (or the cutoff), as CTEs: `of_stage` (period_no, stage_id, days) and
 * `of_pipeline` (period_no, pipeline_id, days), where there are enough.
 *
 * Not by sorting them all, which for a year of a large company takes longer than everything else: they are put into `piles` by whole days, and only the
 * piles that hold the middle are looked through. The years of twelve months overlap, so piles are made between the bounds of all years.
 */
export function usualStays(scope: Scope): Sql {
  const years = daysBefore(scope, HISTORY_DAYS);
  const parts = partsOf(years);
  const days = sql`case when s.started_is_day or s.ended_is_day
    then (${dayIn(scope, sql`s.ended_at`)} - ${dayIn(scope, sql`s.started_at`)})::float8
    else date_part('epoch', s.ended_at - s.started_at) / 86400 end`;
  const median = (of: "stage_id" | "pipeline_id"): Sql => {
    const key = sql.id(of);
    return sql`
      select v.period_no, v.${key}, min(v.day) + 0.5::float8 * (max(v.day) - min(v.day)) as days
      from (
        select m.period_no, m.${key}, m.total, day,
          min(m.before) over w + row_number() over (w order by day) - 1 as place
        from (
          select r.* from (
            select n.*, sum(n.stays) over (w order by n.whole) - n.stays as before, sum(n.stays) over w as total
            from (
              select p.no as period_no, h.${key}, h.whole, sum(h.stays)::bigint as stays
              from ${periodTable(years)} p join piles h on ${parts.isIn(sql`h.part`)} group by 1, 2, 3
            ) n
            window w as (partition by n.period_no, n.${key})
          ) r
          where r.total >= ${MIN_STAYS} and r.before + r.stays > div(r.total - 1, 2) and r.before <= div(r.total, 2)
        ) m
        join ${periodTable(years)} p on p.no = m.period_no
        join piles h on h.${key} = m.${key} and h.whole = m.whole and ${parts.isIn(sql`h.part`)}
        cross join lateral unnest(h.days) day
        window w as (partition by m.period_no, m.${key})
      ) v
      where v.place in (div(v.total - 1, 2), div(v.total, 2))
      group by 1, 2`;
  };
  return sql`
    piles as materialized (
      select s.part, s.stage_id, s.pipeline_id, s.whole, count(*) as stays, array_agg(s.days) as days
      from (
        select s.part, s.stage_id, s.pipeline_id, s.days, floor(s.days) as whole
        from (
          select ${parts.partOf(sql`s.ended_at`)} as part, s.stage_id, s.pipeline_id, ${days} as days
          from deal_stays s join deals d on d.id = s.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}
          where ${parts.isInAny(sql`s.ended_at`)} and s.ended_at <= ${scope.cutoff}::timestamptz and isfinite(s.started_at) and isfinite(s.ended_at)
          offset 0
        ) s
      ) s
      group by 1, 2, 3, 4
    ),
    of_stage as materialized (${median("stage_id")}),
    of_pipeline as materialized (${median("pipeline_id")})`;
}
