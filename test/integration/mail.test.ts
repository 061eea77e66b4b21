import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { applyConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { silentLog } from "../../core/base/log.ts";
import { appendEvents } from "../../core/outbox/append.ts";
import { EVENTS } from "../../core/outbox/catalogue.ts";
import { type Courier, createCourier } from "../../core/outbox/courier.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { makeReview } from "../../core/setup/reviews.ts";
import type { Store } from "../../core/store/db.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { type MailSimulator, startMailSimulator } from "../../dashboards/destinations/mail/simulator/index.ts";
import { testDatabase } from "../support/database.ts";

const PASSWORD = "p@ss word/of the mail server";
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
let store: Store;
let sim: MailSimulator;
let courier: Courier;
let now: Date;

beforeAll(async () => {
  store = await testDatabase();
});
beforeEach(async () => {
  for (const table of ["webhook_endpoints", "outbox"] as const) await store.db.deleteFrom(table).execute();
  now = new Date("2026-11-23T08:00:00Z");
  sim = await startMailSimulator({ secret: PASSWORD });
  courier = courierOf(true);
  await configure(sim.smtp);
});
afterEach(async () => {
  await courier.drain(0);
  await sim.close();
});
afterAll(() => store.db.deleteFrom("webhook_endpoints").execute());

const courierOf = (allowPrivateNetworks: boolean): Courier =>
  createCourier({
    store,
    secrets,
    destinations: DESTINATIONS,
    clock: { now: () => now },
    log: silentLog,
    allowPrivateNetworks,
  });

async function configure(smtp: string, allowPrivateNetworks = true): Promise<void> {
  const text =
    'mail: [{ id: managers, smtp: "${SMTP}", from: hub@example.com, to: [ann@example.com, bob@example.com] }]';
  const options = { connectors: [], destinations: DESTINATIONS };
  const desired = parseConfig(text, "c.yaml", { ...options, variable: () => smtp });
  await applyConfig(store.db, desired, { ...options, secrets, actor: "test", prune: true, allowPrivateNetworks });
}

const DIGEST = { ...EVENTS["digest.ready"].sample, text: "Équipe 🚀, lundi\n• Gagné <b>: 5 €\n• Perdu: 3 €\nà 07:58" };

async function tellDigest(key: string): Promise<void> {
  const event = { type: "digest.ready", key, entityKey: "digest/morning", occurredAt: now, data: DIGEST } as const;
  await store.db.transaction().execute((tx) => appendEvents(tx, [event]));
}

/** Time goes on, and what is due then is sent. */
async function after(seconds: number): Promise<void> {
  now = new Date(now.getTime() + seconds * 1000);
  await courier.settle();
}

async function deliveries(): Promise<unknown[]> {
  const { rows } = await store.pool.query<{ name: string; state: string; error: string | null }>(
    `select e.name, d.state, (select a.error from attempts a where a.delivery_id = d.id order by a.id desc limit 1) as error
    from deliveries d join webhook_endpoints e on e.id = d.endpoint_id order by e.name, d.id`,
  );
  return rows.map(({ name, state, error }) => [name, state, error]);
}

test("a digest reaches each as a letter of their own, as text and as HTML, under one Message-ID for each event", async () => {
  await tellDigest("monday");
  await after(0);
  expect(sim.letters.map(({ to }) => to).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    ["ann@example.com"],
    ["bob@example.com"],
  ]);
  const [letter] = sim.letters;
  expect(letter).toMatchObject({ from: "hub@example.com", subject: "Équipe 🚀, lundi" });
  expect(letter?.text.trim()).toBe(DIGEST.text);
  expect(letter?.html).toContain("<ul><li>Gagné &lt;b&gt;: 5 €</li><li>Perdu: 3 €</li></ul>");
  expect(letter?.headers["auto-submitted"]).toBe("auto-generated");
  expect(letter?.headers["message-id"]).toMatch(/^<.+\.managers@example\.com>$/);
});

