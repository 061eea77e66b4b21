import { z } from "zod";
import { screenId } from "./boards.ts";
import { GRAINS, PERIOD_NAMES } from "./ask/period.ts";

/** The widgets that a feed can be read by (Geckoboard's custom widgets); only those that these KPIs need. */
export const WIDGETS = [
  "number_and_secondary",
  "line",
  "bar",
  "pie",
  "leaderboard",
  "funnel",
  "geckometer",
  "rag",
  "text",
  "list",
] as const;

/** One feed. Unknown fields are refused, so that a misspelt one does not pass for a default. */
export const feed = z.strictObject({
  id: screenId,
  widget: z.enum(WIDGETS).default("number_and_secondary"),
  metric: z.string().describe("The KPI"),
  title: z.string().max(60).optional().describe("Absent: the KPI's own"),
  period: z.enum(PERIOD_NAMES).default("this_month").describe("Over which days"),
  by: z.string().optional().describe("The dimension of a bar, pie, funnel or list"),
  grain: z.enum(GRAINS).default("month").describe("Of a line"),
  filters: z.record(z.string(), z.string()).default({}),
  of: z.string().optional().describe("For rep_leaderboard: the KPI to rank by"),
  limit: z.number().int().min(1).max(50).default(12).describe("Rows of a list, points of a line"),
  trend: z.boolean().default(false).describe("Of a number: a trend line of the last periods, not the period before"),
  min: z.number().optional().describe("Of a geckometer; absent: 0"),
  max: z.number().optional().describe("Of a geckometer; absent: the period before, or 1 for ratios"),
  amber: z.number().optional().describe("Of a red-amber-green widget: from here on amber"),
  green: z.number().optional().describe("Of a red-amber-green widget: from here on green"),
});
export type Feed = z.output<typeof feed>;

/** Section `feeds` of the config file. */
export const feedsSection = z
  .array(feed)
  .refine((feeds) => new Set(feeds.map(({ id }) => id)).size === feeds.length, "Two feeds have one id");
