import { z } from "zod";
import { TributaryError } from "../base/errors.ts";
import type { Day } from "../base/time.ts";
import { LEAST_OF_A_GROUP, moreNeeded, newcombeInterval, type Share } from "../forecast/newcombe.ts";
import { evaluateMetric, readCatalogue } from "../metrics/index.ts";
import { wilsonInterval } from "../metrics/engine/wilson.ts";
import { meanOf, medianOf, type Middle, middlesApart, moreForMiddles } from "../forecast/middles.ts";
import { amountsOf } from "../metrics/reports/amounts.ts";
import { filtersOf } from "../metrics/ask/question.ts";
import type { Db } from "../store/db.ts";

const slice = z.record(z.string().min(1).max(200), z.string().max(500));

/** What a conclusion says: that a share, a median or a mean is larger (or smaller) in one group than in another, or than a number. */
export const claimSchema = z
  .strictObject({
    metric: z
      .string()
      .describe(
        "A KPI that is the share of records (win_rate, stage_conversion …), or the median or mean of amounts (time_to_close_median, average_deal_size …)",
      ),
    filters: slice.default({}).describe("Of both groups, by dimension"),
    a: slice.default({}).describe("The one group, by dimension: { channel: Referral }"),
    b: slice.optional().describe("The other; absent: `a` is held against a number"),
    against: z.number().optional().describe("That number, in the KPI's unit; of a share from 0 to 1"),
  })
  .refine(({ b, against }) => (b === undefined) !== (against === undefined), "Give either `b` or `against`");
export type Claim = z.output<typeof claimSchema>;

/** What is compared: a share, or a median or mean. */
export type Group = Share | Middle;

/** What the records of some days say of a claim. */
export type Finding = {
  readonly from: Day;
  readonly to: Day;
  readonly a: Group;
  /** Null: held against a number. */
  readonly b: Group | null;
  /** What `a` has less what `b` has, or less the number; null: one is of nothing. */
  readonly difference: number | null;
  /** 95 %. */
  readonly interval: readonly [number, number] | null;
  /** Both groups are large enough, and the interval leaves out 0. */
  readonly is_clear: boolean;
  /** How many more of each it would take; null: they are alike, or it is clear. */
  readonly more: { readonly a: number; readonly b: number } | null;
};

