import { z } from "zod";
import { type Day, isDay } from "../base/time.ts";
import type { Forecast } from "./methods.ts";

/** KPIs that goals of the plans can be of: those that are forecast. */
export const GOAL_METRICS = ["won_value", "deals_won"] as const;

const goal = z.strictObject({
  metric: z.enum(GOAL_METRICS),
  from: z.string().refine(isDay, "expected a day that exists, as YYYY-MM-DD"),
  to: z.string().refine(isDay, "expected a day that exists, as YYYY-MM-DD").describe("Inclusive"),
  target: z.number().positive().describe("Amounts in main units of the workspace's currency"),
});
export type Goal = z.output<typeof goal>;

/** Config section `forecast`: what is going to be otherwise than it was. Amounts in main units of the workspace's currency. */
export const scenarioSection = z.strictObject({
  product_cost: z
    .number()
    .nonnegative()
    .optional()
    .describe("What a win costs to deliver: the margin is shown beside the value"),
  price_changes: z
    .array(
      z.strictObject({
        day: z.string().refine(isDay, "expected a day that exists, as YYYY-MM-DD"),
        percent: z.number().gt(-100).max(1000).describe("10: a tenth dearer from that day on"),
      }),
    )
    .optional(),
  cost_per_lead: z.number().positive().optional(),
  lead_spend: z
    .number()
    .nonnegative()
    .optional()
    .describe("A month, at cost_per_lead: leads come at that rate, not at the past one"),
  addressable_market: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe("How many customers there can be in all, the present ones included"),
  hires: z
    .array(
      z.strictObject({
        day: z.string().refine(isDay, "expected a day that exists, as YYYY-MM-DD"),
        count: z.number().int().min(-1000).max(1000),
        ramp_days: z
          .number()
          .int()
          .min(0)
          .max(730)
          .default(90)
          .describe("Until they sell as the others do, growing evenly"),
      }),
    )
    .optional()
    .describe("Reps who will come (or, below 0, go)"),
  goals: z
    .array(goal)
    .max(100)
    .optional()
    .describe("What the forecast is held against: what is won so far and what is expected until a goal's last day"),
});
export type Scenario = z.output<typeof scenarioSection>;

/** What was taken into account, and by how much. */
export type Adjustment = {
  readonly what: "price_changes" | "lead_spend" | "hires" | "addressable_market";
  readonly of: "count" | "value" | "both";
  readonly factor: number;
  readonly because: string;
};

export type Circumstances = {
  /** The first day that is forecast, and how many. */
  readonly from: Day;
  readonly days: number;
  readonly daysUntil: (day: Day) => number;
  /** Of wins within the days: the share from deals that are not there yet. */
  readonly shareOfNew: number;
  readonly leadsPerMonth: number;
  /** Reps with an open deal. */
  readonly reps: number;
  readonly customers: number;
};

/** How the scenario changes a forecast; nothing where it says nothing. */
export function adjustmentsOf(scenario: Scenario, forecast: Forecast, about: Circumstances): Adjustment[] {
  const found: Adjustment[] = [];
  const add = (what: Adjustment["what"], of: Adjustment["of"], factor: number, because: string): void => {
    if (Math.abs(factor - 1) > 1e-9) found.push({ what, of, factor, because });
  };
  let price = 0;
  for (const { day, percent } of scenario.price_changes ?? [])
    price += (percent / 100) * shareAfter(about.daysUntil(day), about.days);
  add(
    "price_changes",
    "value",
    Math.max(0, 1 + price),
    "prices change within the days, or have changed for all of them",
  );

  const { cost_per_lead: cost, lead_spend: spend } = scenario;
  if (cost !== undefined && spend !== undefined && about.leadsPerMonth > 0) {
    const leads = spend / cost;
    const because = `${Math.round(leads)} leads a month are bought, ${Math.round(about.leadsPerMonth)} came in; ${Math.round(about.shareOfNew * 100)} % of the wins are of deals that are not there yet`;
    add("lead_spend", "both", 1 + about.shareOfNew * (leads / about.leadsPerMonth - 1), because);
  }

  let hands = 0;
  for (const { day, count, ramp_days: ramp } of scenario.hires ?? [])
    hands += count * rampedShare(about.daysUntil(day), about.days, count < 0 ? 0 : ramp);
  if (about.reps > 0) {
    const because = `${about.reps} reps now, ${hands.toFixed(1)} more on average, on the wins of deals that are not there yet`;
    add("hires", "both", 1 + (about.shareOfNew * Math.max(-about.reps, hands)) / about.reps, because);
  }

  if (scenario.addressable_market !== undefined) {
    const left = Math.max(0, scenario.addressable_market - about.customers);
    const expected = found.reduce(
      (count, one) => (one.of === "value" ? count : count * one.factor),
      forecast.count.expected,
    );
    if (expected > left)
      add("addressable_market", "both", left / expected, `${left} of the market are no customers yet`);
  }
  return found;
}

/** Of the days, the share that lies on or after a day so many days ahead. */
function shareAfter(ahead: number, days: number): number {
  return Math.min(1, Math.max(0, (days - ahead) / days));
}

/** The mean over the days of how much somebody sells who comes so many days ahead (in the past: below 0) and grows evenly into it. */
function rampedShare(ahead: number, days: number, ramp: number): number {
  let sum = 0;
  for (let day = 0; day < days; day += 1) {
    const there = day - ahead;
    sum += there < 0 ? 0 : ramp === 0 ? 1 : Math.min(1, (there + 1) / ramp);
  }
  return sum / days;
}

/** The forecast as the adjustments make it. */
export function adjusted(forecast: Forecast, adjustments: readonly Adjustment[]): Forecast {
  let { count, value } = forecast;
  for (const { of, factor } of adjustments) {
    const scaled = (one: Forecast["count"]): Forecast["count"] => ({
      expected: one.expected * factor,
      p10: one.p10 * factor,
      p50: one.p50 * factor,
      p90: one.p90 * factor,
    });
    if (of !== "value") count = scaled(count);
    if (value !== null && of !== "count") value = scaled(value);
  }
  return { ...forecast, count, value };
}
