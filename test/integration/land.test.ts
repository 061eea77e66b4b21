import { sql } from "kysely";
import { beforeEach, describe, expect, test } from "vitest";
import { gather, judge, readPart } from "../../core/land/batch.ts";
import { landStreamOf } from "../../core/land/engine.ts";
import { type Batch, landBatch } from "../../core/land/land.ts";
import { readChangesAfter, readMarks } from "../../core/store/pulls/raw.ts";
import { readRun } from "../../core/store/pulls/runs.ts";
import { readStream } from "../../core/store/pulls/streams.ts";
import { startRun } from "../../core/land/start.ts";
import { testDatabase } from "../support/database.ts";
import { addConnection, gone, type Item, item, stored, testClock, testConnector } from "../support/engine.ts";

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

const start = () =>
  startRun(store, { connectionId, stream: "items", kind: "pull", trigger: "manual", since: null }, clock.now());

type Said = { records?: Item[]; deleted?: (string | { id: string; at: Date })[]; stream?: string; fetchedAt?: Date };

/** Lands pages of the stream `items`; a part of another stream is a copy, not a listing. */
async function land(parts: Said[], change: Partial<Batch> = {}) {
  clock.advance(1000);
  const batch: Batch = {
    connectionId,
    runId,
    parts: parts.map(({ stream = "items", records = [], deleted = [], fetchedAt = clock.now() }) =>
      readPart(landStreamOf(connector, stream), { records, deleted }, { fetchedAt, isListing: stream === "items" }),
    ),
    pulled: { stream: "items", checkpoint: `after ${clock.now().toISOString()}`, listing: null },
    pages: 1,
    progress: null,
    ...change,
  };
  clock.advance(10);
  return landBatch(store, batch, clock.now());
}

const items = () => stored(store, connectionId, "items");