export const VERDICTS = ["holds", "weaker", "no_longer_holds", "not_enough_data"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** @throws TributaryError `kpi.unknown_metric`, `kpi.unknown_dimension`, `conclusion.no_share`, `conclusion.several_shares` */
export async function find(
  db: Db,
  claim: Claim,
  range: { readonly from: Day; readonly to: Day },
  now: Date,
): Promise<Finding> {
  const metric = (await readCatalogue(db)).need(claim.metric);
  const isShare = metric.kind === "share" || (metric.kind === "ratio" && metric.isProportion === true);
  const isMiddle = metric.kind === "mean" || (metric.kind === "median" && (metric.quantile ?? 0.5) === 0.5);
  if (!isShare && !isMiddle) throw noShare(claim.metric);
  const groupOf = async (group: Claim["a"]): Promise<Group> => {
    const filters = filtersOf({ ...claim.filters, ...group });
    const asked = { metric: claim.metric, ...range, by: [], filters, grain: null, asOf: null, now };
    if (isMiddle) {
      const { names, slices } = (await amountsOf(db, asked)) ?? { names: [], slices: [] };
      if (slices.length > 1) throw severalShares(claim.metric, names);
      return (metric.kind === "mean" ? meanOf : medianOf)(slices[0] ?? []);
    }
    const { rows } = await evaluateMetric(db, asked);
    const [row] = rows;
    if (rows.length > 1) throw severalShares(claim.metric, Object.keys(row?.dimensions ?? {}));
    return { hits: row?.numerator ?? 0, total: row?.denominator ?? 0 };
  };
  const a = await groupOf(claim.a);
  const b = claim.b === undefined ? null : await groupOf(claim.b);
  return { ...range, ...compared(a, b ?? claim.against ?? 0) };
}

/** Two groups, or a group and a number. Pure. */
export function compared(a: Group, other: Group | number): Omit<Finding, "from" | "to"> {
  if (!isShare(a)) return comparedMiddles(a, other);
  // Both groups are of one KPI, so of one kind.
  if (typeof other !== "number" && !isShare(other)) throw new Error("a share is not compared with a median");
  if (typeof other === "number") {
    const own = wilsonInterval(a.hits, a.total);
    const interval = own === null ? null : ([own[0] - other, own[1] - other] as const);
    const isClear = a.total >= LEAST_OF_A_GROUP && leavesOutZero(interval);
    const difference = a.total === 0 ? null : a.hits / a.total - other;
    return { a, b: null, difference, interval, is_clear: isClear, more: null };
  }
  const interval = newcombeInterval(a, other);
  const isLarge = a.total >= LEAST_OF_A_GROUP && other.total >= LEAST_OF_A_GROUP;
  const isClear = isLarge && leavesOutZero(interval);
  const difference = a.total === 0 || other.total === 0 ? null : a.hits / a.total - other.hits / other.total;
  return { a, b: other, difference, interval, is_clear: isClear, more: isClear ? null : moreNeeded(a, other) };
}

function isShare(group: Group): group is Share {
  return "hits" in group;
}

function comparedMiddles(a: Middle, other: Group | number): Omit<Finding, "from" | "to"> {
  if (typeof other !== "number" && isShare(other)) throw new Error("a median is not compared with a share");
  const b = typeof other === "number" ? null : other;
  const { difference, interval } = middlesApart(a, other);
  const isClear = Math.min(a.total, b?.total ?? Infinity) >= LEAST_OF_A_GROUP && leavesOutZero(interval);
  const more = isClear || b === null ? null : moreForMiddles(a, b, LEAST_OF_A_GROUP);
  return { a, b, difference, interval, is_clear: isClear, more };
}

function leavesOutZero(interval: readonly [number, number] | null): boolean {
  return interval !== null && (interval[0] > 0 || interval[1] < 0);
}

/** What later records say of a conclusion that was drawn from others. Pure. */
export function verdictOf(recorded: Pick<Finding, "difference">, later: Omit<Finding, "from" | "to">): Verdict {
  const least = Math.min(later.a.total, later.b?.total ?? Infinity);
  if (least < LEAST_OF_A_GROUP || later.difference === null) return "not_enough_data";
  const signs = Math.sign(later.difference) * Math.sign(recorded.difference ?? 0);
  if (signs < 0) return "no_longer_holds";
  return signs > 0 && leavesOutZero(later.interval) ? "holds" : "weaker";
}

/** A finding in a sentence. It never claims a cause. */
export function sentenceOf(claim: Claim, title: string, finding: Omit<Finding, "from" | "to">): string {
  const { a, b, difference, interval, is_clear, more } = finding;
  const of = (group: Claim["a"]): string => {
    const parts = Object.entries(group).map(([dimension, value]) => `${dimension} ${value}`);
    return parts.length === 0 ? "all" : parts.join(", ");
  };
  const written = (one: Group): string =>
    one.total === 0
      ? "no record"
      : isShare(one)
        ? `${percent(one.hits / one.total)} (${one.hits} of ${one.total})`
        : `${plain(one.value ?? 0)} (n ${one.total})`;
  const ofShares = isShare(a);
  const about = Object.keys(claim.filters).length === 0 ? title : `${title}, ${of(claim.filters)}`;
  const number = ofShares ? percent(claim.against ?? 0) : plain(claim.against ?? 0);
  const other = b === null ? number : `${of(claim.b ?? {})} ${written(b)}`;
  const said = `${about}: ${of(claim.a)} ${written(a)} against ${other}`;
  if (is_clear && difference !== null && interval !== null) {
    const amount = ofShares ? points : plain;
    const [low = 0, high = 0] = interval.map(Math.abs).toSorted((x, y) => x - y);
    const by = `${amount(Math.abs(difference))}${ofShares ? " points" : ""}`;
    return `${said}: ${by} ${difference > 0 ? "more" : "less"} (95 %: ${amount(low)} to ${amount(high)}).`;
  }
  if (more === null) return `${said}: not enough data.`;
  return `${said}: not enough data; it would take ${more.a} and ${more.b} more.`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const plain = (value: number): string => String(Number(value.toPrecision(4)));
const points = (difference: number): string => (difference * 100).toFixed(1);

function noShare(metric: string): TributaryError {
  return new TributaryError({
    code: "conclusion.no_share",
    kind: "config",
    message: `${metric} is neither the share of records that something is true of, nor a median or mean of amounts.`,
    mend: "Draw conclusions from win_rate, stage_conversion, lead_to_deal_rate, time_to_close_median, average_deal_size and such.",
  });
}

function severalShares(metric: string, dimensions: readonly string[]): TributaryError {
  return new TributaryError({
    code: "conclusion.several_shares",
    kind: "config",
    message: `${metric} has several numbers there.`,
    mend: `Name one ${dimensions.join(" and one ")} in \`filters\`.`,
  });
}
