import { afterEach, beforeAll, expect, test } from "vitest";
import { type ErrorKind, TributaryError } from "../../core/base/errors.ts";
import { silentLog } from "../../core/base/log.ts";
import { databaseFailure } from "../../core/store/failures.ts";
import type { QueueBackend } from "../../workers/queue-backend.ts";
import { openQueues, type PullJob, type Queues } from "../../workers/queues.ts";
import { type JobContext, type Processors, startWorkers, type Workers } from "../../workers/runtime.ts";
import { testQueueBackend } from "../support/queue-backend.ts";
import { until } from "../support/until.ts";

let backend: QueueBackend;
let queues: Queues;
const running: Workers[] = [];

beforeAll(async () => {
  backend = await testQueueBackend();
  queues = await openQueues(backend, silentLog);
  return () => queues.close();
});

afterEach(async () => {
  for (const workers of running.splice(0)) await workers.drain(5_000);
  for (const queue of Object.values(queues.bull)) await queue.obliterate({ force: true });
});

async function work(processors: Partial<Processors>): Promise<Workers> {
  const workers = await startWorkers({ backend, queues, processors, log: silentLog });
  running.push(workers);
  return workers;
}

const pull = (stream: string, kind: PullJob["kind"] = "pull"): { queue: "pull"; payload: PullJob } => ({
  queue: "pull",
  payload: { connectionId: "acme", stream, kind, trigger: "manual", since: null },
});

const failWith = (kind: ErrorKind, retryAt?: Date): TributaryError =>
  new TributaryError({
    code: "test.failed",
    kind,
    message: "It failed.",
    mend: "Nothing.",
    ...(retryAt === undefined ? {} : { retryAt }),
  });

async function jobs(): Promise<{ readonly [state: string]: number }> {
  return queues.bull.pull.getJobCounts("waiting", "active", "delayed", "completed", "failed");
}

