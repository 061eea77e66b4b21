import { createServer } from "node:http";
import pg from "pg";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import type { Store } from "../../core/store/db.ts";
import { type Changes, createChanges } from "../support/changes.ts";
import { type LiveHub, startLiveHub } from "../support/live-hub.ts";
import { post } from "../support/relay.ts";
import { until } from "../support/until.ts";
import { portOf } from "../../core/base/network.ts";

/** How soon a whole hub, with a TV that looks at it, hears its vendors out, and how soon the TV shows what they said. */
export type LiveResult = {
  /** Signed deliveries, one after another, while the hub takes in the ones before. */
  readonly answers: Spread & {
    readonly deliveries: number;
    /**
     * What each cannot do without: a POST of the same bytes to a server that does nothing, and an INSERT of the same row by a single client,
     * into an equal table.
     */
    readonly baseline: Spread;
    /** Of the medians. */
    readonly ratio: number;
  };
  /** From a change at the vendor until the TV's stream brings the number. */
  readonly shown: { readonly changes: number; readonly medianS: number; readonly worstS: number };
};
type Spread = { readonly medianMs: number; readonly p99Ms: number };

const DELIVERIES = 300;
/** Sent before the others and not counted: neither side is compared while its code is still being compiled. */
const WARM_UP = 30;
const CHANGES = 21;
const PATIENCE_MS = 60_000;
const DAY_MS = 86_400_000;

export async function benchLive(): Promise<LiveResult> {
  // The history is old enough for the TV's day to begin at nothing.
  const company = createCompany({ seed: 11, now: new Date(Date.now() - 40 * DAY_MS), months: 14, scale: 0.03 });
  const changes = createChanges(company);
  // Somebody's Redis is not for this.
  const hub = await startLiveHub({ close: company, zendesk: company, intercom: company }, { REDIS_URL: "" });
  try {
    await until(() => hub.tv.boards.length > 0, PATIENCE_MS);
    const shown = await timeShown(hub, changes);
    const { answers, baseline } = await timeAnswers(hub, changes);
    const [ours, least] = [spreadOf(answers), spreadOf(baseline)];
    return {
      answers: { deliveries: DELIVERIES, ...ours, baseline: least, ratio: ours.medianMs / least.medianMs },
      shown: { changes: CHANGES, medianS: quantile(shown, 0.5) / 1000, worstS: Math.max(...shown) / 1000 },
    };
  } finally {
    await hub.stop();
  }
}

/** In ms; calls at Close, tickets at Zendesk and chats at Intercom by turns, each begun when the one before is shown. */
async function timeShown({ vendors, tv }: LiveHub, changes: Changes): Promise<readonly number[]> {
  const activities = (numbers: (typeof tv.boards)[number]["numbers"]): number => Number(numbers["Activities today"]);
  const times: number[] = [];
  for (let nth = 0; nth < CHANGES; nth += 1) {
    const before = activities(tv.latest());
    const startMs = performance.now();
    if (nth % 3 === 0) vendors.close?.change?.(changes.call());
    else if (nth % 3 === 1) vendors.zendesk?.change?.(changes.ticket("email"));
    else vendors.intercom?.change?.(changes.chat());
    await until(() => activities(tv.latest()) > before, PATIENCE_MS);
    const first = tv.boards.find(({ atMs, numbers }) => atMs > startMs && activities(numbers) > before);
    times.push((first?.atMs ?? NaN) - startMs);
  }
  return times;
}

/**
 * In ms, of Close's deliveries of new calls: each is sent when the one before is answered. After each comes its baseline, so that both meet
 * the same machine: the hub takes in what was sent before.
 */
async function timeAnswers(
  { vendors, relay, store }: LiveHub,
  changes: Changes,
): Promise<{ readonly answers: readonly number[]; readonly baseline: readonly number[] }> {
  const answers: number[] = [];
  const baseline: number[] = [];
  relay.pass = async (delivery, send) => {
    const startMs = performance.now();
    const status = await send(delivery);
    if (status !== 202) throw new Error(`a signed delivery is answered ${status}`);
    answers.push(performance.now() - startMs);
    return status;
  };
  const bare = await startBaseline(store);
  try {
    for (let nth = 1; nth <= WARM_UP + DELIVERIES; nth += 1) {
      vendors.close?.change?.(changes.call());
      await until(() => answers.length >= nth, PATIENCE_MS);
      baseline.push(await bare.timeLatest());
    }
  } finally {
    await bare.close();
  }
  return { answers: answers.slice(WARM_UP), baseline: baseline.slice(WARM_UP) };
}

type Baseline = {
  /** In ms, of the delivery that was kept last. */
  timeLatest(): Promise<number>;
  close(): Promise<void>;
};

async function startBaseline(store: Store): Promise<Baseline> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(202).end());
  });
  await new Promise<void>((resolve) => server.unref().listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${portOf(server)}/`;
  const client = new pg.Client(store.pool.options);
  await client.connect();
  await client.query("create schema bench");
  await client.query("create table bench.deliveries (like tributary.inbound_deliveries including all)");
  return {
    async timeLatest() {
      const { rows } = await client.query<Row>(
        "select connection_id, dedupe_key, received_at, headers, body from tributary.inbound_deliveries order by id desc limit 1",
      );
      const [row] = rows;
      if (row === undefined) throw new Error("no delivery was kept");
      const startMs = performance.now();
      await post(url, row.headers, row.body);
      await client.query(
        "insert into bench.deliveries (connection_id, dedupe_key, received_at, headers, body) values ($1, $2, $3, $4, $5)",
        [row.connection_id, row.dedupe_key, row.received_at, JSON.stringify(row.headers), row.body],
      );
      return performance.now() - startMs;
    },
    async close() {
      await client.end();
      server.close();
      server.closeAllConnections();
    },
  };
}

type Row = {
  readonly connection_id: string;
  readonly dedupe_key: string;
  readonly received_at: Date;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
};

function spreadOf(times: readonly number[]): Spread {
  return { medianMs: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

/** The smallest that is no smaller than such a share of them. */
function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? NaN;
}
