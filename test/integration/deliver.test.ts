import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../core/base/clock.ts";
import { silentLog } from "../../core/base/log.ts";
import { receiverRow } from "../../core/destination/settings.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { dispatchOutbox, replayDeliveries } from "../../core/store/outbox/deliveries.ts";
import { findEndpoint, insertEndpoint, listDeliveries } from "../../core/store/outbox/endpoints.ts";
import { deliverToEndpoint, openSenders, type DeliverDeps } from "../../dashboards/destinations/deliver.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { webhooks } from "../../dashboards/destinations/webhooks/index.ts";
import { assertWebhookUrl, createSender } from "../../dashboards/destinations/webhooks/send.ts";
import { webhookSettings } from "../../dashboards/destinations/webhooks/settings.ts";
import { newSecret } from "../../dashboards/destinations/webhooks/sign.ts";
import { testDatabase } from "../support/database.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";

const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
const senders = openSenders(DESTINATIONS, { allowPrivateNetworks: true });
const never = new AbortController().signal;
let store: Store;
let deps: DeliverDeps;
let receiver: Receiver;

beforeAll(async () => {
  store = await testDatabase();
  deps = { store, secrets, senders, clock: systemClock, log: silentLog };
});
afterAll(() => {
  for (const { sender } of senders.values()) sender.close();
});
beforeEach(async () => {
  receiver = await startReceiver();
  await sql`truncate outbox, webhook_endpoints cascade`.execute(store.db);
});

async function subscribe(
  url: string,
  eventTypes: string[],
  isOrdered = false,
): Promise<{ id: string; secret: string }> {
  const id = randomUUID();
  const secret = newSecret();
  const settings = { url, events: eventTypes, ordered: isOrdered, secret };
  await insertEndpoint(store.db, receiverRow(webhooks, id, settings, { createdBy: "test", secrets }));
  return { id, secret };
}

async function happen(eventId: string, type: string, entityKey = "deal-1"): Promise<void> {
  await store.db
    .insertInto("outbox")
    .values({
      event_id: eventId,
      type,
      entity_key: entityKey,
      payload: JSON.stringify({ deal: { id: entityKey } }),
      occurred_at: new Date("2026-03-02T09:15:04Z"),
    })
    .execute();
}

/** Lets deliveries that wait for a retry be due now. */
const makeDue = (): Promise<unknown> => sql`update deliveries set next_attempt_at = now()`.execute(store.db);
const ids = (): string[] => receiver.received.map((request) => String(request.headers["webhook-id"]));

test("what arrives is signed so that any Standard Webhooks library accepts it", async () => {
  const { id, secret } = await subscribe(receiver.url, ["deal.won"]);
  await happen("evt_1", "deal.won");
  await dispatchOutbox(store.db);
  await deliverToEndpoint(deps, id, never);
  const [request] = receiver.received;
  const body = new Webhook(secret).verify(request?.body ?? "", request?.headers as Record<string, string>);
  expect(body).toEqual({ type: "deal.won", timestamp: "2026-03-02T09:15:04.000Z", data: { deal: { id: "deal-1" } } });
  expect(() =>
    new Webhook(newSecret()).verify(request?.body ?? "", request?.headers as Record<string, string>),
  ).toThrow("No matching signature found");
});

test("an endpoint gets the types it asked for, from its subscription on", async () => {
  await happen("evt_before", "deal.won");
  const { id } = await subscribe(receiver.url, ["deal.won"]);
  await happen("evt_other", "deal.lost");
  await happen("evt_wanted", "deal.won");
  await dispatchOutbox(store.db);
  await deliverToEndpoint(deps, id, never);
  expect(ids()).toEqual(["evt_wanted"]);
});

test("dispatching twice, also at the same time, makes one delivery", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  await happen("evt_1", "deal.won");
  await Promise.all([dispatchOutbox(store.db), dispatchOutbox(store.db), dispatchOutbox(store.db)]);
  await Promise.all([deliverToEndpoint(deps, id, never), deliverToEndpoint(deps, id, never)]);
  expect(ids()).toEqual(["evt_1"]);
});

