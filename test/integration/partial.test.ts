import { beforeEach, expect, test } from "vitest";
import type { AnyConnector } from "../../core/connector/define.ts";
import { runPull } from "../../core/land/run.ts";
import type { PullDeps } from "../../core/land/pull.ts";
import { catchUp, normaliseLanded } from "../../core/normalise/index.ts";
import { testDatabase } from "../support/database.ts";
import { addConnection, item, numbered, testClock, testConnector, testEngine } from "../support/engine.ts";

/** A stream some of whose records could not be made facts of says that it is partial, until they could. */

const store = await testDatabase();
const never = new AbortController().signal;
const clock = testClock();
let connectionId = "";
let count = 0;
let isBroken = true;

beforeEach(async () => {
  count += 1;
  connectionId = `c${count}`;
  isBroken = true;
  await addConnection(store, connectionId);
});

/** `isBroken`: its normaliser has a bug. */
function connectorOf(pages: Parameters<typeof numbered>[0]): AnyConnector {
  const connector = testConnector({ items: numbered(pages) });
  const stream = connector.streams["items"];
  if (stream === undefined) throw new Error("the test connector has items");
  const normalise = () => {
    if (isBroken) throw new TypeError("x is undefined");
    return { facts: [], skipped: [] };
  };
  return { ...connector, streams: { ...connector.streams, items: { ...stream, normalise } } };
}

async function pull(connector: AnyConnector) {
  clock.advance(60_000);
  const normalise: PullDeps["normalise"] = async ({ connection, stream, changes, runId }) => {
    const target = { connection, connector, stream };
    if (changes === null) await catchUp({ store }, target, { fromStart: false, runId });
    else await normaliseLanded({ store }, target, changes, runId);
  };
  const request = { connectionId, stream: "items", kind: "pull", trigger: "schedule", since: null } as const;
  const outcome = await runPull({ ...testEngine(store, connector, clock), normalise }, request, never);
  if (outcome.kind !== "ended") throw new Error("busy");
  return outcome.run;
}

const partial = () =>
  store.db
    .selectFrom("stream_states")
    .select(["is_partial", "partial_reason"])
    .where("connection_id", "=", connectionId)
    .executeTakeFirstOrThrow();
const WHOLE = { is_partial: false, partial_reason: null };
const PARTIAL = { is_partial: true, partial_reason: expect.stringContaining("normalise.failed") as string };

test("a pull that succeeds leaves the stream partial when its normaliser failed on records", async () => {
  const pages = [[item("a", 1)], [item("b", 1)]];
  expect(await pull(connectorOf(pages))).toMatchObject({ state: "succeeded", counts: { skipped: 2 } });
  expect(await partial()).toEqual(PARTIAL);
});

test("the next pull without a failure makes it whole", async () => {
  await pull(connectorOf([[item("a", 1)]]));
  isBroken = false;
  await pull(connectorOf([[item("a", 1)], [item("a", 2)]]));
  expect(await partial()).toEqual(WHOLE);
});

test("so does a replay without a failure", async () => {
  const connector = connectorOf([[item("a", 1)]]);
  await pull(connector);
  const target = { connection: { id: connectionId, settings: {} }, connector, stream: "items" };
  await catchUp({ store }, target, { fromStart: true });
  expect(await partial()).toEqual(PARTIAL);
  isBroken = false;
  await catchUp({ store }, target, { fromStart: true });
  expect(await partial()).toEqual(WHOLE);
});
