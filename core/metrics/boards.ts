import { z } from "zod";
import { filtersOf, question, questionFields, type Question } from "./ask/question.ts";

/** How a tile shows its KPI. */
export const TILE_VIEWS = ["number", "leaderboard", "funnel", "line", "bar"] as const;

/** The id of a dashboard or feed: the last part of its address. */
export const screenId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "Lower-case letters, digits and hyphens");

/** One tile. Unknown fields are refused, so that a misspelt one does not pass for a default. */
export const tile = z.strictObject({
  ...questionFields,
  title: z.string().max(60).optional().describe("Absent: the KPI's own"),
  view: z.enum(TILE_VIEWS).default("number"),
  period: questionFields.period.describe("Of everything but lines"),
  by: z.string().optional().describe("The dimension of a bar or funnel"),
  grain: questionFields.grain.default("month").describe("Of a line"),
  limit: z.number().int().min(1).max(24).default(8).describe("Rows of a list, points of a line"),
  width: z.number().int().min(2).max(12).default(3).describe("Of the board's twelve columns"),
  height: z.number().int().min(1).max(6).default(2).describe("Of the board's rows"),
});
export type Tile = z.output<typeof tile>;

/** What a tile asks. */
export function questionOfTile({ view, metric, of, period, by, grain, limit, filters }: Tile): Question {
  const asked = question({ metric, of, period, filters: filtersOf(filters) });
  switch (view) {
    case "number":
      return { ...asked, compare: true };
    case "leaderboard":
      return asked;
    case "funnel":
      return { ...asked, by: [by ?? "stage"] };
    case "bar":
      return { ...asked, by: [by ?? "rep"] };
    case "line":
      return { ...asked, grain, limit };
    default:
      return view satisfies never;
  }
}

export const board = z.strictObject({
  id: screenId,
  title: z.string().max(80),
  tiles: z.array(tile).min(1).max(16),
});
export type Board = z.output<typeof board>;

/** Section `dashboards` of the config file. */
export const dashboardsSection = z
  .array(board)
  .refine((boards) => new Set(boards.map(({ id }) => id)).size === boards.length, "Two dashboards have one id");

/** What a sales floor looks at, when nobody has said otherwise. */
export const SALES_FLOOR: Board = board.parse({
  id: "sales-floor",
  title: "Sales floor",
  tiles: [
    { metric: "won_value", title: "Won this month", width: 2 },
    { metric: "deals_won", title: "Deals won this month", width: 2 },
    { metric: "win_rate", title: "Win rate, last 90 days", period: "last_90_days", width: 2 },
    { metric: "open_pipeline_value", title: "Open pipeline", period: "today", width: 2 },
    { metric: "weighted_pipeline_value", title: "Weighted pipeline", period: "today", width: 2 },
    { metric: "activities", title: "Activities today", period: "today", width: 2 },
    {
      metric: "rep_leaderboard",
      title: "Leaderboard, this month",
      view: "leaderboard",
      of: "won_value",
      width: 4,
      height: 6,
    },
    {
      metric: "stage_conversion",
      title: "Conversion by stage, last 90 days",
      view: "funnel",
      period: "last_90_days",
      by: "canonical_stage",
      width: 4,
      height: 6,
    },
    { metric: "sales_velocity", title: "Velocity, last 90 days", period: "last_90_days", width: 2 },
    { metric: "average_deal_size", title: "Average deal size, last 90 days", period: "last_90_days", width: 2 },
    { metric: "time_to_close_median", title: "Median time to close, last 90 days", period: "last_90_days", width: 2 },
    { metric: "time_to_close_mean", title: "Mean time to close, last 90 days", period: "last_90_days", width: 2 },
    { metric: "won_value", title: "Won, by month", view: "line", limit: 12, width: 4 },
  ],
});

export const DEFAULT_BOARDS: readonly Board[] = [SALES_FLOOR];