describe("what lands", () => {
  test("comes back byte for byte: key order, escapes, NUL, emoji, numbers, quotes and backslashes", async () => {
    const record = { z: 1, a: 'tab\t nul\0 quote" back\\slash \n 🎉', id: "x\ty\\", at: null, value: 0.1 };
    await land([{ records: [record] }]);
    const [change] = await readChangesAfter(store.db, connectionId, "items", 0, 10);
    expect(JSON.stringify(change?.payload)).toBe(JSON.stringify(record));
    expect(change?.externalId).toBe("x\ty\\");
  });

  test("is written only when its content has changed", async () => {
    await land([{ records: [item("a", 1), item("b", 1)] }]);
    const second = await land([{ records: [item("a", 1), item("b", 2)] }]);
    expect(second.counts).toEqual({ fetched: 2, added: 0, changed: 1, unchanged: 1, deleted: 0 });
    expect((await readStream(store.db, connectionId, "items"))?.landedSeq).toBe(3);
    expect([...second.changes.get("items")!].map((change) => [change.externalId, change.seq])).toEqual([["b", 3]]);
  });

  test("gives the newest of several versions in one batch, whatever their order", async () => {
    const older = item("a", 1, "2026-02-01T00:00:00Z");
    const newer = item("a", 2, "2026-02-02T00:00:00Z");
    await land([{ records: [newer, older] }]);
    expect(await items()).toEqual(["a=2"]);
  });

  test("gives the last of several versions that have no time", async () => {
    await land([{ records: [item("a", 1), item("a", 2)] }]);
    expect(await items()).toEqual(["a=2"]);
  });

  test("never replaces a newer version by an older one", async () => {
    await land([{ records: [item("a", 2, "2026-02-02T00:00:00Z")] }]);
    const { counts } = await land([{ records: [item("a", 1, "2026-02-01T00:00:00Z")] }]);
    expect(counts.unchanged).toBe(1);
    expect(await items()).toEqual(["a=2"]);
  });

  test("does not let a copy that was asked for earlier overwrite an undated version", async () => {
    const before = clock.now();
    await land([{ records: [item("a", 2)] }]);
    await land([{ stream: "others", records: [item("a", 1)] }]);
    await land([{ records: [] }, { stream: "others", records: [item("a", 0)], fetchedAt: before }]);
    expect(await stored(store, connectionId, "others")).toEqual(["a=1"]);
  });

  test("keeps every version, in the order it landed, where the past matters", async () => {
    await land([{ records: [item("a", 1, "2026-02-01T00:00:00Z")] }]);
    await land([{ records: [item("a", 2, "2026-02-02T00:00:00Z")] }]);
    const changes = await readChangesAfter(store.db, connectionId, "items", 0, 10);
    expect(changes.map((change) => [change.seq, (change.payload as Item).value, change.isSuperseded])).toEqual([
      [1, 1, true],
      [2, 2, false],
    ]);
  });

  test("moves the checkpoint, the counts and the records together, or none of them", async () => {
    await land([{ records: [item("a", 1)] }]);
    const before = await readStream(store.db, connectionId, "items");
    const run = await readRun(store.db, runId);
    await expect(
      landBatch(
        store,
        {
          connectionId,
          runId,
          parts: [
            readPart(
              landStreamOf(connector, "items"),
              { records: [item("b", 1)], deleted: ["a"] },
              { fetchedAt: clock.now(), isListing: true },
            ),
          ],
          pulled: { stream: "items", checkpoint: "further", listing: null },
          pages: 1,
          progress: null,
        },
        clock.now(),
        () => Promise.reject(new Error("killed just before commit")),
      ),
    ).rejects.toThrow("killed just before commit");
    expect(await items()).toEqual(["a=1"]);
    expect(await readStream(store.db, connectionId, "items")).toEqual(before);
    expect(await readRun(store.db, runId)).toEqual(run);
  });

  test("lands what a page says of other streams in the same transaction", async () => {
    const landed = await land([{ records: [item("a", 1)] }, { stream: "others", records: [item("o", 5)] }]);
    expect(await stored(store, connectionId, "others")).toEqual(["o=5"]);
    expect([...landed.changes.keys()]).toEqual(["items", "others"]);
    expect((await readRun(store.db, runId))?.counts).toMatchObject({ pages: 1, fetched: 2, added: 2 });
  });

  test("refuses a record without an id, and lands nothing of its batch", async () => {
    await expect(land([{ records: [item("a", 1), item("", 1)] }])).rejects.toMatchObject({ code: "land.no_id" });
    expect(await items()).toEqual([]);
  });

  test("refuses the page of a run that has lost its stream to another", async () => {
    const zombie = runId;
    runId = (await start()).runId;
    await land([{ records: [item("a", 1)] }]);
    await expect(land([{ records: [item("a", 9)] }], { runId: zombie })).rejects.toMatchObject({ code: "land.fenced" });
    expect(await items()).toEqual(["a=1"]);
  });

  test("lands a batch that two streams' runs write to at once, without a deadlock", async () => {
    const inbound = (n: number) =>
      landBatch(
        store,
        {
          connectionId,
          runId,
          parts: ["items", "others"].map((stream) =>
            readPart(
              landStreamOf(connector, stream),
              { records: [item(`x${n}`, n)] },
              { fetchedAt: clock.now(), isListing: false },
            ),
          ),
          pulled: null,
          pages: 1,
          progress: null,
        },
        clock.now(),
      );
    await Promise.all([1, 2, 3, 4, 5, 6].map(inbound));
    expect(await stored(store, connectionId, "others")).toHaveLength(6);
    expect((await readStream(store.db, connectionId, "items"))?.landedSeq).toBe(6);
  });
});

