import { execFileSync, spawnSync } from "node:child_process";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Webhook } from "standardwebhooks";
import { systemClock } from "../../core/base/clock.ts";
import { silentLog } from "../../core/base/log.ts";
import { createCourier } from "../../core/outbox/courier.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { testDatabase } from "../support/database.ts";
import { type Received, type Receiver, startReceiver } from "../support/receiver.ts";
import { json, newKey, type Running, secrets, startServer, testDeps } from "./server-support.ts";

const store = await testDatabase();
let running: Running;
let as: string;
let receiver: Receiver;
const courier = createCourier({
  store,
  secrets,
  destinations: DESTINATIONS,
  clock: systemClock,
  log: silentLog,
  allowPrivateNetworks: true,
});

beforeAll(async () => {
  running = await startServer(store, {
    clock: systemClock,
    options: { ...testDeps(store).options, allowPrivateNetworks: true },
  });
  as = await newKey(store, "webhooks");
});
afterAll(async () => {
  await courier.drain(0);
  await running.close();
});
beforeEach(async () => {
  await store.db.deleteFrom("webhook_endpoints").execute();
  receiver = await startReceiver();
});

type Body = Record<string, unknown>;
async function call(method: string, path: string, body?: object): Promise<Body> {
  const response = await running.fetch(`/api/v1/webhooks${path}`, {
    ...(body === undefined ? {} : json(body)),
    method,
    as,
  });
  expect(response.status, `${method} ${path}`).toBeLessThan(300);
  return response.status === 204 ? {} : ((await response.json()) as Body);
}

const subscribe = (more: object = {}): Promise<Body> =>
  call("POST", "", { url: receiver.url, events: ["deal.won"], ...more });

describe("over the API", () => {
  test("what a webhook gets is set, shown and changed; its secret is shown once", async () => {
    const filters = { pipelines: ["New Business"], min_amount: 500 };
    const { id, secret, ...created } = await subscribe({ filters, per_second: 5 });
    expect(created).toMatchObject({ filters, per_second: 5, ordered: false, paused_by: null, failing_since: null });
    const changed = await call("PATCH", `/${String(id)}`, {
      events: ["*"],
      filters: {},
      per_second: null,
      ordered: true,
    });
    expect(changed).toMatchObject({ events: ["*"], filters: {}, per_second: null, ordered: true, url: receiver.url });
    expect(JSON.stringify(await call("GET", `/${String(id)}`))).not.toContain(String(secret));
  });

  test("asked for twice, a webhook is one: with the same secret, and resumed where its receiver had gone", async () => {
    const first = await subscribe({ filters: { min_amount: 1 } });
    await store.db
      .updateTable("webhook_endpoints")
      .set({ state: "paused", paused_by: "gone" })
      .where("id", "=", String(first["id"]))
      .execute();
    expect(await subscribe({ filters: { min_amount: 1 } })).toEqual(first);
    const other = await subscribe({ filters: { min_amount: 2 } });
    // Somebody else's would end with what they are allowed.
    const body = { url: receiver.url, events: ["deal.won"], filters: { min_amount: 1 } };
    const theirs = await running.fetch("/api/v1/webhooks", { ...json(body), as: await newKey(store, "admin") });
    const { id: their } = (await theirs.json()) as Body;
    expect(their).not.toBe(first["id"]);
    expect(other["id"]).not.toBe(first["id"]);
    const there = await call("GET", `?url=${encodeURIComponent(receiver.url)}`);
    expect((there["data"] as Body[]).map(({ id }) => id)).toEqual([first["id"], other["id"], their]);
    expect((await call("GET", "?url=https://elsewhere.example"))["data"]).toEqual([]);
    for (const id of [first["id"], first["id"], other["id"], their]) await call("DELETE", `/${String(id)}`);
    expect((await call("GET", ""))["data"]).toEqual([]);
  });

  test("a test event arrives though nothing is subscribed to it, and its log shows request and answer without the signature", async () => {
    const { id, secret } = await subscribe();
    const { delivery } = await call("POST", `/${String(id)}/test`);
    receiver.answerWith(200);
    receiver.answerBody = (response) => void response.end("thanks\0 \ud800");
    await courier.settle();
    const [received] = receiver.received;
    const event = new Webhook(String(secret)).verify(received?.body ?? "", received?.headers as Record<string, string>);
    expect(event).toMatchObject({ type: "endpoint.test", data: { endpoint: { id } } });
    const log = await call("GET", `/${String(id)}/deliveries/${String(delivery)}/attempts`);
    expect(log).toMatchObject({
      event: { type: "endpoint.test" },
      attempts: [
        {
          status_code: 200,
          error: null,
          request: { method: "POST", url: receiver.url, headers: { "webhook-signature": "«hidden»" } },
          response: { status: 200, body: expect.stringMatching(/^thanks/) as string },
        },
      ],
    });
  });

  test("a rotated secret signs at once, and the old one goes on for as long as was said", async () => {
    const { id, secret: former } = await subscribe();
    const { secret } = await call("POST", `/${String(id)}/rotate`, { grace_hours: 1 });
    await call("POST", `/${String(id)}/test`);
    await courier.settle();
    const verify = (key: unknown): unknown =>
      new Webhook(String(key)).verify(
        receiver.received[0]?.body ?? "",
        receiver.received[0]?.headers as Record<string, string>,
      );
    expect(verify(former)).toEqual(verify(secret));
    await call("POST", `/${String(id)}/rotate`, { grace_hours: 0 });
    receiver.received.length = 0;
    await call("POST", `/${String(id)}/test`);
    await courier.settle();
    // Both of the first hour still hold but for the one that was let go at once.
    expect(() => verify(secret)).toThrow("No matching signature found");
  });

  test("a replay says beforehand how many it would be, and takes a time with an end", async () => {
    const { id } = await subscribe();
    await call("POST", `/${String(id)}/test`);
    await courier.settle();
    const [since, until] = [new Date(Date.now() - 60_000).toISOString(), new Date(Date.now() + 60_000).toISOString()];
    expect(await call("POST", `/${String(id)}/replay`, { since, until, dry_run: true })).toEqual({ deliveries: 1 });
    expect(await call("POST", `/${String(id)}/replay`, { since: until, dry_run: true })).toEqual({ deliveries: 0 });
    expect(await call("POST", `/${String(id)}/replay`, { failed: true })).toEqual({ deliveries: 0 });
    expect(await call("POST", `/${String(id)}/replay`, { since, until })).toEqual({ deliveries: 1 });
    await courier.settle();
    expect(receiver.received.map(({ headers }) => headers["tributary-replay"])).toEqual([undefined, "1"]);
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });

  test("every event type comes with its schema and a sample", async () => {
    const response = await running.fetch("/api/v1/event-types", { as: await newKey(store, "read") });
    const { data } = (await response.json()) as { readonly data: readonly Body[] };
    expect(data.map(({ type }) => type)).toContain("deal.won");
    expect(data[0]).toMatchObject({ version: 1, schema: { type: "object" }, sample: { type: data[0]?.["type"] } });
  });
});

