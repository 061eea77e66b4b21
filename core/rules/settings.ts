import { z } from "zod";
import { screenId } from "../metrics/boards.ts";
import { questionFields } from "../metrics/ask/question.ts";
import type { Db } from "../store/db.ts";
import { readSettings } from "../store/setup/settings.ts";

/** Config section `rules`: what is told as an event, once each time that it comes about. Unknown fields are refused. */

const id = screenId.describe("Chosen once; receivers can ask for it by `filters: { rules: [ID] }`");
const { metric, of, period, filters } = questionFields;

const kpiCrosses = z
  .strictObject({
    id,
    when: z.literal("kpi_crosses"),
    metric,
    of,
    period,
    filters,
    by: z.string().max(200).optional().describe("For each value of a dimension by itself"),
    rises_to: z.number().optional().describe("When it comes to this or more; money in main units"),
    falls_to: z.number().optional().describe("When it comes to this or less"),
    margin: z
      .number()
      .min(0)
      .optional()
      .describe("How far it has to go back over the threshold before it is told again; absent: 2 % of it"),
  })
  .refine(
    ({ rises_to, falls_to }) => (rises_to === undefined) !== (falls_to === undefined),
    "Give either `rises_to` or `falls_to`",
  );

const ruleSchema = z.union([
  kpiCrosses,
  z.strictObject({
    id,
    when: z.literal("goal_reached"),
    of: z.string().default("won_value").describe("The KPI that the goal is for"),
    period,
    by: z.enum(["rep", "team"]).optional().describe("For the goal of each of them"),
  }),
  z.strictObject({
    id,
    when: z.literal("rank_changed"),
    of: z.string().default("won_value").describe("The KPI that reps are ranked by"),
    period,
    top: z.int().min(1).max(100).default(3).describe("Only changes among the first so many"),
    for_minutes: z.int().min(0).max(1_440).default(5).describe("So long a new order has to stand before it is told"),
  }),
  z.strictObject({ id, when: z.literal("deal_stuck"), filters }),
  z.strictObject({ id, when: z.literal("lead_cold"), filters }),
  z.strictObject({
    id,
    when: z.literal("lead_untouched"),
    filters,
    after_minutes: z
      .int()
      .min(0)
      .max(1_000_000)
      .optional()
      .describe("Working minutes that a lead may wait; absent: the workspace's timely_contact_minutes"),
  }),
  z.strictObject({
    id,
    when: z.literal("forecast_moved"),
    until: z.enum(["month_end", "quarter_end"]).default("quarter_end"),
    what: z.enum(["value", "count"]).default("value").describe("The value of the wins to come, or their number"),
    percent: z.number().gt(0).max(1_000).default(10).describe("By so much of what was told last, or of where it began"),
  }),
  z.strictObject({ id, when: z.literal("conclusion_fails") }),
]);
export type Rule = z.output<typeof ruleSchema>;
export type RuleOf<When extends Rule["when"]> = Extract<Rule, { when: When }>;

export const rulesSection = z
  .array(ruleSchema)
  .max(200)
  .refine((rules) => new Set(rules.map((rule) => rule.id)).size === rules.length, "Two rules have one id");

export async function readRules(db: Db): Promise<readonly Rule[]> {
  const section = await readSettings(db, "rules");
  return section === null ? [] : rulesSection.parse(section);
}
