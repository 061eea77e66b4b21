import { createPrivateKey } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ClientAuthMethod, Configuration, default as Provider, JWK } from "oidc-provider";
import { APP_SCOPES } from "../../../core/setup/apps.ts";
import { hashToken } from "../../../core/secrets/tokens.ts";
import { findUser } from "../../../core/store/setup/users.ts";
import type { ServerDeps } from "../../web/deps.ts";
import { createAdapter } from "./adapter.ts";
import { consentAddress, OAUTH_ROUTES } from "./addresses.ts";
import { failurePage } from "./pages.ts";

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

/** The OAuth server of a hub at an address, made when it is first asked for: most hubs never need it. */
export type OauthServer = {
  readonly provider: Provider;
  /** Has it answer a request as one that came to the hub's address. @throws what kept it from answering */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Has it take a request, of which a part is answered here, for one that came to the hub's address. */
  readonly adopt: (request: IncomingMessage) => void;
};

/** @returns the server for an address of the hub. The one that was asked for last is kept. */
export function oauthServers(deps: ServerDeps): (base: string) => Promise<OauthServer> {
  let last: { readonly base: string; readonly server: Promise<OauthServer> } | null = null;
  return (base) => {
    if (last?.base !== base) last = { base, server: createOauthServer(deps, base) };
    return last.server;
  };
}

async function createOauthServer(deps: ServerDeps, base: string): Promise<OauthServer> {
  const { default: OidcProvider, interactionPolicy } = await import("oidc-provider");
  const policy = interactionPolicy.base();
  const provider = new OidcProvider(base, {
    ...configurationOf(deps),
    interactions: { policy, url: (_context, { uid }) => consentAddress(uid) },
  });
  // What is stored of a secret is its hash, and compared with that of what was sent.
  const { prototype } = provider.Client as unknown as { readonly prototype: SecretHolder };
  prototype.compareClientSecret = function compareClientSecret(this: SecretHolder, sent) {
    return this.clientSecret === hashToken(sent).toString("base64url");
  };
  // Scheme and host are those of `adopt`, whatever the request says of itself.
  provider.proxy = true;
  const failures = new WeakMap<IncomingMessage, Error>();
  provider.on("server_error", ({ req }: { readonly req: IncomingMessage }, error: Error) => {
    failures.set(req, error);
  });
  // What the library cannot answer is answered as everywhere else in the hub, with the code of what failed.
  provider.use(async (context, next) => {
    await next();
    if (failures.has(context.req)) context.respond = false;
  });
  const answer = provider.callback();
  const { protocol, host } = new URL(base);
  const adopt = (request: IncomingMessage): void => {
    delete request.headers["x-forwarded-host"];
    Object.assign(request.headers, { host, "x-forwarded-proto": protocol.replace(":", "") });
  };
  return {
    provider,
    adopt,
    answer: async (request, response) => {
      adopt(request);
      await answer(request, response);
      const failure = failures.get(request);
      if (failure === undefined) return;
      response.removeHeader("Location");
      throw failure;
    },
  };
}

/** The part of the library's client that {@link createOauthServer} replaces. */
type SecretHolder = {
  readonly clientSecret?: string;
  compareClientSecret(this: SecretHolder, sent: string): boolean;
};

const AUTH_METHODS: ClientAuthMethod[] = ["client_secret_basic", "client_secret_post", "none"];

function configurationOf({ store, clock, secrets }: ServerDeps): Configuration {
  return {
    adapter: createAdapter({ db: store.db, clock }),
    clientAuthMethods: AUTH_METHODS,
    routes: OAUTH_ROUTES,
    scopes: ["openid", "offline_access", ...APP_SCOPES],
    responseTypes: ["code"],
    // No page of another site asks for tokens: apps do it from their servers, or from a person's machine.
    clientBasedCORS: () => false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: () => true,
    expiresWithSession: () => false,
    // Whichever token an app gives back: all that it was allowed ends, its subscriptions too.
    revokeGrantPolicy: () => true,
    findAccount: async (_context, id) => {
      const user = await findUser(store.db, id);
      return user === null ? undefined : { accountId: user.id, claims: () => ({ sub: user.id }) };
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_context, { clientId }, token) => token.clientId === clientId },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
    },
    ttl: {
      AccessToken: HOUR_S,
      AuthorizationCode: MINUTE_S,
      // From each refresh on: who comes once a quarter stays connected.
      RefreshToken: 400 * DAY_S,
      IdToken: HOUR_S,
      Interaction: HOUR_S,
      Session: HOUR_S,
      Grant: 36_500 * DAY_S,
    },
    jwks: { keys: [signingKey(secrets.derive("oauth signing key"))] },
    enabledJWA: { idTokenSigningAlgValues: ["EdDSA"] },
    clientDefaults: { id_token_signed_response_alg: "EdDSA" },
    cookies: {
      keys: [secrets.derive("oauth cookies").toString("base64url")],
      names: { interaction: "tributary_app", resume: "tributary_app_resume", session: "tributary_app_session" },
      long: { httpOnly: true, sameSite: "lax", signed: true },
      short: { httpOnly: true, sameSite: "lax", signed: true },
    },
    renderError: (context, { error, error_description: description }) => {
      context.type = "html";
      context.body = failurePage(context.acceptsLanguages("en", "fr"), error, description ?? null);
    },
  };
}

/** RFC 8410, section 7: an Ed25519 key in PKCS #8 is this and its 32 bytes. */
const ED25519_PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

function signingKey(seed: Buffer): JWK {
  const key = createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: "der", type: "pkcs8" });
  const { x = "" } = key.export({ format: "jwk" });
  return { ...(key.export({ format: "jwk" }) as JWK), use: "sig", alg: "EdDSA", kid: x.slice(0, 8) };
}
