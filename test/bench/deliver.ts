import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { systemClock } from "../../core/base/clock.ts";
import { silentLog } from "../../core/base/log.ts";
import { receiverRow } from "../../core/destination/settings.ts";
import { type Courier, createCourier } from "../../core/outbox/courier.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { migrate } from "../../core/store/migrate.ts";
import { insertEndpoint } from "../../core/store/outbox/endpoints.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { webhooks } from "../../dashboards/destinations/webhooks/index.ts";
import { newSecret, signedHeaders } from "../../dashboards/destinations/webhooks/sign.ts";
import { portOf } from "../../core/base/network.ts";

/**
 * How fast events go out, beside a bare loop of the same run that signs and posts the same bodies to the same receivers, with as many requests
 * under way to each. And how soon healthy receivers have an event while others are dead.
 */
export type DeliverResult = {
  readonly speed: readonly {
    readonly receivers: number;
    readonly deliveries: number;
    readonly perS: number;
    readonly barePerS: number;
    readonly ratio: number;
  }[];
  readonly fairness: {
    readonly receivers: number;
    /** Of them: some that refuse connections, some that never answer. */
    readonly dead: number;
    readonly events: number;
    readonly overS: number;
    /** From the event's being written until a healthy receiver has it. */
    readonly p50Ms: number;
    readonly p95Ms: number;
    readonly worstMs: number;
    readonly missing: number;
  };
};

const COMMAND = fileURLToPath(new URL("../../bin/tributary.js", import.meta.url));
/** As many as the courier has. */
const WIDTH = 8;
const BODY = { deal: { id: "d", name: "A deal of some length", value: { amount: 12_345.67, currency: "EUR" } } };
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);

type Setting = {
  readonly receivers: readonly number[];
  readonly deliveries: number;
  readonly events: number;
  readonly overS: number;
};

export async function benchDeliver(
  folder: string,
  { receivers = [1, 10, 50], deliveries = 5_000, events = 200, overS = 100 }: Partial<Setting> = {},
): Promise<DeliverResult> {
  const embedded = await openEmbedded({ dataDir: path.join(folder, "deliver") });
  const store = openStore(embedded.target);
  const child = spawn(process.execPath, [COMMAND, "bench", "receivers"], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    await migrate(store.db);
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const url = line.toString().trim();
    const speed: DeliverResult["speed"][number][] = [];
    for (const count of receivers) {
      const each = Math.ceil(deliveries / count);
      await bare(url, count, Math.ceil(each / 5));
      const bareS = await bare(url, count, each);
      const ownS = await own(store, url, count, each);
      const total = each * count;
      speed.push({
        receivers: count,
        deliveries: total,
        perS: total / ownS,
        barePerS: total / bareS,
        ratio: bareS / ownS,
      });
    }
    return { speed, fairness: await fairness(store, url, events, overS) };
  } finally {
    child.stdin.end();
    await store.close();
    await embedded.release();
  }
}

async function bare(url: string, receivers: number, each: number): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const secret = newSecret();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: receivers }, async (_, receiver) => {
      let left = each;
      const loop = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          const body = JSON.stringify({ type: "deal.won", timestamp: new Date().toISOString(), data: BODY });
          const headers = {
            "content-type": "application/json",
            ...signedHeaders({ secret }, `evt_${left}`, body, new Date()),
          };
          await post(`${url}/${receiver}`, agent, headers, body);
        }
      };
      await Promise.all(Array.from({ length: WIDTH }, loop));
    }),
  );
  agent.destroy();
  return (performance.now() - started) / 1000;
}

function post(url: string, agent: Agent, headers: Record<string, string>, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: "POST",
      agent,
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
    });
    sent.once("response", (response) => response.resume().once("end", resolve));
    sent.once("error", reject);
    sent.end(body);
  });
}

