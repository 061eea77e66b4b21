import type { Secrets } from "../../../core/secrets/index.ts";
import type { Clock } from "../../../core/base/clock.ts";
import type { Log } from "../../../core/base/log.ts";
import type { Store } from "../../../core/store/db.ts";
import { type ClaimedDelivery, claimDeliveries, recordAttempt } from "../../../core/store/outbox/deliveries.ts";
import { endpointSecret, findEndpoint, pauseEndpoint } from "../../../core/store/outbox/endpoints.ts";
import { nextAttemptAt } from "./retry.ts";
import type { createSender, SendResult } from "./send.ts";

/** How many deliveries of one endpoint are under way at once; with order per entity, entities still go side by side. */
const CONCURRENCY = 4;
/** Longer than an attempt can take, so that no delivery is sent by two workers at once. */
const LEASE_S = 60;

export type DeliverDeps = {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly sender: ReturnType<typeof createSender>;
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * Sends an endpoint everything that is due, until nothing is or the signal asks to stop.
 *
 * @returns how many attempts were made.
 */
export async function deliverToEndpoint(deps: DeliverDeps, endpointId: string, signal: AbortSignal): Promise<number> {
  const { db } = deps.store;
  let attempts = 0;
  while (!signal.aborted) {
    const endpoint = await findEndpoint(db, endpointId);
    const sealed = await endpointSecret(db, endpointId);
    if (endpoint === null || sealed === null || endpoint.state !== "active") break;
    const claimed = await claimDeliveries(db, endpointId, CONCURRENCY, LEASE_S);
    if (claimed.length === 0) break;
    const secret = deps.secrets.open(sealed, `webhook_endpoints/${endpointId}`);
    await Promise.all(claimed.map((delivery) => attempt(deps, endpointId, endpoint.url, secret, delivery)));
    attempts += claimed.length;
  }
  return attempts;
}

async function attempt(
  deps: DeliverDeps,
  endpointId: string,
  url: string,
  secret: string,
  delivery: ClaimedDelivery,
): Promise<void> {
  const { db } = deps.store;
  const result = await deps.sender.send(url, secret, delivery);
  const retryAt = result.error === null ? null : retryTime(deps.clock.now(), delivery, result);
  await recordAttempt(db, delivery.id, result, retryAt);
  if (result.error === null) return;
  deps.log.warn(
    { endpoint: endpointId, delivery: delivery.id, event: delivery.eventId, status: result.statusCode, retryAt },
    "webhook not delivered",
  );
  if (result.statusCode === 410)
    await pauseEndpoint(db, endpointId, "The receiver answered 410 Gone: it wants no more webhooks.");
  else if (retryAt === null) {
    await pauseEndpoint(
      db,
      endpointId,
      `A delivery failed ${delivery.attemptsMade + 1} times over three days; the last time: ${result.error}`,
    );
  }
}

function retryTime(now: Date, delivery: ClaimedDelivery, result: SendResult): Date | null {
  return nextAttemptAt(delivery.attemptsMade + 1, now, result.retryAfterS, Math.random());
}
