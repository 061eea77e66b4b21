import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { webAddress } from "../../core/connector/address.ts";
import type { AuthMethod } from "../../core/connector/auth.ts";

export const VENDOR_BASE_URL = "https://api.close.com/api/v1/";

const customField = z
  .string()
  .min(1)
  .describe("A custom field: its id (cf_…, found on every path) or its name (webhooks alone cannot tell names)");

export const closeSettings = z.object({
  base_url: webAddress().default(VENDOR_BASE_URL).describe("Where Close answers; only a test or a proxy changes it"),
  lost_reason_field: customField
    .optional()
    .describe("The opportunity custom field that holds why a deal was lost: its id (cf_…) or its name"),
  deal_attributes: z
    .record(z.string(), customField)
    .optional()
    .describe("Further dimensions of deals: name → opportunity custom field (id or name)"),
  lead_attributes: z
    .record(z.string(), z.string().regex(/^cf_/, "needs the field's id (cf_…)"))
    .optional()
    .describe("Further dimensions of companies: name → id of a lead custom field"),
  requests_per_second: z
    .number()
    .positive()
    .max(1000)
    .default(20)
    .describe("Requests per second and endpoint group to begin with; Close's own headers correct it"),
});

export type CloseSettings = z.infer<typeof closeSettings>;

const apiKeyCredentials = z.object({
  api_key: z
    .string()
    .min(1)
    .describe("Close → Settings → Developer → API Keys; an administrator's key sees everything"),
});

const oauthCredentials = z.object({
  client_id: z.string().min(1).describe("Of the OAuth app in Close → Settings → Developer"),
  client_secret: z.string().min(1).describe("Of the same app"),
  access_token: z.string().optional(),
  refresh_token: z.string().optional(),
  expires_at: z.string().optional(),
});

export const closeAuth: readonly AuthMethod[] = [
  {
    kind: "api_key",
    title: "API key",
    madeAt: "https://app.close.com/settings/developer/api-keys/",
    needs: ["an administrator's key, which sees everybody's records"],
    credentials: apiKeyCredentials,
  },
  {
    kind: "oauth2",
    title: "OAuth 2 (an app of your own)",
    madeAt: "https://app.close.com/settings/developer/oauth-apps/",
    grant: "authorization_code",
    credentials: oauthCredentials,
    authorizeUrl: (settings) => oauthAddress(settings, "authorize"),
    tokenUrl: (settings) => oauthAddress(settings, "token"),
    // Every app has exactly these two, whatever it asks for. developer.close.com, "OAuth Authentication".
    scopes: ["all.full_access", "offline_access"],
    // api.close.com/.well-known/oauth-authorization-server offers S256.
    pkce: true,
  },
];

/** People agree at app.close.com, tokens come from api.close.com; another base address serves both itself. */
function oauthAddress(settings: JsonObject, page: "authorize" | "token"): string {
  const base = new URL(typeof settings["base_url"] === "string" ? settings["base_url"] : VENDOR_BASE_URL);
  if (page === "authorize" && base.host === "api.close.com") base.host = "app.close.com";
  return new URL(`/oauth2/${page}/`, base).href;
}

/** Credentials as the headers that sign a request in: Basic with the key as user name, or Bearer. */
export function authorize(credentials: JsonObject): { readonly [header: string]: string } {
  const { api_key: key, access_token: token } = credentials;
  if (typeof key === "string") return { authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}` };
  return typeof token === "string" ? { authorization: `Bearer ${token}` } : {};
}
