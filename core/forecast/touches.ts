import type { ForecastDeal, KnownDeal } from "./deals.ts";
import { chanceOf, type Slice } from "./ground.ts";
import type { Past } from "./past.ts";
import { fitLogistic, type Logistic } from "./logistic.ts";

/** How much the touches of the last two weeks say beyond stage and age. */
export type TouchModel = Logistic;

const TOUCH_DAYS = 14;
/** The past days from which it is learnt. */
const LANDMARKS = 6;

function featuresOf(chance: number, { deal }: KnownDeal, day: number): readonly number[] {
  const bounded = Math.min(0.999, Math.max(0.001, chance));
  return [Math.log(bounded / (1 - bounded)), Math.log(1 + touchesUntil(deal, day))];
}

function touchesUntil({ touches }: ForecastDeal, day: number): number {
  return touches.filter((at) => at <= day && at > day - TOUCH_DAYS).length;
}

/**
 * Learns from deals that were open on past days whose horizon had ended by the day: how likely `history` said they were won, what touches
 * they had had, and whether they were.
 *
 * @returns null where there is too little to learn from.
 */
export function touchModelOf(past: Past, day: number, days: number): TouchModel | null {
  if (!past.deals.some((deal) => deal.touches.length > 0)) return null;
  const { known } = past.ground(day);
  const closedAt = new Map(known.map((one) => [one.deal.id, one.now.status === "won" ? one.closed : null]));
  const rows: { features: readonly number[]; hit: boolean }[] = [];
  for (const at of past.days.filter((one) => one + days <= day).slice(-LANDMARKS)) {
    const slice = past.whole(at);
    for (const one of slice.open) {
      const won = closedAt.get(one.deal.id) ?? null;
      const hit = won !== null && won > at && won <= at + days;
      rows.push({ features: featuresOf(chanceOf(slice, one, days), one, at), hit });
    }
  }
  return fitLogistic(rows);
}

export function openChances(slice: Slice, days: number, model: TouchModel): number[] {
  return slice.open.map((one) => model(featuresOf(chanceOf(slice, one, days), one, slice.ground.day)));
}
