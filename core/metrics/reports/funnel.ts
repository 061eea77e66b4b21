import { sql } from "kysely";
import type { Db } from "../../store/db.ts";
import { readWorkspace } from "../../store/setup/workspace.ts";
import type { Range } from "../ask/period.ts";
import { computeMetric, evaluateMetric, type Computed } from "../ask/evaluate.ts";
import { asKnown } from "../engine/as-of.ts";
import type { FiguresRow } from "../engine/define.ts";
import { slicingOf } from "../engine/compute.ts";
import { hasValue, joinsOf } from "../engine/dimensions.ts";
import type { MetricAnswer, MetricFilter, MetricQuery } from "../engine/query.ts";
import { isKnown } from "../engine/row-parts.ts";
import { scopeOf } from "../engine/scope.ts";
import { stageConversion } from "../kpis/stages/stage-conversion.ts";
import { stageStay } from "../subjects/stage-stay.ts";

/**
 * The funnel of a period: what became of every entry into a stage. Each has one outcome, the first of these that holds by as-of:
 *
 *     went on (reached a later stage, or won) · lost here · went back · moved to another pipeline · still there
 *
 * and they add up to the entries. A deal enters a stage once in a period; a skipped stage was entered and passed.
 */
export type FunnelQuery = {
  readonly range: Range;
  readonly by: readonly string[];
  readonly filters: readonly MetricFilter[];
  readonly asOf: Date | null;
  readonly now: Date;
};

export type FunnelStage = {
  readonly dimensions: { readonly [dimension: string]: string | null };
  readonly stage: string | null;
  readonly entered: number;
  readonly went_on: number;
  readonly lost: number;
  readonly went_back: number;
  readonly moved_away: number;
  readonly still_there: number;
  /** Of the entries, the share that went on; with its Wilson interval. */
  readonly conversion: number | null;
  readonly interval: readonly [number, number] | null;
  /** Of the stays that ended in the period, the share that ended forwards: in a later stage, or won. */
  readonly snapshot_conversion: number | null;
  readonly leak: number | null;
  readonly is_leakiest: boolean;
  /** Median, in days, of the stays that ended in the period. */
  readonly time_in_stage: number | null;
};

/** The closing numbers of a slice. */
export type FunnelTotals = {
  readonly dimensions: { readonly [dimension: string]: string | null };
  readonly win_rate: number | null;
  readonly sales_velocity: number | null;
  readonly time_to_close_mean: number | null;
  readonly time_to_close_median: number | null;
};

export type Funnel = {
  readonly from: string | null;
  readonly to: string | null;
  readonly as_of: string;
  readonly timezone: string;
  readonly currency: string;
  readonly fresh_as_of: string | null;
  /** By slice, then in the order of pipelines and their stages. */
  readonly stages: readonly FunnelStage[];
  readonly totals: readonly FunnelTotals[];
};

type Cell = { readonly key: string | null; readonly label: string | null; readonly order: string | null };
type Counted = {
  readonly cells: readonly Cell[];
  readonly entered: number;
  readonly went_on: number;
  readonly lost: number;
  readonly went_back: number;
  readonly moved_away: number;
  readonly still_there: number;
};
type Left = { readonly cells: readonly Cell[]; readonly stays: number; readonly forwards: number };

/** @throws TributaryError `kpi.bad_period`, `kpi.unknown_dimension`, `kpi.unknown_value` */
export async function funnel(db: Db, query: FunnelQuery): Promise<Funnel> {
  return asKnown(db, query.asOf, (then) => funnelNow(then, query));
}

