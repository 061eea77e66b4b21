import { z } from "zod";
import { EVENT_TYPES } from "../outbox/catalogue.ts";

/** What every destination that receives events takes in its settings. */

/** Of the types that a receiver is subscribed to, what it wants. */
export const eventFilters = z.strictObject({
  pipelines: z.array(z.string().min(1)).min(1).optional().describe("Of deals: those of these pipelines, by name"),
  min_amount: z.number().min(0).optional().describe("Of deals: those of at least this value, in the deal's currency"),
  metrics: z.array(z.string().min(1)).min(1).optional().describe("Of KPIs: these alone"),
  rises_to: z.number().optional().describe("Of KPIs: when the value comes to this or more, from less"),
  rules: z.array(z.string().min(1)).min(1).optional().describe("Of what `rules` tell: that of these, by id"),
  digests: z.array(z.string().min(1)).min(1).optional().describe("Of digests: these, by id"),
  falls_to: z.number().optional().describe("Of KPIs: when the value comes to this or less, from more"),
});

export const eventType = z.enum(["*", ...EVENT_TYPES]).describe("`*` stands for every type");
