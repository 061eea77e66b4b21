import { sql } from "kysely";
import type { Db } from "../../store/db.ts";
import type { Workspace } from "../../store/setup/workspace.ts";
import { previousRange, wholePeriod } from "../ask/period.ts";
import { type LeftOut, nothing, type Slicing } from "./aggregate.ts";
import { compute } from "./compute.ts";
import type { AggregateMetric, ComposedMetric, Figures, FiguresRow, Scope } from "./define.ts";

/**
 * Reps in the order of a metric, in each period, with `rank`, `previous_rank` and `movement`. Equal values share a rank and the next one is skipped (1, 2, 2, 4). Reps who have nothing
 * come last: with 0 for counts and sums, with null and no rank for ratios.
 */
export async function rank(
  db: Db,
  metric: AggregateMetric | ComposedMetric,
  scope: Scope,
  slicing: Slicing,
  workspace: Workspace,
  leftOut: LeftOut,
): Promise<FiguresRow[]> {
  const reps = await repsToList(db, slicing);
  const before = scope.periods.map((period) => previousRange(period));
  const earlier = {
    ...scope,
    periods: before.flatMap((range) => (range === null ? [] : [wholePeriod(range, workspace)])),
  };
  const rows = await compute(db, metric, scope, slicing, leftOut);
  const rowsBefore = earlier.periods.length === 0 ? [] : await compute(db, metric, earlier, slicing);
  return scope.periods.flatMap((period, no) => {
    const range = before[no] ?? null;
    const ranked = order(
      metric,
      scope,
      rows.filter((row) => row.period === period),
      reps,
      period,
    );
    const then = rowsBefore.filter((row) => row.period.from === range?.from && row.period.to === range?.to);
    const rankedThen = range === null ? [] : order(metric, scope, then, reps, wholePeriod(range, workspace));
    const ranksThen = new Map(rankedThen.map((row) => [row.groups[0]?.key, row.rank]));
    return ranked.map(({ rank: now, ...row }) => {
      const previous = ranksThen.get(row.groups[0]?.key) ?? null;
      const movement = previous === null || now === null ? null : previous - now;
      return { ...row, extras: { rank: now, previous_rank: previous, movement } };
    });
  });
}

type Rep = { readonly key: string; readonly label: string };

function order(
  metric: AggregateMetric | ComposedMetric,
  scope: Scope,
  rows: readonly FiguresRow[],
  reps: readonly Rep[],
  period: FiguresRow["period"],
): (FiguresRow & { readonly rank: number | null })[] {
  const present = rows.filter((row) => row.sampleSize > 0 && row.value !== null && row.groups[0]?.key != null);
  const sign = metric.better === "lower" ? 1 : -1;
  const sorted = present.toSorted((a, b) => sign * ((a.value ?? 0) - (b.value ?? 0)));
  const ranked = sorted.map((row) => ({ ...row, rank: 1 + sorted.findIndex((other) => other.value === row.value) }));
  const listed = new Set(present.map((row) => row.groups[0]?.key));
  const empty = metric.kind === "composed" ? noFigures : nothing(metric, period, scope);
  const rest = [
    ...rows.filter((row) => !present.includes(row) && row.groups[0]?.key != null),
    ...reps
      .filter((rep) => !rows.some((row) => row.groups[0]?.key === rep.key))
      .map((rep) => ({ ...empty, period, groups: [{ ...rep, order: null }] })),
  ].filter((row) => !listed.has(row.groups[0]?.key));
  return [...ranked, ...rest.map((row) => ({ ...row, rank: row.value === null ? null : present.length + 1 }))];
}

const noFigures: Figures = {
  value: null,
  numerator: null,
  denominator: null,
  sampleSize: 0,
  interval: null,
  exceptions: 0,
};

/** Reps who may be on the board without having anything: those who work here now, in the slice where it is about reps or teams. */
async function repsToList(db: Db, { filters }: Slicing): Promise<Rep[]> {
  const wanted = (name: string): readonly string[] | null =>
    filters.find((filter) => filter.dimension.name === name)?.values.map((value) => value.toLowerCase()) ?? null;
  const names = wanted("rep");
  const teams = wanted("team");
  const { rows } = await sql<Rep>`
    select rep.id::text as key, coalesce(rep.name, rep.email, rep.external_id) as label
    from reps rep
    where rep.merged_into is null and rep.deleted_at is null and rep.is_active is distinct from false
      and (${names}::text[] is null or lower(coalesce(rep.name, rep.email, rep.external_id)) = any(${names}) or rep.id::text = any(${names}))
      and (${teams}::text[] is null or exists (
        select from team_memberships m
        left join reps member on member.id = m.rep_id
        join teams joined on joined.id = m.team_id
        join teams team on team.id = coalesce(joined.merged_into, joined.id)
        where coalesce(member.merged_into, m.rep_id) = rep.id and (m.held_to is null or m.held_to = 'infinity')
          and (lower(coalesce(team.name, team.external_id)) = any(${teams}) or team.id::text = any(${teams}))))
    order by 2, 1`.execute(db);
  return rows;
}
