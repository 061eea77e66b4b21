import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, expect, test } from "vitest";
import { loadHarness } from "../../bin/connector/harness.ts";
import type { Harness, HarnessFault } from "../../connectors/_check/harness.ts";
import { createRandom, type Random } from "../../connectors/_simulator/company/random.ts";
import { findConnector } from "../../connectors/index.ts";
import { catchUp, changedAnything } from "../../core/normalise/index.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { type Everything, everything, FACT_TABLES } from "../support/everything.ts";
import { asked, startVictims } from "../support/kills.ts";
import { redisOfItsOwn, run, type Variables } from "../support/processes.ts";
import { syncAll } from "../support/sync.ts";
import { until } from "../support/until.ts";

/** For a thorough proof: KILL_ROUNDS=30 KILL_RECORDS_A_VENDOR=5000, with another KILL_SEED each time. */
const ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 6);
const RECORDS = Number(process.env["KILL_RECORDS_A_VENDOR"] ?? 800);
const SEED = Number(process.env["KILL_SEED"] ?? 7);

const KEYS = ["close", "mailchimp", "zendesk", "google-analytics", "gong", "drift", "intercom"] as const;

/** So many more records make Close tell of the very company that Gong tells of, so that there are calls in both. */
const AS_GONG = 35 / 13;

const GENTLE: readonly HarnessFault[] = ["rate_limited", "reset", "truncated"];
const FAULTS: readonly HarnessFault[] = [...GENTLE, "server_error", "unavailable_html"];
/** Of the requests, so many meet a fault, and so many see something change at the vendor. */
const FAULT_RATE = 0.06;
const CHANGE_RATE = 0.06;
const CHANGES = ["mutate", "mutate", "add", "remove"] as const;

/** All that a hub is, in one process, and a worker beside it. */
const PROCESSES = { hub: ["up"], worker: ["up", "--role", "worker"] };
const VICTIMS = ["worker", "postgres", "hub"] as const;
const LONGEST_WAIT_MS = 500;
/** The kills are spread over the load until so much of it has landed. */
const KILLED_UP_TO = 0.8;

const folder = mkdtempSync(path.join(os.tmpdir(), "tributary-kill-seven-"));
// PostgreSQL runs as another user when the tests run as root, and has to get in.
chmodSync(folder, 0o711);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Vendor = { readonly key: (typeof KEYS)[number]; readonly harness: Harness };

test(
  `killed ${ROUNDS} times while seven faulty tools are loaded, all tables equal the sources in the end (seed ${SEED})`,
  async () => {
    const random = createRandom(`kills ${SEED}`);
    const vendors = await Promise.all(KEYS.map(startVendor));
    for (const vendor of vendors) disturb(vendor, createRandom(`${vendor.key} ${SEED}`));
    const variables: Variables = {
      ...redisOfItsOwn(3),
      ...Object.fromEntries(vendors.flatMap(credentialsOf)),
      TRIBUTARY_DATA_DIR: path.join(folder, "data"),
      TRIBUTARY_ALLOW_PRIVATE_NETWORKS: "true",
      PORT: "0",
    };
    const file = path.join(folder, "tributary.yaml");
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ connections: vendors.map(connectionOf) }));
    expect(await run(["apply", file], variables)).toMatchObject({ code: 0 });

    // Held by the test as well, so that the database is there for its questions whoever else is dead.
    const embedded = await openEmbedded({ dataDir: path.join(folder, "data") });
    const store = openStore(embedded.target);
    const hub = startVictims(PROCESSES, variables);
    const hit = new Set<number>();
    const total = vendors.reduce((sum, { harness }) => sum + recordsOf(harness), 0);
    for (let round = 0; round < ROUNDS; round += 1) {
      const due = ((round + random.next()) / ROUNDS) * KILLED_UP_TO * total;
      await until(async () => (await landed(store)) >= due, 120_000);
      await until(async () => (await runningRuns(store)).length > 0, 120_000);
      await delay(random.between(0, LONGEST_WAIT_MS)); // At a random moment of whatever it is doing now, which is the point.
      for (const id of await runningRuns(store)) hit.add(id);
      await hub.strike(VICTIMS[round % VICTIMS.length] ?? "worker");
    }
    await hub.end();

    for (const { harness } of vendors) harness.onRequest(null);
    // The first takes up what the kills left, the second what happened at the source meanwhile.
    for (let pass = 0; pass < 2; pass += 1) expect(await syncAll(KEYS, variables)).toEqual([]);

    const interrupted = await store.db
      .selectFrom("runs")
      .select(["id", "connection_id"])
      .where("state", "=", "interrupted")
      .execute();
    const killed = interrupted.filter(({ id }) => hit.has(id)).map((row) => row.connection_id);
    // Otherwise nothing was shown: the kills have to have met running pulls, and those of several tools.
    expect(new Set(killed).size).toBeGreaterThan(2);

    for (const vendor of vendors) for (const stream of vendor.harness.streams) await expectEqual(store, vendor, stream);
    const partial = store.db.selectFrom("stream_states").select(["connection_id", "stream", "partial_reason"]);
    expect(await partial.where("is_partial", "=", true).execute()).toEqual([]);
    await expectFactsOfRaw(store);

    await store.close();
    await embedded.release();
    for (const { harness } of vendors) await harness.stop();
  },
  Math.max(240_000, ROUNDS * 60_000),
);

async function startVendor(key: Vendor["key"]): Promise<Vendor> {
  const vendor = await loadHarness(key);
  const records = key === "close" ? Math.round(RECORDS * AS_GONG) : RECORDS;
  return { key, harness: await vendor.start({ seed: SEED, records, now: new Date() }) };
}