async function own(store: Store, url: string, receivers: number, each: number): Promise<number> {
  await sql`truncate outbox, webhook_endpoints cascade`.execute(store.db);
  await subscribe(
    store,
    Array.from({ length: receivers }, (_, receiver) => `${url}/${receiver}`),
  );
  await happen(store, each);
  const courier = newCourier(store);
  const started = performance.now();
  await courier.settle();
  const tookS = (performance.now() - started) / 1000;
  await courier.drain(1_000);
  const { rows } = await sql<{ n: number }>`select count(*) as n from deliveries where state = 'delivered'`.execute(
    store.db,
  );
  if (rows[0]?.n !== receivers * each) throw new Error(`${rows[0]?.n} of ${receivers * each} were delivered`);
  return tookS;
}

function newCourier(store: Store): Courier {
  return createCourier({
    store,
    secrets,
    destinations: DESTINATIONS,
    clock: systemClock,
    log: silentLog,
    allowPrivateNetworks: true,
  });
}

async function subscribe(store: Store, urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    const settings = { url, events: ["deal.won"], secret: newSecret() };
    await insertEndpoint(store.db, receiverRow(webhooks, randomUUID(), settings, { createdBy: "bench", secrets }));
  }
}

async function happen(store: Store, count: number): Promise<void> {
  const data = JSON.stringify(BODY);
  await sql`
    insert into outbox (event_id, type, entity_key, payload, occurred_at)
    select 'evt_' || gen_random_uuid(), 'deal.won', 'deal/' || n, ${data}::json, now() from generate_series(1, ${count}::int) n`.execute(
    store.db,
  );
}

/** A quarter of the receivers is dead; the events come evenly. */
async function fairness(store: Store, url: string, events: number, overS: number): Promise<DeliverResult["fairness"]> {
  const [receivers, dead] = [50, 12];
  await sql`truncate outbox, webhook_endpoints cascade`.execute(store.db);
  const healthy = Array.from({ length: receivers - dead }, (_, n) => `${url}/healthy/${n}`);
  const silent = Array.from({ length: dead / 2 }, (_, n) => `${url}/silent/${n}`);
  const refusing = Array.from({ length: dead / 2 }, (_, n) => `http://127.0.0.1:1/${n}`);
  await subscribe(store, [...healthy, ...silent, ...refusing]);
  const courier = newCourier(store);
  courier.start();
  for (let n = 0; n < events; n += 1) {
    const data = JSON.stringify({ written_at: Date.now() });
    await sql`
      insert into outbox (event_id, type, entity_key, payload, occurred_at)
      values (${`evt_fair_${n}`}, 'deal.won', ${`deal/${n}`}, ${data}::json, now())`.execute(store.db);
    courier.wake();
    await new Promise((resolve) => setTimeout(resolve, (overS * 1000) / events));
  }
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const latencies = (await (await fetch(`${url}/report`)).json()) as number[];
  await courier.drain(1_000);
  latencies.sort((a, b) => a - b);
  const quantile = (q: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? NaN;
  const wanted = events * healthy.length;
  const missing = wanted - latencies.length;
  return { receivers, dead, events, overS, p50Ms: quantile(0.5), p95Ms: quantile(0.95), worstMs: quantile(1), missing };
}

/**
 * The receivers, for a process of their own: they answer at once, those below `/silent` never; `/report` says how long each event took to
 * those below `/healthy`. Runs until stdin is closed; the first line on stdout is the address.
 */
export async function serveReceivers(): Promise<void> {
  const latencies: number[] = [];
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      if (incoming.url === "/report") return void answer.end(JSON.stringify(latencies));
      if (incoming.url?.startsWith("/silent") === true) return;
      if (incoming.url?.startsWith("/healthy") === true) {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as { readonly data: { readonly written_at: number } };
        latencies.push(Date.now() - body.data.written_at);
      }
      answer.writeHead(204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.stdout.write(`http://127.0.0.1:${portOf(server)}\n`);
  process.stdin.resume();
  await once(process.stdin, "end");
  server.closeAllConnections();
  server.close();
}
