import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { webAddress } from "../../core/connector/address.ts";
import type { AuthMethod } from "../../core/connector/auth.ts";

/** Checked before an address is built of it: anything else could lead our credentials to another host. */
const SUBDOMAIN = /^[a-z][a-z0-9-]{2,62}$/;

export const zendeskSettings = z.object({
  subdomain: z
    .string()
    .regex(SUBDOMAIN, "is the first part of your Zendesk address: acme for https://acme.zendesk.com")
    .describe("The first part of your Zendesk address: acme for https://acme.zendesk.com"),
  base_url: webAddress()
    .optional()
    .describe("Where Zendesk answers, without /api/v2; only a test or a proxy changes it"),
  requests_per_minute: z
    .number()
    .positive()
    .max(100_000)
    .default(200)
    .describe("Requests per minute to begin with (200 on the smallest current plan); Zendesk's own headers correct it"),
  exports_per_minute: z
    .number()
    .positive()
    .max(100_000)
    .default(10)
    .describe("Requests per minute to the incremental exports: 10, or 30 with the High Volume API add-on"),
});

export type ZendeskSettings = z.infer<typeof zendeskSettings>;

/** `https://acme.zendesk.com`, without a trailing slash. */
export function originOf(settings: Pick<ZendeskSettings, "subdomain" | "base_url">): string {
  return settings.base_url === undefined
    ? `https://${settings.subdomain}.zendesk.com`
    : new URL(settings.base_url).origin;
}

const oauthClient = {
  client_id: z
    .string()
    .min(1)
    .describe("Unique identifier of the OAuth client: Admin Center → Apps and integrations → APIs"),
  client_secret: z.string().min(1).describe("Secret of the same OAuth client"),
};

const clientCredentials = z.object({
  ...oauthClient,
  access_token: z.string().optional(),
  expires_at: z.string().nullish(),
});

const codeFlowCredentials = clientCredentials.extend({ refresh_token: z.string().optional() });

const apiTokenCredentials = z.object({
  email: z.string().min(3).describe("E-mail of an administrator"),
  api_token: z.string().min(1).describe("Admin Center → Apps and integrations → APIs → API tokens"),
});

/** When API tokens stop working for everyone. developer.zendesk.com, "Migrating from API tokens to OAuth". */
export const API_TOKENS_END = new Date("2027-04-30T00:00:00Z");

const oauth = {
  kind: "oauth2",
  authorizeUrl: (settings: JsonObject) => oauthAddress(settings, "authorizations/new"),
  tokenUrl: (settings: JsonObject) => oauthAddress(settings, "tokens"),
  // Reading covers every export and side-load; a webhook has to be created.
  scopes: ["read", "webhooks:write"],
  tokenRequest: "json",
  needs: ["read", "webhooks:write"],
} as const;

/**
 * An OAuth client that may use the `client_credentials` grant needs nobody to sign in; any other signs in once, and its refresh token
 * (single use: the engine stores the new pair before it uses it) carries on from there.
 */
export const zendeskAuth: readonly AuthMethod[] = [
  {
    ...oauth,
    title: "OAuth 2 (a confidential client of your own)",
    grant: "client_credentials",
    credentials: clientCredentials,
  },
  {
    ...oauth,
    title: "OAuth 2 (signing in)",
    grant: "authorization_code",
    credentials: codeFlowCredentials,
    pkce: true,
  },
  {
    kind: "api_key",
    title: "API token (ends on 30 April 2027)",
    needs: ["an administrator's token"],
    credentials: apiTokenCredentials,
  },
];

/** OAuth lies beside the API, not under /api/v2. */
function oauthAddress(settings: JsonObject, page: string): string {
  return `${originOf(zendeskSettings.parse(settings))}/oauth/${page}`;
}

/** Credentials as the headers that sign a request in: Bearer, or Basic as `e-mail/token`. */
export function authorize(credentials: JsonObject): { readonly [header: string]: string } {
  const { access_token: accessToken, email, api_token: apiToken } = credentials;
  if (typeof accessToken === "string") return { authorization: `Bearer ${accessToken}` };
  if (typeof email !== "string" || typeof apiToken !== "string") return {};
  // People paste the user name of Zendesk's own examples; `/token/token` cannot sign in.
  const user = `${email.trim().replace(/\/token$/i, "")}/token`;
  return { authorization: `Basic ${Buffer.from(`${user}:${apiToken}`).toString("base64")}` };
}
