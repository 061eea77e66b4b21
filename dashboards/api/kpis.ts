import { z } from "zod";
import { isDay } from "../../core/base/time.ts";
import {
  describeMetric,
  evaluateMetric,
  metricRecords,
  readCatalogue,
  type MetricFilter,
  type MetricQuery,
} from "../../core/metrics/index.ts";
import { SOURCE_REASONS, SOURCE_STATES } from "../../core/metrics/engine/freshness.ts";
import { GRAINS, PERIOD_NAMES } from "../../core/metrics/ask/period.ts";
import { askedNow, parseDimensions, parseFilter, question } from "../../core/metrics/ask/question.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { invalidRequest, notFound } from "../web/problem.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { pageOf, pageQuery } from "./pages.ts";

export const day = z.string().refine(isDay, "A day that exists, as YYYY-MM-DD");

const metric = z
  .object({
    id: z.string(),
    title: z.string(),
    question: z.string(),
    formula: z.string(),
    unit: z.string(),
    better: z.enum(["higher", "lower"]).nullable(),
    dimensions: z.array(z.string()),
    is_own: z.boolean().describe("Whether the config file defines it"),
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
    sources: z
      .array(
        z.object({
          connection: z.string(),
          title: z.string(),
          fresh_as_of: z.string().nullable().describe("Null: its first load is not done"),
          state: z.enum(SOURCE_STATES),
          reason: z.enum(SOURCE_REASONS).nullable().describe("Why it is not current"),
          detail: z.string().nullable().describe("What its vendor, or reading it, said"),
          refused: z.int().describe("Parts of it that could not be read"),
          held_deletions: z.int().describe("Records that it lists no more and that were not taken for deleted"),
        }),
      )
      .describe("Every connection that should be in the numbers, whether it ever was or not"),
    notes: z.array(z.string()).describe("What is missing or odd, a sentence each; empty: whole and current"),
  })
  .meta({ id: "KpiAnswer" });

export const asked = {
  from: day.optional().describe("First day, in the workspace's time zone"),
  to: day.optional().describe("Last day, inclusive"),
  by: z.string().max(200).optional().describe("Dimensions, comma-separated"),
  period: z.enum(PERIOD_NAMES).optional().describe("A period by name, instead of `from` and `to`"),
  of: z.string().max(63).optional().describe("Of rep_leaderboard: the KPI to rank by"),
  grain: z.enum(GRAINS).optional(),
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
    run: async (_asked, call) => ({
      data: (await readCatalogue(call.deps.store.db)).metrics.map((definition) => {
        const described = describeMetric(definition);
        return { ...described, dimensions: [...described.dimensions] };
      }),
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
    query: asked,
    response: answer,
    run: async ({ params, query }, call) => {
      const found = await evaluateMetric(call.deps.store.db, await toQuery(params.metric, query, call));
      return {
        ...found,
        exceptions: [...found.exceptions],
        sources: [...found.sources],
        notes: [...found.notes],
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
    query: { ...asked, ...pageQuery },
    response: pageOf(z.record(z.string(), z.unknown())),
    run: async ({ params, query }, call) => {
      const { records, next_cursor } = await metricRecords(
        call.deps.store.db,
        await toQuery(params.metric, query, call),
        {
          limit: query.limit,
          cursor: query.cursor ?? null,
        },
      );
      return { data: records.map((record) => ({ ...record })), next_cursor };
    },
  }),
];

type Question = z.output<z.ZodObject<typeof asked>>;

/** @throws TributaryError `request.not_found`, `request.invalid` */
export async function toQuery(metricId: string, said: Partial<Question>, call: Call): Promise<MetricQuery> {
  const catalogue = await readCatalogue(call.deps.store.db);
  if (catalogue.find(metricId) === null) throw notFound("There is no KPI with this id.");
  if (said.period !== undefined && (said.from !== undefined || said.to !== undefined))
    throw invalidRequest("Give either `period`, or `from` and `to`.");
  const filters = filtersOf(said.filter);
  const asOf = said.as_of === undefined ? null : new Date(said.as_of);
  const by = parseDimensions(said.by ?? "");
  const { of, grain } = said;
  const wanted = question({
    metric: metricId,
    of,
    by,
    period: said.period ?? { from: said.from ?? null, to: said.to ?? null },
    grain,
    filters,
  });
  return askedNow(wanted, call.now, await readWorkspace(call.deps.store.db), asOf).query;
}

/** @throws TributaryError `request.invalid` */
export function filtersOf(said: string | readonly string[] | undefined): readonly MetricFilter[] {
  const texts = said === undefined ? [] : typeof said === "string" ? [said] : said;
  return texts.map((text) => {
    const filter = parseFilter(text);
    if (filter === null) throw invalidRequest("`filter` is written DIM=VALUE.");
    return filter;
  });
}
