import { afterAll, beforeAll, expect, test } from "vitest";
import type { AnyConnector, InboundWebhook } from "../../core/connector/define.ts";
import { inboundSecretOf } from "../../core/secrets/index.ts";
import { readInbound } from "../../core/store/setup/connections.ts";
import { insertDelivery } from "../../core/store/pulls/inbound.ts";
import { testDatabase } from "../support/database.ts";
import { acme, form, newConnection, newSession, NOW, type Running, startServer } from "./server-support.ts";

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
const look = async (path: string, as = admin): Promise<readonly [number, string]> => {
  const response = await running.fetch(path, { as, headers: { Accept: "text/html" } });
  return [response.status, await response.text()];
};
const post = async (path: string, fields: Record<string, string>): Promise<readonly [number, string]> => {
  const response = await running.fetch(path, { ...form(fields, running.url), as: admin });
  return [response.status, await response.text()];
};

test("the page shows where the vendor has to call, and whether and when it has", async () => {
  const [status, before] = await look("/connections/acme-1/webhook");
  expect(status).toBe(200);
  expect(before).toContain(`${running.url}/in/acme-1/token-of-acme-1`);
  expect(before).toContain("none: deliveries are refused");
  expect(before).toContain("never");

  await insertDelivery(store.db, "acme-1", { dedupeKey: "1", receivedAt: NOW, headers: {}, body: Buffer.alloc(0) });
  await store.db
    .updateTable("connections")
    .set({ inbound_secret: "sealed-s3cret" })
    .where("id", "=", "acme-1")
    .execute();
  const [, after] = await look("/connections/acme-1/webhook");
  expect(after).toContain(`datetime="${NOW.toISOString()}"`);
  expect(after).toContain("kept");
  expect(after).not.toContain("s3cret");
});

test("only admins see the address, and only of tools that have a webhook", async () => {
  const viewer = await newSession(running, store, "viewer");
  expect((await look("/connections/acme-1/webhook", viewer))[0]).toBe(403);
  expect((await look("/connections/acme-1", viewer))[1]).not.toContain("token-of-acme-1");
  expect((await look("/connections/nobody/webhook"))[0]).toBe(404);
  await newConnection(store, "none");
  await store.db.updateTable("connections").set({ connector: "gone" }).where("id", "=", "none").execute();
  expect((await look("/connections/none/webhook"))[0]).toBe(404);
});

test("the vendor is asked to call where it has an interface for it, and the change is noted", async () => {
  expect((await look("/connections/acme-1/webhook"))[1]).toContain("Have the vendor call");
  expect((await look("/connections/other/webhook"))[1]).not.toContain("Have the vendor call");
  const [status, page] = await post("/connections/acme-1/webhook/subscribe", {});
  expect([status, page]).toEqual([200, expect.stringContaining("The vendor calls from now on")]);
  expect(await secretOf("acme-1")).toBe("whsec_subscribed");
  const noted = store.db.selectFrom("audit_log").select("target").where("action", "=", "connection.webhook");
  expect(await noted.execute()).toEqual([{ target: "acme-1" }]);
});

test("a secret is kept as it is pasted, and never shown", async () => {
  expect((await post("/connections/other/webhook/secret", { secret: "  " }))[0]).toBe(422);
  const [status, page] = await post("/connections/other/webhook/secret", { secret: " whsec_pasted \n" });
  expect(status).toBe(200);
  expect(page).not.toContain("whsec_pasted");
  expect(await secretOf("other")).toBe("whsec_pasted");
});
