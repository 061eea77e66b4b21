import { beforeEach, describe, expect, test } from "vitest";
import { TributaryError } from "../../core/base/errors.ts";
import type { AnyConnector, Page, PullContext } from "../../core/connector/define.ts";
import type { PullDeps } from "../../core/land/pull.ts";
import { runPull } from "../../core/land/run.ts";
import type { PullRequest } from "../../core/land/start.ts";
import { readConnection } from "../../core/store/setup/connections.ts";
import { readRun, readRunLines } from "../../core/store/pulls/runs.ts";
import { acceptDeletions, readStream, setRunningRun } from "../../core/store/pulls/streams.ts";
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

const request = (change: Partial<PullRequest> = {}): PullRequest => ({
  connectionId,
  stream: "items",
  kind: "pull",
  trigger: "manual",
  since: null,
  ...change,
});

async function pull(connector: AnyConnector, change: Partial<PullRequest> = {}, deps: Partial<PullDeps> = {}) {
  clock.advance(60_000);
  const outcome = await runPull({ ...testEngine(store, connector, clock), ...deps }, request(change), never);
  if (outcome.kind !== "ended") throw new Error(`the stream was ${outcome.kind}`);
  return outcome;
}

const THREE = [[item("a", 1)], [item("b", 1)], [item("c", 1)]];

/** Pages that fail before page `at`, the first time it is asked for. */
function failingOnceAt(at: number, pages: Parameters<typeof numbered>[0], error: () => unknown) {
  let hasFailed = false;
  return async function* (context: PullContext<unknown, unknown>): AsyncGenerator<Page> {
    for await (const page of numbered(pages)(context)) {
      if (!hasFailed && page.checkpoint === at + 1) {
        hasFailed = true;
        throw error();
      }
      yield page;
    }
  };
}

/** No page ever comes. */
const failingAlways = (error: () => unknown) =>
  async function* (): AsyncGenerator<Page> {
    await Promise.reject(error());
    yield { records: [], checkpoint: null };
  };

const vendorDown = () =>
  new TributaryError({ code: "test.down", kind: "transient", message: "The vendor is down.", mend: "Wait." });

