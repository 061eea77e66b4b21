import { beforeEach, describe, expect, test } from "vitest";
import { silentLog } from "../../core/base/log.ts";
import type { AnyConnector, InboundRequest } from "../../core/connector/define.ts";
import { INBOUND } from "../../core/land/inbound.ts";
import { tryLock } from "../../core/store/lock.ts";
import { streamLockName } from "../../core/land/run.ts";
import { createSecrets, generateSecretKey, inboundSecretOf, parseSecretKey } from "../../core/secrets/index.ts";
import { latestRun } from "../../core/store/pulls/runs.ts";
import { acceptInbound } from "../../workers/inbound.ts";
import { createPullRoom } from "../../workers/pull-room.ts";
import { createPullProcessor } from "../../workers/pull.ts";
import { openQueues, type PullJob } from "../../workers/queues.ts";
import { type JobContext, startWorkers } from "../../workers/runtime.ts";
import { testDatabase } from "../support/database.ts";
import { addConnection, item, stored, testClock, testConnector } from "../support/engine.ts";
import { testQueueBackend } from "../support/queue-backend.ts";
import { until } from "../support/until.ts";

const store = await testDatabase();
const clock = testClock();
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
const connector: AnyConnector = {
  ...testConnector({}),
  webhook: {
    verify: () => undefined,
    dedupeKey: ({ body }) => body.toString(),
    parts: ({ body }) => [{ stream: "items", records: [item(body.toString(), 1)] }],
  },
};
let isAwaited = false;
const process = createPullProcessor({
  store,
  secrets,
  clock,
  log: silentLog,
  connectors: [connector],
  allowPrivateNetworks: true,
  requestMeasure: () => Promise.resolve(),
  room: createPullRoom({ places: 8, clock, isAwaited: () => Promise.resolve(isAwaited) }),
});
let connectionId = "";
let count = 0;

beforeEach(async () => {
  count += 1;
  connectionId = `c${count}`;
  await addConnection(store, connectionId);
  const inboundSecret = secrets.seal("s3cret", inboundSecretOf(connectionId));
  await store.db
    .updateTable("connections")
    .set({ inbound_secret: inboundSecret })
    .where("id", "=", connectionId)
    .execute();
});

const job = (change: Partial<PullJob> = {}): PullJob => ({
  connectionId,
  stream: "items",
  kind: "pull",
  trigger: "schedule",
  since: null,
  ...change,
});
const inbound = { stream: INBOUND, kind: "inbound", trigger: "webhook" } as const;

const context = (signal = new AbortController().signal): JobContext => ({
  jobId: "1",
  log: silentLog,
  signal,
  progress: () => Promise.resolve(),
});

const deliver = (body: string, requestPull: (job: PullJob) => Promise<void> = () => Promise.resolve()) => {
  const request: InboundRequest = { headers: {}, body: Buffer.from(body) };
  const deps = { store, secrets, clock, findConnector: () => connector, requestPull };
  return acceptInbound(deps, connectionId, request);
};

const items = () => stored(store, connectionId, "items");

describe("a job that finds its stream in other hands", () => {
  test.each([
    ["that a person asked for", { trigger: "manual" }],
    ["for a full pull", { kind: "full" }],
    ["that goes back to a date", { since: "2026-01-01T00:00:00.000Z" }],
    ["for a webhook's news", inbound],
  ] as const)("comes back in a few seconds, %s", async (_, change) => {
    const asked = job(change);
    const lock = await tryLock(store, streamLockName(connectionId, asked.stream));
    const error = { code: "land.busy", kind: "rate_limited", retryAt: new Date(clock.now().getTime() + 5_000) };
    await expect(process(asked, context())).rejects.toMatchObject(error);
    await lock?.release();
    await process(asked, context());
    expect((await latestRun(store.db, connectionId, asked.stream))?.state).toBe("succeeded");
  });

  test("ends when the schedule asks for the same again anyway", async () => {
    const lock = await tryLock(store, streamLockName(connectionId, "items"));
    await process(job(), context());
    await lock?.release();
    expect(await latestRun(store.db, connectionId, "items")).toBeNull();
  });
});

describe("taking in deliveries", () => {
  test("a drain moves the job back, with what is left still waiting", async () => {
    await deliver("a");
    const drain = new AbortController();
    const reason = new Error("the process is to end");
    drain.abort(reason);
    await expect(process(job(inbound), context(drain.signal))).rejects.toBe(reason);
    expect(await latestRun(store.db, connectionId, INBOUND)).toMatchObject({ state: "interrupted", error: null });
    expect(await items()).toEqual([]);
    await process(job(inbound), context());
    expect(await items()).toEqual(["a=1"]);
  });

  test("a drain when nothing is left lets the job end", async () => {
    const drain = new AbortController();
    drain.abort(new Error("the process is to end"));
    await process(job(inbound), context(drain.signal));
    expect((await latestRun(store.db, connectionId, INBOUND))?.state).toBe("succeeded");
  });

  test("a delivery that arrives after the job's last look does not wait for the next webhook", async () => {
    const backend = await testQueueBackend();
    const queues = await openQueues(backend, silentLog);
    const requestPull = (payload: PullJob): Promise<void> => queues.request({ queue: "pull", payload });
    let runs = 0;
    const workers = await startWorkers({
      backend,
      queues,
      log: silentLog,
      processors: {
        pull: async (payload, jobContext) => {
          await process(payload, jobContext);
          runs += 1;
          // It has looked for the last time, and the queue does not know yet that it has ended.
          if (runs === 1) await deliver("late", requestPull);
        },
      },
    });
    await deliver("early", requestPull);
    await until(async () => (await items()).length === 2);
    expect(await items()).toEqual(["early=1", "late=1"]);
    await workers.drain(5_000);
    await queues.close();
  });
});

describe("a pull that has gone on for long", () => {
  let pages: string[] = [];
  const long: AnyConnector = testConnector({
    items: async function* ({ checkpoint, signal }) {
      for (let n = typeof checkpoint === "number" ? checkpoint : 0; n < 4; n += 1) {
        pages.push(`page ${n}`);
        clock.advance(15_000);
        yield { records: [item(`item-${n}`, n)], checkpoint: n + 1 };
        // A page is asked for while the one before lands: it is told to stop before the last.
        if (isAwaited && n === 2) await until(() => signal.aborted);
        signal.throwIfAborted();
      }
    },
  });
  const processLong = createPullProcessor({
    store,
    secrets,
    clock,
    log: silentLog,
    connectors: [long],
    allowPrivateNetworks: true,
    requestMeasure: () => Promise.resolve(),
    room: createPullRoom({
      places: 8,
      clock,
      isAwaited: () => Promise.resolve(isAwaited),
    }),
  });

  test("gives its place up between two pages when others wait, and goes on from there under the same run", async () => {
    [pages, isAwaited] = [[], true];
    await expect(processLong(job(), context())).rejects.toMatchObject({ code: "land.gives_way", kind: "rate_limited" });
    const first = await latestRun(store.db, connectionId, "items");
    expect(first).toMatchObject({ state: "waiting" });
    expect(pages).toEqual(["page 0", "page 1", "page 2"]);
    isAwaited = false;
    await processLong(job(), context());
    expect(await latestRun(store.db, connectionId, "items")).toMatchObject({ id: first?.id, state: "succeeded" });
    expect((await items()).toSorted()).toEqual(["item-0=0", "item-1=1", "item-2=2", "item-3=3"]);
  });
});
