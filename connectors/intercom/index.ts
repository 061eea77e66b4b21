import { type AnyConnector, defineConnector } from "../../core/connector/define.ts";
import { checkIntercom } from "./check.ts";
import { createIntercomClient } from "./client.ts";
import { baseUrlOf, intercomAuth, intercomSettings } from "./settings.ts";
import { intercomStreams } from "./streams.ts";
import { intercomTotals } from "./totals.ts";
import { intercomWebhook } from "./webhook.ts";

/** Intercom: conversations with their parts, contacts, companies, admins and teams. */
export const intercom: AnyConnector = defineConnector({
  key: "intercom",
  title: "Intercom",
  docs: "https://developers.intercom.com",
  settings: intercomSettings,
  auth: intercomAuth,
  sendsCredentialsTo: (settings) => [new URL(baseUrlOf(settings)).origin],
  everyS: 300,
  createClient: createIntercomClient,
  check: checkIntercom,
  streams: intercomStreams,
  webhook: intercomWebhook,
  totals: intercomTotals,
});
