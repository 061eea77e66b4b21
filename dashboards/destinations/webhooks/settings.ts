import { z } from "zod";
import { EVENT_TYPES } from "../../../core/outbox/catalogue.ts";
import { secret } from "../../../core/secrets/declared.ts";

const signingSecret = secret(
  z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, "expected whsec_ and 24 to 64 bytes in base64, from the environment"),
);

/** Of the types that a receiver is subscribed to, what it wants. Shared by all destinations that receive events. */
export const eventFilters = z.strictObject({
  pipelines: z.array(z.string().min(1)).min(1).optional().describe("Of deals: those of these pipelines, by name"),
  min_amount: z.number().min(0).optional().describe("Of deals: those of at least this value, in the deal's currency"),
  metrics: z.array(z.string().min(1)).min(1).optional().describe("Of KPIs: these alone"),
  rises_to: z.number().optional().describe("Of KPIs: when the value comes to this or more, from less"),
  falls_to: z.number().optional().describe("Of KPIs: when the value comes to this or less, from more"),
});

export const eventType = z.enum(["*", ...EVENT_TYPES]).describe("`*` stands for every type");

/** An entry of the section `webhooks` of the config file: one address, and what it gets. */
export const webhookSettings = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "expected an http or https address" }).max(2_000),
  events: z.array(eventType).min(1).max(50),
  secret: signingSecret.describe("What deliveries are signed with, as ${ENV_NAME}"),
  former_secrets: z
    .array(z.strictObject({ secret: signingSecret, until: z.iso.datetime({ offset: true }) }))
    .max(10)
    .optional()
    .describe("What they are also signed with until then, while receivers change over"),
  filters: eventFilters.optional().describe("Of these events, only what fits"),
  ordered: z.boolean().default(false).describe("Whether what happens to one deal arrives in order"),
  per_second: z.number().positive().max(1_000).optional().describe("At most so many a second"),
  description: z.string().max(500).optional(),
});
export type WebhookSettings = z.output<typeof webhookSettings>;
