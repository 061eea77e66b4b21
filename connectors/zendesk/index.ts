import { defineConnector, type AnyConnector } from "../../core/connector/define.ts";
import { checkZendesk } from "./check.ts";
import { createZendeskClient } from "./client.ts";
import { originOf, zendeskAuth, zendeskSettings } from "./settings.ts";
import { zendeskStreams } from "./streams.ts";
import { zendeskTotals } from "./totals.ts";
import { zendeskWebhook } from "./webhook.ts";

/** Zendesk Support and Talk: tickets with their metrics, messages, calls, satisfaction, and who is who. */
export const zendesk: AnyConnector = defineConnector({
  key: "zendesk",
  title: "Zendesk",
  docs: "https://developer.zendesk.com/api-reference/",
  settings: zendeskSettings,
  auth: zendeskAuth,
  sendsCredentialsTo: (settings) => [originOf(settings)],
  everyS: 300,
  createClient: createZendeskClient,
  check: checkZendesk,
  streams: zendeskStreams,
  webhook: zendeskWebhook,
  totals: zendeskTotals,
});
