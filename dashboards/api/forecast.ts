import { z } from "zod";
import { backtests, forecast, type ForecastQuery, HORIZONS, SLICES } from "../../core/forecast/index.ts";
import { GOAL_METRICS } from "../../core/forecast/scenario.ts";
import { METHODS } from "../../core/forecast/methods.ts";
import { invalidRequest } from "../web/problem.ts";
import { asOfQuery } from "./instants.ts";
import { type Call, endpoint } from "./endpoint.ts";

const method = z.enum(METHODS);
const estimate = z.object({
  expected: z.number(),
  p10: z.number().describe("In one of ten cases it is less"),
  p50: z.number(),
  p90: z.number().describe("In one of ten cases it is more"),
});
const brier = z
  .object({ method: z.number(), baseRate: z.number().describe("If all deals were alike") })
  .nullable()
  .describe("Mean squared error of the chances of single deals; null where the method does not tell them apart");
const record = z
  .object({
    days: z.number().describe("The horizon that was tried"),
    origins: z.number().describe("How many past month ends"),
    mape: z.number().nullable(),
    bias: z.number().nullable().describe("Above 0: it promised too much"),
    error: z.number().nullable().describe("Σ |forecast − actual| ÷ Σ actual; by it the method is chosen"),
    coverage: z.number().describe("How often P10 to P90 held; 0.8 is right"),
    brier,
  })
  .nullable()
  .describe("How good the method has been; null: it could not be tried yet");
const answered = z.object({ method, ...estimate.shape, record });
const dimensions = z.record(z.string(), z.string().nullable());
const plans = {
  plans: z
    .object({
      inputs: z.array(z.object({ input: z.string(), from: z.string().describe("`config`, or the cell of a sheet") })),
      problems: z
        .array(z.object({ cell: z.string(), problem: z.string() }))
        .describe("What was written into the sheet and could not be taken"),
    })
    .nullable()
    .describe("What is planned, and where that is written; null: nothing"),
  goals: z
    .array(
      z.object({
        metric: z.enum(GOAL_METRICS),
        from: z.string(),
        to: z.string(),
        target: z.number(),
        so_far: z.number().nullable(),
        expected: z.number().nullable().describe("So far and what is to come, as planned; null: it is not running"),
        share: z.number().nullable().describe("Of what is expected, else of what is there: the share of the target"),
      }),
    )
    .nullable()
    .describe("The goals of the plans, of the whole"),
};
const head = { as_of: z.string(), timezone: z.string(), currency: z.string(), seed: z.string() };

const forecastAnswer = z
  .object({
    ...head,
    ...plans,
    rows: z.array(
      z.object({
        dimensions,
        horizon: z.enum(["days", "month_end", "quarter_end"]),
        days: z.number(),
        until: z.string().describe("The last day, inclusive"),
        count: answered.describe("By the method that has been best for this slice and horizon"),
        value: answered.nullable().describe("In main units; null: no win has a value to go by"),
        methods: z.array(z.object({ count: answered, value: answered.nullable() })),
        open_deals: z.number(),
        left_out: z.number().describe("Open deals that `stage_weighted` knows no probability of"),
        scenario: z
          .object({
            count: estimate,
            value: estimate.nullable(),
            margin: estimate.nullable().describe("Value less product cost"),
            adjustments: z.array(
              z.object({
                what: z.string(),
                of: z.enum(["count", "value", "both"]),
                factor: z.number(),
                because: z.string(),
              }),
            ),
          })
          .nullable()
          .describe("What the config's section `forecast` makes of it"),
      }),
    ),
  })
  .meta({ id: "Forecast" });

const backtestAnswer = z
  .object({
    ...head,
    from: z.string().nullable(),
    to: z.string().nullable(),
    rows: z.array(
      z.object({
        dimensions,
        method,
        days: z.number(),
        of: z.enum(["count", "value"]),
        origins: z.number(),
        mape: z.number().nullable(),
        bias: z.number().nullable(),
        error: z.number().nullable().describe("Σ |forecast − actual| ÷ Σ actual; by it the method is chosen"),
        coverage: z.number(),
        brier,
        is_shown: z.boolean(),
      }),
    ),
  })
  .meta({ id: "Backtest" });

const asked = {
  horizon: z.string().max(100).optional().describe("Days ahead, comma-separated; default 30,60,90"),
  by: z.enum(SLICES).optional(),
  as_of: asOfQuery.describe("By what had happened and was known then"),
  seed: z.string().min(1).max(100).default("tributary").describe("What is drawn by chance is drawn alike for one seed"),
};

const access = { kind: "api", scope: "read" } as const;

export const forecastEndpoints = [
  endpoint({
    method: "get",
    path: "/forecast",
    access,
    tag: "KPIs",
    summary: "How many deals will be won within days and by the end of month and quarter, and of what value",
    query: asked,
    response: forecastAnswer,
    run: async ({ query }, call) => plain(await forecast(call.deps.store.db, toQuery(query, call))),
  }),
  endpoint({
    method: "get",
    path: "/backtest",
    access,
    tag: "KPIs",
    summary: "How good each method would have been at past month ends, by what was known then",
    query: asked,
    response: backtestAnswer,
    run: async ({ query }, call) => plain(await backtests(call.deps.store.db, toQuery(query, call))),
  }),
];

function toQuery(said: z.output<z.ZodObject<typeof asked>>, { now }: Call): ForecastQuery {
  const horizons = said.horizon?.split(",").map((one) => Number(one.trim())) ?? HORIZONS;
  if (horizons.some((days) => !Number.isInteger(days) || days < 1 || days > 366) || horizons.length > 10)
    throw invalidRequest("`horizon` is up to ten numbers of days from 1 to 366, such as 30,60,90.");
  const asOf = said.as_of === undefined ? null : new Date(said.as_of);
  return { horizons: [...new Set(horizons)], by: said.by ?? null, asOf, now, seed: said.seed };
}

/** Answers are readonly; what is sent is a copy. */
function plain<T>(answer: T): Mutable<T> {
  return structuredClone(answer) as Mutable<T>;
}

type Mutable<T> = T extends readonly (infer One)[]
  ? Mutable<One>[]
  : T extends object
    ? { -readonly [name in keyof T]: Mutable<T[name]> }
    : T;
