import { z } from "zod";
import { TributaryError } from "../base/errors.ts";
import type { Day } from "../base/time.ts";
import { LEAST_OF_A_GROUP, moreNeeded, newcombeInterval, type Share } from "../forecast/newcombe.ts";
import { evaluateMetric, readCatalogue } from "../metrics/index.ts";
import { wilsonInterval } from "../metrics/engine/wilson.ts";
import { filtersOf } from "../metrics/ask/question.ts";
import type { Db } from "../store/db.ts";

const slice = z.record(z.string().min(1).max(200), z.string().max(500));

/** What a conclusion says: that a share is larger (or smaller) in one group than in another, or than a number. */
export const claimSchema = z
  .strictObject({
    metric: z.string().describe("A KPI that is the share of records: win_rate, stage_conversion, lead_to_deal_rate …"),
    filters: slice.default({}).describe("Of both groups, by dimension"),
    a: slice.default({}).describe("The one group, by dimension: { channel: Referral }"),
    b: slice.optional().describe("The other; absent: the share of `a` is held against a number"),
    against: z.number().min(0).max(1).optional().describe("That number"),
  })
  .refine(({ b, against }) => (b === undefined) !== (against === undefined), "Give either `b` or `against`");
export type Claim = z.output<typeof claimSchema>;

/** What the records of some days say of a claim. */
export type Finding = {
  readonly from: Day;
  readonly to: Day;
  readonly a: Share;
  /** Null: held against a number. */
  readonly b: Share | null;
  /** The share of `a` less that of `b`, or than the number; null: one is of nothing. */
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
  if (!isShare) throw noShare(claim.metric);
  const shareOf = async (group: Claim["a"]): Promise<Share> => {
    const filters = filtersOf({ ...claim.filters, ...group });
    const asked = { metric: claim.metric, ...range, by: [], filters, grain: null, asOf: null, now };
    const { rows } = await evaluateMetric(db, asked);
    const [row] = rows;
    if (rows.length > 1) throw severalShares(claim.metric, Object.keys(row?.dimensions ?? {}));
    return { hits: row?.numerator ?? 0, total: row?.denominator ?? 0 };
  };
  const a = await shareOf(claim.a);
  const b = claim.b === undefined ? null : await shareOf(claim.b);
  return { ...range, ...compared(a, b ?? claim.against ?? 0) };
}

/** Two shares, or a share and a number. Pure. */
export function compared(a: Share, other: Share | number): Omit<Finding, "from" | "to"> {
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
  const share = (one: Share): string =>
    one.total === 0 ? "no record" : `${percent(one.hits / one.total)} (${one.hits} of ${one.total})`;
  const about = Object.keys(claim.filters).length === 0 ? title : `${title}, ${of(claim.filters)}`;
  const other = b === null ? percent(claim.against ?? 0) : `${of(claim.b ?? {})} ${share(b)}`;
  const said = `${about}: ${of(claim.a)} ${share(a)} against ${other}`;
  if (is_clear && difference !== null && interval !== null) {
    const [low, high] = interval.map((bound) => points(Math.abs(bound))).toSorted((x, y) => Number(x) - Number(y));
    return `${said}: ${points(Math.abs(difference))} points ${difference > 0 ? "more" : "less"} (95 %: ${low} to ${high}).`;
  }
  if (more === null) return `${said}: not enough data.`;
  return `${said}: not enough data; it would take ${more.a} and ${more.b} more.`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const points = (difference: number): string => (difference * 100).toFixed(1);

function noShare(metric: string): TributaryError {
  return new TributaryError({
    code: "conclusion.no_share",
    kind: "config",
    message: `${metric} is not the share of records that something is true of.`,
    mend: "Draw conclusions from win_rate, win_rate_cohort, stage_conversion, stage_leak, lead_to_deal_rate and such.",
  });
}

function severalShares(metric: string, dimensions: readonly string[]): TributaryError {
  return new TributaryError({
    code: "conclusion.several_shares",
    kind: "config",
    message: `${metric} has several shares there.`,
    mend: `Name one ${dimensions.join(" and one ")} in \`filters\`.`,
  });
}
