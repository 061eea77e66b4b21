import { TributaryError } from "../../core/base/errors.ts";
import { openConnection, unknownConnection } from "../../core/land/engine.ts";
import type { PullDeps } from "../../core/land/pull.ts";
import { inboundSecretOf, type Secrets } from "../../core/secrets/index.ts";
import { readInbound, writeInboundSecret } from "../../core/store/setup/connections.ts";
import type { Db } from "../../core/store/db.ts";
import { inboundAddress } from "../../dashboards/web/address.ts";

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
 * @param publicUrl the hub's, without a slash at the end; null: not known.
 * @throws TributaryError `connection.unknown`, `webhook.not_offered`, `webhook.no_public_url`, and what the vendor answers
 */
export async function setUpWebhook(
  engine: PullDeps,
  connectionId: string,
  publicUrl: string | null,
  signal: AbortSignal,
): Promise<WebhookState> {
  if (publicUrl === null) throw noPublicUrl();
  const { connector, client } = await openConnection(engine, connectionId, signal);
  const { webhook } = connector;
  if (webhook === undefined) throw notOffered(connector.title);
  const inbound = await readInbound(engine.store.db, connectionId);
  if (inbound === null) throw unknownConnection(connectionId);
  const address = inboundAddress(publicUrl, connectionId, inbound.token);
  if (webhook.subscribe === undefined) return { address, isSubscribed: false };
  const { secret } = await webhook.subscribe(client, address);
  await keepWebhookSecret(engine.store.db, engine.secrets, connectionId, secret);
  return { address, isSubscribed: true };
}

/** What the vendor signs its deliveries with from now on. @throws TributaryError `connection.unknown` */
export async function keepWebhookSecret(db: Db, secrets: Secrets, connectionId: string, secret: string): Promise<void> {
  const isThere = await writeInboundSecret(db, connectionId, secrets.seal(secret, inboundSecretOf(connectionId)));
  if (!isThere) throw unknownConnection(connectionId);
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
