import { z } from "zod";
import { isDay } from "../../core/base/time.ts";
import {
  describeMetric,
  metricRecords,
  readCatalogue,
  type MetricFilter,
  type MetricQuery,
  type MetricRow,
} from "../../core/metrics/index.ts";
import { SOURCE_REASONS, SOURCE_STATES } from "../../core/metrics/engine/freshness.ts";
import { evaluateCompared } from "../../core/metrics/ask/compared.ts";
import { COMPARED_WITH } from "../../core/metrics/ask/comparison.ts";
import { waysToShow } from "../../core/metrics/showing.ts";
import { GRAINS, PERIOD_NAMES, type PeriodName, type Range } from "../../core/metrics/ask/period.ts";
import { askedNow, parseDimensions, parseFilter, question } from "../../core/metrics/ask/question.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { invalidRequest, notFound } from "../web/problem.ts";
import { asOfQuery } from "./instants.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { pageOf, pageQuery, shortListQuery, shortPage } from "./pages.ts";

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
    is_own: z.boolean().describe("Whether it is the company's own: of the config file, or made here"),
    shown_as: z
      .array(z.enum(["one", "rows", "steps", "ranking"]))
      .describe("How tiles and feeds can show it: see `shows` of /tile-views and /feed-widgets"),
    takes_of: z.boolean().describe("Whether it is of another KPI, named by `of`"),
  })
  .meta({ id: "Kpi" });

const answerRow = z.object({
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
  goal: z.number().nullable().optional().describe("pace"),
  working_days_gone: z.number().optional().describe("pace"),
  working_days: z.number().optional().describe("pace"),
  projection: z.number().nullable().optional().describe("pace: to the end of the period, if it goes on so"),
  final_chance: z.number().nullable().optional().describe("time_to_win_km: the chance of a win in the end"),
  median_to_any_close: z.number().nullable().optional().describe("time_to_win_km: days (Kaplan-Meier)"),
  any_end: z.number().optional().describe("Curves: the share that has ended in any way"),
});

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
    rows: z.array(answerRow),
    compared: z
      .array(
        z.object({
          with: z.enum(COMPARED_WITH),
          from: z.string().nullable(),
          to: z.string().nullable(),
          as_of: z.string(),
          rows: z.array(answerRow),
        }),
      )
      .optional()
      .describe("With `compare`: the same numbers of other periods, as far as the period itself has come"),
    exceptions: z
      .array(z.object({ reason: z.string(), count: z.number() }))
      .describe("How many records were left out, by reason"),
    all_time_is_working: z
      .literal(true)
      .optional()
      .describe("Of what counts in working time: the workspace has no business hours, so all time counts"),
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
  as_of: asOfQuery.describe("As it stood at this instant, by what was known then"),
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
    query: {
      ...shortListQuery,
      locale: z.string().max(35).optional().describe("The language of titles, questions and formulas: en or fr"),
    },
    response: pageOf(metric),
    run: async ({ query }, call) => {
      const { metrics } = await readCatalogue(call.deps.store.db);
      return shortPage(
        metrics,
        query,
        ({ id }) => id,
        (definition) => {
          const described = describeMetric(definition, query.locale);
          const { shownAs, takesOf } = waysToShow(definition);
          return { ...described, dimensions: [...described.dimensions], shown_as: [...shownAs], takes_of: takesOf };
        },
      );
    },
  }),
  endpoint({
    method: "get",
    path: "/kpis/{metric}",
    access,
    tag: "KPIs",
    summary: "Ask for a KPI: any period, breakdown, filter and as-of instant",
    params: byMetric,
    query: {
      ...asked,
      compare: z
        .string()
        .max(40)
        .optional()
        .describe(`The same numbers of other periods, comma-separated: ${COMPARED_WITH.join(", ")}`),
    },
    response: answer,
    run: async ({ params, query }, call) => {
      const kinds = z.array(z.enum(COMPARED_WITH)).safeParse(parseDimensions(query.compare ?? ""));
      if (!kinds.success) throw invalidRequest(`\`compare\` is one or several of ${COMPARED_WITH.join(", ")}.`);
      const asking = await toQuery(params.metric, query, call);
      const { compared, ...found } = await evaluateCompared(call.deps.store.db, asking, periodOf(query), kinds.data);
      return {
        ...found,
        exceptions: [...found.exceptions],
        sources: [...found.sources],
        notes: [...found.notes],
        rows: found.rows.map(plainRow),
        ...(compared === undefined
          ? {}
          : { compared: compared.map((one) => ({ ...one, rows: one.rows.map(plainRow) })) }),
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

function plainRow({ interval, ...row }: MetricRow): z.output<typeof answerRow> {
  return { ...row, interval: interval === null ? null : [interval[0], interval[1]] };
}

function periodOf({ period, from, to }: Partial<Question>): PeriodName | Range {
  return period ?? { from: from ?? null, to: to ?? null };
}

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
    period: periodOf(said),
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
