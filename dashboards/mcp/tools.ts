import { z } from "zod";
import { forecastEndpoints } from "../api/forecast.ts";
import { activityEndpoints } from "../api/activities.ts";
import { connectionEndpoints } from "../api/connections.ts";
import type { Endpoint } from "../api/endpoint.ts";
import { kpiEndpoints } from "../api/kpis.ts";
import { reportEndpoints } from "../api/reports.ts";
import { reviewEndpoints } from "../api/reviews.ts";

/** What an assistant can ask: an operation of the REST API that only reads, under a name that says what it is for. */
export type Tool = {
  readonly name: string;
  readonly title: string;
  /** For a model that has read nothing else. */
  readonly description: string;
  readonly operation: Endpoint;
  /** JSON Schema of its arguments: what the operation takes in its path and its query, and nothing else. */
  readonly inputSchema: { readonly type: "object"; readonly [keyword: string]: unknown };
};

const OPERATIONS = [
  ...kpiEndpoints,
  ...reportEndpoints,
  ...forecastEndpoints,
  ...reviewEndpoints,
  ...activityEndpoints,
  ...connectionEndpoints,
];

/** The tools, in the order in which an assistant is told of them. */
export const TOOLS: readonly Tool[] = [
  tool(
    "list_kpis",
    "KPIs",
    "/kpis",
    "Every KPI with its id, question, formula, unit and the dimensions that it can be broken down by. Ask this first.",
  ),
  tool(
    "get_kpi",
    "A KPI",
    "/kpis/{metric}",
    "The number of a KPI: of a period by name or between two days, broken down by dimensions, in a row for each week or month (grain), of some only (filter), as it stood at an instant (as_of), beside other periods (compare).",
  ),
  tool(
    "get_kpi_records",
    "Records behind a KPI",
    "/kpis/{metric}/records",
    "The deals, calls, tickets or other records that a number is counted from, each with why it counts. Takes the same question as get_kpi.",
  ),
  tool(
    "compare_groups",
    "Is A better than B",
    "/kpis/{metric}/comparison",
    "Whether one group really has a higher share than another, or whether that may be chance: the interval of the difference, and a sentence.",
  ),
  tool(
    "get_scorecard",
    "Scorecard of a rep",
    "/reps/{rep}/scorecard",
    "Every KPI of one rep, beside the period before and the rank among the others.",
  ),
  tool(
    "get_movement",
    "Movement of the pipeline",
    "/movement",
    "What moved the open pipeline from the end of one day to the end of another: new, won, lost, pushed out, grown … It adds up exactly.",
  ),
  tool(
    "get_funnel",
    "Funnel",
    "/funnel",
    "What became of the deals that entered each stage: went on, lost, still there, went back; and the leakiest stage.",
  ),
  tool(
    "get_forecast",
    "Forecast",
    "/forecast",
    "How many deals will be won, and of what value, within days and by the end of month and quarter: with P10, P50 and P90, and how good the method has been.",
  ),
  tool(
    "get_backtest",
    "How good the forecast has been",
    "/backtest",
    "Each forecasting method tried at past month ends by what was known then.",
  ),
  tool(
    "get_review",
    "Pipeline review",
    "/review/document",
    "The agenda of the coming pipeline review as Markdown: what changed, deals that need attention and why, what was agreed on before.",
  ),
  tool(
    "list_review_actions",
    "Agreed actions",
    "/review-actions",
    "What was agreed on at reviews, newest first, with what the data say of it.",
  ),
  tool(
    "list_activities",
    "Activities",
    "/activities",
    "Calls, meetings, mails and messages, newest first, each with who, the deal and how it ended.",
  ),
  tool(
    "list_connections",
    "Sources",
    "/connections",
    "The connected tools, how fresh each is and what is wrong with it.",
  ),
];

function tool(name: string, title: string, path: string, description: string): Tool {
  const operation = OPERATIONS.find((one) => one.method === "get" && one.path === path);
  if (operation === undefined) throw new Error(`the API has no operation get ${path}`);
  const arguments_ = z.strictObject({ ...operation.params.shape, ...operation.query.shape });
  const { $schema: _dialect, ...schema } = z.toJSONSchema(arguments_, { io: "input", unrepresentable: "any" });
  return { name, title, description, operation, inputSchema: { ...schema, type: "object" } };
}
