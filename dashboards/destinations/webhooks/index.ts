import { defineDestination } from "../../../core/destination/define.ts";
import { createSender } from "./send.ts";
import { webhookSettings } from "./settings.ts";

export const webhooks = defineDestination({
  key: "webhooks",
  title: "Webhooks",
  docs: "https://www.standardwebhooks.com",
  settings: webhookSettings,
  // What is signed with the secret goes there, never the secret itself.
  addresses: ({ url }) => [url],
  takes: {
    kind: "events",
    noun: "webhook",
    name: ({ url }) => url,
    subscription: ({ events, filters, ordered, per_second, description }) => ({
      types: [...new Set(events)],
      filters: filters ?? {},
      isOrdered: ordered,
      perSecond: per_second ?? null,
      description: description ?? null,
    }),
    open: createSender,
  },
});
