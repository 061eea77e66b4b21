import { z } from "zod";
import { isDay } from "../../core/base/time.ts";
import type { MetricQuery } from "../../core/metrics/index.ts";
import { invalidRequest, notFound } from "../web/problem.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { pageOf, pageQuery } from "./pages.ts";

const day = z.string().refine(isDay, "A day that exists, as YYYY-MM-DD");

const metric = z
  .object({
    id: z.string(),
    title: z.string(),
    question: z.string(),
    formula: z.string(),
    unit: z.string(),
    better: z.enum(["higher", "lower"]).nullable(),
    dimensions: z.array(z.string()),
  })
  .meta({ id: "Kpi" });

const answer = z
  .object({
    metric: z.string(),
    unit: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable().describe("Inclusive"),
    as_of: z.string().nullable(),
    timezone: z.string(),
    currency: z.string(),
    fresh_as_of: z.string().nullable().describe("What the sources had changed up to this instant is counted"),
    rows: z.array(
      z.object({
        dimensions: z.record(z.string(), z.string().nullable()),
        period: z.string().nullable().describe("The first day of the row's period; null without `grain`"),
        value: z.number().nullable().describe("Null: there is no value (never 0 for that)"),
        numerator: z.number().nullable(),
        denominator: z.number().nullable(),
        sample_size: z.number(),
        interval: z.tuple([z.number(), z.number()]).nullable().describe("95 %, for proportions"),
        still_open: z.number().optional().describe("win_rate_cohort: how many of the denominator are still open"),
        is_leakiest: z.boolean().optional().describe("stage_leak: whether most is lost here"),
        rank: z.number().nullable().optional().describe("rep_leaderboard"),
        previous_rank: z.number().nullable().optional(),
        movement: z.number().nullable().optional().describe("Places gained; negative when lost"),
      }),
    ),
    exceptions: z
      .array(z.object({ reason: z.string(), count: z.number() }))
      .describe("How many records were left out, by reason"),
  })
  .meta({ id: "KpiAnswer" });

const question = {
  from: day.optional().describe("First day, in the workspace's time zone"),
  to: day.optional().describe("Last day, inclusive"),
  by: z.string().max(200).optional().describe("Dimensions, comma-separated"),
  grain: z.enum(["day", "week", "month", "quarter", "year"]).optional(),
  filter: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe("`DIM=VALUE`; may be repeated"),
  as_of: z.iso.datetime({ offset: true }).optional().describe("As it stood at this instant, by what was known then"),
};

const access = { kind: "api", scope: "read" } as const;
const byMetric = { metric: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/) };

export const kpiEndpoints = [
  endpoint({
    method: "get",
    path: "/kpis",
    access,
    tag: "KPIs",
    summary: "The KPIs there are, with formula, unit and dimensions",
    response: pageOf(metric),
    run: (_input, { deps }) =>
      Promise.resolve({
        data: deps.metrics.definitions.map((definition) => ({ ...definition, dimensions: [...definition.dimensions] })),
        next_cursor: null,
      }),
  }),
  endpoint({
    method: "get",
    path: "/kpis/{metric}",
    access,
    tag: "KPIs",
    summary: "Ask for a KPI: any period, breakdown, filter and as-of instant",
    params: byMetric,
    query: question,
    response: answer,
    run: async ({ params, query }, call) => {
      const found = await call.deps.metrics.evaluate(toQuery(params.metric, query, call));
      return {
        ...found,
        exceptions: [...found.exceptions],
        rows: found.rows.map((row) => ({
          ...row,
          interval: row.interval === null ? null : ([row.interval[0], row.interval[1]] as [number, number]),
        })),
      };
    },
  }),
  endpoint({
    method: "get",
    path: "/kpis/{metric}/records",
    access,
    tag: "KPIs",
    summary: "The records behind a number",
    params: byMetric,
    query: { ...question, ...pageQuery },
    response: pageOf(z.record(z.string(), z.unknown())),
    run: async ({ params, query }, call) => {
      const { records, next_cursor } = await call.deps.metrics.records(toQuery(params.metric, query, call), {
        limit: query.limit,
        cursor: query.cursor ?? null,
      });
      return { data: records.map((record) => ({ ...record })), next_cursor };
    },
  }),
];

type Question = z.output<z.ZodObject<typeof question>>;

function toQuery(metricId: string, asked: Question, call: Call): MetricQuery {
  if (!call.deps.metrics.definitions.some(({ id }) => id === metricId)) throw notFound("There is no KPI with this id.");
  return {
    metric: metricId,
    from: asked.from ?? null,
    to: asked.to ?? null,
    by: asked.by === undefined ? [] : asked.by.split(",").map((name) => name.trim()),
    grain: asked.grain ?? null,
    filters: toList(asked.filter).map(toFilter),
    asOf: asked.as_of === undefined ? null : new Date(asked.as_of),
    now: call.now,
  };
}

function toList(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

function toFilter(text: string): { dimension: string; value: string } {
  const separator = text.indexOf("=");
  if (separator < 1) throw invalidRequest("`filter` is written DIM=VALUE.");
  return { dimension: text.slice(0, separator), value: text.slice(separator + 1) };
}
