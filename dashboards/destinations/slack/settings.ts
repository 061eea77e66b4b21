import { z } from "zod";
import { eventFilters, eventType } from "../../../core/destination/subscription.ts";
import { secret } from "../../../core/secrets/declared.ts";

/** An entry of the section `slack` of the config file: one channel, and what is told there. */
export const slackSettings = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected lower-case letters, digits and hyphens")
    .describe("Chosen once: `wins`"),
  url: secret(z.url({ protocol: /^https?$/, error: "expected the address of an incoming webhook" })).describe(
    "The address of the channel's incoming webhook, as ${ENV_NAME}: whoever has it can write there",
  ),
  events: z
    .array(eventType)
    .min(1)
    .max(50)
    .default(["deal.won", "endpoint.paused"])
    .describe("What is told: wins, thresholds of KPIs, receivers that fail"),
  filters: eventFilters.optional().describe("Of these events, only what fits"),
  description: z.string().max(500).optional(),
});
