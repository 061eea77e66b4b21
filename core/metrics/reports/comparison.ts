import { TributaryError } from "../../base/errors.ts";
import type { Day } from "../../base/time.ts";
import type { Db } from "../../store/db.ts";
import { isClear, LEAST_OF_A_GROUP, moreNeeded, newcombeInterval, type Share } from "../../forecast/newcombe.ts";
import { evaluateMetric } from "../ask/evaluate.ts";
import type { MetricAnswer, MetricQuery } from "../engine/query.ts";

/** Is A really better than B? Two groups of a KPI that is a share, side by side. */
export type Comparison = {
  readonly metric: string;
  readonly dimension: string;
  readonly from: Day | null;
  readonly to: Day | null;
  readonly as_of: string;
  readonly timezone: string;
  readonly groups: readonly [ComparedGroup, ComparedGroup];
  /** The first less the second. Null where either has no value. */
  readonly difference: number | null;
  /** Newcombe's 95 % interval of it. */
  readonly interval: readonly [number, number] | null;
  /** Both groups have at least 20 and the interval leaves out 0. */
  readonly is_clear: boolean;
  /** How many more of each group it would take at the same shares; null: it is clear, or no number would do. */
  readonly more_needed: readonly [number, number] | null;
  /** In a sentence, never a claim of cause. */
  readonly sentence: string;
};

export type ComparedGroup = {
  readonly group: string;
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
};

/**
 * @param query of a KPI that is a share; of a KPI that is always by stage, filtered to one.
 * @throws TributaryError `kpi.not_comparable`, and what evaluateMetric throws
 */
export async function compareGroups(
  db: Db,
  query: MetricQuery,
  dimension: string,
  names: readonly [string, string],
): Promise<Comparison> {
  const [first, second] = [
    await groupOf(db, query, dimension, names[0]),
    await groupOf(db, query, dimension, names[1]),
  ];
  const [a, b] = [first.group, second.group];
  const shares: readonly [Share, Share] = [
    { hits: a.numerator, total: a.denominator },
    { hits: b.numerator, total: b.denominator },
  ];
  const clear = isClear(...shares);
  const needed = clear ? null : moreNeeded(...shares);
  const { from, to, as_of, timezone, metric } = first.answer;
  return {
    metric,
    dimension,
    from,
    to,
    as_of,
    timezone,
    groups: [a, b],
    difference: a.value === null || b.value === null ? null : a.value - b.value,
    interval: newcombeInterval(...shares),
    is_clear: clear,
    more_needed: needed === null ? null : [needed.a, needed.b],
    sentence: sentenceOf(metric, a, b, clear, needed === null ? null : [needed.a, needed.b]),
  };
}

async function groupOf(
  db: Db,
  query: MetricQuery,
  dimension: string,
  name: string,
): Promise<{ readonly group: ComparedGroup; readonly answer: MetricAnswer }> {
  const filters = [...query.filters.filter((filter) => filter.dimension !== dimension), { dimension, value: name }];
  const answer = await evaluateMetric(db, { ...query, by: [], grain: null, filters });
  const [row, ...more] = answer.rows;
  const isShare =
    answer.unit === "ratio" && answer.rows.every(({ interval, denominator }) => interval !== null || !denominator);
  if (!isShare || more.length > 0)
    throw new TributaryError({
      code: "kpi.not_comparable",
      kind: "config",
      message:
        more.length > 0
          ? `${answer.metric} gives ${answer.rows.length} numbers for "${name}", so two groups of it can't be compared.`
          : `${answer.metric} is no share of so many out of so many, so two groups of it can't be compared.`,
      mend:
        more.length > 0
          ? `Filter it to one: --filter ${Object.keys(row?.dimensions ?? {}).find((one) => one !== dimension) ?? "stage"}=…`
          : "Compare groups of a KPI that is a share, such as win_rate or conversion_by_activity.",
    });
  const [numerator, denominator] = [row?.numerator ?? 0, row?.denominator ?? 0];
  return { answer, group: { group: name, value: row?.value ?? null, numerator, denominator } };
}

function sentenceOf(
  metric: string,
  a: ComparedGroup,
  b: ComparedGroup,
  clear: boolean,
  needed: readonly [number, number] | null,
): string {
  const of = (group: ComparedGroup): string =>
    `${group.group} ${group.value === null ? "has none" : `${(group.value * 100).toFixed(1)} %`} (n ${group.denominator})`;
  const both = `${metric}: ${of(a)}, ${of(b)}`;
  if (clear && a.value !== null && b.value !== null)
    return `${both}. ${a.value > b.value ? a.group : b.group} is higher, by more than chance would explain; why, this does not say.`;
  if (a.value === null || b.value === null) return `${both}. Not enough data.`;
  if (needed === null) return `${both}. The shares are equal.`;
  const short = needed[0] > 0 || needed[1] > 0 ? ` (${needed[0]} and ${needed[1]} more at these shares)` : "";
  return `${both}. Not enough data${short}: it takes ${LEAST_OF_A_GROUP} of each, and a difference that chance would not explain.`;
}
