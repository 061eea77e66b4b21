import { createHash, randomBytes } from "node:crypto";
import type { AxiosInstance, AxiosResponse } from "axios";
import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { TributaryError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { OAuth2Method } from "./auth.ts";
import { isRefusedAddress } from "./guard.ts";
import { createTransport } from "./http-client.ts";
import { whyUnreached } from "./unreached.ts";

/**
 * OAuth 2 (RFC 6749): the address where a person agrees, the exchange of the code that comes back, and new tokens later.
 *
 * Tokens are part of the connection's credentials: `access_token`, `refresh_token`, `expires_at` (ISO). Whoever calls these functions stores
 * what they return before using it: a refresh token may be good for one use only.
 */
export type OAuthDeps = { readonly clock: Clock; readonly allowPrivateNetworks: boolean };

type Client = { readonly client_id: string; readonly client_secret: string };

const TIMEOUT_MS = 30_000;

const clientSchema = z.looseObject({ client_id: z.string().min(1), client_secret: z.string().min(1) });
const tokensSchema = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  /** Zero where a token never ends (Mailchimp). */
  expires_in: z.coerce.number().nonnegative().optional(),
});
const refusalSchema = z.object({ error: z.string() });

/**
 * A new PKCE secret for one sign-in (RFC 7636, 4.1: 43 to 128 unreserved characters), or null where the vendor does not check one. It is
 * kept until the code comes back, and given to {@link oauthExchange} then.
 */
export function oauthVerifier(method: OAuth2Method): string | null {
  return method.pkce === true ? randomBytes(32).toString("base64url") : null;
}

/** Where to send the person. `state` comes back with the code and must be checked against what was sent. */
export function oauthAuthorizeUrl(
  method: OAuth2Method,
  request: {
    readonly settings: JsonObject;
    readonly credentials: JsonObject;
    readonly redirectUri: string;
    readonly state: string;
    /** Of {@link oauthVerifier}: the vendor learns its hash now and the secret itself with the code. */
    readonly verifier: string | null;
  },
): string {
  const url = new URL(method.authorizeUrl(request.settings));
  url.searchParams.set("response_type", "code");
  url.searchParams.set("client_id", clientOf(request.credentials).client_id);
  url.searchParams.set("redirect_uri", request.redirectUri);
  url.searchParams.set("state", request.state);
  if (method.scopes.length > 0) url.searchParams.set("scope", method.scopes.join(" "));
  if (request.verifier !== null) {
    url.searchParams.set("code_challenge", createHash("sha256").update(request.verifier).digest("base64url"));
    url.searchParams.set("code_challenge_method", "S256");
  }
  return url.href;
}

/**
 * The credentials with the tokens that the code is good for.
 *
 * @throws TributaryError `oauth.refused` (kind auth), `oauth.unavailable` (kind transient)
 */
export async function oauthExchange(
  deps: OAuthDeps,
  method: OAuth2Method,
  request: {
    readonly settings: JsonObject;
    readonly credentials: JsonObject;
    readonly redirectUri: string;
    readonly code: string;
    readonly verifier: string | null;
  },
): Promise<JsonObject> {
  return requestTokens(deps, method, request.settings, request.credentials, {
    grant_type: "authorization_code",
    code: request.code,
    redirect_uri: request.redirectUri,
    ...(request.verifier === null ? {} : { code_verifier: request.verifier }),
  });
}

/** Whether there is a way to get new tokens without a person. */
export function canRenew(method: OAuth2Method, credentials: JsonObject): boolean {
  return method.grant === "client_credentials" || typeof credentials["refresh_token"] === "string";
}

/** Whether the access token is missing or about to end: asking for a new one now saves a refused request. */
export function isStale(credentials: JsonObject, now: Date): boolean {
  if (typeof credentials["access_token"] !== "string") return true;
  const expiresAt = credentials["expires_at"];
  return typeof expiresAt === "string" && Date.parse(expiresAt) - now.getTime() < 60_000;
}

/** The credentials with new tokens: by the refresh token, or by the client's own right. Throws as {@link oauthExchange} does. */
export async function oauthRenew(
  deps: OAuthDeps,
  method: OAuth2Method,
  settings: JsonObject,
  credentials: JsonObject,
): Promise<JsonObject> {
  if (method.grant === "client_credentials") {
    const scope = method.scopes.length > 0 ? { scope: method.scopes.join(" ") } : {};
    return requestTokens(deps, method, settings, credentials, { grant_type: "client_credentials", ...scope });
  }
  const refreshToken = credentials["refresh_token"];
  if (typeof refreshToken !== "string") throw notSignedIn();
  return requestTokens(deps, method, settings, credentials, {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
  });
}