test("a review is sent whole", async () => {
  await store.db.updateTable("workspace").set({ name: "Fernhill & Co" }).execute();
  await makeReview({ db: store.db, now }, "test", null);
  await after(0);
  const [letter] = sim.letters;
  expect(letter?.subject).toMatch(/^Pipeline review, Fernhill & Co: /);
  expect(letter?.text).toContain("## What was agreed on");
  expect(letter?.html).toContain("<h2>What was agreed on</h2>");
});

test("a recipient who is refused for good fails at once and holds nobody up; the next letter is tried again", async () => {
  sim.refuse("bob@example.com", { code: 550, text: "5.1.1 No such user here" });
  await tellDigest("monday");
  await after(0);
  await after(2);
  expect(await deliveries()).toEqual([
    ["managers: ann@example.com", "delivered", null],
    [
      "managers: bob@example.com",
      "failed",
      expect.stringContaining("refuses the letter for good: 550 5.1.1 No such user here"),
    ],
  ]);
  sim.refuse("bob@example.com", null);
  await tellDigest("tuesday");
  await after(60);
  expect(sim.letters.filter(({ to }) => to[0] === "bob@example.com")).toHaveLength(1);
});

test("a server that asks to come again later (greylisting) is asked again after five minutes, and takes it", async () => {
  sim.refuse("ann@example.com", { code: 451, text: "4.7.1 Greylisted, please try again" });
  await tellDigest("monday");
  await after(0);
  const of = async (name: string) => (await deliveries()).find((one) => Array.isArray(one) && one[0] === name);
  expect(await of("managers: ann@example.com")).toEqual([
    "managers: ann@example.com",
    "pending",
    "The mail server asks to try again later: 451 4.7.1 Greylisted, please try again",
  ]);
  sim.refuse("ann@example.com", null);
  await after(290);
  expect(sim.letters.map(({ to }) => to[0])).toEqual(["bob@example.com"]);
  await after(120);
  expect(sim.letters.map(({ to }) => to[0])).toEqual(["bob@example.com", "ann@example.com"]);
});

test("a wrong password is told of, in no place shown, and right again it is delivered", async () => {
  await configure(sim.smtp.replace(/:[^:@]+@/, ":wrong-password@"));
  await tellDigest("monday");
  await after(0);
  expect((await deliveries())[0]).toEqual([
    "managers: ann@example.com",
    "pending",
    expect.stringMatching(/refuses the user name or the password: 535/),
  ]);
  const tables = await Promise.all(
    ["webhook_endpoints", "attempts", "audit_log", "deliveries"].map((table) =>
      store.pool.query(`select * from ${table}`),
    ),
  );
  const text = JSON.stringify(tables.map(({ rows }) => rows as unknown));
  expect(text).not.toContain("wrong-password");
  expect(text).not.toContain(encodeURIComponent(PASSWORD));
  await configure(sim.smtp);
  await after(600);
  expect(sim.letters).toHaveLength(2);
});

test("nothing goes to a server without TLS, with a certificate of nobody, or in a private network", async () => {
  const withTls = sim.smtp.replace("?tls=none", "");
  const said = async (): Promise<unknown> => {
    await tellDigest(`letter at ${now.toISOString()}`);
    await after(4_000);
    const { rows } = await store.pool.query<{ error: string }>("select error from attempts order by id desc limit 1");
    return rows[0]?.error;
  };
  await configure(withTls);
  expect(await said()).toContain("No safe connection");
  const unknown = await startMailSimulator({ secret: PASSWORD, hasTls: true });
  await configure(unknown.smtp.replace("?tls=none", ""));
  expect(await said()).toContain("No safe connection");
  expect(unknown.letters).toEqual([]);
  await unknown.close();
  await expect(configure(sim.smtp, false)).rejects.toMatchObject({ code: "webhooks.url_refused" });
  await configure(withTls);
  await courier.drain(0);
  courier = courierOf(false);
  expect(await said()).toContain("private network");
  expect(sim.letters).toEqual([]);
});
