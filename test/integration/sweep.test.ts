import { beforeEach, expect, test } from "vitest";
import { TributaryError } from "../../core/base/errors.ts";
import type { AnyConnector, Page, PullContext } from "../../core/connector/define.ts";
import { runPull } from "../../core/land/run.ts";
import type { PullRequest } from "../../core/land/start.ts";
import { testDatabase } from "../support/database.ts";
import { addConnection, item, numbered, stored, testClock, testConnector, testEngine } from "../support/engine.ts";

/** Streams whose deletions an event log tells of: what the log has forgotten, a full pull finds. `items` is the log, `others` the stream. */

const store = await testDatabase();
const never = new AbortController().signal;
const DAY_MS = 86_400_000;
let clock = testClock();
let connectionId = "";
let count = 0;

beforeEach(async () => {
  count += 1;
  connectionId = `c${count}`;
  clock = testClock();
  await addConnection(store, connectionId);
});

type Pages = (context: PullContext<unknown, unknown>) => AsyncIterable<Page>;
const listing = (...ids: string[]): Pages => numbered(ids.map((id) => [item(id, 1)]));

function connectorOf(others: Pages, items: Pages = numbered([])): AnyConnector {
  const connector = testConnector({ items });
  const stream = connector.streams["others"];
  if (stream === undefined) throw new Error("the test connector has others");
  return { ...connector, streams: { ...connector.streams, others: { ...stream, pull: others } } };
}

async function pull(connector: AnyConnector, change: Partial<PullRequest> = {}) {
  clock.advance(DAY_MS);
  return pullNow(connector, change);
}

async function pullNow(connector: AnyConnector, change: Partial<PullRequest> = {}) {
  const request: PullRequest = {
    connectionId,
    stream: "others",
    kind: "pull",
    trigger: "schedule",
    since: null,
    ...change,
  };
  const outcome = await runPull(testEngine(store, connector, clock), request, never);
  if (outcome.kind !== "ended") throw new Error("busy");
  return outcome.run;
}

const others = () => stored(store, connectionId, "others");
const full = { kind: "full" } as const;

/** The log brings a record of the stream, as a webhook would. */
const logOf = (id: string): Pages =>
  numbered([{ others: [{ stream: "others", records: [item(id, 7)] }], records: [item("e", 1)] }]);

test("a full pull takes away what it did not list, an ordinary one nothing", async () => {
  await pull(connectorOf(listing("a", "b", "c")));
  await pull(connectorOf(listing("a", "c")));
  expect(await others()).toEqual(["a=1", "b=1", "c=1"]);
  expect(await pull(connectorOf(listing("a", "c")), full)).toMatchObject({ counts: { deleted: 1, unchanged: 2 } });
  expect(await others()).toEqual(["a=1", "b=1†", "c=1"]);
});

test("a full pull that is cut off takes nothing away, and only what neither part listed when it goes on", async () => {
  await pull(connectorOf(listing("a", "b", "c")));
  let hasFailed = false;
  const connector = connectorOf(async function* (context) {
    for await (const page of listing("a", "c")(context)) {
      if (!hasFailed && page.checkpoint === 2) {
        hasFailed = true;
        throw new TributaryError({ code: "test.down", kind: "transient", message: "Down.", mend: "-" });
      }
      yield page;
    }
  });
  await pull(connector, full);
  expect(await others()).toEqual(["a=1", "b=1", "c=1"]);
  // Came between the two parts, before the second began: it may lie in the part that had been listed.
  await pull(connectorOf(listing(), logOf("d")), { stream: "items" });
  expect(await pull(connector)).toMatchObject({ kind: "full", counts: { pages: 1, deleted: 1 } });
  expect(await others()).toEqual(["a=1", "b=1†", "c=1", "d=7"]);
});

test("what came by other ways while the full pull listed, or shortly before, stays", async () => {
  await pull(connectorOf(listing("a", "b", "old")));
  await pull(connectorOf(listing(), logOf("young")), { stream: "items" });
  clock.advance(600_000);
  const connector: AnyConnector = connectorOf(
    async function* (context) {
      for await (const page of listing("a")(context)) {
        yield page;
        clock.advance(60_000);
        await pullNow(connector, { stream: "items", kind: "full" });
      }
    },
    // `b` was changed meanwhile, and is no longer where it was in the list.
    numbered([{ others: [{ stream: "others", records: [item("b", 2), item("new", 1)] }] }]),
  );
  await pullNow(connector, full);
  expect(await others()).toEqual(["a=1", "b=2", "new=1", "old=1†", "young=7"]);
});

test("a stream that has no list of its own loses nothing by an empty page, or by none", async () => {
  await pull(connectorOf(listing(), logOf("a")), { stream: "items" });
  await pull(connectorOf(numbered([{ records: [] }])), full);
  await pull(connectorOf(numbered([])), full);
  expect(await others()).toEqual(["a=7"]);
});

test("a pull that goes back to a date only takes nothing away, whoever set the date", async () => {
  await pull(connectorOf(listing("a", "b")));
  await pull(connectorOf(listing("a")), { since: new Date("2026-01-01T00:00:00Z") });
  await store.db
    .updateTable("connections")
    .set({ backfill_from: "2026-01-01" })
    .where("id", "=", connectionId)
    .execute();
  await pull(connectorOf(listing("a")), full);
  expect(await others()).toEqual(["a=1", "b=1"]);
  expect(await store.db.selectFrom("stream_seen").selectAll().execute()).toEqual([]);
});

test("a full pull whose first part went back to a date only takes nothing away", async () => {
  await pull(connectorOf(listing("a", "b")));
  const setBackfill = (day: string | null) =>
    store.db.updateTable("connections").set({ backfill_from: day }).where("id", "=", connectionId).execute();
  await setBackfill("2026-01-01");
  const cutOff = connectorOf(async function* (context) {
    for await (const page of listing("a", "c")(context)) {
      if (page.checkpoint === 2)
        throw new TributaryError({ code: "test.down", kind: "transient", message: "Down.", mend: "-" });
      yield page;
    }
  });
  await pull(cutOff, full);
  await setBackfill(null);
  expect(await pull(connectorOf(listing("a", "c")))).toMatchObject({ kind: "full", state: "succeeded" });
  expect(await others()).toEqual(["a=1", "b=1", "c=1"]);
});

test("what was swept comes back when it is listed again", async () => {
  await pull(connectorOf(listing("a", "b")));
  await pull(connectorOf(listing("a")), full);
  await pull(connectorOf(listing("a", "b")), full);
  expect(await others()).toEqual(["a=1", "b=1"]);
});
