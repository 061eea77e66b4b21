import { TributaryError } from "../../core/base/errors.ts";
import type { OAuth2Method } from "../../core/connector/auth.ts";
import { oauthAuthorizeUrl, oauthExchange, oauthVerifier } from "../../core/connector/oauth.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { connectorOf, unknownConnection } from "../../core/land/engine.ts";
import type { PullDeps } from "../../core/land/pull.ts";
import { credentialsOf } from "../../core/secrets/index.ts";
import {
  markAuthorised,
  readConnection,
  readCredentials,
  writeCredentials,
} from "../../core/store/setup/connections.ts";
import type { OAuth } from "../../dashboards/web/deps.ts";

/** Signing in to a vendor by OAuth 2: the address to send the person to, and what comes back. */
export function createOAuth(engine: PullDeps): OAuth {
  return {
    async start(connectionId, { redirectUri, state }) {
      const { method, settings, credentials } = await openMethod(engine, connectionId);
      const verifier = oauthVerifier(method);
      return { url: oauthAuthorizeUrl(method, { settings, credentials, redirectUri, state, verifier }), verifier };
    },
    async finish(connectionId, { redirectUri, code, verifier }) {
      const { method, settings, credentials } = await openMethod(engine, connectionId);
      const received = await oauthExchange(engine, method, { settings, credentials, redirectUri, code, verifier });
      const sealed = engine.secrets.seal(JSON.stringify(received), credentialsOf(connectionId));
      await writeCredentials(engine.store.db, connectionId, sealed);
      await markAuthorised(engine.store.db, connectionId);
    },
  };
}

type Opened = { readonly method: OAuth2Method; readonly settings: JsonObject; readonly credentials: JsonObject };

/** @throws TributaryError `connection.unknown`, `connection.no_oauth` */
async function openMethod(engine: PullDeps, connectionId: string): Promise<Opened> {
  const connection = await readConnection(engine.store.db, connectionId);
  if (connection === null) throw unknownConnection(connectionId);
  const methods = connectorOf(engine, connection).auth;
  const method = methods.find((one) => one.kind === "oauth2" && one.grant === "authorization_code");
  if (method?.kind !== "oauth2") throw noOAuth(connectionId);
  const sealed = await readCredentials(engine.store.db, connectionId);
  const credentials =
    sealed === null ? {} : (JSON.parse(engine.secrets.open(sealed, credentialsOf(connectionId))) as JsonObject); // We wrote it.
  return { method, settings: connection.settings, credentials };
}

function noOAuth(connectionId: string): TributaryError {
  return new TributaryError({
    code: "connection.no_oauth",
    kind: "config",
    message: `The connector of the connection ${connectionId} does not sign in by OAuth.`,
    mend: "Enter its key or its account file instead.",
  });
}
