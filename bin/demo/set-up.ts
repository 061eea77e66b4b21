import { fileURLToPath } from "node:url";
import { applyConfig } from "../../config/apply.ts";
import { loadConfig } from "../../config/file.ts";
import { createPullDeps } from "../../workers/pull.ts";
import { openConnection } from "../../core/land/engine.ts";
import { inboundSecretOf } from "../../core/secrets/index.ts";
import { listConnections, readInbound, writeInboundSecret } from "../../core/store/connections.ts";
import { createUser, listUsers } from "../../core/store/users.ts";
import { issueKey } from "../../dashboards/auth/keys.ts";
import { hashPassword } from "../../dashboards/auth/password.ts";
import type { Hub } from "../context.ts";
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
 * Has every vendor that can call the hub when something changes: by the vendor's own interface where it has one, as `tributary connect`
 * does; else as an admin would, who enters the address at the vendor and the vendor's secret here.
 */
export async function subscribeVendors(hub: Hub, url: string, vendors: VendorsProcess): Promise<void> {
  const engine = createPullDeps({ ...hub, allowPrivateNetworks: true });
  const byHand: { [id: string]: string } = {};
  for (const { id } of await listConnections(hub.store.db)) {
    const { connector, client } = await openConnection(engine, id, new AbortController().signal);
    if (connector.webhook === undefined) continue;
    const inbound = await readInbound(hub.store.db, id);
    const address = `${url}/in/${id}/${inbound?.token ?? ""}`;
    if (connector.webhook.subscribe === undefined) byHand[id] = address;
    else await keepSecret(hub, id, (await connector.webhook.subscribe(client, address)).secret);
  }
  for (const [id, secret] of Object.entries(await vendors.addWebhooks(byHand))) await keepSecret(hub, id, secret);
}

async function keepSecret(hub: Hub, connectionId: string, secret: string): Promise<void> {
  const sealed = hub.secrets.seal(secret, inboundSecretOf(connectionId));
  await writeInboundSecret(hub.store.db, connectionId, sealed);
}
