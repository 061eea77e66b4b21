import { TributaryError } from "../../base/errors.ts";
import { majorUnits } from "../../base/money.ts";
import type { Db } from "../../store/db.ts";
import type { Measured } from "../../schema/canonical.ts";
import { readWorkspace } from "../../store/setup/workspace.ts";
import type { LeftOut, Slicing } from "../engine/aggregate.ts";
import { compute, notRankable, slicingOf } from "../engine/compute.ts";
import { asKnown } from "../engine/as-of.ts";
import {
  dimensionNames,
  type AggregateMetric,
  type ComposedMetric,
  type FiguresRow,
  type MetricDefinition,
  type Scope,
  type Unit,
} from "../engine/define.ts";
import { freshAsOf, readSourcesOf, type Source } from "../engine/freshness.ts";
import { rank } from "../engine/leaderboard.ts";
import type { AnswerSource, MetricAnswer, MetricQuery, MetricRow } from "../engine/query.ts";
import { scopeOf } from "../engine/scope.ts";
import { type Catalogue, readCatalogue } from "../catalogue.ts";
import { type DependsOn, measuredBy } from "./depends.ts";
import { notesOf } from "./notes.ts";

/** An answer before it is dressed: money in minor units, dimensions as groups in the order of `dimensions`. */
export type Computed = {
  readonly definition: MetricDefinition;
  /** What was computed: the definition itself, or what a leaderboard ranks by. */
  readonly metric: AggregateMetric | ComposedMetric;
  readonly scope: Scope;
  readonly slicing: Slicing;
  readonly dimensions: readonly string[];
  readonly rows: readonly FiguresRow[];
  readonly leftOut: LeftOut;
  readonly freshAsOf: Date | null;
  /** What its sources have to give, and those that do or should. */
  readonly measured: ReadonlySet<Measured>;
  readonly sources: readonly Source[];
};

/** The metric that the query computes, and its slicing and scope. @throws TributaryError `kpi.unknown_metric`, `kpi.unknown_dimension`, `kpi.unknown_value`, `kpi.not_rankable`, `kpi.bad_period`, `kpi.too_many_periods` */
export async function prepare(
  db: Db,
  query: MetricQuery,
): Promise<Omit<Computed, "rows" | "leftOut" | "freshAsOf" | "sources">> {
  const catalogue = await readCatalogue(db);
  const definition = catalogue.need(query.metric);
  const metric = computedBy(catalogue, definition, query.of ?? null);
  // A leaderboard is by rep and by nothing else.
  const by = definition.kind === "ranking" ? ["rep"] : query.by;
  const slicing = await slicingOf(db, metric, { ...query, by });
  const workspace = await readWorkspace(db);
  const scope = await scopeOf(db, workspace, metric.subject, query);
  const curveBy = metric.kind === "composed" ? undefined : metric.curveBy;
  const dimensions = [...slicing.by.map((dimension) => dimension.name), ...(curveBy === undefined ? [] : [curveBy])];
  return { definition, metric, scope, slicing, dimensions, measured: measuredBy(query, metric, catalogue) };
}

/** What is computed for a metric that may be one `of` another. */
function computedBy(
  catalogue: Catalogue,
  definition: MetricDefinition,
  of: string | null,
): AggregateMetric | ComposedMetric {
  if (definition.kind === "ranking") return rankedBy(catalogue.need(of ?? definition.defaultOf));
  if (definition.kind !== "derived") {
    if (of !== null) throw notRankable(definition.id);
    return definition;
  }
  const metric = catalogue.need(of ?? definition.defaultOf);
  if (
    metric.kind === "ranking" ||
    metric.kind === "derived" ||
    metric.kind === "composed" ||
    metric.alwaysBy !== undefined
  )
    throw new TributaryError({
      code: "kpi.no_goals_of",
      kind: "config",
      message: `${definition.id} can't be asked of ${metric.id}.`,
      mend: "Ask for it of a KPI that counts or sums, such as won_value or deals_won.",
    });
  return definition.derive(metric);
}

function rankedBy(metric: MetricDefinition): AggregateMetric | ComposedMetric {
  if (
    metric.kind === "ranking" ||
    metric.kind === "derived" ||
    metric.alwaysBy !== undefined ||
    !dimensionNames(metric).includes("rep")
  )
    throw notRankable(metric.id);
  return metric;
}

/** Computes without dressing up. Throws what {@link prepare} throws. */
export async function computeMetric(db: Db, query: MetricQuery): Promise<Computed> {
  return asKnown(db, query.asOf, (then) => computeNow(then, query));
}

