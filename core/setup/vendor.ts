import { isDeepStrictEqual } from "node:util";
import { TributaryError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { OAuth2Method } from "../connector/auth.ts";
import type { CheckResult } from "../connector/define.ts";
import { oauthAuthorizeUrl, oauthExchange, oauthVerifier } from "../connector/oauth.ts";
import { changedMeanwhile } from "../land/credential-hosts.ts";
import { connectorOf, type EngineDeps, openConnection, unknownConnection } from "../land/engine.ts";
import { credentialsOf, inboundSecretOf } from "../secrets/index.ts";
import {
  type BoundCredentials,
  lockBoundCredentials,
  markAuthorised,
  nameAccount,
  readConnection,
  readBoundCredentials,
  readInbound,
  writeCredentials,
  writeInboundSecret,
} from "../store/setup/connections.ts";
import { type Actor, type Note, noted, type SetupDeps } from "./verb.ts";

/** What needs the vendor: reaching the account, having it call the hub, signing in at its page. The vendor is asked before anything is written. */

/** A vendor that does not answer must not hold a page of the console for longer. */
const ANSWER_TIMEOUT_MS = 30_000;

/**
 * Reaches the account, and keeps its name. One that had stopped for its sign-in goes on.
 *
 * @param signal ends the wait for the vendor; absent: half a minute.
 */
export async function testConnection(
  deps: EngineDeps,
  actor: Actor,
  id: string,
  signal: AbortSignal = AbortSignal.timeout(ANSWER_TIMEOUT_MS),
): Promise<CheckResult> {
  const opened = await openConnection(deps, id, signal);
  const result = await opened.connector.check(opened.client, opened.settings);
  await noted(deps.store.db, { actor, action: "connection.test", target: id }, async (tx) => {
    await nameAccount(tx, id, { id: result.accountId, name: result.accountName });
    await markAuthorised(tx, id);
  });
  return result;
}

export type WebhookState = {
  /** Where the vendor calls. With some vendors it is all the proof there is: for admins alone. */
  readonly address: string;
  /** Whether the hub subscribed by the vendor's own interface; else somebody has to enter the address there. */
  readonly isSubscribed: boolean;
};

/**
 * Has a connection's vendor call the hub when something changes, where the vendor has an interface for that. Asked again, the new
 * subscription's secret is the one that counts; at some vendors the old one stays, and is refused from then on, until somebody deletes it there.
 *
 * @throws TributaryError `connection.unknown`, `webhook.not_offered`, `webhook.no_public_url`, and what the vendor answers
 */
export async function subscribeWebhook(
  deps: EngineDeps & Pick<SetupDeps, "inboundAddress">,
  actor: Actor,
  id: string,
  signal: AbortSignal = AbortSignal.timeout(ANSWER_TIMEOUT_MS),
): Promise<WebhookState> {
  const { inboundAddress } = deps;
  if (inboundAddress === null) throw noPublicUrl();
  const { connector, client } = await openConnection(deps, id, signal);
  const { webhook } = connector;
  if (webhook === undefined) throw notOffered(connector.title);
  const inbound = await readInbound(deps.store.db, id);
  if (inbound === null) throw unknownConnection(id);
  const address = inboundAddress(id, inbound.token);
  if (webhook.subscribe === undefined) {
    // Nothing changes, but the address is a secret of a kind: it is noted who saw it.
    await noted(deps.store.db, webhookNote(actor, id, "address shown"), () => Promise.resolve());
    return { address, isSubscribed: false };
  }
  const { secret } = await webhook.subscribe(client, address);
  await keepSecret(deps, webhookNote(actor, id, "subscribed"), secret);
  return { address, isSubscribed: true };
}

/** What the vendor signs its deliveries with from now on. @throws TributaryError `connection.unknown` */
export async function keepWebhookSecret(
  deps: Pick<EngineDeps, "store" | "secrets">,
  actor: Actor,
  id: string,
  secret: string,
): Promise<void> {
  await keepSecret(deps, webhookNote(actor, id, "secret kept"), secret);
}

function webhookNote(actor: Actor, target: string, what: string): Note {
  return { actor, action: "connection.webhook", target, details: { what } };
}

async function keepSecret(
  { store, secrets }: Pick<EngineDeps, "store" | "secrets">,
  note: Note,
  secret: string,
): Promise<void> {
  const id = note.target;
  await noted(store.db, note, async (tx) => {
    const isThere = await writeInboundSecret(tx, id, secrets.seal(secret, inboundSecretOf(id)));
    if (!isThere) throw unknownConnection(id);
  });
}

/**
 * Where to send a person who signs in at the vendor. `verifier` is the PKCE secret to give back in {@link finishSignIn}; null where the vendor
 * offers no PKCE.
 *
 * @throws TributaryError `connection.unknown`, `connection.no_oauth`, `oauth.no_client`
 */
export async function startSignIn(
  deps: EngineDeps,
  id: string,
  { redirectUri, state }: { readonly redirectUri: string; readonly state: string },
): Promise<{ readonly url: string; readonly verifier: string | null }> {
  const { method, settings, credentials } = await openMethod(deps, id);
  if (typeof credentials["client_id"] !== "string") throw noClient(id);
  const verifier = oauthVerifier(method);
  return { url: oauthAuthorizeUrl(method, { settings, credentials, redirectUri, state, verifier }), verifier };
}

/** Trades the code for tokens and stores them. @throws TributaryError kind `auth` */
export async function finishSignIn(
  deps: EngineDeps,
  actor: Actor,
  id: string,
  answer: { readonly code: string; readonly redirectUri: string; readonly verifier: string | null },
): Promise<void> {
  const { method, settings, credentials, stored } = await openMethod(deps, id);
  const received = await oauthExchange(deps, method, { settings, credentials, ...answer });
  const sealed = deps.secrets.seal(JSON.stringify(received), credentialsOf(id));
  await noted(deps.store.db, { actor, action: "connection.authorise", target: id }, async (tx) => {
    // Tokens of an account that the connection does not lead to any more would take the place of what is right.
    if (!isDeepStrictEqual(await lockBoundCredentials(tx, id), stored)) throw changedMeanwhile(id);
    await writeCredentials(tx, id, sealed);
    await markAuthorised(tx, id);
  });
}

type OpenMethod = {
  readonly method: OAuth2Method;
  readonly settings: JsonObject;
  readonly credentials: JsonObject;
  readonly stored: BoundCredentials;
};

async function openMethod(deps: EngineDeps, id: string): Promise<OpenMethod> {
  const { db } = deps.store;
  const connection = await readConnection(db, id);
  if (connection === null) throw unknownConnection(id);
  const methods = connectorOf(deps, connection).auth;
  const method = methods.find((one) => one.kind === "oauth2" && one.grant === "authorization_code");
  if (method?.kind !== "oauth2") throw noOAuth(id);
  // Read together: new credentials never go where old settings lead.
  const stored = await readBoundCredentials(db, id);
  if (stored === null) throw unknownConnection(id);
  const { settings, credentials: sealed } = stored;
  // What is sealed is what we wrote: a map.
  const credentials = sealed === null ? {} : (JSON.parse(deps.secrets.open(sealed, credentialsOf(id))) as JsonObject);
  return { method, settings, credentials, stored };
}

function noOAuth(id: string): TributaryError {
  return new TributaryError({
    code: "connection.no_oauth",
    kind: "config",
    message: `The connector of the connection ${id} does not sign in by OAuth.`,
    mend: "Enter its key or its account file instead.",
  });
}

/** Its connector could sign in by OAuth, but it was set up with something else. */
function noClient(id: string): TributaryError {
  return new TributaryError({
    code: "oauth.no_client",
    kind: "config",
    message: `The connection ${id} does not sign in at the vendor: it has a key, and no app's client_id and client_secret.`,
    mend: "Nothing to do while the key is good; Test on the connection's page tells. To sign in instead, register an app at the vendor, and enter its client id and secret under Change.",
  });
}

function noPublicUrl(): TributaryError {
  return new TributaryError({
    code: "webhook.no_public_url",
    kind: "config",
    message: "PUBLIC_URL is not set, so that no vendor could be told where to call.",
    mend: "Set PUBLIC_URL to the hub's address on the internet, such as https://hub.example.com, for this command and for `tributary up`.",
  });
}

function notOffered(title: string): TributaryError {
  return new TributaryError({
    code: "webhook.not_offered",
    kind: "config",
    message: `${title} has no webhooks that the hub takes.`,
    mend: "Nothing to do: it is pulled by its schedule, which `tributary connections` shows.",
  });
}
