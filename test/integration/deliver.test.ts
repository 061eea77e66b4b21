import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttpsServer } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { assertAddresses } from "../../core/destination/check.ts";
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../core/base/clock.ts";
import { silentLog } from "../../core/base/log.ts";
import { receiverRow } from "../../core/destination/settings.ts";
import { appendEvents } from "../../core/outbox/append.ts";
import { EVENTS } from "../../core/outbox/catalogue.ts";
import { type Courier, createCourier } from "../../core/outbox/courier.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { dispatchOutbox, replayDeliveries } from "../../core/store/outbox/deliveries.ts";
import { findEndpoint, insertEndpoint, listDeliveries, resumeEndpoint } from "../../core/store/outbox/endpoints.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { webhooks } from "../../dashboards/destinations/webhooks/index.ts";
import { createSender } from "../../dashboards/destinations/webhooks/send.ts";
import { type WebhookSettings, webhookSettings } from "../../dashboards/destinations/webhooks/settings.ts";
import { newSecret } from "../../dashboards/destinations/webhooks/sign.ts";
import { startCourier } from "../../workers/courier.ts";
import { testDatabase } from "../support/database.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { portOf } from "../../core/base/network.ts";

const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
const couriers: Courier[] = [];
let store: Store;
let now: Date;
let receiver: Receiver;
let courier: Courier;

beforeAll(async () => {
  store = await testDatabase();
});
beforeEach(async () => {
  receiver = await startReceiver();
  await sql`truncate outbox, webhook_endpoints cascade`.execute(store.db);
  now = new Date();
  courier = anotherCourier();
});
afterEach(async () => {
  await Promise.all(couriers.splice(0).map((one) => one.drain(0)));
});

function anotherCourier(): Courier {
  const one = createCourier({
    store,
    secrets,
    destinations: DESTINATIONS,
    clock: { now: () => now },
    log: silentLog,
    allowPrivateNetworks: true,
  });
  couriers.push(one);
  return one;
}

async function subscribe(
  url: string,
  events: WebhookSettings["events"],
  more: Partial<WebhookSettings> = {},
): Promise<{ id: string; secret: string }> {
  const id = randomUUID();
  const secret = newSecret();
  const settings = JSON.parse(JSON.stringify({ url, events, secret, ...more })) as { [field: string]: string };
  await insertEndpoint(store.db, receiverRow(webhooks, id, settings, { createdBy: "test", secrets }));
  return { id, secret };
}

async function happen(eventId: string, type: string, entityKey = "deal-1", data?: object): Promise<void> {
  await store.db
    .insertInto("outbox")
    .values({
      event_id: eventId,
      type,
      entity_key: entityKey,
      payload: JSON.stringify(data ?? { deal: { id: entityKey } }),
      occurred_at: new Date("2026-03-02T09:15:04Z"),
    })
    .execute();
}

/** The clock goes on by so much, and what is due then is sent. */
async function after(ms: number): Promise<void> {
  now = new Date(now.getTime() + ms);
  await courier.settle();
}
const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
const DAY = 24 * H;

const ids = (): string[] => receiver.received.map((request) => String(request.headers["webhook-id"]));
const deliveries = (id: string) => listDeliveries(store.db, id, 50, null);

test("what arrives is signed so that any Standard Webhooks library accepts it", async () => {
  const { secret } = await subscribe(receiver.url, ["deal.won"]);
  await happen("evt_1", "deal.won");
  await courier.settle();
  const [request] = receiver.received;
  const body = new Webhook(secret).verify(request?.body ?? "", request?.headers as Record<string, string>);
  expect(body).toEqual({
    id: "evt_1",
    type: "deal.won",
    timestamp: "2026-03-02T09:15:04.000Z",
    data: { deal: { id: "deal-1" } },
  });
  expect(() =>
    new Webhook(newSecret()).verify(request?.body ?? "", request?.headers as Record<string, string>),
  ).toThrow("No matching signature found");
});