async function funnelNow(db: Db, query: FunnelQuery): Promise<Funnel> {
  const { range, filters, asOf, now } = query;
  const by = query.by.filter((name) => name !== "stage");
  const asked: MetricQuery = { metric: stageConversion.id, ...range, by, filters, grain: null, asOf, now };
  const scope = await scopeOf(db, await readWorkspace(db), stageStay, asked);
  const slicing = await slicingOf(db, stageConversion, { ...asked, by: [...by, "stage"] });
  const joins = joinsOf([...slicing.by, ...slicing.filters.map((filter) => filter.dimension)]);
  const conditions = slicing.filters.map((filter) => hasValue(filter.dimension, filter.values));
  const where = sql.join([sql`true`, ...conditions], sql` and `);
  const cells = slicing.by.map(
    (d) => sql`json_build_object('key', ${d.key}, 'label', ${d.label}, 'order', ${d.order})`,
  );
  const { rows: counted } = await sql<Counted>`
    select s.cells::json as cells, count(*) as entered,
      count(*) filter (where s.outcome = 'went_on') as went_on, count(*) filter (where s.outcome = 'lost') as lost,
      count(*) filter (where s.outcome = 'went_back') as went_back, count(*) filter (where s.outcome = 'moved_away') as moved_away,
      count(*) filter (where s.outcome = 'still_there') as still_there
    from (
      select json_build_array(${sql.join(cells)})::text as cells, case
          when r.went_on or r.status = 'won' then 'went_on'
          when r.lost_here then 'lost'
          when last.pipeline_id is distinct from own.pipeline_id then 'moved_away'
          when last.position < own.position then 'went_back'
          else 'still_there' end as outcome
      from (${stageStay.rows.entries(scope)}) r
      join stages own on own.id = r.stage_id
      left join lateral (
        select s.pipeline_id, s.position from deal_changes x join stages s on s.id = x.stage_id and s.type = 'open'
        where x.deal_id = r.id and ${isKnown(scope, "x")} order by x.ordinal desc limit 1
      ) last on true
      ${joins} where ${where}
    ) s group by s.cells`.execute(db);
  const { rows: left } = await sql<Left>`
    select s.cells::json as cells, count(*) as stays, count(*) filter (where s.is_forward) as forwards
    from (
      select json_build_array(${sql.join(cells)})::text as cells,
        next.status = 'won' or next.pipeline_id = own.pipeline_id and next.position > own.position as is_forward
      from (${stageStay.rows.stays(scope)}) r
      join stages own on own.id = r.stage_id
      left join lateral (
        select x.status, s.pipeline_id, s.position from deal_changes x left join stages s on s.id = x.stage_id and s.type = 'open'
        where x.deal_id = r.id and x.held_from = r.at and ${isKnown(scope, "x")} order by x.ordinal desc limit 1
      ) next on true
      ${joins} where ${where}
    ) s group by s.cells`.execute(db);
  const byStage = (metric: string) => computeMetric(db, { ...asked, metric, by: [...by, "stage"] });
  const conversion = await byStage("stage_conversion");
  const [leaks, times] = [bySlice(await byStage("stage_leak")), bySlice(await byStage("time_in_stage"))];
  const totals: MetricAnswer[] = [];
  for (const metric of ["win_rate", "sales_velocity", "time_to_close_mean", "time_to_close_median"])
    totals.push(await evaluateMetric(db, { ...asked, metric }));
  const outcomes = new Map(counted.map((row) => [keyOf(row.cells), row]));
  const exits = new Map(left.map((row) => [keyOf(row.cells), row]));
  // In the order of the conversion's rows: slices, then pipelines and their stages.
  const stages = conversion.rows.map((row): FunnelStage => {
    const id = keyOf(row.groups);
    const [found, exit, leak] = [outcomes.get(id), exits.get(id), leaks.get(id)];
    const labels = Object.fromEntries(
      conversion.dimensions.map((name, place) => [name, row.groups[place]?.label ?? null]),
    );
    const { stage, ...dimensions } = labels;
    return {
      dimensions,
      stage: stage ?? null,
      entered: found?.entered ?? 0,
      went_on: found?.went_on ?? 0,
      lost: found?.lost ?? 0,
      went_back: found?.went_back ?? 0,
      moved_away: found?.moved_away ?? 0,
      still_there: found?.still_there ?? 0,
      conversion: row.value,
      interval: row.interval,
      snapshot_conversion: exit === undefined || exit.stays === 0 ? null : exit.forwards / exit.stays,
      leak: leak?.value ?? null,
      is_leakiest: leak?.extras?.["is_leakiest"] === true,
      time_in_stage: times.get(id)?.value ?? null,
    };
  });
  const slices = new Map(
    totals.flatMap((answer) => answer.rows.map((row) => [JSON.stringify(row.dimensions), row.dimensions])),
  );
  const totalOf = (place: number, key: string): number | null =>
    totals[place]?.rows.find((row) => JSON.stringify(row.dimensions) === key)?.value ?? null;
  return {
    ...range,
    as_of: scope.cutoff.toISOString(),
    timezone: scope.timeZone,
    currency: scope.currency,
    fresh_as_of: conversion.freshAsOf?.toISOString() ?? null,
    stages,
    totals: [...slices].map(([key, dimensions]) => ({
      dimensions,
      win_rate: totalOf(0, key),
      sales_velocity: totalOf(1, key),
      time_to_close_mean: totalOf(2, key),
      time_to_close_median: totalOf(3, key),
    })),
  };
}

function bySlice(computed: Computed): Map<string, FiguresRow> {
  return new Map(computed.rows.map((row) => [keyOf(row.groups), row]));
}

function keyOf(cells: readonly { readonly key: string | null }[]): string {
  return JSON.stringify(cells.map((cell) => cell.key));
}