/** From now on the vendor fails now and then, and its people go on working while it is read. */
function disturb({ key, harness }: Vendor, random: Random): void {
  // Google locks out whoever meets its own failures too often, and the hub keeps far from that: 20 minutes' pause after a few.
  const faults = key === "google-analytics" ? GENTLE : FAULTS;
  harness.onRequest(() => {
    if (random.chance(FAULT_RATE)) harness.fail(random.pick(faults));
    if (random.chance(CHANGE_RATE)) harness[random.pick(CHANGES)](random.pick(harness.streams));
  });
}

function connectionOf({ key, harness }: Vendor): object {
  return {
    id: key,
    connector: key,
    settings: harness.settings,
    credentials: Object.fromEntries(textsOf(harness).map(([name]) => [name, `\${${variableOf(key, name)}}`])),
    schedule: { every: "10s" },
  };
}

function credentialsOf({ key, harness }: Vendor): readonly (readonly [string, string])[] {
  return textsOf(harness).map(([name, value]) => [variableOf(key, name), value]);
}

function textsOf({ credentials }: Harness): readonly (readonly [string, string])[] {
  return Object.entries(credentials).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as const] : [],
  );
}

function variableOf(key: string, name: string): string {
  return `${key}_${name}`.replaceAll("-", "_").toUpperCase();
}

function recordsOf(harness: Harness): number {
  return harness.streams.reduce((sum, stream) => sum + harness.expected(stream).size, 0);
}

function landed(store: Store): Promise<number> {
  return asked(async () => {
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from raw_records`.execute(store.db);
    return rows[0]?.count ?? 0;
  });
}

function runningRuns(store: Store): Promise<readonly number[]> {
  return asked(async () => {
    const rows = await store.db.selectFrom("runs").select("id").where("state", "=", "running").execute();
    return rows.map(({ id }) => id);
  });
}

/** Every record of the stream, in its latest version, and no other. */
async function expectEqual(store: Store, { key, harness }: Vendor, stream: string): Promise<void> {
  const rows = await store.db
    .selectFrom("raw_records")
    .select(["external_id", "payload"])
    .where("connection_id", "=", key)
    .where("stream", "=", stream)
    .where("deleted_at", "is", null)
    .execute();
  const ours = rows.map((row) => [row.external_id, harness.digest(stream, row.payload)] as const);
  expect({ key, stream, ...difference(ours, [...harness.expected(stream)]) }).toEqual({ key, stream, ...SAME });
}

const SAME = { missing: [], extra: [] };

/** As texts, the first few of what is only there, and of what is only here. */
function difference(ours: readonly unknown[], theirs: readonly unknown[]): { missing: string[]; extra: string[] } {
  const [here, there] = [ours, theirs].map((rows) => new Set(rows.map((row) => JSON.stringify(row)))) as [
    Set<string>,
    Set<string>,
  ];
  const only = (one: Set<string>, other: Set<string>): string[] =>
    [...one].filter((row) => !other.has(row)).slice(0, 5);
  return { missing: only(there, here), extra: only(here, there) };
}

/** The facts are those that follow from what has landed: a replay writes no row, and made anew from nothing they come out the same. */
async function expectFactsOfRaw(store: Store): Promise<void> {
  const before = await everything(store);
  const isNotEmpty = (column: string): boolean => before["activities"]?.some((row) => row[column] !== null) === true;
  expect(["duplicate_of", "attributed_deal_id"].filter(isNotEmpty)).toHaveLength(2);
  const replayed = await replayAll(store, KEYS);
  expectSame(await everything(store), before);
  for (const done of replayed) expect(done).toMatchObject({ changed: false, failed: [] });

  for (const [table] of FACT_TABLES)
    if (table !== "outbox") await sql`delete from ${sql.table(table)}`.execute(store.db);
  // In another order, so that who is one with whom, which touches are one, and whose deal they belong to is worked out from another side.
  await replayAll(store, KEYS.toReversed());
  expectSame(withoutMarks(await everything(store)), withoutMarks(before));
}

async function replayAll(store: Store, keys: readonly string[]): Promise<object[]> {
  const done: object[] = [];
  for (const key of keys) {
    const connector = findConnector(key);
    const { settings } = await store.db
      .selectFrom("connections")
      .select("settings")
      .where("id", "=", key)
      .executeTakeFirstOrThrow();
    if (connector === null) throw new RangeError(`no connector ${key}`);
    for (const stream of Object.keys(connector.streams)) {
      const target = { connection: { id: key, settings: settings }, connector, stream };
      const replayed = await catchUp({ store }, target, { fromStart: true });
      done.push({ key, stream, changed: changedAnything(replayed), ...replayed });
    }
  }
  return done;
}

function expectSame(now: Everything, before: Everything): void {
  for (const [table, rows] of Object.entries(before))
    expect({ table, ...difference(now[table] ?? [], rows) }).toEqual({ table, ...SAME });
}

/** Without what tells when a row was written, and by what number; and, of a row that is only mentioned, who mentioned it first. */
function withoutMarks(tables: Everything): Everything {
  const bare = Object.entries(tables).map(([table, rows]) => {
    const marks =
      table === "identity_links" ? ["written", "landed_from", "id", "created_at"] : ["written", "landed_from"];
    const marksOf = (row: object): readonly string[] =>
      "is_mention" in row && row.is_mention === true ? [...marks, "record_id"] : marks;
    return [
      table,
      rows.map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => !marksOf(row).includes(column)))),
    ];
  });
  return Object.fromEntries(bare) as Everything;
}
