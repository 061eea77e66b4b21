import { z } from "zod";
import { screenId } from "./boards.ts";
import { filtersOf, question, questionFields, type Question } from "./ask/question.ts";

/** The widgets that a feed can be read by: Geckoboard's custom widgets, but for Highcharts, whose content a board would run as a program. */
export const WIDGETS = [
  "number_and_secondary",
  "line",
  "bar",
  "column",
  "pie",
  "leaderboard",
  "funnel",
  "geckometer",
  "bullet",
  "rag",
  "text",
  "list",
  "map",
  "monitoring",
] as const;

/** One feed. Unknown fields are refused, so that a misspelt one does not pass for a default. */
export const feed = z.strictObject({
  id: screenId,
  widget: z.enum(WIDGETS).default("number_and_secondary"),
  ...questionFields,
  title: z.string().max(60).optional().describe("Absent: the KPI's own"),
  by: z
    .string()
    .optional()
    .describe(
      "The dimension of a bar, column, pie, funnel or list; of a map one whose values are places such as `Oslo, NO`",
    ),
  grain: questionFields.grain.default("month").describe("Of a line"),
  limit: z.number().int().min(1).max(50).default(12).describe("Rows of a list, points of a line"),
  trend: z.boolean().default(false).describe("Of a number: a trend line of the last periods, not the period before"),
  min: z.number().optional().describe("Of a geckometer or bullet; absent: 0"),
  max: z.number().optional().describe("Of a geckometer or bullet; absent: the period before, or 1 for ratios"),
  amber: z.number().optional().describe("Of a red-amber-green widget or a bullet: from here on amber"),
  green: z.number().optional().describe("Of a red-amber-green widget or a bullet: from here on green"),
});
export type Feed = z.output<typeof feed>;

/** What a feed asks: the number or rows it shows, and the calendar periods of a line or trend. */
export function questionsOfFeed(shown: Feed): { readonly main: Question; readonly series: Question | null } {
  const { widget, metric, of, period, by, grain, limit, filters, trend } = shown;
  const asked = question({ metric, of, period, filters: filtersOf(filters) });
  const isNumber = widget === "number_and_secondary";
  return {
    main: {
      ...asked,
      by: rowsBy(widget, by),
      compare: isNumber || widget === "geckometer" || widget === "bullet" ? "previous" : null,
    },
    series: widget === "line" || (isNumber && trend) ? { ...asked, grain, limit } : null,
  };
}

function rowsBy(widget: Feed["widget"], by: string | undefined): readonly string[] {
  switch (widget) {
    case "funnel":
      return [by ?? "stage"];
    case "bar":
    case "column":
    case "map":
    case "pie":
    case "list":
    case "rag":
      return [by ?? "rep"];
    case "number_and_secondary":
    case "line":
    case "leaderboard":
    case "geckometer":
    case "bullet":
    case "monitoring":
    case "text":
      return [];
    default:
      return widget satisfies never;
  }
}

/** Section `feeds` of the config file. */
export const feedsSection = z
  .array(feed)
  .refine((feeds) => new Set(feeds.map(({ id }) => id)).size === feeds.length, "Two feeds have one id");
