import type { RequestHandler } from "express";
import type { ClientAuth, Configuration } from "openid-client";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { type Claims, type Provider, readProviders, signInBy } from "../../core/setup/providers.ts";
import { baseUrl } from "../web/address.ts";
import type { ServerDeps } from "../web/deps.ts";
import { notFound } from "../web/problem.ts";
import type { Route } from "../web/routes.ts";
import { clearCookie, DEVICE_COOKIE, PROVIDER_COOKIE, readCookie, setCookie } from "./cookies.ts";
import { isSecureServer, ownPath, SESSION_MS, welcome } from "./sign-in.ts";

/** Who is longer at the provider than this starts again. */
const AWAY_MS = 10 * 60 * 1000;

const SEALED_FOR = "sign-in/pending";

/** What must still hold when somebody comes back. Sealed in a cookie, so any process can answer. */
const pending = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string(),
  until: z.number(),
});

/** What was read of a provider's discovery document is taken for true so long. */
const DISCOVERED_MS = 10 * 60 * 1000;

const TIMEOUT_S = 10;

type Discover = (provider: Provider) => Promise<Configuration>;

/** Sign-in at a provider of identities by OpenID Connect: code flow with PKCE, state and nonce, each bound to the browser. */
export function providerRoutes(deps: ServerDeps): Route[] {
  const access = { kind: "public" } as const;
  const discover = discovery(deps);
  return [
    { method: "get", path: "/sign-in/with/:provider", access, handlers: [start(deps, discover)] },
    { method: "get", path: "/sign-in/return/:provider", access, handlers: [finish(deps, discover)] },
  ];
}

