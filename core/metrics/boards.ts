import { z } from "zod";
import { COMPARED_WITH } from "./ask/comparison.ts";
import { filtersOf, question, questionFields, type Question } from "./ask/question.ts";

/** How a tile shows its KPI. */
export const KPI_VIEWS = ["number", "leaderboard", "funnel", "line", "bar"] as const;
/**
 * Tiles that show something else: the open pipeline by stage; what moved it; the wins that are forecast, against the goal; the latest wins and
 * meetings; a text; the time of day.
 */
const OTHER_VIEWS = ["pipeline", "movement", "forecast", "ticker", "text", "clock"] as const;
const TILE_VIEWS = [...KPI_VIEWS, ...OTHER_VIEWS] as const;
type KpiView = (typeof KPI_VIEWS)[number];

/** The id of a dashboard or feed: the last part of its address. */
export const screenId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "Lower-case letters, digits and hyphens");

/** One tile. Unknown fields are refused, so that a misspelt one does not pass for a default. */
export const tile = z
  .strictObject({
    ...questionFields,
    metric: questionFields.metric.optional().describe("The KPI; of the views that show one"),
    title: z.string().max(60).optional().describe("Absent: the KPI's own"),
    view: z.enum(TILE_VIEWS).default("number"),
    text: z.string().max(400).optional().describe("What a text tile says"),
    period: questionFields.period.describe("Of everything but lines"),
    by: z.string().optional().describe("The dimension of a bar or funnel"),
    grain: questionFields.grain.default("month").describe("Of a line"),
    limit: z.number().int().min(1).max(24).default(8).describe("Rows of a list, points of a line"),
    compare: z
      .enum([...COMPARED_WITH, "nothing"])
      .default("previous")
      .describe("What a number is set beside: the period before, the same one a year ago, or nothing"),
    width: z.number().int().min(2).max(12).default(3).describe("Of the dashboard's twelve columns"),
    height: z.number().int().min(1).max(6).default(2).describe("Of the dashboard's rows"),
  })
  // What a view would not use is told where settings are written (showing.ts).
  .check(({ value: { view, metric, text }, issues, value }) => {
    const needs = (field: string, message: string): void =>
      void issues.push({ code: "custom", path: [field], message, input: value });
    if (isKpiView(view) && metric === undefined) needs("metric", `A tile with the view "${view}" needs a KPI`);
    if (view === "text" && text === undefined) needs("text", "A text tile needs its text");
  });
export type Tile = z.output<typeof tile>;
export type KpiTile = Tile & { readonly view: KpiView; readonly metric: string };

function isKpiView(view: Tile["view"]): view is KpiView {
  return KPI_VIEWS.some((each) => each === view);
}

export function isKpiTile(one: Tile): one is KpiTile {
  return isKpiView(one.view) && one.metric !== undefined;
}

/** What a tile asks of its KPI. */
export function questionOfTile(one: KpiTile): Question {
  const { view, metric, of, period, by, grain, limit, filters, compare } = one;
  const asked = question({ metric, of, period, filters: filtersOf(filters) });
  switch (view) {
    case "number":
      return { ...asked, compare: compare === "nothing" ? null : compare };
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

/** The columns of a pipeline tile: what is open in each stage, and how much of it stands still. */
export function pipelineQuestions({ filters }: Tile): Record<"value" | "deals" | "stalled", Question> {
  const asked = (metric: string): Question =>
    question({ metric, by: ["stage"], period: "today", filters: filtersOf(filters) });
  return { value: asked("open_pipeline_value"), deals: asked("open_deal_count"), stalled: asked("stalled_deals") };
}

/** Everything that a tile asks of KPIs, for what keeps their answers. */
export function questionsOfTile(one: Tile): readonly Question[] {
  if (isKpiTile(one)) return [questionOfTile(one)];
  return one.view === "pipeline" ? Object.values(pipelineQuestions(one)) : [];
}

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "A time of day such as 08:30");

export const board = z.strictObject({
  id: screenId,
  title: z.string().max(80),
  theme: z.enum(["dark", "light"]).default("dark"),
  tiles: z.array(tile).min(1).max(16),
  rotate: z
    .strictObject({ to: screenId, after_s: z.number().int().min(10).max(86_400).default(60) })
    .optional()
    .describe("Another dashboard takes the screen's place after so many seconds"),
  celebrate: z
    .strictObject({
      wins: z.boolean().default(true),
      sound: z.boolean().default(false),
      from: timeOfDay.default("00:00").describe("Sound from then on, in the workspace's time zone"),
      to: timeOfDay.default("23:59"),
    })
    .prefault({})
    .describe("What happens on the screen when a deal is won"),
});
export type Board = z.output<typeof board>;

/** Section `dashboards` of the config file. */
export const dashboardsSection = z
  .array(board)
  .refine((boards) => new Set(boards.map(({ id }) => id)).size === boards.length, "Two dashboards have one id");
