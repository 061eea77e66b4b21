import { defineConnector, type AnyConnector } from "../../core/connector/define.ts";
import { checkClose } from "./check.ts";
import { createCloseClient } from "./client.ts";
import { closeAuth, closeSettings } from "./settings.ts";
import { closeStreams } from "./streams.ts";
import { closeTotals } from "./totals.ts";
import { closeWebhook } from "./webhook.ts";

/** Close CRM: leads, contacts, opportunities with their history, every kind of activity, and the event log. */
export const close: AnyConnector = defineConnector({
  key: "close",
  title: "Close",
  docs: "https://developer.close.com",
  settings: closeSettings,
  auth: closeAuth,
  sendsCredentialsTo: ({ base_url: base }) => [new URL(base).origin],
  everyS: 300,
  createClient: createCloseClient,
  check: checkClose,
  streams: closeStreams,
  webhook: closeWebhook,
  totals: closeTotals,
});
