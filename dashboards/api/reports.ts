import { z } from "zod";
import { parsePeriod } from "../../core/metrics/ask/period-text.ts";
import { parseDimensions } from "../../core/metrics/ask/question.ts";
import { funnel } from "../../core/metrics/reports/funnel.ts";
import { compareGroups } from "../../core/metrics/reports/comparison.ts";
import { scorecard } from "../../core/metrics/reports/scorecard.ts";
import { movement, REASONS } from "../../core/metrics/reports/movement.ts";
import { invalidRequest } from "../web/problem.ts";
import { endpoint } from "./endpoint.ts";
import { asked, day, filtersOf, toQuery } from "./kpis.ts";

const part = z.object({ count: z.number(), value: z.number() });
const dimensions = z.record(z.string(), z.string().nullable());
const share = z.number().nullable();
const access = { kind: "api", scope: "read" } as const;

export const reportEndpoints = [
  endpoint({
    method: "get",
    path: "/reps/{rep}/scorecard",
    access,
    tag: "KPIs",
    summary: "Everything there is to say of a rep: each KPI that is of reps, beside the period before and the others",
    params: { rep: z.string().min(1).max(200).describe("A name, an e-mail address or an id") },
    query: {
      from: asked.from,
      to: asked.to,
      period: asked.period,
      metrics: z.string().max(500).optional().describe("Of these KPIs alone, comma-separated"),
      as_of: asked.as_of,
    },
    response: z
      .object({
        rep: z.object({ id: z.string(), name: z.string() }),
        from: z.string().nullable(),
        to: z.string().nullable(),
        as_of: z.string(),
        timezone: z.string(),
        currency: z.string(),
        rows: z.array(
          z.object({
            metric: z.string(),
            title: z.string(),
            unit: z.string(),
            dimensions,
            value: share,
            numerator: share,
            denominator: share,
            sample_size: z.number(),
            previous: share.describe("In the period before, or its same span where the period still runs"),
            rank: share.describe("Among the reps who have a value"),
            ranked: z.number(),
          }),
        ),
      })
      .meta({ id: "Scorecard" }),
    run: async ({ params, query }, call) => {
      const days = query.from === undefined && query.to === undefined ? "this_month" : null;
      const answer = await scorecard(call.deps.store.db, {
        rep: params.rep,
        period: query.period ?? days ?? { from: query.from ?? null, to: query.to ?? null },
        metrics: parseDimensions(query.metrics ?? ""),
        asOf: query.as_of === undefined ? null : new Date(query.as_of),
        now: call.now,
      });
      return { ...answer, rows: [...answer.rows] };
    },
  }),
  endpoint({
    method: "get",
    path: "/kpis/{metric}/comparison",
    access,
    tag: "KPIs",
    summary: "Is A really better than B: two groups of a KPI that is a share, with Newcombe's interval and a sentence",
    params: { metric: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/) },
    query: {
      from: asked.from,
      to: asked.to,
      period: asked.period,
      filter: asked.filter,
      as_of: asked.as_of,
      dimension: z.string().min(1).max(100).describe("What tells the groups apart: touch_mix"),
      a: z.string().min(1).max(200),
      b: z.string().min(1).max(200),
    },
    response: z
      .object({
        metric: z.string(),
        dimension: z.string(),
        from: z.string().nullable(),
        to: z.string().nullable(),
        as_of: z.string(),
        timezone: z.string(),
        groups: z.array(z.object({ group: z.string(), value: share, numerator: z.number(), denominator: z.number() })),
        difference: share,
        interval: z.array(z.number()).nullable(),
        is_clear: z.boolean().describe("At least 20 of each, and the interval leaves out 0"),
        more_needed: z.array(z.number()).nullable().describe("Of each group, at the same shares"),
        sentence: z.string(),
      })
      .meta({ id: "Comparison" }),
    run: async ({ params, query }, call) => {
      const { dimension, a, b, ...question } = query;
      const answer = await compareGroups(call.deps.store.db, await toQuery(params.metric, question, call), dimension, [
        a,
        b,
      ]);
      return {
        ...answer,
        groups: [...answer.groups],
        interval: answer.interval === null ? null : [...answer.interval],
        more_needed: answer.more_needed === null ? null : [...answer.more_needed],
      };
    },
  }),
  endpoint({
    method: "get",
    path: "/movement",
    access,
    tag: "KPIs",
    summary: "What moved the open pipeline from the end of one day to the end of another; adds up exactly",
    query: {
      from: day.describe("What was open at the end of this day is the start"),
      to: day,
      by: asked.by,
      filter: asked.filter,
      as_of: asked.as_of,
      expected_in: z
        .string()
        .max(30)
        .optional()
        .describe("Only what is expected to close in: 2026, 2026-Q2, 2026-04, or 2026-04-01..2026-04-15"),
    },
    response: z
      .object({
        from: z.string(),
        to: z.string(),
        as_of: z.string(),
        timezone: z.string(),
        currency: z.string(),
        rows: z.array(
          z.object({
            dimensions,
            start: part,
            reasons: z.object(Object.fromEntries(REASONS.map((reason) => [reason, part]))),
            end: part,
          }),
        ),
        deals: z.array(z.record(z.string(), z.unknown())),
        exceptions: z.array(z.object({ reason: z.string(), count: z.number() })),
      })
      .meta({ id: "Movement" }),
    run: async ({ query }, call) => {
      const expectedIn = query.expected_in === undefined ? null : parsePeriod(query.expected_in);
      if (query.expected_in !== undefined && expectedIn === null)
        throw invalidRequest("`expected_in` is written 2026, 2026-Q2, 2026-04 or 2026-04-01..2026-04-15.");
      const answer = await movement(call.deps.store.db, {
        from: query.from,
        to: query.to,
        by: parseDimensions(query.by ?? ""),
        filters: filtersOf(query.filter),
        expectedIn,
        asOf: query.as_of === undefined ? null : new Date(query.as_of),
        now: call.now,
      });
      return {
        ...answer,
        rows: [...answer.rows],
        deals: answer.deals.map((one) => ({ ...one })),
        exceptions: [...answer.exceptions],
      };
    },
  }),
  endpoint({
    method: "get",
    path: "/funnel",
    access,
    tag: "KPIs",
    summary: "What became of the deals that entered each stage in the period",
    query: {
      from: asked.from,
      to: asked.to,
      period: asked.period,
      by: asked.by,
      filter: asked.filter,
      as_of: asked.as_of,
    },
    response: z
      .object({
        from: z.string().nullable(),
        to: z.string().nullable(),
        as_of: z.string(),
        timezone: z.string(),
        currency: z.string(),
        fresh_as_of: z.string().nullable(),
        stages: z.array(
          z.object({
            dimensions,
            stage: z.string().nullable(),
            entered: z.number(),
            went_on: z.number(),
            lost: z.number(),
            went_back: z.number(),
            moved_away: z.number(),
            still_there: z.number(),
            conversion: share,
            interval: z.tuple([z.number(), z.number()]).nullable(),
            snapshot_conversion: share,
            leak: share,
            is_leakiest: z.boolean(),
            time_in_stage: share.describe("Median days"),
          }),
        ),
        totals: z.array(
          z.object({
            dimensions,
            win_rate: share,
            sales_velocity: share,
            time_to_close_mean: share,
            time_to_close_median: share,
          }),
        ),
      })
      .meta({ id: "Funnel" }),
    run: async ({ query }, call) => {
      const { from, to, asOf, by, filters, now } = await toQuery("stage_conversion", query, call);
      const answer = await funnel(call.deps.store.db, { range: { from, to }, by, filters, asOf, now });
      return {
        ...answer,
        stages: answer.stages.map((row) => ({
          ...row,
          interval: row.interval === null ? null : ([row.interval[0], row.interval[1]] as [number, number]),
        })),
        totals: [...answer.totals],
      };
    },
  }),
];
