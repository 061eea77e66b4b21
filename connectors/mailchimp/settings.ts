import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { webAddress } from "../../core/connector/address.ts";
import type { AuthMethod } from "../../core/connector/auth.ts";
import { DATA_CENTRE } from "./account.ts";

export const mailchimpSettings = z.object({
  activity_days: z
    .int()
    .min(1)
    .max(365)
    .default(30)
    .describe(
      "For so many days after a campaign was sent, its opens, clicks, bounces and unsubscribes are looked at again",
    ),
  log_sends: z
    .boolean()
    .default(false)
    .describe(
      "Whether each recipient of each campaign gets an outbound e-mail on the timeline: as many records as e-mails were sent",
    ),
  base_url: webAddress()
    .optional()
    .describe(
      "Where Mailchimp answers, with /3.0; only a test or a proxy changes it. Else it follows from the key or the sign-in",
    ),
  login_url: webAddress()
    .default("https://login.mailchimp.com/")
    .describe("Where people sign in by OAuth; only a test changes it"),
});

export type MailchimpSettings = z.infer<typeof mailchimpSettings>;

const apiKeyCredentials = z.object({
  api_key: z
    .string()
    .regex(new RegExp(`^\\S+-${DATA_CENTRE.source}$`), "needs the whole key, with the data centre at its end (…-us6)")
    .describe("Mailchimp → Account & billing → Extras → API keys"),
});

const oauthCredentials = z.object({
  client_id: z.string().min(1).describe("Of the app in Mailchimp → Account & billing → Extras → Registered apps"),
  client_secret: z.string().min(1).describe("Of the same app"),
  access_token: z.string().optional(),
  data_centre: z
    .string()
    .regex(new RegExp(`^${DATA_CENTRE.source}$`))
    .optional()
    .describe("Where the account lives (us6). Absent: Mailchimp is asked"),
});

export const mailchimpAuth: readonly AuthMethod[] = [
  {
    kind: "api_key",
    title: "API key",
    madeAt: "https://admin.mailchimp.com/account/api/",
    needs: ["a key of a user with the role Manager or higher"],
    credentials: apiKeyCredentials,
  },
  {
    kind: "oauth2",
    title: "OAuth 2 (a registered app)",
    madeAt: "https://admin.mailchimp.com/account/oauth2/",
    grant: "authorization_code",
    credentials: oauthCredentials,
    authorizeUrl: (settings) => loginAddress(settings, "authorize"),
    tokenUrl: (settings) => loginAddress(settings, "token"),
    // There are none, and a token never expires: no refresh token is given. mailchimp.com/developer, "Access Data on Behalf of Other Users".
    scopes: [],
  },
];

function loginAddress(settings: JsonObject, page: "authorize" | "token"): string {
  const login = mailchimpSettings.shape.login_url.parse(settings["login_url"]);
  return new URL(`/oauth2/${page}`, login).href;
}