async function computeNow(db: Db, query: MetricQuery): Promise<Computed> {
  const prepared = await prepare(db, query);
  const { definition, metric, scope, slicing } = prepared;
  const leftOut: LeftOut = new Map();
  const rows: readonly FiguresRow[] =
    definition.kind === "ranking"
      ? await rank(db, metric, scope, slicing, await readWorkspace(db), leftOut)
      : await compute(db, metric, scope, slicing, leftOut);
  const sources = await readSourcesOf(db, prepared.measured, scope.cutoff);
  return { ...prepared, rows, leftOut, sources, freshAsOf: freshAsOf(sources) };
}

/**
 * Answers a question.
 *
 * @throws TributaryError `kpi.unknown_metric`, `kpi.unknown_dimension`, `kpi.unknown_value` (these name those there are), `kpi.not_rankable`, `kpi.bad_period`,
 * `kpi.too_many_periods`
 */
export async function evaluateMetric(db: Db, query: MetricQuery): Promise<MetricAnswer> {
  return asKnown(db, query.asOf, (then) => evaluateNow(then, query));
}

async function evaluateNow(db: Db, query: MetricQuery): Promise<MetricAnswer> {
  return answerOf(query, await computeNow(db, query));
}

/** The answer that was computed, dressed. */
export function answerOf(query: MetricQuery, computed: Computed): MetricAnswer {
  const { definition, metric, scope } = computed;
  const answer = {
    metric: definition.id,
    unit: metric.unit,
    from: query.from,
    to: query.to,
    as_of: scope.cutoff.toISOString(),
    timezone: scope.timeZone,
    currency: scope.currency,
    rows: computed.rows.map((row) => dress(metric, row, computed.dimensions, scope.currency)),
    exceptions: [...[...computed.leftOut].map(([reason, count]) => ({ reason, count })), ...unmappedStages(computed)],
    ...(definition.isInWorkingTime === true && scope.working === null ? { all_time_is_working: true as const } : {}),
  };
  return withSources(answer, computed.sources);
}

/** By canonical stage, what is in a stage that nobody has mapped to one has no place. */
function unmappedStages({ dimensions, rows }: Computed): MetricAnswer["exceptions"] {
  const at = dimensions.indexOf("canonical_stage");
  if (at < 0) return [];
  const count = rows.reduce((sum, row) => (row.groups[at]?.key === null ? sum + row.sampleSize : sum), 0);
  return count === 0 ? [] : [{ reason: "stage_not_mapped", count }];
}

/** How a source stands, as answers tell it. */
export function answerSource(source: Source): AnswerSource {
  return {
    connection: source.connection,
    title: source.title,
    fresh_as_of: source.freshAsOf?.toISOString() ?? null,
    state: source.state,
    reason: source.reason,
    detail: source.detail,
    refused: source.refused,
    held_deletions: source.heldDeletions,
  };
}

/** An answer with how its sources stand: that changes while the numbers do not. */
export function withSources(
  answer: Omit<MetricAnswer, "fresh_as_of" | "sources" | "notes">,
  found: readonly Source[],
): MetricAnswer {
  const sources = found.map(answerSource);
  const notes = notesOf({ ...answer, sources });
  return { ...answer, fresh_as_of: freshAsOf(found)?.toISOString() ?? null, sources, notes };
}

/** What the sources of a question's answer have to give. @throws TributaryError as {@link prepare} */
export function measuredOf(query: DependsOn, catalogue: Catalogue): ReadonlySet<Measured> {
  return measuredBy(query, computedBy(catalogue, catalogue.need(query.metric), query.of ?? null), catalogue);
}

/** Whether a metric's value, numerator and denominator are money. */
export function moneyParts(metric: AggregateMetric | ComposedMetric): {
  value: boolean;
  numerator: boolean;
  denominator: boolean;
} {
  const isMoney = isMoneyUnit(metric.unit);
  const isShareOfMoney = metric.isOfMoney === true;
  return { value: isMoney, numerator: isMoney || isShareOfMoney, denominator: isShareOfMoney };
}

function isMoneyUnit(unit: Unit): boolean {
  return unit === "money" || unit === "money_per_day";
}

function dress(
  metric: AggregateMetric | ComposedMetric,
  row: FiguresRow,
  names: readonly string[],
  currency: string,
): MetricRow {
  const money = moneyParts(metric);
  const main = (value: number | null, isMoney: boolean): number | null =>
    value === null || !isMoney ? value : majorUnits(value, currency);
  return {
    dimensions: Object.fromEntries(names.map((name, index) => [name, row.groups[index]?.label ?? null])),
    period: row.period.label,
    value: main(row.value, money.value),
    numerator: main(row.numerator, money.numerator),
    denominator: main(row.denominator, money.denominator),
    sample_size: row.sampleSize,
    interval: row.interval,
    ...row.extras,
  };
}

/** The metrics whose measured rows are behind a number, the first first. */
export function recordParts(metric: AggregateMetric | ComposedMetric): readonly AggregateMetric[] {
  return metric.kind === "composed" ? metric.recordsOf : [metric];
}