describe("a pull", () => {
  test("lands every page, and is fresh as of when it started", async () => {
    const { run, error } = await pull(testConnector({ items: numbered(THREE) }));
    expect(error).toBeNull();
    expect(run).toMatchObject({ state: "succeeded", kind: "pull", counts: { pages: 3, fetched: 3, added: 3 } });
    expect(await stored(store, connectionId, "items")).toEqual(["a=1", "b=1", "c=1"]);
    const state = await store.db
      .selectFrom("stream_states")
      .selectAll()
      .where("connection_id", "=", connectionId)
      .executeTakeFirstOrThrow();
    expect(state.fresh_as_of).toEqual(run.startedAt);
    expect(state.first_load_done_at).not.toBeNull();
    expect(state.running_run_id).toBeNull();
  });

  test.each([0, 1, 2])("that dies before page %i goes on from there: nothing lost, nothing twice", async (at) => {
    const connector = testConnector({ items: failingOnceAt(at, THREE, vendorDown) });
    const first = await pull(connector);
    expect(first.error?.code).toBe("test.down");
    expect(first.run).toMatchObject({ state: "failed", counts: { added: at } });
    const second = await pull(connector);
    expect(second.run).toMatchObject({ state: "succeeded", counts: { fetched: 3 - at, added: 3 - at, unchanged: 0 } });
    expect(await stored(store, connectionId, "items")).toEqual(["a=1", "b=1", "c=1"]);
  });

  test.each([
    ["records", { maxRecords: 2, maxLength: 10_000, maxWaitMs: 60_000 }],
    ["text", { maxRecords: 100, maxLength: 2 * JSON.stringify(item("a", 1)).length, maxWaitMs: 60_000 }],
  ])("lands its pages in batches that are bounded by their %s", async (_, limits) => {
    const batches: number[] = [];
    const onProgress: PullDeps["onProgress"] = (run) => batches.push(run.counts.added);
    await pull(testConnector({ items: numbered(THREE) }), {}, { limits, onProgress });
    expect(batches).toEqual([2, 3]);
  });

  test("that meets a record without an id lands the pages before it", async () => {
    const { error } = await pull(testConnector({ items: numbered([[item("a", 1)], [item("", 1)]]) }));
    expect(error?.code).toBe("land.no_id");
    expect(await stored(store, connectionId, "items")).toEqual(["a=1"]);
  });

  test("that changes nothing says so, and the next one starts where the last ended", async () => {
    const connector = testConnector({ items: numbered(THREE) });
    await pull(connector);
    const { run } = await pull(connector);
    expect(run.counts).toMatchObject({ pages: 0, fetched: 0, added: 0, changed: 0, deleted: 0 });
  });

  test("hands every change on in the order in which it landed, exactly once, and catches up first", async () => {
    const seen: string[] = [];
    const normalise: PullDeps["normalise"] = (input) => {
      seen.push(input.changes === null ? "catch up" : input.changes.map((c) => `${c.seq}:${c.externalId}`).join(","));
      return Promise.resolve();
    };
    await pull(testConnector({ items: numbered(THREE) }), {}, { normalise });
    expect(seen).toEqual(["catch up", "1:a", "2:b", "3:c"]);
  });

  test("whose making of facts fails keeps what has landed and fails itself", async () => {
    const broken: PullDeps["normalise"] = ({ changes }) =>
      changes === null ? Promise.resolve() : Promise.reject(new Error("broken normaliser"));
    const { run, error } = await pull(testConnector({ items: numbered(THREE) }), {}, { normalise: broken });
    expect(error).toMatchObject({ code: "internal.unexpected", kind: "bug" });
    expect(run.state).toBe("failed");
    expect(await stored(store, connectionId, "items")).toContain("a=1");
  });

  test("lists what could not be read, and lands the rest", async () => {
    const problems = [{ code: "csv.row", at: "line 17", reason: "no date" }];
    const { run } = await pull(testConnector({ items: numbered([{ records: [item("a", 1)], problems }]) }));
    expect(run.state).toBe("succeeded");
    const lines = await readRunLines(store.db, run.id, 10);
    expect(lines.map((line) => [line.level, line.code, line.message])).toEqual([
      ["warn", "csv.row", "line 17: no date"],
    ]);
  });

  test("lists a thousand problems at most and counts the rest", async () => {
    const problems = Array.from({ length: 1200 }, (_, n) => ({
      code: "csv.row",
      at: `line ${n}`,
      reason: `no date: ${n}`,
    }));
    const { run } = await pull(testConnector({ items: numbered([{ problems }]) }));
    const lines = await readRunLines(store.db, run.id, 2000);
    expect(lines).toHaveLength(1001);
    expect(lines.at(-1)?.message).toBe("and 200 more problems that are not listed");
  });

  test("of a connection that is not there says so", async () => {
    const connector = testConnector({});
    await expect(pull(connector, { connectionId: "nobody" })).rejects.toMatchObject({ code: "connection.unknown" });
  });
});