test("while a secret is changed, what arrives is signed with the old one and the new one", async () => {
  const [former, gone] = [newSecret(), newSecret()];
  const { secret } = await subscribe(receiver.url, ["*"], {
    former_secrets: [
      { secret: former, until: new Date(Date.now() + H).toISOString() },
      { secret: gone, until: new Date(Date.now() - H).toISOString() },
    ],
  });
  await happen("evt_1", "deal.won");
  await courier.settle();
  const [request] = receiver.received;
  const verify = (key: string): unknown =>
    new Webhook(key).verify(request?.body ?? "", request?.headers as Record<string, string>);
  expect(verify(secret)).toEqual(verify(former));
  expect(() => verify(gone)).toThrow("No matching signature found");
});

test("an endpoint gets the types it asked for, from its subscription on", async () => {
  await happen("evt_before", "deal.won");
  await subscribe(receiver.url, ["deal.won"]);
  await happen("evt_other", "deal.lost");
  await happen("evt_wanted", "deal.won");
  await courier.settle();
  expect(ids()).toEqual(["evt_wanted"]);
});

test("filters let through what fits: pipelines, amounts, KPIs, and thresholds when they are crossed", async () => {
  await subscribe(receiver.url, ["*"], {
    filters: { pipelines: ["New Business"], min_amount: 1_000, metrics: ["won_value"], rises_to: 50_000 },
  });
  const deal = (pipeline: string, amount: number | null): object => ({ deal: { pipeline, value: { amount } } });
  await happen("evt_fits", "deal.won", "a", deal("New Business", 1_000));
  await happen("evt_small", "deal.won", "b", deal("New Business", 999.99));
  await happen("evt_unknown_amount", "deal.won", "c", deal("New Business", null));
  await happen("evt_other_pipeline", "deal.won", "d", deal("Expansion", 5_000));
  const kpi = (metric: string, previous: number | null, value: number | null): object => ({
    metric,
    previous_value: previous,
    value,
  });
  await happen("evt_crossed", "kpi.updated", "k", kpi("won_value", 49_999, 50_000));
  await happen("evt_first", "kpi.updated", "k", kpi("won_value", null, 60_000));
  await happen("evt_was_there", "kpi.updated", "k", kpi("won_value", 50_000, 51_000));
  await happen("evt_below", "kpi.updated", "k", kpi("won_value", 1, 2));
  await happen("evt_no_value", "kpi.updated", "k", kpi("won_value", 60_000, null));
  await happen("evt_other_kpi", "kpi.updated", "k", kpi("deals_won", 1, 60_000));
  await courier.settle();
  expect(ids().toSorted()).toEqual(["evt_crossed", "evt_first", "evt_fits"]);
});

test("couriers side by side make one delivery of an event, and none of them sends what another holds", async () => {
  await subscribe(receiver.url, ["*"]);
  for (let n = 0; n < 40; n += 1) await happen(`evt_${n}`, "deal.won", `deal-${n}`);
  await Promise.all([courier, anotherCourier(), anotherCourier()].map((one) => one.settle()));
  expect(ids().toSorted()).toEqual(Array.from({ length: 40 }, (_, n) => `evt_${n}`).toSorted());
});

test("a failed delivery is sent again under the same id, and the log shows both attempts", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.answerWith(500, 200);
  await happen("evt_1", "deal.won");
  await courier.settle();
  expect(await deliveries(id)).toMatchObject([
    { state: "pending", attemptsMade: 1, lastStatusCode: 500, lastError: "The receiver answered 500." },
  ]);
  await after(4 * S);
  expect(ids()).toEqual(["evt_1"]);
  await after(2 * S);
  expect(ids()).toEqual(["evt_1", "evt_1"]);
  expect(await deliveries(id)).toMatchObject([{ state: "delivered", attemptsMade: 2, nextAttemptAt: null }]);
  const { rows } = await sql`
    select status_code, request ->> 'url' as url, request #>> '{headers,webhook-id}' as id, response ->> 'status' as status
    from attempts order by id`.execute(store.db);
  expect(rows).toEqual([
    { status_code: 500, url: receiver.url, id: "evt_1", status: "500" },
    { status_code: 200, url: receiver.url, id: "evt_1", status: "200" },
  ]);
  const { rows: signed } = await sql`select from attempts where request::text ~ 'v1,'`.execute(store.db);
  expect(signed).toEqual([]);
});

