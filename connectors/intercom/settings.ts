import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { webAddress } from "../../core/connector/address.ts";
import type { AuthMethod } from "../../core/connector/auth.ts";

const REGIONS = ["us", "eu", "au"] as const;

/** Pinned: without it the app's own default applies, which its owner can change. */
const VERSION = "2.15";

export const intercomSettings = z.object({
  region: z
    .enum(REGIONS)
    .default("us")
    .meta({ isBasic: true })
    .describe("Where the workspace is hosted; the wrong one refuses the token"),
  base_url: webAddress().optional().describe("Where Intercom answers; only a test or a proxy changes it"),
  workspace_id: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The workspace's id (in the address of its inbox, after /apps/ or /inbox/): makes links to conversations",
    ),
  companies_every_minutes: z
    .number()
    .nonnegative()
    .default(60)
    .describe("Companies can only be listed whole: this often at most"),
  requests_per_minute: z
    .number()
    .positive()
    .max(100_000)
    .default(1000)
    .describe("To begin with; Intercom's headers correct it. Private apps have 10,000"),
});

export type IntercomSettings = z.infer<typeof intercomSettings>;

const tokenCredentials = z.object({
  access_token: z.string().min(1).describe("Developer Hub → your app → Authentication → Access token"),
});

const oauthCredentials = z.object({
  client_id: z.string().min(1).describe("Developer Hub → your app → Basic information"),
  client_secret: z.string().min(1).describe("Of the same app"),
  access_token: z.string().optional(),
  expires_at: z.string().nullish(),
});

export const intercomAuth: readonly AuthMethod[] = [
  {
    kind: "api_key",
    title: "Access token of a private app",
    madeAt: "https://app.intercom.com/a/apps/_/developer-hub",
    needs: ["read conversations, people, companies and admins"],
    credentials: tokenCredentials,
  },
  {
    kind: "oauth2",
    title: "OAuth 2 (an app of your own)",
    madeAt: "https://app.intercom.com/a/apps/_/developer-hub",
    grant: "authorization_code",
    credentials: oauthCredentials,
    authorizeUrl: (settings) => oauthAddress(settings, "oauth"),
    tokenUrl: (settings) => oauthAddress(settings, "auth/eagle/token"),
    // Permissions are chosen in the Developer Hub. The token lasts until it is revoked, and there is none to renew it with.
    scopes: [],
  },
];

/** With a trailing slash. */
export function baseUrlOf(settings: Pick<IntercomSettings, "region" | "base_url">): string {
  const base = settings.base_url ?? `https://api${subdomain(settings.region)}.intercom.io/`;
  return base.endsWith("/") ? base : `${base}/`;
}

/** Where people work: the app of the workspace's region. */
export function appUrlOf({ region }: Pick<IntercomSettings, "region">): string {
  return `https://app${subdomain(region)}.intercom.com/`;
}

function subdomain(region: IntercomSettings["region"]): string {
  return region === "us" ? "" : `.${region}`;
}

function oauthAddress(settings: JsonObject, page: "oauth" | "auth/eagle/token"): string {
  const { region, base_url: base } = intercomSettings.pick({ region: true, base_url: true }).parse(settings);
  const isVendors = base === undefined;
  return new URL(page, page === "oauth" && isVendors ? appUrlOf({ region }) : baseUrlOf({ region, base_url: base }))
    .href;
}

export function authorize({ access_token: token }: JsonObject): { readonly [header: string]: string } {
  const version = { "intercom-version": VERSION };
  return typeof token === "string" ? { ...version, authorization: `Bearer ${token}` } : version;
}
