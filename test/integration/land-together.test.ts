import { sql } from "kysely";
import { beforeEach, expect, test } from "vitest";
import { readPart } from "../../core/land/batch.ts";
import { landStreamOf } from "../../core/land/engine.ts";
import { landBatch, type Landed } from "../../core/land/land.ts";
import { startRun, type StartedRun } from "../../core/land/start.ts";
import { normaliseLanded } from "../../core/normalise/index.ts";
import { moveMark } from "../../core/store/facts/facts-marks.ts";
import { addToRun, readRun } from "../../core/store/pulls/runs.ts";
import { deleteConnection } from "../../core/store/setup/delete-connection.ts";
import { readStream } from "../../core/store/pulls/streams.ts";
import { testDatabase } from "../support/database.ts";
import { addConnection, item, stored, testClock, testConnector } from "../support/engine.ts";
import { until } from "../support/until.ts";
import { activity, Plain } from "./normalise-world.ts";

/** What goes on while a batch lands: a large one takes a while, and others write to the same stream and run meanwhile. */

const store = await testDatabase();
const connector = testConnector({});
const clock = testClock();
let connectionId = "";
let runId = 0;
let count = 0;

beforeEach(async () => {
  count += 1;
  connectionId = `c${count}`;
  await addConnection(store, connectionId);
  runId = (await start()).runId;
});

function start(): Promise<StartedRun> {
  const request = { connectionId, stream: "items", kind: "pull", trigger: "manual", since: null } as const;
  return startRun(store, request, clock.now());
}

function land(id: string, checkpoint: string): Promise<Landed> {
  const said = { records: [item(id, 1)] };
  const part = readPart(landStreamOf(connector, "items"), said, { fetchedAt: clock.now(), isListing: true });
  const pulled = { stream: "items", checkpoint, listing: null };
  return landBatch(store, { connectionId, runId, parts: [part], pulled, pages: 1, progress: null }, clock.now());
}

/** Statements that wait for somebody's lock. */
async function waiting(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
  `.execute(store.db);
  return rows[0]?.n ?? 0;
}

/** A landing that has come as far as its records and waits there, while `meanwhile` goes on; somebody else may be adding the same record. */
async function whileLanding(checkpoint: string, meanwhile: () => Promise<void>): Promise<PromiseSettledResult<Landed>> {
  const other = await store.db.startTransaction().execute();
  await sql`
    insert into raw_records (connection_id, stream, external_id, seq, payload, hash, first_fetched_at, fetched_at)
    values (${connectionId}, 'items', 'a', 0, '{}', '', now(), now())
  `.execute(other);
  const landing = Promise.allSettled([land("a", checkpoint)]);
  await until(async () => (await waiting()) === 1);
  try {
    await meanwhile();
  } finally {
    await other.rollback().execute();
  }
  return (await landing)[0];
}

test("the facts of the batch before are noted: they do not wait for it", async () => {
  await land("before", "first");
  const landed = await whileLanding("second", () =>
    store.db.transaction().execute(async (tx) => {
      await sql`set local lock_timeout = '10s'`.execute(tx);
      await addToRun(tx, runId, { facts: 7 });
      await moveMark(tx, connectionId, "items", 1, 0);
    }),
  );
  expect(landed.status).toBe("fulfilled");
  expect(await readStream(store.db, connectionId, "items")).toMatchObject({
    landedSeq: 2,
    normalisedSeq: 1,
    checkpoint: "second",
  });
  expect((await readRun(store.db, runId))?.counts).toMatchObject({ pages: 2, added: 2, facts: 7 });
});

test("a run that takes the stream over goes on from it: it waits until the batch is there", async () => {
  let next: Promise<StartedRun> | undefined;
  const landed = await whileLanding("landed", async () => {
    next = start();
    await until(async () => (await waiting()) === 2);
  });
  expect(landed.status).toBe("fulfilled");
  expect((await next)?.checkpoint).toBe("landed");
  await expect(land("b", "too late")).rejects.toMatchObject({ code: "land.fenced" });
  expect(await stored(store, connectionId, "items")).toEqual(["a=1"]);
});

test("the connection is removed: nothing of the batch stays", async () => {
  const landed = await whileLanding("landed", async () => {
    await store.db.transaction().execute((tx) => deleteConnection(tx, connectionId));
  });
  expect(landed).toMatchObject({ status: "rejected", reason: { code: "land.fenced" } });
  expect(await stored(store, connectionId, "items")).toEqual([]);
  await expect(land("b", "later")).rejects.toMatchObject({ code: "land.fenced" });
});

test("the connection is removed while its facts are made: none stay", async () => {
  const tool = await Plain.connect(store, "removed");
  const at = "2026-03-01T12:00:00Z";
  const changes = await tool.land("others", [{ id: "r1", at, facts: [activity("a1")] }], at);
  // Another connection's run, so that removing this one does not wait for it.
  const other = await store.db.startTransaction().execute();
  await sql`select from runs where id = ${runId} for update`.execute(other);
  const made = Promise.allSettled([normaliseLanded({ store }, tool.target("others"), changes, runId)]);
  await until(async () => (await waiting()) === 1);
  await store.db.transaction().execute((tx) => deleteConnection(tx, "removed"));
  await other.rollback().execute();
  expect((await made)[0]).toMatchObject({ status: "rejected", reason: { code: "normalise.no_stream" } });
  const left = await store.db.selectFrom("activities").select("id").where("connection_id", "=", "removed").execute();
  expect(left).toEqual([]);
});
