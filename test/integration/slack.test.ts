import { afterAll, beforeAll, expect, test } from "vitest";
import { applyConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { silentLog } from "../../core/base/log.ts";
import { appendEvents } from "../../core/outbox/append.ts";
import { EVENTS } from "../../core/outbox/catalogue.ts";
import { createCourier } from "../../core/outbox/courier.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { listEndpoints } from "../../core/store/outbox/endpoints.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { type SlackSimulator, startSlackSimulator } from "../../dashboards/destinations/slack/simulator/index.ts";
import { testDatabase } from "../support/database.ts";

const store = await testDatabase();
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
let now = new Date();
const courier = createCourier({
  store,
  secrets,
  destinations: DESTINATIONS,
  clock: { now: () => now },
  log: silentLog,
  allowPrivateNetworks: true,
});
let sim: SlackSimulator;

beforeAll(async () => {
  sim = await startSlackSimulator({ secret: "channel-secret" });
  const desired = parseConfig('slack: [{ id: wins, url: "${WINS}", filters: { min_amount: 1000 } }]', "c.yaml", {
    connectors: [],
    destinations: DESTINATIONS,
    variable: () => sim.webhookUrl,
  });
  await applyConfig(store.db, desired, {
    secrets,
    connectors: [],
    destinations: DESTINATIONS,
    actor: "test",
    prune: false,
    allowPrivateNetworks: true,
  });
});
afterAll(async () => {
  await courier.drain(0);
  await sim.close();
});

async function win(key: string, amount: number): Promise<void> {
  const sample = EVENTS["deal.won"].sample;
  const data = { ...sample, deal: { ...sample.deal, name: key, value: { amount, currency: "EUR" } } };
  await store.db
    .transaction()
    .execute((tx) => appendEvents(tx, [{ type: "deal.won", key, entityKey: key, occurredAt: now, data }]));
}

/** Time goes on, and what is due then is sent. */
async function after(seconds: number): Promise<void> {
  now = new Date(now.getTime() + seconds * 1000);
  await courier.settle();
}

const channel = async () => (await listEndpoints(store.db, "slack"))[0];

test("a channel is told of the wins that fit, one a second, and a busy Slack is left alone for as long as it says", async () => {
  await win("Big", 5_000);
  await win("Small", 999);
  await win("Bigger", 9_000);
  await after(0);
  expect(sim.messages).toHaveLength(1);
  await after(1);
  expect(sim.messages.map((text) => /\|(\w+)>/.exec(text)?.[1])).toEqual(["Big", "Bigger"]);
  sim.failNext(1, 429);
  await win("Later", 2_000);
  await after(2);
  expect(sim.messages).toHaveLength(2);
  await after(29);
  expect(sim.messages).toHaveLength(2);
  await after(10);
  expect(sim.messages).toHaveLength(3);
});

test("the address is nowhere in the clear: not in its row, not in the log of what was sent", async () => {
  const tables = await Promise.all(
    ["webhook_endpoints", "attempts", "audit_log"].map((table) => store.pool.query(`select * from ${table}`)),
  );
  const text = JSON.stringify(tables.map(({ rows }) => rows as unknown));
  expect(text).toContain("slack:wins");
  expect(text).not.toContain("channel-secret");
});

test("an archived channel is paused, with the reason", async () => {
  sim.failNext(1, 410);
  await win("Gone", 2_000);
  await after(2);
  expect(await channel()).toMatchObject({ state: "paused", pausedBy: "gone" });
});
