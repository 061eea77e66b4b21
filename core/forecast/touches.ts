import type { ForecastDeal, KnownDeal } from "./deals.ts";
import { chanceOf, type Slice } from "./ground.ts";
import type { Past } from "./past.ts";
import { countUpTo } from "./sorted.ts";
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
  return countUpTo(touches, day) - countUpTo(touches, day - TOUCH_DAYS);
}

/** A deal that was open on a past day, and what was to be seen of it then. */
export type Landmark = { readonly id: string; readonly at: number; readonly features: readonly number[] };

export function landmarkOf(slice: Slice, one: KnownDeal, days: number): Landmark {
  const at = slice.ground.day;
  return { id: one.deal.id, at, features: featuresOf(chanceOf(slice, one, days), one, at) };
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
    for (const { id, features } of past.landmarks(at, days)) {
      const won = closedAt.get(id) ?? null;
      const hit = won !== null && won > at && won <= at + days;
      rows.push({ features, hit });
    }
  }
  return fitLogistic(rows);
}

export function openChances(slice: Slice, days: number, model: TouchModel): number[] {
  return slice.open.map((one) => model(featuresOf(chanceOf(slice, one, days), one, slice.ground.day)));
}
