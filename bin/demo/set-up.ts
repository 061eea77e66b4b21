import { fileURLToPath } from "node:url";
import { applyConfig } from "../../config/apply.ts";
import { loadConfig } from "../../config/file.ts";
import { createPullDeps } from "../../workers/pull.ts";
import { listConnections } from "../../core/store/setup/connections.ts";
import { createUser, listUsers } from "../../core/store/setup/users.ts";
import { issueKey } from "../../dashboards/auth/keys.ts";
import { hashPassword } from "../../dashboards/auth/password.ts";
import type { Hub } from "../context.ts";
import { keepWebhookSecret, setUpWebhook } from "../hub/webhooks.ts";
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
  const { connectors, store, secrets } = hub;
  const desired = await loadConfig(CONFIG, { connectors, variable: (name) => variables[name] });
  await applyConfig(store.db, desired, { secrets, actor: "demo", prune: true });
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
    const passwordHash = await hashPassword(state.adminPassword);
    await createUser(db, { email: ADMIN_EMAIL, passwordHash, role: "admin" });
  } else if (state.linkKey !== null) {
    return state.linkKey;
  }
  return (await issueKey(db, { name: "Demo screens", scopes: ["tv:*", "feed:*"], actor: "demo" })).token;
}

/**
 * Has every vendor that can call the hub when something changes: by the vendor's own interface where it has one, as `tributary webhook`
 * does; else as an admin would, who enters the address at the vendor and the vendor's secret here.
 */
export async function subscribeVendors(hub: Hub, url: string, vendors: VendorsProcess): Promise<void> {
  const { store, secrets, connectors } = hub;
  const engine = createPullDeps({ ...hub, allowPrivateNetworks: true });
  const takesWebhooks = new Set(connectors.filter(({ webhook }) => webhook !== undefined).map(({ key }) => key));
  const byHand: { [id: string]: string } = {};
  for (const { id, connector } of await listConnections(store.db)) {
    if (!takesWebhooks.has(connector)) continue;
    const { address, isSubscribed } = await setUpWebhook(engine, id, url, new AbortController().signal);
    if (!isSubscribed) byHand[id] = address;
  }
  for (const [id, secret] of Object.entries(await vendors.addWebhooks(byHand)))
    await keepWebhookSecret(store.db, secrets, id, secret);
}
