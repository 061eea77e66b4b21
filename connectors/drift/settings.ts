import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { webAddress } from "../../core/connector/address.ts";
import type { AuthMethod } from "../../core/connector/auth.ts";

const VENDOR_BASE_URL = "https://driftapi.com/";

export const driftSettings = z.object({
  base_url: webAddress()
    .default(VENDOR_BASE_URL)
    .describe("Where Drift answers; newer accounts may use https://api.drift.com/"),
  requests_per_second: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .describe("Drift does not publish its general limit; its reports allow 60 calls a minute"),
});

export type DriftSettings = z.infer<typeof driftSettings>;

const tokenCredentials = z.object({
  access_token: z.string().min(1).describe("dev.drift.com → your app → Install to Drift; valid until it is revoked"),
});

const oauthCredentials = z.object({
  client_id: z.string().min(1).describe("Of your app at dev.drift.com"),
  client_secret: z.string().min(1).describe("Of the same app"),
  access_token: z.string().optional(),
  refresh_token: z.string().optional(),
  expires_at: z.string().optional(),
});

export const driftAuth: readonly AuthMethod[] = [
  {
    kind: "api_key",
    title: "Access token of a private app",
    madeAt: "https://dev.drift.com/apps",
    credentials: tokenCredentials,
  },
  {
    kind: "oauth2",
    title: "OAuth 2 (an app of your own)",
    grant: "authorization_code",
    credentials: oauthCredentials,
    authorizeUrl: (settings) => oauthAddress(settings, "authorize"),
    tokenUrl: (settings) => oauthAddress(settings, "oauth2/token"),
    // They are chosen in the app's page, not in the request. devdocs.drift.com, "Authentication and Scopes".
    scopes: [],
  },
];

/** People agree at dev.drift.com, tokens come from driftapi.com; another base address serves both itself. */
function oauthAddress(settings: JsonObject, page: string): string {
  const base = new URL(typeof settings["base_url"] === "string" ? settings["base_url"] : VENDOR_BASE_URL);
  if (page === "authorize" && ["driftapi.com", "api.drift.com"].includes(base.host)) base.host = "dev.drift.com";
  return new URL(`/${page}`, base).href;
}

export function authorize({ access_token: token }: JsonObject): { readonly [header: string]: string } {
  return typeof token === "string" ? { authorization: `Bearer ${token}` } : {};
}
