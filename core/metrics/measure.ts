import { majorUnits } from "../base/money.ts";
import type { Day } from "../base/time.ts";
import type { MetricPoint, PointDimensions } from "../store/facts/metric-points.ts";
import type { EventData } from "../outbox/catalogue.ts";
import type { MetricQuery } from "./engine/query.ts";
import { moneyParts, type Computed } from "./ask/evaluate.ts";
import type { Period } from "./ask/period.ts";

/** A point that is new, and what stood there before; null: nothing did. */
export type ChangedPoint = { readonly point: MetricPoint; readonly before: MetricPoint | null };

/** The computed rows of one period as points: a filter is a dimension with one value. */
export function pointsOf(query: MetricQuery, computed: Computed, period: Period): MetricPoint[] {
  const { definition, dimensions, freshAsOf } = computed;
  const filtered = new Map<string, string>();
  for (const { dimension, value } of query.filters) {
    const known = filtered.get(dimension);
    filtered.set(dimension, known === undefined ? value : `${known}|${value}`);
  }
  return computed.rows
    .filter((row) => row.period === period)
    .map((row) => ({
      metric: definition.id,
      dimensions: {
        ...Object.fromEntries(filtered),
        ...Object.fromEntries(dimensions.map((name, index) => [name, row.groups[index]?.label ?? null])),
      },
      from: period.from,
      to: period.to,
      value: row.value,
      numerator: row.numerator,
      denominator: row.denominator,
      sampleSize: row.sampleSize,
      freshAsOf,
    }));
}

/**
 * What differs from the latest stored points of the same period. A slice that has no row any more (the only win of a rep was undone) is
 * back at what nothing amounts to.
 *
 * @param stored of every breakdown of the metric; only those of this query's breakdown and filters are looked at.
 */
export function changedPoints(
  query: MetricQuery,
  computed: Computed,
  points: readonly MetricPoint[],
  stored: readonly MetricPoint[],
): ChangedPoint[] {
  const latest = new Map(stored.map((point) => [idOf(point.dimensions), point]));
  const changed: ChangedPoint[] = [];
  for (const point of points) {
    const before = latest.get(idOf(point.dimensions)) ?? null;
    if (before === null || !isSame(before, point)) changed.push({ point, before });
  }
  const present = new Set(points.map((point) => idOf(point.dimensions)));
  const empty = computed.metric.kind === "count" || computed.metric.kind === "sum" ? 0 : null;
  for (const before of stored) {
    if (present.has(idOf(before.dimensions)) || !isOfQuery(query, computed, before.dimensions)) continue;
    const gone = { value: empty, numerator: null, denominator: null, sampleSize: 0 };
    const point = { ...before, ...gone, freshAsOf: computed.freshAsOf };
    if (before.sampleSize !== 0 || before.value !== empty) changed.push({ point, before });
  }
  return changed;
}

/** Sums of fractions of days come out a hair apart when PostgreSQL adds them in another order. */
const TOLERANCE = 1e-12;

function isSame(a: MetricPoint, b: MetricPoint): boolean {
  const isEqual = (x: number | null, y: number | null): boolean =>
    x === y || (x !== null && y !== null && Math.abs(x - y) <= TOLERANCE * Math.max(Math.abs(x), Math.abs(y)));
  return (
    isEqual(a.value, b.value) &&
    isEqual(a.numerator, b.numerator) &&
    isEqual(a.denominator, b.denominator) &&
    a.sampleSize === b.sampleSize
  );
}

function idOf(dimensions: PointDimensions): string {
  return JSON.stringify(Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether a stored slice is one that the query would have given. */
function isOfQuery(query: MetricQuery, computed: Computed, dimensions: PointDimensions): boolean {
  const asked = new Set([...computed.dimensions, ...query.filters.map((filter) => filter.dimension)]);
  const names = Object.keys(dimensions);
  return (
    names.length === asked.size &&
    names.every((name) => asked.has(name)) &&
    query.filters.every(
      ({ dimension, value }) =>
        computed.dimensions.includes(dimension) || (dimensions[dimension] ?? "").split("|").includes(value),
    )
  );
}

/** What `kpi.updated` tells of a changed point. Money is in main units. `notes`: what is missing from the answer. */
export function kpiUpdated(
  computed: Computed,
  notes: readonly string[],
  { point, before }: ChangedPoint,
): EventData<"kpi.updated"> {
  const { scope, metric } = computed;
  const money = moneyParts(metric);
  const main = (value: number | null, isMoney: boolean): number | null =>
    value === null || !isMoney ? value : majorUnits(value, scope.currency);
  return {
    metric: point.metric,
    unit: metric.unit,
    currency: scope.currency,
    timezone: scope.timeZone,
    dimensions: { ...point.dimensions },
    from: point.from satisfies Day | null,
    to: point.to,
    value: main(point.value, money.value),
    previous_value: main(before?.value ?? null, money.value),
    numerator: main(point.numerator, money.numerator),
    denominator: main(point.denominator, money.denominator),
    sample_size: point.sampleSize,
    as_of: scope.cutoff.toISOString(),
    fresh_as_of: point.freshAsOf?.toISOString() ?? null,
    notes: [...notes],
  };
}