test("in order: what happened to a deal later waits until the earlier has arrived, other deals do not wait", async () => {
  await subscribe(receiver.url, ["*"], { ordered: true });
  await happen("evt_a1", "deal.stage_changed", "deal-a");
  await happen("evt_a2", "deal.won", "deal-a");
  await happen("evt_b1", "deal.won", "deal-b");
  // The first request of deal-a fails; which of the first two arrives first is up to the network.
  receiver.beforeAnswer = (request) => {
    if (request.headers["webhook-id"] === "evt_a1" && ids().filter((one) => one === "evt_a1").length === 1)
      receiver.answerWith(503);
    return Promise.resolve();
  };
  await courier.settle();
  expect(new Set(ids())).toEqual(new Set(["evt_a1", "evt_b1"]));
  await after(MIN);
  expect(ids().filter((one) => one !== "evt_b1")).toEqual(["evt_a1", "evt_a1", "evt_a2"]);
});

// The case 05-paused-webhook-says-pending.
test("410 Gone ends the sending at once; what is due shows no next attempt and waits for somebody to resume", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.answerWith(410);
  await happen("evt_1", "deal.won", "deal-1");
  await courier.settle();
  expect(await findEndpoint(store.db, id)).toMatchObject({ state: "paused", pausedBy: "gone" });
  expect(await deliveries(id)).toMatchObject([{ state: "pending", nextAttemptAt: null }]);
  await happen("evt_2", "deal.won", "deal-2");
  await after(30 * DAY);
  expect(ids()).toEqual(["evt_1"]);
  await resumeEndpoint(store.db, id);
  await courier.settle();
  expect(ids().toSorted()).toEqual(["evt_1", "evt_1", "evt_2"]);
});

test("a receiver ends the sending, or drops one delivery, by the header webhook-delivery", async () => {
  const dropping = await subscribe(receiver.url, ["deal.won"]);
  receiver.answerWith(400);
  receiver.answerHeaders = { "webhook-delivery": "abort-message" };
  await happen("evt_1", "deal.won");
  await courier.settle();
  expect(await deliveries(dropping.id)).toMatchObject([{ state: "failed" }]);
  expect(await findEndpoint(store.db, dropping.id)).toMatchObject({ state: "active" });
  receiver.answerWith(400);
  receiver.answerHeaders = { "webhook-delivery": "disable" };
  await happen("evt_2", "deal.won");
  await courier.settle();
  expect(await findEndpoint(store.db, dropping.id)).toMatchObject({ state: "paused", pausedBy: "gone" });
});

test("a delivery that its receiver refuses while it takes others is given up after ten tries over three days, and can be replayed", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.statusOf = (request) => (request.headers["webhook-id"] === "evt_bad" ? 422 : 204);
  await happen("evt_bad", "deal.won");
  for (let n = 0; n < 9; n += 1) {
    await happen(`evt_good_${n}`, "deal.won");
    await after(DAY + 3 * H);
  }
  expect(await deliveries(id)).toMatchObject(
    expect.arrayContaining([expect.objectContaining({ eventId: "evt_bad", state: "pending" })]),
  );
  await after(DAY + 3 * H);
  const bad = (await deliveries(id)).find(({ eventId }) => eventId === "evt_bad");
  expect(bad).toMatchObject({ state: "failed", attemptsMade: 10 });
  expect(await findEndpoint(store.db, id)).toMatchObject({ state: "active", failuresInARow: 1 });
  expect(await replayDeliveries(store.db, id, { onlyFailed: true }, now)).toBe(1);
  receiver.statusOf = () => 204;
  await courier.settle();
  expect(receiver.received.at(-1)?.headers).toMatchObject({ "webhook-id": "evt_bad", "tributary-replay": "1" });
});

test("a receiver that is down for two days loses nothing, gets each under its id, and is back within a tenth of the outage", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.statusOf = () => 503;
  for (let hour = 0; hour < 48; hour += 1) {
    await happen(`evt_${hour}`, "deal.won", `deal-${hour}`);
    await after(H);
  }
  expect(await findEndpoint(store.db, id)).toMatchObject({ state: "active" });
  // It is asked whether it is back, with one thing at a time.
  expect(receiver.received.length).toBeLessThan(120);
  receiver.received.length = 0;
  receiver.statusOf = () => 204;
  await after(5 * H);
  expect(ids().toSorted()).toEqual(Array.from({ length: 48 }, (_, hour) => `evt_${hour}`).toSorted());
  expect(await findEndpoint(store.db, id)).toMatchObject({ failuresInARow: 0, failingSince: null, notBefore: null });
});

