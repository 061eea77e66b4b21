import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import type { JsonObject } from "../../core/base/json.ts";
import type { Http } from "../../core/connector/http.ts";

/**
 * Where an account lives. Each has a data centre, whose code becomes part of the host name: what is no code must never get there, or the key
 * would be sent to a host of somebody's choice.
 */
export const DATA_CENTRE = /[a-z]{2,4}\d{1,3}/;

const isDataCentre = new RegExp(`^${DATA_CENTRE.source}$`);

/** A bad token is answered with 200 and `{"error":"invalid_token"}`. singer-io/tap-mailchimp. */
const metadata = z.looseObject({ dc: z.string().optional(), api_endpoint: z.string().optional() });

/**
 * The address of the account's API, without a trailing slash: the end of the key says it, or `data_centre`, or Mailchimp's metadata of a token.
 *
 * @throws TributaryError `mailchimp.key.no_data_centre`, `mailchimp.token.rejected`, `mailchimp.credentials.missing`
 */
export async function apiAddress(credentials: JsonObject, login: Http): Promise<string> {
  const { api_key: key, access_token: token, data_centre: known } = credentials;
  if (typeof key === "string") return addressOf(key.slice(key.lastIndexOf("-") + 1));
  if (typeof token !== "string") throw notSignedIn();
  if (typeof known === "string") return addressOf(known);
  const { dc, api_endpoint } = await login.request({ path: "oauth2/metadata", schema: metadata });
  if (dc === undefined || api_endpoint === undefined) throw tokenRejected();
  return addressOf(dc);
}

function addressOf(dataCentre: string): string {
  if (isDataCentre.test(dataCentre)) return `https://${dataCentre}.api.mailchimp.com/3.0`;
  throw new TributaryError({
    code: "mailchimp.key.no_data_centre",
    kind: "auth",
    message: "The key does not end in a data centre (…-us6), so there is no telling where the account lives.",
    mend: "Copy the whole key from Mailchimp (Account & billing → Extras → API keys) and enter it for this connection.",
  });
}

/**
 * A base address that an admin has set. The library would follow it into private networks, so anything but the vendor is left to those who
 * allow private networks.
 *
 * @throws TributaryError `mailchimp.base_url.not_allowed`
 */
export function givenAddress(baseUrl: string, allowPrivateNetworks: boolean): string {
  const { protocol, hostname } = new URL(baseUrl);
  const isVendor = protocol === "https:" && /^([a-z0-9]+\.)?api\.mailchimp\.com$/.test(hostname);
  if (isVendor || allowPrivateNetworks) return baseUrl.replace(/\/+$/, "");
  throw new TributaryError({
    code: "mailchimp.base_url.not_allowed",
    kind: "config",
    message: `base_url leads to ${hostname}, which is not Mailchimp's.`,
    mend: "Take base_url out of the settings, or set TRIBUTARY_ALLOW_PRIVATE_NETWORKS=true if the address is meant to be reached.",
  });
}

function tokenRejected(): TributaryError {
  return new TributaryError({
    code: "mailchimp.token.rejected",
    kind: "auth",
    message: "Mailchimp does not know the access token: it was revoked, or the app was disconnected.",
    mend: "Sign in again in the console.",
  });
}

function notSignedIn(): TributaryError {
  return new TributaryError({
    code: "mailchimp.credentials.missing",
    kind: "auth",
    message: "The connection has neither an API key nor an access token.",
    mend: "Enter an API key, or open the connection in the console and sign in.",
  });
}
