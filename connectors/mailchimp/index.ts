import { type AnyConnector, defineConnector } from "../../core/connector/define.ts";
import { checkMailchimp } from "./check.ts";
import { createMailchimpClient } from "./client.ts";
import { mailchimpAuth, mailchimpSettings } from "./settings.ts";
import { mailchimpStreams } from "./streams.ts";
import { mailchimpTotals } from "./totals.ts";
import { mailchimpWebhook } from "./webhook.ts";

/** Mailchimp: audiences with their members, campaigns with their numbers, and who opened, clicked, bounced and left. */
export const mailchimp: AnyConnector = defineConnector({
  key: "mailchimp",
  title: "Mailchimp",
  docs: "https://mailchimp.com/developer/marketing/api/",
  settings: mailchimpSettings,
  auth: mailchimpAuth,
  sendsCredentialsTo: ({ base_url: base, login_url: login }) => [
    // Without a base address, the key itself says at which of Mailchimp's hosts it is good.
    base === undefined ? "https://api.mailchimp.com" : new URL(base).origin,
    new URL(login).origin,
  ],
  everyS: 900,
  createClient: createMailchimpClient,
  check: checkMailchimp,
  streams: mailchimpStreams,
  webhook: mailchimpWebhook,
  totals: mailchimpTotals,
});