test("after five days without a success a receiver is paused and people are told; it comes back by itself", async () => {
  const watcher = await startReceiver();
  await subscribe(watcher.url, ["endpoint.failing", "endpoint.paused", "endpoint.recovered"]);
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.statusOf = () => 500;
  await happen("evt_1", "deal.won");
  for (let day = 0; day < 6; day += 0.25) await after(6 * H);
  expect(await findEndpoint(store.db, id)).toMatchObject({ state: "paused", pausedBy: "failures" });
  expect(await deliveries(id)).toMatchObject([{ state: "pending", nextAttemptAt: null }]);
  receiver.statusOf = () => 204;
  await after(2 * H);
  await courier.settle();
  expect(await findEndpoint(store.db, id)).toMatchObject({ state: "active", pausedBy: null, failuresInARow: 0 });
  expect(await deliveries(id)).toMatchObject([{ state: "delivered" }]);
  const told = watcher.received.map(({ body }) => (JSON.parse(body) as { readonly type: string }).type);
  expect(told).toEqual(["endpoint.failing", "endpoint.paused", "endpoint.recovered"]);
  // It is not told of itself.
  expect(receiver.received.filter(({ body }) => body.includes("endpoint."))).toEqual([]);
});

test("Retry-After holds the whole receiver, and uses up none of a delivery's tries", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.statusOf = () => 429;
  receiver.answerHeaders = { "retry-after": "3600" };
  await happen("evt_1", "deal.won", "deal-1");
  await courier.settle();
  await happen("evt_2", "deal.won", "deal-2");
  await after(59 * MIN);
  expect(ids()).toEqual(["evt_1"]);
  receiver.statusOf = () => 204;
  await after(14 * MIN);
  expect(ids().toSorted()).toEqual(["evt_1", "evt_1", "evt_2"]);
  expect(await deliveries(id)).toMatchObject([{ state: "delivered" }, { state: "delivered", attemptsMade: 2 }]);
});

test("a redirect is a failure and is not followed", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.answerWith(302);
  await happen("evt_1", "deal.won");
  await courier.settle();
  expect(receiver.received).toHaveLength(1);
  expect(await deliveries(id)).toMatchObject([{ state: "pending", lastStatusCode: 302 }]);
});

// The case 04-webhook-answer-body-too-large.
test("the status is the answer: a body of 100 kB, or one that never ends, is delivered all the same, once", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  receiver.statusOf = () => 200;
  receiver.answerBody = (response, request) => {
    if (request.headers["webhook-id"] === "evt_big") response.end("x".repeat(100_000));
    // Never ended: what the courier waits for is its own bound.
    else response.write("a");
  };
  await happen("evt_big", "deal.won");
  await happen("evt_endless", "deal.won");
  await courier.settle();
  await after(DAY);
  expect(ids().toSorted()).toEqual(["evt_big", "evt_endless"]);
  expect(await deliveries(id)).toMatchObject([
    { state: "delivered", attemptsMade: 1 },
    { state: "delivered", attemptsMade: 1 },
  ]);
});

test("what does not answer holds up nobody else: every event of the others arrives while it waits", async () => {
  const silent = await startReceiver();
  const asked = new Promise<void>((resolve) => {
    silent.beforeAnswer = () => {
      resolve();
      return new Promise(() => undefined);
    };
  });
  for (let n = 0; n < 12; n += 1) await subscribe(`${silent.url}/${n}`, ["*"]);
  await subscribe(receiver.url, ["*"]);
  const all = Array.from({ length: 60 }, (_, n) => `evt_${n}`);
  for (const event of all) await happen(event, "deal.won", event);
  const arrived = new Promise<void>((resolve) => {
    receiver.beforeAnswer = () => {
      if (receiver.received.length === all.length) resolve();
      return Promise.resolve();
    };
  });
  courier.start();
  await asked;
  await arrived;
  expect(ids().toSorted()).toEqual(all.toSorted());
  // Silent ones are given few at once, not all that is due.
  expect(silent.received.length).toBeLessThanOrEqual(12 * 8);
});

