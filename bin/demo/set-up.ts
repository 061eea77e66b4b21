import { fileURLToPath } from "node:url";
import { applyConfig } from "../../config/apply.ts";
import { loadConfig } from "../../config/file.ts";
import { createPullDeps } from "../../workers/pull.ts";
import { openConnection } from "../../core/land/engine.ts";
import { inboundSecretOf } from "../../core/secrets/index.ts";
import { readInbound, writeInboundSecret } from "../../core/store/connections.ts";
import { createUser, listUsers } from "../../core/store/users.ts";
import { issueKey } from "../../dashboards/auth/keys.ts";
import { hashPassword } from "../../dashboards/auth/password.ts";
import type { Hub } from "../context.ts";
import type { DemoState } from "./state.ts";
import type { VendorsReady } from "./vendors-protocol.ts";

export const ADMIN_EMAIL = "admin@fernhill.example";
const CONFIG = fileURLToPath(new URL("../../config/examples/demo.yaml", import.meta.url));

/** Applies the demo's config file by the way that a user's takes, with the vendors' addresses for its variables. */
export async function applyDemoConfig(hub: Hub, state: DemoState, vendors: VendorsReady): Promise<void> {
  const variables: { readonly [name: string]: string } = {
    DEMO_CLOSE_URL: vendors.closeUrl,
    DEMO_CLOSE_API_KEY: vendors.closeKey,
    DEMO_LOST_REASON_FIELD: vendors.lostReasonField,
    DEMO_GECKOBOARD_URL: vendors.geckoboardUrl,
    DEMO_GECKOBOARD_KEY: state.geckoboardKey,
    DEMO_PAGES_URL: vendors.pagesUrl,
    DEMO_WEBHOOK_SECRET: state.webhookSecret,
  };
  const { connectors, store, secrets } = hub;
  const desired = await loadConfig(CONFIG, { connectors, variable: (name) => variables[name] });
  await applyConfig(store.db, desired, { secrets, actor: "demo", prune: true });
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

/** Has Close call the hub when something changes, as `tributary connect` tells an admin to. */
export async function subscribeClose(hub: Hub, url: string): Promise<void> {
  const engine = createPullDeps({ ...hub, allowPrivateNetworks: true });
  const { connector, client } = await openConnection(engine, "close", new AbortController().signal);
  const inbound = await readInbound(hub.store.db, "close");
  const subscription = await connector.webhook?.subscribe?.(client, `${url}/in/close/${inbound?.token ?? ""}`);
  if (subscription === undefined) throw new Error("Close has no webhooks.");
  const sealed = hub.secrets.seal(subscription.secret, inboundSecretOf("close"));
  await writeInboundSecret(hub.store.db, "close", sealed);
}
