import type { Clock } from "../../core/base/clock.ts";
import type { Log } from "../../core/base/log.ts";
import type { AnyDestination, EventSender, SenderOptions } from "../../core/destination/define.ts";
import { openReceiver } from "../../core/destination/settings.ts";
import { nextAttemptAt } from "../../core/outbox/retry.ts";
import type { Secrets } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { type ClaimedDelivery, claimDeliveries, recordAttempt } from "../../core/store/outbox/deliveries.ts";
import { findEndpoint, pauseEndpoint } from "../../core/store/outbox/endpoints.ts";

/** How many deliveries of one endpoint are under way at once; with order per entity, entities still go side by side. */
const CONCURRENCY = 4;
/** Longer than an attempt can take, so that no delivery is sent by two workers at once. */
const LEASE_S = 60;

export type DeliverDeps = {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly senders: Senders;
  readonly clock: Clock;
  readonly log: Log;
};

/** What sends, for each destination that receives events. */
export type Senders = ReadonlyMap<
  string,
  { readonly destination: AnyDestination; readonly sender: EventSender<unknown> }
>;

export function openSenders(destinations: readonly AnyDestination[], options: SenderOptions): Senders {
  return new Map(
    destinations.flatMap((destination) => {
      const { takes } = destination;
      return takes.kind === "events" ? [[destination.key, { destination, sender: takes.open(options) }]] : [];
    }),
  );
}

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
    const found = deps.senders.get(endpoint?.destination ?? "");
    if (endpoint === null || found === undefined || endpoint.state !== "active") break;
    const claimed = await claimDeliveries(db, endpointId, CONCURRENCY, LEASE_S);
    if (claimed.length === 0) break;
    const settings = openReceiver(found.destination, endpointId, endpoint.settings, deps.secrets);
    await Promise.all(claimed.map((delivery) => attempt(deps, endpointId, found.sender, settings, delivery)));
    attempts += claimed.length;
  }
  return attempts;
}

async function attempt(
  deps: DeliverDeps,
  endpointId: string,
  sender: EventSender<unknown>,
  settings: unknown,
  delivery: ClaimedDelivery,
): Promise<void> {
  const { db } = deps.store;
  const result = await sender.send(settings, delivery);
  const retryAt =
    result.error === null
      ? null
      : nextAttemptAt(delivery.attemptsMade + 1, deps.clock.now(), result.retryAfterS, Math.random());
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