test("an event is on its way as soon as it is written", async () => {
  await subscribe(receiver.url, ["*"]);
  const arrived = new Promise<void>((resolve) => {
    receiver.beforeAnswer = () => Promise.resolve(resolve());
  });
  const running = await startCourier({
    store,
    secrets,
    destinations: DESTINATIONS,
    clock: systemClock,
    log: silentLog,
    allowPrivateNetworks: true,
  });
  await store.db
    .transaction()
    .execute((tx) =>
      appendEvents(tx, [
        { type: "deal.won", key: "k", entityKey: "deal/1", occurredAt: new Date(), data: EVENTS["deal.won"].sample },
      ]),
    );
  await arrived;
  await running.drain(1_000);
  expect(receiver.received).toHaveLength(1);
});

test("a rate is kept: so many a second, the rest waits and nothing is lost", async () => {
  await subscribe(receiver.url, ["*"], { per_second: 5 });
  for (let n = 0; n < 12; n += 1) await happen(`evt_${n}`, "deal.won", `deal-${n}`);
  await courier.settle();
  expect(receiver.received).toHaveLength(5);
  await after(S);
  expect(receiver.received).toHaveLength(10);
  await after(S);
  expect(new Set(ids()).size).toBe(12);
});

test("what a courier held when it was killed is sent by another once its claim has run out", async () => {
  const { id } = await subscribe(receiver.url, ["*"]);
  await happen("evt_1", "deal.won");
  await dispatchOutbox(store.db, now, 10);
  // As a kill leaves it: claimed, and perhaps sent.
  await sql`update deliveries set leased_until = ${new Date(now.getTime() + 90 * S)}`.execute(store.db);
  await after(80 * S);
  expect(ids()).toEqual([]);
  await after(20 * S);
  expect(ids()).toEqual(["evt_1"]);
  expect(await deliveries(id)).toMatchObject([{ state: "delivered" }]);
});

test("without leave, nothing on this machine or a private network is reached, whatever name leads there", async () => {
  const guarded = createSender({ allowPrivateNetworks: false });
  const event = { eventId: "evt_1", type: "deal.won", occurredAt: new Date(), data: {}, isReplay: false };
  const port = new URL(receiver.url).port;
  for (const host of ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "0.0.0.0"]) {
    const settings = webhookSettings.parse({
      url: `http://${host}:${port}/hook`,
      events: ["*"],
      secret: newSecret(),
    });
    const result = await guarded.send(settings, event);
    expect(result).toMatchObject({
      statusCode: null,
      error: "The address leads into a private network, which is not allowed.",
    });
  }
  guarded.close();
  expect(receiver.received).toHaveLength(0);
});

test.skipIf(spawnSync("openssl", ["version"]).status !== 0)(
  "a receiver whose certificate nobody vouches for gets nothing",
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "certificate-"));
    const [keyFile, certFile] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
    execFileSync("openssl", [...request, "-keyout", keyFile, "-out", certFile], { stdio: "ignore" });
    let asked = 0;
    const server = createHttpsServer(
      { key: await readFile(keyFile), cert: await readFile(certFile) },
      (_request, answer) => {
        asked += 1;
        answer.end();
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      server.close();
      await rm(folder, { recursive: true });
    });
    const sender = createSender({ allowPrivateNetworks: true });
    const url = `https://localhost:${portOf(server)}/hook`;
    const settings = webhookSettings.parse({ url, events: ["*"], secret: newSecret() });
    const event = { eventId: "evt_1", type: "deal.won", occurredAt: new Date(), data: {}, isReplay: false };
    const result = await sender.send(settings, event);
    sender.close();
    expect([result.statusCode, result.error, asked]).toEqual([null, expect.stringContaining("SELF_SIGNED_CERT"), 0]);
  },
);

test("an address is refused when it is not https, carries credentials, or is no URL", () => {
  const options = { allowPrivateNetworks: false };
  for (const url of [
    "http://hooks.example/x",
    "https://user:pass@hooks.example/",
    "ftp://hooks.example/",
    "nonsense",
  ]) {
    expect(() => assertAddresses(webhooks, { url }, options)).toThrow(/An address of Webhooks is refused/);
  }
  expect(() => assertAddresses(webhooks, { url: "https://hooks.example/x" }, options)).not.toThrow();
});