describe("what is gone", () => {
  test("stays in the store, marked, with the source's own time where it says so", async () => {
    await land([{ records: [item("a", 1, "2026-02-01T00:00:00Z")] }]);
    const { counts } = await land([{ deleted: [gone("a", "2026-02-03T00:00:00Z")] }]);
    expect(counts.deleted).toBe(1);
    expect(await items()).toEqual(["a=1†"]);
    const [change] = await readChangesAfter(store.db, connectionId, "items", 1, 10);
    expect(change?.deletedAt).toEqual(new Date("2026-02-03T00:00:00Z"));
  });

  test("is not counted twice", async () => {
    await land([{ records: [item("a", 1)] }]);
    await land([{ deleted: ["a"] }]);
    expect((await land([{ deleted: ["a"] }])).counts.deleted).toBe(0);
  });

  test("does not come back by a page that was asked for before the deletion was learned", async () => {
    await land([{ records: [item("a", 1, "2026-02-01T00:00:00Z")] }]);
    const askedBefore = clock.now();
    await land([{ deleted: ["a"] }]);
    await land([{ records: [item("a", 1, "2026-02-01T00:00:00Z")], fetchedAt: askedBefore }]);
    expect(await items()).toEqual(["a=1†"]);
  });

  test("does not come to life by a late page when it had gone before it ever landed", async () => {
    const askedBefore = clock.now();
    await land([{ deleted: ["a"] }]);
    const { counts } = await land([{ records: [item("a", 1)], fetchedAt: askedBefore }]);
    expect(counts).toMatchObject({ added: 0, unchanged: 1 });
    expect(await items()).toEqual(["a=?†"]);
  });

  test("comes back when the source changed it after the deletion", async () => {
    await land([{ records: [item("a", 1, "2026-02-01T00:00:00Z")] }]);
    await land([{ deleted: [gone("a", "2026-02-03T00:00:00Z")] }]);
    await land([{ stream: "items", records: [item("a", 2, "2026-02-04T00:00:00Z")], fetchedAt: new Date(0) }]);
    expect(await items()).toEqual(["a=2"]);
  });

  test("comes back when the source lists it again, whatever its date", async () => {
    await land([{ records: [item("a", 1, "2026-02-01T00:00:00Z")] }]);
    await land([{ deleted: ["a"] }]);
    const { counts } = await land([{ records: [item("a", 1, "2026-02-01T00:00:00Z")] }]);
    expect(counts.changed).toBe(1);
    expect(await items()).toEqual(["a=1"]);
  });

  test("does not come back by a copy from the past in another stream's page", async () => {
    await land([{ stream: "others", records: [item("a", 1, "2026-02-01T00:00:00Z")] }]);
    await land([{ stream: "others", deleted: [gone("a", "2026-02-03T00:00:00Z")] }]);
    await land([{ stream: "others", records: [item("a", 2, "2026-02-02T00:00:00Z")] }]);
    expect(await stored(store, connectionId, "others")).toEqual(["a=1†"]);
  });

  test("is not gone when the deletion is older than what we know of it", async () => {
    await land([{ records: [item("a", 1, "2026-02-05T00:00:00Z")] }]);
    await land([{ deleted: [gone("a", "2026-02-03T00:00:00Z")] }]);
    expect(await items()).toEqual(["a=1"]);
  });

  test("is gone when its batch brings a change and then the deletion, and there when it brings a restored one", async () => {
    const created = item("a", 1, "2026-02-01T00:00:00Z");
    const restored = item("b", 2, "2026-02-04T00:00:00Z");
    const deletedAt = "2026-02-03T00:00:00Z";
    await land([
      { records: [created] },
      { deleted: [gone("a", deletedAt), gone("b", deletedAt)] },
      { records: [restored] },
    ]);
    expect(await items()).toEqual(["a=1†", "b=2"]);
  });
});

test("a record whose source time is no date lands without one", () => {
  const part = readPart(
    landStreamOf(connector, "items"),
    { records: [item("a", 1, "not a date")] },
    { fetchedAt: clock.now(), isListing: true },
  );
  const candidate = gather([part], clock.now()).get("a");
  expect(candidate?.version?.sourceTime).toBeNull();
  expect(judge(candidate!, undefined)).toBe("add");
});

describe("a long first load", () => {
  test("reads as many rows as it asks for, however many there are and before PostgreSQL has looked at the table", async () => {
    const many = Array.from({ length: 2000 }, (_, at) => item(`many-${at}`, at));
    await land([{ records: many }]);
    const fetched = await store.db.transaction().execute(async (tx) => {
      const rowsRead = async (): Promise<number> => {
        const { rows } = await sql<{ count: number }>`
          select idx_tup_fetch + seq_tup_read as count from pg_stat_xact_user_tables where relname = 'raw_records'
        `.execute(tx);
        return rows[0]?.count ?? 0;
      };
      const before = await rowsRead();
      await readMarks(tx, connectionId, "items", ["many-3", "many-1500", "not there"]);
      return (await rowsRead()) - before;
    });
    expect(fetched).toBe(2);
  });
});