describe("what a failure does", () => {
  const failing = (kind: TributaryError["kind"], retryAt?: Date) =>
    testConnector({
      items: failingOnceAt(1, THREE, () => {
        const options = { code: `test.${kind}`, kind, message: "No.", mend: "Do." };
        return new TributaryError(retryAt === undefined ? options : { ...options, retryAt });
      }),
    });

  test("auth stops the connection with code and mend, and a later success lets it go on", async () => {
    const connector = failing("auth");
    await pull(connector);
    expect(await readConnection(store.db, connectionId)).toMatchObject({
      state: "needs_auth",
      stateCode: "test.auth",
      stateReason: "No. Do.",
    });
    await pull(connector);
    expect(await readConnection(store.db, connectionId)).toMatchObject({ state: "active", stateCode: null });
  });

  test("a vendor that has ended its service ends the connection, which keeps its data, until a pull succeeds after all", async () => {
    const connector = failing("ended");
    await pull(connector);
    expect(await readConnection(store.db, connectionId)).toMatchObject({
      state: "ended",
      stateCode: "test.ended",
      stateReason: "No. Do.",
    });
    expect(await stored(store, connectionId, "items")).toEqual(["a=1"]);
    await pull(connector);
    expect(await readConnection(store.db, connectionId)).toMatchObject({ state: "active", stateCode: null });
  });

  test("silence is the end of a vendor that has announced it, once nothing else has come for long", async () => {
    const error = { code: "test.gone", message: "It is gone.", mend: "Move on." };
    const DAY_MS = 86_400_000;
    const down = { items: failingAlways(vendorDown) };
    const connector = testConnector(down, { signs: ["test.down"], afterMs: DAY_MS, error });
    const other = testConnector(down, { signs: ["test.other"], afterMs: DAY_MS, error });
    await pull(connector);
    clock.advance(DAY_MS - 60_001);
    expect((await pull(connector)).error?.code).toBe("test.down");
    clock.advance(DAY_MS);
    expect((await pull(other)).error?.code).toBe("test.down");
    // A good pull in between: the silence is over, and counts anew.
    await pull(testConnector({ items: numbered(THREE) }));
    await pull(connector);
    expect((await pull(connector)).error?.code).toBe("test.down");
    expect(await readConnection(store.db, connectionId)).toMatchObject({ state: "active" });
    clock.advance(DAY_MS);
    expect((await pull(connector)).error).toMatchObject({ code: "test.gone", kind: "ended" });
    expect(await readConnection(store.db, connectionId)).toMatchObject({
      state: "ended",
      stateReason: "It is gone. Move on.",
    });
  });

  test("a wait that the vendor asks for is no failure, and the same run goes on after it", async () => {
    const connector = failing("rate_limited", new Date("2026-03-01T13:00:00Z"));
    const first = await pull(connector);
    expect(first.error?.retryAt).toEqual(new Date("2026-03-01T13:00:00Z"));
    expect(first.run.state).toBe("waiting");
    const second = await pull(connector);
    expect(second.run).toMatchObject({ id: first.run.id, state: "succeeded", counts: { pages: 3, added: 3 } });
    expect(await failuresInARow()).toBe(0);
  });

  test("a broken contract marks the stream partial until a pull is complete", async () => {
    const connector = failing("contract");
    await pull(connector);
    expect(await partial()).toEqual({ is_partial: true, partial_reason: "No." });
    await pull(connector);
    expect(await partial()).toEqual({ is_partial: false, partial_reason: null });
  });

  test("failures in a row are counted until one succeeds", async () => {
    const connector = failing("transient");
    await pull(connector);
    expect(await failuresInARow()).toBe(1);
    await pull(connector);
    expect(await failuresInARow()).toBe(0);
  });

  test("settings that are not valid fail a run that can be seen", async () => {
    const { run, error } = await pull(testConnector({}), { stream: "nothing" });
    expect(error?.code).toBe("connection.unknown_stream");
    expect(run).toMatchObject({ state: "failed", error: { code: "connection.unknown_stream" } });
  });

  const row = (...columns: ("is_partial" | "partial_reason" | "failures_in_a_row")[]) =>
    store.db
      .selectFrom("stream_states")
      .select(columns)
      .where("connection_id", "=", connectionId)
      .where("stream", "=", "items")
      .executeTakeFirstOrThrow();
  const partial = () => row("is_partial", "partial_reason");
  const failuresInARow = async () => (await row("failures_in_a_row")).failures_in_a_row;
});

