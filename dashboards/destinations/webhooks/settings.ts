import { z } from "zod";
import { EVENT_TYPES } from "../../../core/outbox/append.ts";
import { secret } from "../../../core/secrets/declared.ts";

/** An entry of the section `webhooks` of the config file: one address, and what it gets. */
export const webhookSettings = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "expected an http or https address" }),
  events: z.array(z.enum(["*", ...EVENT_TYPES])).min(1),
  secret: secret(
    z
      .string()
      .regex(
        /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/,
        "expected whsec_ and 24 to 64 bytes in base64, from the environment",
      ),
  ).describe("What deliveries are signed with, as ${ENV_NAME}"),
  ordered: z.boolean().default(false).describe("Whether what happens to one deal arrives in order"),
  description: z.string().max(500).optional(),
});
export type WebhookSettings = z.output<typeof webhookSettings>;
