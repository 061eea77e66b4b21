import { z } from "zod";
import { eventFilters, eventType } from "../../../core/destination/subscription.ts";
import { secret } from "../../../core/secrets/declared.ts";

const signingSecret = secret(
  z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, "expected whsec_ and 24 to 64 bytes in base64, from the environment"),
);

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