async function requestTokens(
  deps: OAuthDeps,
  method: OAuth2Method,
  settings: JsonObject,
  credentials: JsonObject,
  grant: { readonly [name: string]: string },
): Promise<JsonObject> {
  const url = method.tokenUrl(settings);
  const request = tokenRequest(method, url, clientOf(credentials), grant);
  const response = await post(createTransport(deps.allowPrivateNetworks), request);
  if (response.status >= 500 || response.status === 429) throw unavailable(new URL(url).host, `${response.status}`);
  const body = parse(response.data.toString("utf8"));
  if (response.status >= 400) throw refused(new URL(url).host, response.status, body);
  const tokens = tokensSchema.safeParse(body);
  if (!tokens.success) throw unavailable(new URL(url).host, "an answer without a token");
  const { access_token, refresh_token, expires_in } = tokens.data;
  return {
    ...credentials,
    ...keptOf(method, body),
    access_token,
    // A vendor that sends none means: keep the one you have (RFC 6749, section 6).
    ...(refresh_token === undefined ? {} : { refresh_token }),
    expires_at:
      expires_in === undefined || expires_in === 0
        ? null
        : new Date(deps.clock.now().getTime() + expires_in * 1000).toISOString(),
  };
}

type TokenRequest = {
  readonly url: string;
  readonly body: string;
  readonly headers: { readonly [name: string]: string };
};

function tokenRequest(
  method: OAuth2Method,
  tokenUrl: string,
  { client_id, client_secret }: Client,
  grant: { readonly [name: string]: string },
): TokenRequest {
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const all = { client_id, client_secret, ...grant };
  switch (method.tokenRequest) {
    case undefined:
      return { url: tokenUrl, body: new URLSearchParams(all).toString(), headers: form };
    case "json":
      return { url: tokenUrl, body: JSON.stringify(all), headers: { "Content-Type": "application/json" } };
    case "basic_query": {
      const url = new URL(tokenUrl);
      for (const [name, value] of Object.entries({ client_id, ...grant })) url.searchParams.set(name, value);
      const Authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
      return { url: url.href, body: "", headers: { ...form, Authorization } };
    }
    default:
      return method.tokenRequest satisfies never;
  }
}

function keptOf(method: OAuth2Method, body: unknown): JsonObject {
  const answer = z.record(z.string(), z.unknown()).catch({}).parse(body);
  const kept = (method.keeps ?? []).map((name) => [name, answer[name]] as const);
  return Object.fromEntries(kept.filter((entry): entry is readonly [string, string] => typeof entry[1] === "string"));
}

async function post(transport: AxiosInstance, { url, body, headers }: TokenRequest): Promise<AxiosResponse<Buffer>> {
  try {
    return await transport.post<Buffer>(url, body, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    if (isRefusedAddress(error)) throw privateAddress(new URL(url).host);
    throw unavailable(new URL(url).host, whyUnreached(error));
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function clientOf(credentials: JsonObject): Client {
  const client = clientSchema.safeParse(credentials);
  if (client.success) return client.data;
  throw new TributaryError({
    code: "oauth.no_client",
    kind: "config",
    message: "The connection has no OAuth client: client_id and client_secret are needed.",
    mend: "Register an app at the vendor and enter its client id and secret.",
  });
}

function notSignedIn(): TributaryError {
  return new TributaryError({
    code: "oauth.not_signed_in",
    kind: "auth",
    message: "Nobody has signed in to the vendor for this connection yet, or the vendor gave no refresh token.",
    mend: "Open the connection in the console and sign in.",
  });
}

function refused(host: string, status: number, body: unknown): TributaryError {
  const refusal = refusalSchema.safeParse(body);
  // RFC 6749, section 5.2: a short word such as invalid_grant. Anything longer may say more than it should.
  const word = refusal.success && /^[a-z_]{1,40}$/.test(refusal.data.error) ? refusal.data.error : `status ${status}`;
  return new TributaryError({
    code: "oauth.refused",
    kind: "auth",
    message: `${host} gives no token for this connection: ${word}.`,
    mend: "Sign in again in the console; if that is refused as well, check client id, client secret and the app's redirect address.",
  });
}

function privateAddress(host: string): TributaryError {
  return new TributaryError({
    code: "oauth.private_address",
    kind: "config",
    message: `A token would be asked for at ${host}, which is in a private network.`,
    mend: "Use a public address, or set TRIBUTARY_ALLOW_PRIVATE_NETWORKS=true if the address is meant to be reached.",
  });
}

function unavailable(host: string, reason: string): TributaryError {
  return new TributaryError({
    code: "oauth.unavailable",
    kind: "transient",
    message: `${host} could not be asked for a token: ${reason}.`,
    mend: "Nothing to do: it is tried again. If it lasts, look at the vendor's status page.",
  });
}