test("a failed delivery is sent again under the same id, and the history shows both attempts", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.answerWith(500, 200);
  await happen("evt_1", "deal.won");
  await dispatchOutbox(store.db);
  await deliverToEndpoint(deps, id, never);
  expect(await listDeliveries(store.db, id, 10, null)).toMatchObject([
    { state: "pending", attemptsMade: 1, lastStatusCode: 500, lastError: "The receiver answered 500." },
  ]);
  await makeDue();
  await deliverToEndpoint(deps, id, never);
  expect(ids()).toEqual(["evt_1", "evt_1"]);
  expect(await listDeliveries(store.db, id, 10, null)).toMatchObject([{ state: "delivered", attemptsMade: 2 }]);
});

test("in order: what happened to a deal later waits until the earlier has arrived, other deals do not wait", async () => {
  const { id } = await subscribe(receiver.url, ["*"], true);
  await happen("evt_a1", "deal.stage_changed", "deal-a");
  await happen("evt_a2", "deal.won", "deal-a");
  await happen("evt_b1", "deal.won", "deal-b");
  // The first request of deal-a fails; which of the first two arrives first is up to the network.
  receiver.beforeAnswer = (request) => {
    if (request.headers["webhook-id"] === "evt_a1" && ids().filter((one) => one === "evt_a1").length === 1)
      receiver.answerWith(503);
    return Promise.resolve();
  };
  await dispatchOutbox(store.db);
  await deliverToEndpoint(deps, id, never);
  expect(new Set(ids())).toEqual(new Set(["evt_a1", "evt_b1"]));
  await makeDue();
  await deliverToEndpoint(deps, id, never);
  expect(ids().filter((one) => one !== "evt_b1")).toEqual(["evt_a1", "evt_a1", "evt_a2"]);
});

test("410 Gone ends the sending at once; what is due waits for somebody to resume", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.answerWith(410);
  await happen("evt_1", "deal.won", "deal-1");
  await dispatchOutbox(store.db);
  await deliverToEndpoint(deps, id, never);
  expect(await findEndpoint(store.db, id)).toMatchObject({ state: "paused" });
  await makeDue();
  expect(await deliverToEndpoint(deps, id, never)).toBe(0);
});

test("a delivery whose ten attempts are used up has failed, pauses its endpoint, and can be replayed", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.answerWith(...Array.from({ length: 10 }, () => 500));
  await happen("evt_1", "deal.won");
  await dispatchOutbox(store.db);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await makeDue();
    await deliverToEndpoint(deps, id, never);
  }
  expect(await listDeliveries(store.db, id, 10, null)).toMatchObject([{ state: "failed", attemptsMade: 10 }]);
  expect(await findEndpoint(store.db, id)).toMatchObject({ state: "paused" });
  expect(await replayDeliveries(store.db, id, { since: new Date("2026-03-01T00:00:00Z") })).toBe(1);
  expect(await listDeliveries(store.db, id, 10, null)).toMatchObject([{ state: "pending", attemptsMade: 0 }]);
});

test("a redirect is a failure and is not followed", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.answerWith(302);
  await happen("evt_1", "deal.won");
  await dispatchOutbox(store.db);
  await deliverToEndpoint(deps, id, never);
  expect(receiver.received).toHaveLength(1);
  expect(await listDeliveries(store.db, id, 1, null)).toMatchObject([{ state: "pending", lastStatusCode: 302 }]);
});

test("without leave, nothing on this machine or a private network is reached, whatever name leads there", async () => {
  const guarded = createSender({ allowPrivateNetworks: false });
  const delivery = { id: 1, eventId: "evt_1", type: "deal.won", occurredAt: new Date(), data: {}, attemptsMade: 0 };
  const port = new URL(receiver.url).port;
  for (const host of ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "0.0.0.0"]) {
    const settings = webhookSettings.parse({
      url: `http://${host}:${port}/hook`,
      events: ["*"],
      secret: newSecret(),
    });
    const result = await guarded.send(settings, delivery);
    expect(result).toMatchObject({
      statusCode: null,
      error: "The address leads into a private network, which is not allowed.",
    });
  }
  guarded.close();
  expect(receiver.received).toHaveLength(0);
});

test("an address is refused when it is not https, carries credentials, or is no URL", () => {
  const options = { allowPrivateNetworks: false };
  for (const url of [
    "http://hooks.example/x",
    "https://user:pass@hooks.example/",
    "ftp://hooks.example/",
    "nonsense",
  ]) {
    expect(() => assertWebhookUrl(url, options)).toThrow(/webhook address is refused/);
  }
  expect(() => assertWebhookUrl("https://hooks.example/x", options)).not.toThrow();
});