describe("one stream, one run", () => {
  test("a second runner finds the stream busy, in the same process or another", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let reached = (): void => undefined;
    const isReached = new Promise<void>((resolve) => (reached = resolve));
    const connector = testConnector({
      items: async function* () {
        reached();
        await held;
        yield { records: [item("a", 1)], checkpoint: 1 };
      },
    });
    const first = pull(connector);
    await isReached;
    expect(await runPull(testEngine(store, connector, clock), request(), never)).toEqual({ kind: "busy" });
    expect(await runPull(testEngine(store, connector, clock), request({ stream: "others" }), never)).toMatchObject({
      kind: "ended",
    });
    release();
    expect((await first).run.state).toBe("succeeded");
  });

  test("a run that is asked to stop lands what it has and goes on later", async () => {
    const stop = new AbortController();
    const connector = testConnector({
      items: async function* (context) {
        for await (const page of numbered(THREE)(context)) {
          yield page;
          if (page.checkpoint === 2) stop.abort(new Error("drain"));
        }
      },
    });
    const first = await runPull(testEngine(store, connector, clock), request(), stop.signal);
    expect(first).toMatchObject({ kind: "ended", run: { state: "interrupted" }, error: { code: "land.stopped" } });
    const second = await pull(testConnector({ items: numbered(THREE) }));
    expect(second.run.state).toBe("succeeded");
    expect(await stored(store, connectionId, "items")).toEqual(["a=1", "b=1", "c=1"]);
    const state = await readRun(store.db, second.run.id);
    expect(state?.counts.unchanged).toBe(0);
  });

  test("a zombie that wakes up after its stream was taken over writes nothing more and says interrupted", async () => {
    const connector = testConnector({
      items: async function* () {
        yield { records: [item("a", 1)], checkpoint: 1 };
        // Meanwhile another run has taken the stream, as it would after the lock's connection was cut.
        await store.db.transaction().execute((tx) => setRunningRun(tx, connectionId, "items", 999_999));
        yield { records: [item("a", 2)], checkpoint: 2 };
        yield { records: [item("a", 3)], checkpoint: 3 };
      },
    });
    const { run, error } = await pull(connector, {}, { limits: { maxRecords: 1, maxLength: 1, maxWaitMs: 0 } });
    expect(error?.code).toBe("land.fenced");
    expect(run.state).toBe("interrupted");
    expect((await readStream(store.db, connectionId, "items"))?.runningRunId).toBe(999_999);
    expect(await stored(store, connectionId, "items")).not.toContain("a=3");
  });

  test("a run whose process died is marked interrupted by the next", async () => {
    const dead = await store.db
      .insertInto("runs")
      .values({ connection_id: connectionId, stream: "items", kind: "pull", trigger: "schedule" })
      .returning("id")
      .executeTakeFirstOrThrow();
    await pull(testConnector({ items: numbered(THREE) }));
    expect((await readRun(store.db, dead.id))?.state).toBe("interrupted");
  });
});

describe("a full refresh", () => {
  test("starts over, and finds everything unchanged", async () => {
    const connector = testConnector({ items: numbered(THREE) });
    await pull(connector);
    const { run } = await pull(connector, { kind: "full" });
    expect(run).toMatchObject({ kind: "full", counts: { fetched: 3, unchanged: 3, added: 0, changed: 0 } });
  });

  test("that was cut off is gone on with from its last page, by whatever pull comes next", async () => {
    await pull(testConnector({ items: numbered(THREE) }));
    const connector = testConnector({ items: failingOnceAt(2, THREE, vendorDown) });
    await pull(connector, { kind: "full" });
    const { run } = await pull(connector);
    expect(run).toMatchObject({ kind: "full", state: "succeeded", counts: { pages: 1 } });
  });

  test("that failed before its first page is still owed, and the old checkpoint is not lost", async () => {
    await pull(testConnector({ items: numbered(THREE) }));
    const connector = testConnector({ items: failingOnceAt(0, THREE, vendorDown) });
    await pull(connector, { kind: "full" });
    expect((await readStream(store.db, connectionId, "items"))?.checkpoint).toBe(3);
    const { run } = await pull(connector);
    expect(run).toMatchObject({ kind: "full", counts: { pages: 3 } });
  });

  test("from a date gives that date to the connector and starts over", async () => {
    const seen: unknown[] = [];
    const since = new Date("2026-01-01T00:00:00Z");
    const connector = testConnector({
      items: async function* (context) {
        seen.push(context.since, context.checkpoint);
        yield* numbered(THREE)(context);
      },
    });
    await pull(connector);
    await pull(connector, { since });
    expect(seen).toEqual([null, null, since, null]);
  });
});

