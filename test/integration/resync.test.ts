import { beforeEach, expect, test } from "vitest";
import { TributaryError } from "../../core/base/errors.ts";
import type { AnyConnector, Page, PullContext } from "../../core/connector/define.ts";
import { runPull } from "../../core/land/run.ts";
import type { PullRequest } from "../../core/land/start.ts";
import { latestRun, readRunLines } from "../../core/store/pulls/runs.ts";
import { testDatabase } from "../support/database.ts";
import { addConnection, item, numbered, stored, testClock, testConnector, testEngine } from "../support/engine.ts";

const store = await testDatabase();
const never = new AbortController().signal;
let clock = testClock();
let connectionId = "";
let count = 0;

beforeEach(async () => {
  count += 1;
  connectionId = `c${count}`;
  clock = testClock();
  await addConnection(store, connectionId);
});

const REASON = "The log was last read on 1 January.";
const resync = { streams: ["others"], reason: REASON };
type Pages = (context: PullContext<unknown, unknown>) => AsyncIterable<Page>;

/** `items` is the log that finds the hole, `others` has two pages of one record. */
function connectorOf(items: Pages, others: Pages = numbered([[item("a", 1)], [item("b", 1)]])): AnyConnector {
  const connector = testConnector({ items });
  const stream = connector.streams["others"];
  if (stream === undefined) throw new Error("the test connector has others");
  return { ...connector, streams: { ...connector.streams, others: { ...stream, pull: others } } };
}

const withHole = numbered([{ records: [item("x", 1)], resync }]);

async function pull(connector: AnyConnector, stream: string, change: Partial<PullRequest> = {}) {
  clock.advance(60_000);
  const request: PullRequest = { connectionId, stream, kind: "pull", trigger: "schedule", since: null, ...change };
  const outcome = await runPull(testEngine(store, connector, clock), request, never);
  if (outcome.kind !== "ended") throw new Error("busy");
  return outcome.run;
}

const partial = (stream = "others") =>
  store.db
    .selectFrom("stream_states")
    .select(["is_partial", "partial_reason"])
    .where("connection_id", "=", connectionId)
    .where("stream", "=", stream)
    .executeTakeFirstOrThrow();

const PARTIAL = { is_partial: true, partial_reason: REASON };
const WHOLE = { is_partial: false, partial_reason: null };

test("a hole marks the streams partial, and their next pull is a full one that clears the mark", async () => {
  const connector = connectorOf(withHole);
  await pull(connector, "others");
  const log = await pull(connector, "items");
  expect(await partial()).toEqual(PARTIAL);
  expect(await readRunLines(store.db, log.id, 9)).toMatchObject([
    { level: "warn", code: "land.resync", message: `${REASON} Pulled in full next: others.` },
  ]);
  expect(await pull(connector, "others")).toMatchObject({ kind: "full", counts: { pages: 2, unchanged: 2 } });
  expect(await partial()).toEqual(WHOLE);
  expect(await pull(connector, "others")).toMatchObject({ kind: "pull", counts: { pages: 0 } });
});

test("a hole is noted with the page that tells of it, or not at all", async () => {
  const broken: Page = { records: [{ id: "" }], checkpoint: 1, resync };
  await pull(connectorOf(numbered([broken])), "items");
  expect(await latestRun(store.db, connectionId, "others")).toBeNull();
});

test("a pull that was under way when the hole was found does not clear the mark", async () => {
  const connector: AnyConnector = connectorOf(withHole, async function* (context) {
    if (context.checkpoint === null) await pull(connector, "items");
    yield* numbered([[item("a", 1)]])(context);
  });
  expect(await pull(connector, "others")).toMatchObject({ kind: "pull", state: "succeeded" });
  expect(await partial()).toEqual(PARTIAL);
  const calm = connectorOf(numbered([]));
  expect(await pull(calm, "others")).toMatchObject({ kind: "full", state: "succeeded" });
  expect(await partial()).toEqual(WHOLE);
});

test("a full pull that is owed stays owed when it fails, and when somebody asks for less", async () => {
  await pull(connectorOf(withHole), "items");
  const down = new TributaryError({ code: "test.down", kind: "transient", message: "Down.", mend: "-" });
  const failing = connectorOf(withHole, async function* (context) {
    yield* numbered([])(context);
    throw down;
  });
  expect(await pull(failing, "others", { since: new Date("2026-02-01T00:00:00Z") })).toMatchObject({ since: null });
  expect(await partial()).toEqual(PARTIAL);
  expect(await pull(connectorOf(withHole), "others")).toMatchObject({ kind: "full", counts: { pages: 2 } });
  expect(await partial()).toEqual(WHOLE);
});

test("the same hole, told again because the log's own pull was cut off, is one wish", async () => {
  let isDown = true;
  const items: Pages = async function* () {
    await Promise.resolve();
    yield { records: [], checkpoint: null, resync };
    if (isDown) throw new TributaryError({ code: "test.down", kind: "transient", message: "Down.", mend: "-" });
  };
  const connector = connectorOf(items);
  await pull(connector, "items");
  await pull(connector, "others");
  isDown = false;
  await pull(connector, "items");
  expect(await partial()).toEqual(WHOLE);
  // A later hole of the same words is another one.
  await pull(connector, "items");
  expect(await partial()).toEqual(PARTIAL);
});

test("a stream that nobody pulls is not owed anything", async () => {
  await store.db
    .updateTable("connections")
    .set({ streams: ["items"] })
    .where("id", "=", connectionId)
    .execute();
  await pull(connectorOf(withHole), "items");
  expect(await latestRun(store.db, connectionId, "others")).toBeNull();
  expect(await stored(store, connectionId, "items")).toEqual(["x=1"]);
});

test("a run that waits for the vendor goes on as the full pull", async () => {
  let isWaiting = true;
  const connector = connectorOf(withHole, async function* (context) {
    yield* numbered([[item("a", 1)]])(context);
    const error = { code: "test.wait", kind: "rate_limited", message: "Wait.", mend: "-" } as const;
    if (isWaiting) throw new TributaryError(error);
  });
  const waiting = await pull(connector, "others");
  expect(waiting.state).toBe("waiting");
  await pull(connector, "items");
  isWaiting = false;
  const run = await pull(connector, "others");
  expect(run).toMatchObject({ kind: "full", state: "succeeded", counts: { pages: 1 } });
  expect(run.id).not.toBe(waiting.id);
  const unfinished = await store.db.selectFrom("runs").select("id").where("state", "=", "waiting").execute();
  expect(unfinished).toEqual([]);
});
