import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { silentLog } from "../../core/base/log.ts";
import { type AnyConnector, defineConnector } from "../../core/connector/define.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { CHANNELS } from "../../core/store/channels.ts";
import { openQueues, type Queues } from "../../workers/queues.ts";
import { type Due, reconcile, type Scheduler, startScheduler } from "../../workers/schedule.ts";
import { testDatabaseTarget } from "../support/database.ts";
import { testQueueBackend } from "../support/queue-backend.ts";
import { until } from "../support/until.ts";

let target: Awaited<ReturnType<typeof testDatabaseTarget>>;
let store: Store;
let queues: Queues;
let scheduler: Scheduler | null = null;

beforeAll(async () => {
  target = await testDatabaseTarget();
  store = openStore(target);
  queues = await openQueues(await testQueueBackend(), silentLog);
  return async () => {
    await queues.close();
    await store.close();
  };
});

beforeEach(async () => {
  await store.db.deleteFrom("connections").execute();
  for (const { key } of await queues.bull.schedule.getJobSchedulers())
    await queues.bull.schedule.removeJobScheduler(key);
});

afterEach(async () => {
  await scheduler?.close();
  scheduler = null;
  await queues.bull.deliver.obliterate({ force: true });
});

const stream = {
  title: "",
  externalId: () => "",
  sourceTime: () => null,
  // eslint-disable-next-line require-yield -- never pulled here
  pull: async function* () {
    await Promise.resolve();
  },
  deletions: "none",
  keepsVersions: false,
  normalise: () => ({ facts: [], skipped: [] }),
};

const connectors = [
  defineConnector({
    key: "acme",
    title: "Acme",
    docs: "",
    settings: z.object({}),
    auth: [],
    sendsCredentialsTo: () => [],
    everyS: 300,
    createClient: () => null,
    check: () => Promise.reject(new Error("not called here")),
    streams: { deals: stream, calls: stream },
  } as unknown as Parameters<typeof defineConnector>[0]),
] as readonly AnyConnector[];

async function connect(
  id: string,
  values: { schedule?: string; streams?: string[]; state?: "active" | "paused" } = {},
) {
  await store.db
    .insertInto("connections")
    .values({ id, connector: "acme", title: id, inbound_token: id, ...values } as never)
    .execute();
}

const options = (): Parameters<typeof startScheduler>[0] => ({
  store,
  queues,
  connectors,
  log: silentLog,
});

async function pulls(): Promise<string[]> {
  const all = await queues.bull.schedule.getJobSchedulers();
  return all
    .map(({ key }) => key)
    .filter((key) => key.startsWith("pull/"))
    .toSorted();
}

test("every stream of an active connection is pulled on its connector's schedule, a paused one's is not", async () => {
  await connect("north");
  await connect("south", { state: "paused" });
  await reconcile(options());
  expect(await pulls()).toEqual(["pull/north/calls", "pull/north/deals"]);
  expect((await queues.bull.schedule.getJobScheduler("pull/north/deals"))?.every).toBe(300_000);
});

test("a connection's own streams and schedule go before its connector's", async () => {
  await store.db.updateTable("workspace").set({ time_zone: "Europe/Berlin" }).execute();
  await connect("north", { streams: ["deals"], schedule: JSON.stringify({ cron: "30 6 * * 1-5" }) });
  await reconcile(options());
  expect(await pulls()).toEqual(["pull/north/deals"]);
  expect(await queues.bull.schedule.getJobScheduler("pull/north/deals")).toMatchObject({
    pattern: expect.stringMatching(/^\d{1,2} 30 6 \* \* 1-5$/) as string,
    tz: "Europe/Berlin",
  });
});

test("what did not change keeps its next time, so that a restart delays no pull", async () => {
  await connect("north");
  await reconcile(options());
  const before = await queues.bull.schedule.getJobScheduler("pull/north/deals");
  await reconcile(options());
  expect(await queues.bull.schedule.getJobScheduler("pull/north/deals")).toEqual(before);
});

test("streams of one connection do not all start at the same instant", async () => {
  await connect("north");
  await reconcile(options());
  const all = await queues.bull.schedule.getJobSchedulers();
  const times = all.filter(({ key }) => key.startsWith("pull/")).map(({ next, every = 1 }) => (next ?? 0) % every);
  expect(new Set(times).size).toBe(2);
});

test("a removed connection is no longer pulled, as soon as its removal is announced", async () => {
  await connect("north");
  scheduler = await startScheduler(options());
  expect(await pulls()).toHaveLength(2);
  await store.db.deleteFrom("connections").execute();
  await store.pool.query(`notify ${CHANNELS.connections}`);
  await until(async () => (await pulls()).length === 0);
});

test("what others have due is kept beside the streams", async () => {
  const push: Due = {
    id: "push/geckoboard",
    schedule: { everyS: 60 },
    timeZone: "UTC",
    request: { queue: "deliver", payload: { kind: "push", destination: "geckoboard" } },
  };
  await reconcile({ ...options(), alsoDue: () => Promise.resolve([push]) });
  expect(await queues.bull.schedule.getJobScheduler("push/geckoboard")).toMatchObject({ every: 60_000 });
});