/** A promise and what settles it: lets a test hold a job at a known point. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test.each(["config", "auth", "ended", "contract", "bug"] as const)(
  "an error of kind %s fails the job without a retry",
  async (kind) => {
    await work({ pull: () => Promise.reject(failWith(kind)) });
    await queues.request(pull("deals"));
    await until(async () => (await jobs())["failed"] === 1);
    const [job] = await queues.bull.pull.getFailed();
    expect(job?.attemptsMade).toBe(1);
    expect(job?.failedReason).toBe("It failed. [test.failed] Nothing.");
  },
);

test("an error that nobody recognises is a bug: no blind retry", async () => {
  await work({ pull: () => Promise.reject(new TypeError("x is not a function")) });
  await queues.request(pull("deals"));
  await until(async () => (await jobs())["failed"] === 1);
  const [job] = await queues.bull.pull.getFailed();
  expect(job?.failedReason).toContain("internal.unexpected");
});

test("a transient error is tried again, later", async () => {
  let calls = 0;
  await work({
    pull: () => {
      calls += 1;
      return calls === 1 ? Promise.reject(failWith("transient")) : Promise.resolve();
    },
  });
  await queues.request(pull("deals"));
  await until(async () => (await jobs())["completed"] === 1);
  expect(calls).toBe(2);
});

test("a database that goes away under a job counts as transient", async () => {
  // As a statement fails whose line has been cut: where it was asked, it becomes the database's.
  const cut = databaseFailure(new Error("Connection terminated unexpectedly"), null);
  await work({ pull: () => Promise.reject(cut ?? new Error("it was not recognised")) });
  await queues.request(pull("deals"));
  await until(async () => (await jobs())["delayed"] === 1);
});

test("a rate limit delays the job to the vendor's time and uses up no attempt", async () => {
  const retryAt = new Date(Date.now() + 3_600_000);
  await work({ pull: () => Promise.reject(failWith("rate_limited", retryAt)) });
  await queues.request(pull("deals"));
  await until(async () => (await jobs())["delayed"] === 1);
  const [job] = await queues.bull.pull.getDelayed();
  expect(job?.attemptsMade).toBe(0);
  expect((job?.timestamp ?? 0) + (job?.delay ?? 0)).toBeGreaterThan(retryAt.getTime() - 60_000);
});

test("a rate-limited stream delays only itself", async () => {
  const done: string[] = [];
  await work({
    pull: async ({ stream }) => {
      if (stream === "deals") throw failWith("rate_limited", new Date(Date.now() + 3_600_000));
      done.push(stream);
    },
  });
  await queues.request(pull("deals"));
  await queues.request(pull("calls"));
  await until(() => done.length === 1);
});

test("asking often for what waits does the work once", async () => {
  for (let i = 0; i < 5; i += 1) await queues.request(pull("deals"));
  expect(await jobs()).toMatchObject({ waiting: 1 });
});

test("asking while the work runs makes it run once more after, never beside", async () => {
  const first = gate();
  let atOnce = 0;
  let most = 0;
  let runs = 0;
  await work({
    pull: async () => {
      runs += 1;
      atOnce += 1;
      most = Math.max(most, atOnce);
      if (runs === 1) await first.opened;
      atOnce -= 1;
    },
  });
  await queues.request(pull("deals"));
  await until(() => runs === 1);
  for (let i = 0; i < 3; i += 1) await queues.request(pull("deals"));
  first.open();
  await until(async () => (await jobs())["completed"] === 2);
  expect({ runs, most }).toEqual({ runs: 2, most: 1 });
});

test("asking after the work is done does it again", async () => {
  await work({ pull: () => Promise.resolve() });
  await queues.request(pull("deals"));
  await until(async () => (await jobs())["completed"] === 1);
  await queues.request(pull("deals"));
  await until(async () => (await jobs())["completed"] === 2);
});

test("a full pull is not swallowed by an ordinary one that waits", async () => {
  await queues.request(pull("deals"));
  await queues.request(pull("deals", "full"));
  expect(await jobs()).toMatchObject({ waiting: 2 });
});

test("a person who asks does not wait for the next attempt", async () => {
  await queues.request(pull("deals"), { delayMs: 3_600_000 });
  await queues.request(pull("deals"), { isUrgent: true });
  let calls = 0;
  await work({ pull: () => Promise.resolve(void (calls += 1)) });
  await until(() => calls === 1);
});

test("a drain stops running jobs at their next page, and another worker takes them up without using an attempt", async () => {
  const started = gate();
  const untilAborted = async (_: PullJob, { signal }: JobContext): Promise<void> => {
    started.open();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    signal.throwIfAborted();
  };
  const one = await work({ pull: untilAborted });
  await queues.request(pull("deals"));
  await started.opened;
  await one.drain(5_000);
  expect(await jobs()).toMatchObject({ waiting: 1, active: 0 });
  let taken = 0;
  await work({ pull: () => Promise.resolve(void (taken += 1)) });
  await until(async () => (await jobs())["completed"] === 1);
  const [job] = await queues.bull.pull.getCompleted();
  expect({ taken, attempts: job?.attemptsMade }).toEqual({ taken: 1, attempts: 1 });
});

test("a drain lets a job finish that is about to", async () => {
  const started = gate();
  const finish = gate();
  const workers = await work({
    pull: async () => {
      started.open();
      await finish.opened;
    },
  });
  await queues.request(pull("deals"));
  await started.opened;
  const drained = workers.drain(5_000);
  finish.open();
  await drained;
  expect(await jobs()).toMatchObject({ completed: 1, waiting: 0, active: 0 });
});

test("two processes share the jobs, each job going to one of them", async () => {
  const done: string[] = [];
  const note = (stream: PullJob): Promise<void> => Promise.resolve(void done.push(stream.stream));
  await work({ pull: note });
  await work({ pull: note });
  const streams = Array.from({ length: 30 }, (_, i) => `stream-${i}`);
  await Promise.all(streams.map((stream) => queues.request(pull(stream))));
  await until(async () => (await jobs())["completed"] === 30);
  expect(done.toSorted()).toEqual(streams.toSorted());
});

test("what is due becomes a request like any other", async () => {
  let measured = 0;
  await work({ measure: () => Promise.resolve(void (measured += 1)) });
  const request = { queue: "measure", payload: { reason: "schedule" } };
  await queues.bull.schedule.upsertJobScheduler("measure", { every: 60_000 }, { name: "due", data: request });
  await until(() => measured === 1);
});

test("opening the queues from many processes at once makes their schema once", async () => {
  const fresh = await testQueueBackend();
  const opened = await Promise.all(Array.from({ length: 4 }, () => openQueues(fresh, silentLog)));
  await opened[0]?.request(pull("deals"));
  expect((await opened[3]?.depths())?.["pull"]).toMatchObject({ waiting: 1 });
  await Promise.all(opened.map((one) => one.close()));
});
