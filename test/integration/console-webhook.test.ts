import { afterAll, beforeAll, expect, test } from "vitest";
import type { AnyConnector, InboundWebhook } from "../../core/connector/define.ts";
import { inboundSecretOf } from "../../core/secrets/index.ts";
import { readInbound } from "../../core/store/setup/connections.ts";
import { insertDelivery } from "../../core/store/pulls/inbound.ts";
import { testDatabase } from "../support/database.ts";
import { acme, json, newConnection, newSession, NOW, type Running, startServer } from "./server-support.ts";

const store = await testDatabase();
const webhook: InboundWebhook = { verify: () => undefined, dedupeKey: () => "", parts: () => [] };
const subscribe = (): Promise<{ secret: string }> => Promise.resolve({ secret: "whsec_subscribed" });
const subscribing: AnyConnector = { ...acme, webhook: { ...webhook, subscribe } };
const byHand: AnyConnector = { ...acme, key: "by-hand", webhook };
let running: Running;
let admin: string;
beforeAll(async () => {
  running = await startServer(store, { connectors: [subscribing, byHand] });
  admin = await newSession(running, store, "admin");
  for (const id of ["acme-1", "other"]) await newConnection(store, id);
  await store.db.updateTable("connections").set({ connector: "by-hand" }).where("id", "=", "other").execute();
});
afterAll(() => running.close());

const secretOf = async (id: string): Promise<string> =>
  running.deps.secrets.open((await readInbound(store.db, id))?.secret ?? "", inboundSecretOf(id));
const ask = async (path: string, body: object | null = null, as = admin): Promise<readonly [number, unknown]> => {
  const init = body === null ? {} : json(body, { Origin: running.url });
  const response = await running.fetch(`/api/v1/connections/${path}`, { ...init, as });
  return [response.status, await response.json()];
};

test("where the vendor has to call is told, and whether and when it has; the secret is not", async () => {
  expect(await ask("acme-1/webhook")).toEqual([
    200,
    {
      is_offered: true,
      subscribes: true,
      address: "https://hub.example/in/acme-1/token-of-acme-1",
      has_secret: false,
      needs_secret: false,
      last_delivery_at: null,
    },
  ]);
  await insertDelivery(store.db, "acme-1", { dedupeKey: "1", receivedAt: NOW, headers: {}, body: Buffer.alloc(0) });
  await store.db
    .updateTable("connections")
    .set({ inbound_secret: "sealed-s3cret" })
    .where("id", "=", "acme-1")
    .execute();
  const [, after] = await ask("acme-1/webhook");
  expect(after).toMatchObject({ has_secret: true, last_delivery_at: NOW.toISOString() });
  expect(JSON.stringify(after)).not.toContain("s3cret");
});

test("only admins see the address, and only of tools that have a webhook", async () => {
  const viewer = await newSession(running, store, "viewer");
  expect((await ask("acme-1/webhook", null, viewer))[0]).toBe(403);
  expect(JSON.stringify(await ask("acme-1", null, viewer))).not.toContain("token-of-acme-1");
  expect((await ask("nobody/webhook"))[0]).toBe(404);
});

test("the vendor is asked to call where it has an interface for it, and the change is noted", async () => {
  expect((await ask("other/webhook"))[1]).toMatchObject({ subscribes: false, needs_secret: true });
  expect((await ask("acme-1/webhook", {}))[0]).toBe(200);
  expect(await secretOf("acme-1")).toBe("whsec_subscribed");
  const noted = store.db.selectFrom("audit_log").select("target").where("action", "=", "connection.webhook");
  expect(await noted.execute()).toEqual([{ target: "acme-1" }]);
});

test("a secret is kept as it is pasted, and never shown", async () => {
  expect((await ask("other/webhook", { secret: "  " }))[0]).toBe(400);
  const [status, answer] = await ask("other/webhook", { secret: " whsec_pasted \n" });
  expect(status).toBe(200);
  expect(JSON.stringify(answer)).not.toContain("whsec_pasted");
  expect(await secretOf("other")).toBe("whsec_pasted");
});