function start(deps: ServerDeps, discover: Discover): RequestHandler {
  return async (request, response) => {
    const client = await import("openid-client");
    const { id, provider } = await found(deps, String(request.params["provider"]));
    const config = await discover(provider);
    const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
    const until = deps.clock.now().getTime() + AWAY_MS;
    const waiting = { provider: id, state, nonce, verifier, next: ownPath(request.query["next"]), until };
    const sealed = deps.secrets.seal(JSON.stringify(waiting), SEALED_FOR);
    setCookie(response, PROVIDER_COOKIE, Buffer.from(sealed).toString("base64url"), {
      isSecure: isSecureServer(deps),
      maxAgeMs: AWAY_MS,
    });
    const address = client.buildAuthorizationUrl(config, {
      redirect_uri: `${baseUrl(deps, request)}/sign-in/return/${id}`,
      scope: provider.scopes.join(" "),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    response.set("Cache-Control", "no-store").redirect(303, address.href);
  };
}

function finish(deps: ServerDeps, discover: Discover): RequestHandler {
  return async (request, response) => {
    response.set("Cache-Control", "no-store");
    const { id, provider } = await found(deps, String(request.params["provider"]));
    const waiting = readPending(deps, readCookie(request, PROVIDER_COOKIE));
    clearCookie(response, PROVIDER_COOKIE, isSecureServer(deps));
    const isOurs = waiting?.provider === id && deps.clock.now().getTime() <= waiting.until;
    if (!isOurs) throw notStarted();
    const returned = new URL(request.originalUrl, baseUrl(deps, request));
    const claims = await claimsOf(await discover(provider), returned, waiting, provider);
    const tokens = await signInBy(deps.store.db, { id, ...provider }, claims, {
      device: readCookie(request, DEVICE_COOKIE),
      sessionMs: SESSION_MS,
      now: deps.clock.now(),
    });
    welcome(deps, response, tokens);
    response.redirect(303, ownPath(waiting.next));
  };
}

/** What the provider says of whoever came back. The library holds state, nonce, issuer, audience, time and signature against what was asked. */
async function claimsOf(
  config: Configuration,
  returned: URL,
  { state, nonce, verifier }: z.output<typeof pending>,
  { title }: Provider,
): Promise<Claims> {
  const client = await import("openid-client");
  try {
    const tokens = await client.authorizationCodeGrant(config, returned, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    const own = tokens.claims();
    if (own === undefined) throw new Error("there is no ID token");
    const isShort = own["email"] === undefined && config.serverMetadata().userinfo_endpoint !== undefined;
    const more = isShort ? await client.fetchUserInfo(config, tokens.access_token, own.sub) : {};
    const all: Claims["all"] = { ...more, ...own };
    const email = all["email"];
    return {
      iss: own.iss,
      sub: own.sub,
      email: typeof email === "string" && z.email().max(320).safeParse(email).success ? email : null,
      // Some write it as text.
      isEmailVerified: all["email_verified"] === true || all["email_verified"] === "true",
      all,
    };
  } catch (error) {
    throw refused(title, error);
  }
}

/** @throws TributaryError `access.provider_unreachable` */
function discovery({ clock }: ServerDeps): Discover {
  const known = new Map<string, { readonly at: number; readonly config: Promise<Configuration> }>();
  return async (provider) => {
    const key = JSON.stringify(provider);
    const now = clock.now().getTime();
    const kept = known.get(key);
    if (kept !== undefined && Math.abs(now - kept.at) < DISCOVERED_MS) return kept.config;
    // One entry for each provider that is set up, and for those of settings that were changed: none of the latter.
    if (known.size >= 20) known.clear();
    const config = discovered(provider);
    known.set(key, { at: now, config });
    return config.catch((error: unknown) => {
      known.delete(key);
      throw unreachable(provider, error);
    });
  };
}

async function discovered({ issuer, client_id: id, client_secret: secret }: Provider): Promise<Configuration> {
  const client = await import("openid-client");
  // Its schema lets no other address than one of this machine be without https.
  const options = issuer.startsWith("http:") ? { execute: [client.allowInsecureRequests] } : {};
  // Discovery 1.0, section 3: HTTP Basic, where a provider does not say otherwise.
  const bySecret: ClientAuth = (server, ...rest) => {
    const ways = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    const way = ways.includes("client_secret_post")
      ? client.ClientSecretPost(secret)
      : client.ClientSecretBasic(secret);
    way(server, ...rest);
  };
  const proof = secret === undefined ? client.None() : bySecret;
  return client.discovery(new URL(issuer), id, {}, proof, { ...options, timeout: TIMEOUT_S });
}

async function found(deps: ServerDeps, id: string): Promise<{ readonly id: string; readonly provider: Provider }> {
  const providers = await readProviders(deps.store.db, deps.secrets);
  const provider = Object.hasOwn(providers, id) ? providers[id] : undefined;
  if (provider === undefined) throw notFound("Nobody signs in here that way.");
  return { id, provider };
}

function readPending(deps: ServerDeps, cookie: string | null): z.output<typeof pending> | null {
  if (cookie === null) return null;
  try {
    return pending.parse(JSON.parse(deps.secrets.open(Buffer.from(cookie, "base64url").toString("utf8"), SEALED_FOR)));
  } catch {
    return null;
  }
}

function notStarted(): TributaryError {
  return new TributaryError({
    code: "access.sign_in_not_started",
    kind: "auth",
    message: "This answer belongs to no sign-in that was started in this browser in the last ten minutes.",
    mend: "Start again at /sign-in.",
  });
}

function refused(title: string, cause: unknown): TributaryError {
  return new TributaryError({
    code: "access.provider_refused",
    kind: "auth",
    message: `The sign-in at ${title} did not come to an end.`,
    mend: "Start again at /sign-in. If it stays, an admin looks at the client's id, secret and redirect address at the provider.",
    cause,
  });
}

function unreachable({ title, issuer }: Provider, cause: unknown): TributaryError {
  return new TributaryError({
    code: "access.provider_unreachable",
    kind: "transient",
    message: `${title} cannot be reached for the sign-in.`,
    mend: `Try again. If it stays, an admin looks at the issuer of the section \`sign_in\` (${issuer}).`,
    cause,
  });
}
