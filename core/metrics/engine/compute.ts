import { TributaryError } from "../../base/errors.ts";
import type { Db } from "../../store/db.ts";
import { aggregate, type LeftOut, nothing, type Slicing } from "./aggregate.ts";
import type { AggregateMetric, ComposedMetric, FiguresRow, Scope } from "./define.ts";
import { asTheyAre } from "./as-of.ts";
import { checkValues, type Dimension, findDimension } from "./dimensions.ts";
import type { MetricQuery } from "./query.ts";

/** The slicing that the query asks for. @throws TributaryError `kpi.unknown_dimension`, `kpi.unknown_value` */
export async function slicingOf(
  db: Db,
  metric: AggregateMetric | ComposedMetric,
  query: MetricQuery,
): Promise<Slicing> {
  const always = (metric.alwaysBy ?? []).flatMap((names) => {
    const alternatives = names.split("|");
    return alternatives.some((name) => query.by.includes(name)) ? [] : alternatives.slice(0, 1);
  });
  const by = [];
  for (const name of new Set([...query.by, ...always])) by.push(await findDimension(db, metric, name));
  const values = new Map<string, string[]>();
  for (const { dimension, value } of query.filters) values.set(dimension, [...(values.get(dimension) ?? []), value]);
  const filters = [];
  for (const [name, wanted] of values) {
    filters.push(await filterOf(db, metric, { name, values: wanted, asOf: query.asOf }));
  }
  return { by, filters };
}

/**
 * Only what has one of the values. That they are values of the dimension is looked up among what is known now, also where the question is about
 * the past: who came later had none then, and 0 is right.
 *
 * @throws TributaryError `kpi.unknown_dimension`, `kpi.unknown_value`
 */
export async function filterOf(
  db: Db,
  metric: AggregateMetric | ComposedMetric,
  { name, values, asOf }: { readonly name: string; readonly values: readonly string[]; readonly asOf: Date | null },
): Promise<Slicing["filters"][number]> {
  const dimension = await findDimension(db, metric, name);
  const parts = metric.kind === "composed" ? metric.parts : [];
  const everyones = new Set([dimension.everyone, ...parts.map((part) => dimensionOf(part, dimension).everyone)]);
  if (metric.subject.isOpaque !== true)
    await asTheyAre(db, asOf, async () => checkValues(db, name, [...everyones], values));
  return { dimension, values };
}

/** The figures of a metric: in order of period, then of the slice. Money is in minor units of the workspace's currency. @param leftOut takes what was left out. */
export async function compute(
  db: Db,
  metric: AggregateMetric | ComposedMetric,
  scope: Scope,
  slicing: Slicing,
  leftOut: LeftOut = new Map(),
): Promise<FiguresRow[]> {
  const rows = await figuresOf(db, metric, scope, slicing, leftOut);
  const periodNo = new Map(scope.periods.map((period, no) => [period, no]));
  rows.sort((a, b) => (periodNo.get(a.period) ?? 0) - (periodNo.get(b.period) ?? 0) || compareGroups(a, b));
  const { finish } = metric;
  if (finish === undefined) return rows;
  const names = slicing.by.map(({ name }) => name);
  return scope.periods.flatMap((period) =>
    finish(
      rows.filter((row) => row.period === period),
      names,
    ),
  );
}

async function figuresOf(
  db: Db,
  metric: AggregateMetric | ComposedMetric,
  scope: Scope,
  slicing: Slicing,
  leftOut: LeftOut,
): Promise<FiguresRow[]> {
  return metric.kind === "composed"
    ? compose(db, metric, scope, slicing, leftOut)
    : aggregate(db, metric, scope, slicing, leftOut);
}

async function compose(
  db: Db,
  metric: ComposedMetric,
  scope: Scope,
  slicing: Slicing,
  leftOut: LeftOut,
): Promise<FiguresRow[]> {
  const rowsOfParts: FiguresRow[][] = [];
  for (const part of metric.parts)
    rowsOfParts.push(await figuresOf(db, part, scope, slicingOfPart(part, slicing), leftOut));
  const slices = new Map(rowsOfParts.flat().map((row) => [sliceId(row), row]));
  const parts = rowsOfParts.map((rows) => new Map(rows.map((row) => [sliceId(row), row])));
  return [...slices].map(([id, { period, groups }]) => ({
    ...metric.combine(
      metric.parts.map((part, i) => parts[i]?.get(id) ?? nothing(part, period, scope)),
      { scope, period },
    ),
    period,
    groups,
  }));
}

/** The slicing of a composed metric as a part takes it: a dimension of one name may be found another way in the part's rows. */
export function slicingOfPart(part: AggregateMetric | ComposedMetric, slicing: Slicing): Slicing {
  return {
    by: slicing.by.map((dimension) => dimensionOf(part, dimension)),
    filters: slicing.filters.map(({ dimension, values }) => ({ dimension: dimensionOf(part, dimension), values })),
  };
}

function dimensionOf(part: AggregateMetric | ComposedMetric, dimension: Dimension): Dimension {
  return { ...dimension, ...part.subject.dimensions[dimension.name] };
}

/** Tells the row of a slice and period from the others of the same query. */
export function sliceId(row: FiguresRow): string {
  return JSON.stringify([row.period.from, row.period.to, ...row.groups.map((group) => group.key)]);
}

/** What has no value comes last. */
function compareGroups(a: FiguresRow, b: FiguresRow): number {
  for (const [index, one] of a.groups.entries()) {
    const two = b.groups[index];
    const left = one.order ?? one.label;
    const right = two?.order ?? two?.label ?? null;
    if (left === right) continue;
    if (left === null) return 1;
    if (right === null) return -1;
    return left.localeCompare(right, "en", { sensitivity: "base" }) || (left < right ? -1 : 1);
  }
  return 0;
}

/** For metrics that are worked out only as a whole. */
export function notRankable(metric: string): TributaryError {
  return new TributaryError({
    code: "kpi.not_rankable",
    kind: "config",
    message: `${metric} can't be asked for with "of".`,
    mend: "Rank by a KPI that can be broken down by rep and is not broken down by stage, such as won_value.",
  });
}
