import { randomInt } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { startCloseSimulator } from "../../connectors/close/simulator/index.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { asked, startVictims } from "../support/kills.ts";
import { redisOfItsOwn, run, type Variables } from "../support/processes.ts";
import { until } from "../support/until.ts";

/** More rounds and records for a thorough proof: KILL_ROUNDS=30 KILL_RECORDS=100000. */
const ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 3);
const RECORDS = Number(process.env["KILL_RECORDS"] ?? 8_000);

const FAULTS = {
  rate429: 0.02,
  rate5xx: 0.02,
  html502: 0.01,
  reset: 0.02,
  truncate: 0.01,
  duplicate: 0.05,
  reorder: 0.05,
  deleteWhilePaging: 0.05,
  editWhilePaging: 0.05,
};

const folder = mkdtempSync(path.join(os.tmpdir(), "tributary-kill-"));
// PostgreSQL runs as another user when the tests run as root, and has to get in.
chmodSync(folder, 0o711);
const variables: Variables = {
  ...redisOfItsOwn(1),
  TRIBUTARY_DATA_DIR: path.join(folder, "data"),
  TRIBUTARY_ALLOW_PRIVATE_NETWORKS: "true",
  CLOSE_KEY: "api_simulated.administrator",
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const VICTIMS = ["worker", "scheduler", "postgres"] as const;

test(
  `killed ${ROUNDS} times in the middle of a faulty first load, the tables equal the source in the end`,
  async () => {
    const simulator = await startCloseSimulator({ company: null, bulkCalls: RECORDS, faults: FAULTS });
    // Beside what chance brings, so that no run goes without.
    for (const kind of ["deleteWhilePaging", "editWhilePaging"] as const)
      simulator.faults.script({ kind, times: 3, match: "activity/call", after: 10 });
    const file = path.join(folder, "tributary.yaml");
    writeFileSync(file, config(simulator.baseUrl));
    expect((await run(["apply", file], variables)).code).toBe(0);

    // Held by the test as well, so that the database is there for its questions whoever else is dead.
    const embedded = await openEmbedded({ dataDir: path.join(folder, "data") });
    const store = openStore(embedded.target);
    const hub = startVictims(
      { worker: ["up", "--role", "worker"], scheduler: ["up", "--role", "scheduler"] },
      variables,
    );

    for (let round = 0; round < ROUNDS; round += 1) {
      const before = await landed(store);
      await until(async () => (await landed(store)) > before || (await isLoaded(store)), 120_000);
      await delay(randomInt(0, 700)); // At a random moment of whatever it is doing now, which is the point.
      await hub.strike(VICTIMS[round % VICTIMS.length] ?? "worker");
    }
    await hub.end();

    simulator.faults.clear();
    // The first takes up what the kills left, the second what happened at the source meanwhile.
    for (let pass = 0; pass < 2; pass += 1) {
      const sync = await run(["sync", "close-kill", "--json"], variables);
      expect(sync).toMatchObject({ code: 0 });
    }

    const expected = new Map<string, { readonly [field: string]: unknown }>();
    for (let index = 0; index < RECORDS; index += 1) {
      const row = simulator.bulk?.row(index) ?? null;
      if (row !== null) expected.set(String(row["id"]), row);
    }
    const raw = await store.db
      .selectFrom("raw_records")
      .select(["external_id", "payload"])
      .where("stream", "=", "calls")
      .where("deleted_at", "is", null)
      .execute();
    const differing = raw.filter(
      (row) => JSON.stringify(row.payload) !== JSON.stringify(expected.get(row.external_id)),
    );
    expect({ live: raw.length, differing: differing.length }).toEqual({ live: expected.size, differing: 0 });

    const activities = await store.db
      .selectFrom("activities")
      .select(["external_id", "duration_s", "occurred_at"])
      .where("deleted_at", "is", null)
      .execute();
    const facts = activities.map((row) => [row.external_id, row.duration_s, row.occurred_at.getTime()]);
    const wanted = [...expected].map(([id, row]) => [id, row["duration"], Date.parse(String(row["activity_at"]))]);
    expect(facts.toSorted(byId)).toEqual(wanted.toSorted(byId));
    const deleted = RECORDS - expected.size;
    expect(deleted).toBeGreaterThan(0);

    await store.close();
    await embedded.release();
    await simulator.close();
  },
  Math.max(240_000, ROUNDS * 60_000),
);

function config(baseUrl: string): string {
  return `
connections:
  - id: close-kill
    connector: close
    credentials: { api_key: "\${CLOSE_KEY}" }
    settings: { base_url: "${baseUrl}" }
    schedule: { every: 10s }
    streams: [calls, events]
`;
}

async function landed(store: Store): Promise<number> {
  return asked(async () => {
    const row = await store.db
      .selectFrom("raw_records")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .where("stream", "=", "calls")
      .executeTakeFirstOrThrow();
    return Number(row.count);
  });
}

async function isLoaded(store: Store): Promise<boolean> {
  return asked(async () => {
    const row = await store.db
      .selectFrom("stream_states")
      .select("first_load_done_at")
      .where("stream", "=", "calls")
      .executeTakeFirst();
    return row?.first_load_done_at != null;
  });
}

function byId(left: readonly unknown[], right: readonly unknown[]): number {
  return String(left[0]) < String(right[0]) ? -1 : 1;
}
