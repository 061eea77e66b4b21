import type { JsonObject } from "../base/json.ts";
import type { OAuth2Method } from "../connector/auth.ts";
import type { AnyConnector, CredentialSource } from "../connector/define.ts";
import { canRenew, isStale, oauthRenew, type OAuthDeps } from "../connector/oauth.ts";
import { credentialsOf, type Secrets } from "../secrets/index.ts";
import type { Connection } from "../store/setup/connections.ts";
import {
  type BoundCredentials,
  lockBoundCredentials,
  readBoundCredentials,
  writeCredentials,
} from "../store/setup/connections.ts";
import type { Store } from "../store/db.ts";
import { changedMeanwhile, newHosts } from "./credential-hosts.ts";

/** How long credentials are used without looking whether somebody has changed them. A refused request looks at once. */
const REREAD_MS = 5_000;

/**
 * A connection's credentials, opened when they are needed.
 *
 * Renewing takes the connection's row lock: the first worker asks the vendor and stores the answer, in one transaction, before anybody uses
 * it; the others find it stored when the lock is theirs.
 *
 * Whoever asks goes on to the hosts of the settings that it began with. Credentials that were entered meanwhile for another host are not given
 * to it.
 */
export function createCredentialSource(
  deps: OAuthDeps & { readonly store: Store; readonly secrets: Secrets },
  connector: AnyConnector,
  connection: Pick<Connection, "id" | "settings">,
): CredentialSource {
  const { store, secrets } = deps;
  const belongsTo = credentialsOf(connection.id);
  let known: { readonly credentials: JsonObject; readonly readAtMs: number } | null = null;

  const open = (stored: BoundCredentials | null): JsonObject => {
    if (stored === null || stored.credentials === null) return {};
    if (newHosts(connector, stored.settings, connection.settings).length > 0) throw changedMeanwhile(connection.id);
    return JSON.parse(secrets.open(stored.credentials, belongsTo)) as JsonObject; // Written by writeCredentials only.
  };

  const remember = (credentials: JsonObject): JsonObject => {
    known = { credentials, readAtMs: performance.now() };
    return credentials;
  };

  async function renew(method: OAuth2Method, stale: JsonObject): Promise<JsonObject> {
    return store.db.transaction().execute(async (tx) => {
      const stored = open(await lockBoundCredentials(tx, connection.id));
      if (!isSame(stored, stale)) return stored;
      const renewed = await oauthRenew(deps, method, connection.settings, stored);
      await writeCredentials(tx, connection.id, secrets.seal(JSON.stringify(renewed), belongsTo));
      return renewed;
    });
  }

  return {
    async current() {
      if (known !== null && performance.now() - known.readAtMs < REREAD_MS) return known.credentials;
      const credentials = open(await readBoundCredentials(store.db, connection.id));
      const method = oauthOf(connector, credentials);
      const isDue = method !== null && canRenew(method, credentials) && isStale(credentials, deps.clock.now());
      return remember(isDue ? await renew(method, credentials) : credentials);
    },

    async refresh(stale) {
      const method = oauthOf(connector, stale);
      if (method !== null && canRenew(method, stale)) return remember(await renew(method, stale));
      // A key: nothing to renew, but somebody may have entered a new one. The same object means that there is nothing better.
      const stored = open(await readBoundCredentials(store.db, connection.id));
      return isSame(stored, stale) ? stale : remember(stored);
    },
  };
}

/** Credentials that are not stored yet, for one look at the account. What is received while looking is part of `latest`. */
export function createTrialSource(
  deps: OAuthDeps,
  connector: AnyConnector,
  settings: JsonObject,
  given: JsonObject,
): CredentialSource & { readonly latest: () => JsonObject } {
  let credentials = given;
  const renew = async (method: OAuth2Method): Promise<JsonObject> => {
    credentials = await oauthRenew(deps, method, settings, credentials);
    return credentials;
  };
  return {
    latest: () => credentials,
    async current() {
      const method = oauthOf(connector, credentials);
      const isDue = method !== null && canRenew(method, credentials) && isStale(credentials, deps.clock.now());
      return isDue ? renew(method) : credentials;
    },
    async refresh(stale) {
      const method = oauthOf(connector, stale);
      return method !== null && canRenew(method, stale) && isSame(credentials, stale) ? renew(method) : credentials;
    },
  };
}

/** Whether somebody has yet to sign in at the vendor's page before the account can be reached. */
export function needsSignIn(connector: AnyConnector, credentials: JsonObject): boolean {
  const method = oauthOf(connector, credentials);
  if (method === null || method.grant !== "authorization_code") return false;
  return typeof credentials["access_token"] !== "string" && typeof credentials["refresh_token"] !== "string";
}

function isSame(a: JsonObject, b: JsonObject): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * How the connection signs in, if that is by OAuth: a connector may offer an API key as well, and the credentials tell which was taken. Of two
 * grants, a refresh token tells that somebody has signed in; without one the client asks in its own name.
 */
function oauthOf(connector: AnyConnector, credentials: JsonObject): OAuth2Method | null {
  if (typeof credentials["client_id"] !== "string") return null;
  const methods = connector.auth.filter((method) => method.kind === "oauth2");
  const grant = typeof credentials["refresh_token"] === "string" ? "authorization_code" : "client_credentials";
  return methods.find((method) => method.grant === grant) ?? methods[0] ?? null;
}