const PYTHON = `
import base64, hashlib, hmac, json, sys
given = json.load(sys.stdin)
key = base64.b64decode(given["secret"][len("whsec_"):])
text = given["id"] + "." + given["timestamp"] + "." + given["body"]
wanted = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
signatures = [part.split(",", 1)[1] for part in given["signature"].split(" ") if part.startswith("v1,")]
print("genuine" if any(hmac.compare_digest(wanted, one) for one in signatures) else "forged")
`;
const PERL = `
use strict; use warnings; use Digest::SHA qw(hmac_sha256_base64); use MIME::Base64 qw(decode_base64);
my ($secret, $id, $timestamp, $signature) = @ARGV; local $/; my $body = <STDIN>;
$secret =~ s/^whsec_//;
my $wanted = hmac_sha256_base64("$id.$timestamp.$body", decode_base64($secret));
$wanted .= "=" while length($wanted) % 4;
print((grep { $_ eq "v1,$wanted" } split / /, $signature) ? "genuine" : "forged");
`;

describe("who is not ours checks what arrives:", () => {
  const has = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;
  const signed = async (): Promise<{ readonly secret: string; readonly received: Received }> => {
    const { id, secret } = await subscribe();
    await call("POST", `/${String(id)}/test`);
    await courier.settle();
    const [received] = receiver.received;
    if (received === undefined) throw new Error("nothing arrived");
    return { secret: String(secret), received };
  };
  const header = ({ headers }: Received, name: string): string => String(headers[name]);

  // A machine without the interpreter reports these as skipped.
  test.runIf(has("python3", "--version"))("twenty lines of Python", async () => {
    const { secret, received } = await signed();
    const check = (body: string): string =>
      execFileSync("python3", ["-c", PYTHON], {
        input: JSON.stringify({
          secret,
          body,
          id: header(received, "webhook-id"),
          timestamp: header(received, "webhook-timestamp"),
          signature: header(received, "webhook-signature"),
        }),
        encoding: "utf8",
      }).trim();
    expect(check(received.body)).toBe("genuine");
    expect(check(`${received.body} `)).toBe("forged");
  });

  test.runIf(has("perl", "-MDigest::SHA", "-e", "1"))("a few lines of Perl", async () => {
    const { secret, received } = await signed();
    const headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => header(received, name));
    const check = (body: string): string =>
      execFileSync("perl", ["-e", PERL, secret, ...headers], { input: body, encoding: "utf8" });
    expect(check(received.body)).toBe("genuine");
    expect(check(`${received.body} `)).toBe("forged");
  });
});