describe("deletion by absence", () => {
  const listed = () => stored(store, connectionId, "listed");
  /** Lists all the records, in pages of one, on every pull. */
  const listing = (ids: string[], failAt = -1): AnyConnector => {
    const pages = ids.map((id) => [item(id, 1)]);
    const source = failAt < 0 ? numbered(pages) : failingOnceAt(failAt, pages, vendorDown);
    return testConnector({
      listed: (context) =>
        source({ ...context, checkpoint: context.checkpoint === ids.length ? null : context.checkpoint }),
    });
  };
  const stream = "listed";

  test("takes away what a completed pull did not list, and brings it back when it is listed again", async () => {
    await pull(listing(["a", "b", "c"]), { stream });
    const { run } = await pull(listing(["a", "c"]), { stream, kind: "full" });
    expect(run.counts).toMatchObject({ deleted: 1, unchanged: 2 });
    expect(await listed()).toEqual(["a=1", "b=1†", "c=1"]);
    const again = await pull(listing(["a", "b", "c"]), { stream, kind: "full" });
    expect(again.run.counts).toMatchObject({ changed: 1, deleted: 0 });
    expect(await listed()).toEqual(["a=1", "b=1", "c=1"]);
  });

  test("takes nothing away when the pull stops half-way, and only the rest when it is finished later", async () => {
    await pull(listing(["a", "b", "c"]), { stream });
    const connector = listing(["a", "c"], 1);
    await pull(connector, { stream, kind: "full" });
    expect(await listed()).toEqual(["a=1", "b=1", "c=1"]);
    // The second half alone: `a` was listed by the pull that died, and that still counts.
    const { run } = await pull(connector, { stream });
    expect(run.counts).toMatchObject({ pages: 1, deleted: 1 });
    expect(await listed()).toEqual(["a=1", "b=1†", "c=1"]);
  });

  test("takes nothing away when the source was found unchanged and gave no page", async () => {
    await pull(listing(["a", "b"]), { stream });
    const { run } = await pull(testConnector({}), { stream });
    expect(run.counts.deleted).toBe(0);
    expect(await listed()).toEqual(["a=1", "b=1"]);
  });

  test("takes nothing away when the source lists nothing, says so, and takes it away when that is said to be meant", async () => {
    await pull(listing(["a", "b"]), { stream });
    const empty = testConnector({ listed: numbered([{ records: [] }]) });
    const { run } = await pull(empty, { stream, kind: "full" });
    expect(run.counts.deleted).toBe(0);
    expect((await readRunLines(store.db, run.id, 5))[0]?.message).toMatch(/^2 of 2 records are no longer listed, but/);
    await store.db.transaction().execute((tx) => acceptDeletions(tx, run.connectionId, [stream], []));
    expect((await pull(empty, { stream, kind: "full" })).run.counts.deleted).toBe(2);
  });

  test("forgets what was listed when the listing begins anew", async () => {
    await pull(listing(["a", "b", "c"]), { stream });
    await pull(listing(["a", "b", "c"], 2), { stream, kind: "full" });
    // The file has changed since: `b` is no longer in it, though the pull that died had listed it.
    const pages = [{ records: [item("a", 1)], startsListing: true, checkpoint: 1 }, [item("c", 1)]];
    const connector = testConnector({ listed: (context) => numbered(pages)({ ...context, checkpoint: null }) });
    await pull(connector, { stream });
    expect(await listed()).toEqual(["a=1", "b=1†", "c=1"]);
  });

  test("does not take a row for gone that was there but could not be read", async () => {
    await pull(listing(["a", "b"]), { stream });
    const problems = [{ code: "csv.row", at: "line 2", reason: "no date", externalId: "b" }];
    const page = { records: [item("a", 1)], problems };
    await pull(testConnector({ listed: numbered([page]) }), { stream, kind: "full" });
    expect(await listed()).toEqual(["a=1", "b=1"]);
  });

  test("takes nothing away after a pull that was asked to start from a date", async () => {
    await pull(listing(["a", "b"]), { stream });
    await pull(listing(["b"]), { stream, since: new Date("2026-01-01T00:00:00Z") });
    expect(await listed()).toEqual(["a=1", "b=1"]);
    const seen = await store.db
      .selectFrom("stream_seen")
      .selectAll()
      .where("connection_id", "=", connectionId)
      .execute();
    expect(seen).toEqual([]);
  });
});
