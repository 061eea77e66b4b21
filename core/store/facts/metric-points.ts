import { sql } from "kysely";
import type { Day } from "../../base/time.ts";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

export type PointDimensions = { readonly [dimension: string]: string | null };

/** A number of the metrics store. Money is in minor units of the workspace's currency. */
export type MetricPoint = {
  readonly metric: string;
  readonly dimensions: PointDimensions;
  readonly from: Day | null;
  /** Inclusive. */
  readonly to: Day | null;
  readonly value: number | null;
  readonly numerator: number | null;
  readonly denominator: number | null;
  readonly sampleSize: number;
  readonly freshAsOf: Date | null;
};

/** The latest point of each slice of a metric's period, of every breakdown that was ever stored. */
export async function latestPoints(
  db: Db | Tx,
  metric: string,
  from: Day | null,
  to: Day | null,
): Promise<MetricPoint[]> {
  // `is not distinct from` can't use the index, so a bound that is null asks otherwise.
  const start = from === null ? sql`p.from_day is null` : sql`p.from_day = ${from}::date`;
  const end = to === null ? sql`p.to_day is null` : sql`p.to_day = ${to}::date`;
  const next = (where: ReturnType<typeof sql>): ReturnType<typeof sql> => sql`
    select p.* from metric_points p where p.metric = ${metric} and ${start} and ${end} and ${where}
    order by p.dimensions, p.id desc limit 1`;
  const { rows } = await sql<MetricPoint>`
    with recursive latest as (
      (${next(sql`true`)})
      union all
      select n.* from latest l cross join lateral (${next(sql`p.dimensions > l.dimensions`)}) n
    )
    select metric, dimensions, from_day as "from", to_day as "to", value, numerator, denominator, sample_size as "sampleSize",
      fresh_as_of as "freshAsOf"
    from latest`.execute(db);
  return rows;
}

/** Adds points. @returns their ids, in the order given. */
export async function insertPoints(tx: Tx, points: readonly MetricPoint[], computedAt: Date): Promise<number[]> {
  if (points.length === 0) return [];
  const rows = await tx
    .insertInto("metric_points")
    .values(
      points.map((point) => ({
        metric: point.metric,
        dimensions: storableJson(point.dimensions),
        from_day: point.from,
        to_day: point.to,
        value: point.value,
        numerator: point.numerator,
        denominator: point.denominator,
        sample_size: point.sampleSize,
        fresh_as_of: point.freshAsOf,
        computed_at: computedAt,
      })),
    )
    .returning("id")
    .execute();
  return rows.map((row) => row.id);
}
