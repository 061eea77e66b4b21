import { z } from "zod";
import type { EventType } from "../../core/outbox/append.ts";

/** What an event tells, for the documentation of the API. A test holds what is really told against these. */

const named = z.string().nullable();

const dealEvent = z
  .strictObject({
    deal: z.strictObject({
      id: z.uuid(),
      name: named,
      url: named.describe("The deal in its tool"),
      value: z.strictObject({
        amount: z.number().nullable().describe("In main units of the currency"),
        currency: z.string().describe("ISO 4217"),
      }),
      stage: named,
      from_stage: named.describe("Where it was before"),
      pipeline: named,
      owner: z.strictObject({ id: z.uuid(), name: named }).nullable(),
      company: named,
      lost_reason: named,
    }),
    changed_at: z.iso.datetime(),
    connection: z.string(),
  })
  .meta({ id: "DealEvent" });

const kpiEvent = z
  .strictObject({
    metric: z.string(),
    unit: z.string(),
    currency: z.string(),
    timezone: z.string(),
    dimensions: z.record(z.string(), z.string().nullable()),
    from: z.string().nullable().describe("First day of the period; null: of all time"),
    to: z.string().nullable().describe("Last day, inclusive"),
    value: z.number().nullable(),
    previous_value: z.number().nullable().describe("What it was before this change"),
    numerator: z.number().nullable(),
    denominator: z.number().nullable(),
    sample_size: z.number(),
    as_of: z.iso.datetime(),
    fresh_as_of: z.iso.datetime().nullable(),
  })
  .meta({ id: "KpiEvent" });

const endpointEvent = z
  .strictObject({
    endpoint: z.strictObject({ id: z.uuid(), destination: z.string(), name: z.string().nullable() }),
    failing_since: z.iso.datetime().nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: "EndpointEvent" });

export const EVENT_MEANINGS: { readonly [type in EventType]: string } = {
  "deal.created": "A deal was created",
  "deal.won": "A deal was won",
  "deal.lost": "A deal was lost",
  "deal.reopened": "A deal that was won or lost is open again",
  "deal.stage_changed": "A deal moved to another stage",
  "kpi.updated": "A KPI that somebody watches has another value",
  "endpoint.failing": "An endpoint has begun to refuse what it is sent",
  "endpoint.paused": "An endpoint is sent nothing until somebody resumes it",
  "endpoint.recovered": "An endpoint that failed takes what it is sent again",
};

export function eventData(type: EventType): z.ZodType {
  if (type === "kpi.updated") return kpiEvent;
  return type.startsWith("endpoint.") ? endpointEvent : dealEvent;
}
