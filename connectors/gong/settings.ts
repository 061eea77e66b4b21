import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { webAddress } from "../../core/connector/address.ts";
import type { AuthMethod } from "../../core/connector/auth.ts";

export const VENDOR_BASE_URL = "https://api.gong.io";

export const gongSettings = z.object({
  base_url: webAddress()
    .default(VENDOR_BASE_URL)
    .meta({ isBasic: true })
    .describe(
      "The API address of your account, as Gong shows it (Admin center → Settings → Ecosystem → API): https://us-12345.api.gong.io. A sign-in by OAuth brings it along",
    ),
  relist_days: z
    .int()
    .min(1)
    .max(90)
    .default(14)
    .describe("Once a day, so many days are listed again for what changed, came late or was deleted"),
  transcripts: z
    .boolean()
    .default(false)
    .describe("Whether the words that were spoken are kept too. They are personal data and no KPI needs them"),
  requests_per_second: z
    .number()
    .positive()
    .max(200)
    .default(2.8)
    .describe("Gong allows 3 a second and 10,000 a day, unless its support has raised that"),
});

export type GongSettings = z.infer<typeof gongSettings>;

const keyCredentials = z.object({
  access_key: z.string().min(1).describe("Gong → Admin center → Settings → Ecosystem → API → Create"),
  access_key_secret: z.string().min(1).describe("Shown once, beside the access key"),
});

const oauthCredentials = z.object({
  client_id: z.string().min(1).describe("Of the integration in Gong → Admin center → Settings → Ecosystem → API"),
  client_secret: z.string().min(1).describe("Of the same integration"),
  access_token: z.string().optional(),
  refresh_token: z.string().optional(),
  expires_at: z.string().nullish(),
  api_base_url_for_customer: z.string().optional(),
});

/** What each stream needs. The scope of transcripts is not among them: who wants those uses an access key. */
const SCOPES = [
  "api:users:read",
  "api:calls:read:basic",
  "api:calls:read:extensive",
  "api:stats:user-actions:detailed",
  "api:stats:scorecards",
  "api:settings:scorecards:read",
  "api:workspaces:read",
];

export const gongAuth: readonly AuthMethod[] = [
  { kind: "api_key", title: "Access key", credentials: keyCredentials },
  {
    kind: "oauth2",
    title: "OAuth 2 (an integration of your own)",
    grant: "authorization_code",
    credentials: oauthCredentials,
    authorizeUrl: (settings) => oauthAddress(settings, "authorize"),
    tokenUrl: (settings) => oauthAddress(settings, "generate-customer-token"),
    scopes: SCOPES,
    tokenRequest: "basic_query",
    keeps: ["api_base_url_for_customer"],
  },
];

/** Everyone signs in at app.gong.io, wherever the account is; an address that is not Gong's serves both itself. */
function oauthAddress(settings: JsonObject, page: string): string {
  const base = new URL(typeof settings["base_url"] === "string" ? settings["base_url"] : VENDOR_BASE_URL);
  return new URL(`/oauth2/${page}`, isGong(base) ? "https://app.gong.io" : base).href;
}

/**
 * Where the account answers, with a slash at the end. A token works at its own account's address alone: elsewhere it is refused as if it had
 * been revoked. What the token's answer named is followed only to Gong, or to where the settings lead anyway.
 */
export function baseUrlOf(settings: GongSettings, credentials: JsonObject): string {
  const own = credentials["api_base_url_for_customer"];
  const named = typeof own === "string" && URL.canParse(own) ? new URL(own) : null;
  const isTrusted = named !== null && (isGong(named) || named.origin === new URL(settings.base_url).origin);
  return `${isTrusted ? named.origin : settings.base_url.replace(/\/+$/, "")}/`;
}

function isGong({ hostname, protocol }: URL): boolean {
  return protocol === "https:" && (hostname === "gong.io" || hostname.endsWith(".gong.io"));
}

/** Credentials as the header that signs a request in: Basic with key and secret, or Bearer. */
export function authorize(credentials: JsonObject): { readonly [header: string]: string } {
  const { access_key: key, access_key_secret: secret, access_token: token } = credentials;
  if (typeof key === "string" && typeof secret === "string") {
    return { authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString("base64")}` };
  }
  return typeof token === "string" ? { authorization: `Bearer ${token}` } : {};
}
