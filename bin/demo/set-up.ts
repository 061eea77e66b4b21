import { fileURLToPath } from "node:url";
import { applyConfig } from "../../config/apply.ts";
import { loadConfig } from "../../config/file.ts";
import { createKey } from "../../core/setup/keys.ts";
import { addUser } from "../../core/setup/users.ts";
import { keepWebhookSecret, subscribeWebhook } from "../../core/setup/vendor.ts";
import { listConnections } from "../../core/store/setup/connections.ts";
import { listUsers } from "../../core/store/setup/users.ts";
import { readDigests } from "../../core/digest/settings.ts";
import { makeReview } from "../../core/setup/reviews.ts";
import { saveDestinationMemory } from "../../core/store/outbox/destinations.ts";
import { listReviews } from "../../core/store/reviews/reviews.ts";
import { pushedDestinations } from "../../dashboards/destinations/push.ts";
import { tellDigest } from "../../workers/tell.ts";
import type { Hub } from "../context.ts";
import { createSetup } from "../hub/setup.ts";
import type { DemoState } from "./state.ts";
import type { VendorsProcess } from "./vendors-process.ts";
import type { VendorsReady } from "./vendors-protocol.ts";

export const ADMIN_EMAIL = "admin@fernhill.example";
const CONFIG = fileURLToPath(new URL("../../config/examples/demo.yaml", import.meta.url));

/**
 * Applies the demo's config file by the way that a user's takes, with the vendors' addresses and keys for its variables.
 *
 * @returns the ids of its connections.
 */
export async function applyDemoConfig(hub: Hub, { variables }: VendorsReady): Promise<readonly string[]> {
  const { connectors, destinations, store } = hub;
  const desired = await loadConfig(CONFIG, { connectors, destinations, variable: (name) => variables[name] });
  await applyConfig(store.db, desired, { ...hub, ...hub.env, actor: "demo", prune: true });
  return (await listConnections(store.db)).map(({ id }) => id);
}

/**
 * The admin's sign-in and a key that opens every screen.
 *
 * @returns the link key's token; a new one where the one of the state is not known to this database.
 */
export async function createAccess(hub: Hub, state: DemoState): Promise<string> {
  const { db } = hub.store;
  const isKnown = (await listUsers(db)).some((user) => user.email === ADMIN_EMAIL);
  if (!isKnown) {
    await addUser(db, "demo", { email: ADMIN_EMAIL, password: state.adminPassword, role: "admin" });
  } else if (state.linkKey !== null) {
    return state.linkKey;
  }
  return (await createKey(db, "demo", { name: "Demo screens", scopes: ["tv:*", "feed:*", "calendar:*"] })).token;
}

/**
 * Has something to show at every destination: a first review and the morning's digest, which otherwise come on Monday and at eight, and a push of what is
 * pushed every minute.
 */
export async function showDestinations({ store: { db }, clock, queues, destinations }: Hub): Promise<void> {
  const now = clock.now();
  const [review] = await listReviews(db, 1, null);
  if (review === undefined) await makeReview({ db, now }, "demo", null);
  for (const settings of await readDigests(db)) await tellDigest(db, settings, `demo ${now.toISOString()}`, now);
  for (const { destination } of pushedDestinations(destinations)) {
    // Simulators begin empty: what was written to those before them is written again.
    await saveDestinationMemory(db, destination.key, {});
    await queues.request({ queue: "deliver", payload: { kind: "push", destination: destination.key } });
  }
}

/**
 * Has every vendor that can call the hub when something changes: by the vendor's own interface where it has one, as `tributary webhook`
 * does; else as an admin would, who enters the address at the vendor and the vendor's secret here.
 */
export async function subscribeVendors(hub: Hub, url: string, vendors: VendorsProcess): Promise<void> {
  const { store, connectors } = hub;
  const setup = createSetup(hub, url);
  const takesWebhooks = new Set(connectors.filter(({ webhook }) => webhook !== undefined).map(({ key }) => key));
  const byHand: { [id: string]: string } = {};
  for (const { id, connector } of await listConnections(store.db)) {
    if (!takesWebhooks.has(connector)) continue;
    const { address, isSubscribed } = await subscribeWebhook(setup, "demo", id);
    if (!isSubscribed) byHand[id] = address;
  }
  for (const [id, secret] of Object.entries(await vendors.addWebhooks(byHand)))
    await keepWebhookSecret(hub, "demo", id, secret);
}
