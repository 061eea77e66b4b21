import { DelayedError, type Job, UnrecoverableError, WaitingError } from "bullmq";
import { type Clock, systemClock } from "../core/base/clock.ts";
import type { TributaryError } from "../core/base/errors.ts";
import type { Log } from "../core/base/log.ts";
import { recognise } from "../core/store/failures.ts";
import { type BullWorker, connectQueues, type QueueBackend } from "./queue-backend.ts";
import {
  type JobPayloads,
  type JobRequest,
  QUEUE_NAMES,
  type QueueName,
  type Queues,
  type WorkQueueName,
} from "./queues.ts";

/** What a processor gets beside its payload. */
export type JobContext = {
  readonly jobId: string;
  readonly log: Log;
  /**
   * Aborted when the process is to end, or another worker has been given the job. A processor looks at it between two steps that each
   * leave a sound state (a page), and throws `signal.reason`: the job then waits for another worker, with no attempt used.
   */
  readonly signal: AbortSignal;
  /** Shown in Bull Board. */
  readonly progress: (value: object) => Promise<void>;
};

/** Throws TributaryError; its kind decides what becomes of the job (docs/errors.md). */
export type Processors = {
  readonly [Name in WorkQueueName]: (payload: JobPayloads[Name], context: JobContext) => Promise<void>;
};

export type Workers = {
  /** Takes no more jobs, tells the running ones to stop at their next page, and returns when they have or after `graceMs`. Once. */
  drain(graceMs: number): Promise<void>;
};

/** How many jobs of a queue one process runs at once. Pulls wait for vendors most of the time. */
export const CONCURRENCY: Readonly<Record<QueueName, number>> = {
  pull: 8,
  normalise: 2,
  measure: 1,
  deliver: 8,
  housekeeping: 1,
  schedule: 4,
};

/** A worker that was killed holds its jobs no longer than this; another then takes them. */
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 5_000;
/** Jobs can be repeated at no harm, so being killed often is no reason to give one up. */
const MAX_STALLED = 1_000;
/**
 * PostgreSQL tells a worker of a job, and a worker knows when the next delayed one is due; so an idle one needs to look only for what got lost. BullMQ's
 * own 5 seconds are three queries each for six queues, for as long as nothing happens.
 */
const LOOK_AGAIN_S = 30;
/** For errors of the backend itself (it restarts, say). */
const BACKEND_RETRY_MS = 1_000;
/** For a vendor that says "wait" and not for how long. */
const DEFAULT_WAIT_MS = 30_000;

export type WorkerOptions = {
  readonly backend: QueueBackend;
  readonly queues: Queues;
  readonly processors: Partial<Processors>;
  readonly log: Log;
  readonly clock?: Clock;
  readonly concurrency?: Partial<Record<QueueName, number>>;
};

/**
 * Starts a worker for each queue that has a processor, and the one that turns what is due into requests. On PostgreSQL each
 * holds two connections: twelve for a process that works on all six queues.
 *
 * @throws TributaryError `queues.unreachable`
 */
export async function startWorkers(options: WorkerOptions): Promise<Workers> {
  const { backend, queues, log } = options;
  const connected = await connectQueues(backend, log);
  const draining = new AbortController();
  const processors: { readonly [Name in QueueName]?: Run } = {
    ...(options.processors as { readonly [Name in WorkQueueName]?: Run }),
    // Of several, the payload type that fits is the queue's own: only `request` and the scheduler write there.
    schedule: async (payload) => queues.request(payload as JobRequest),
  };
  const workers: BullWorker[] = [];
  for (const name of QUEUE_NAMES) {
    const run = processors[name];
    if (run === undefined) continue;
    const process = processor(run, { draining: draining.signal, log, clock: options.clock ?? systemClock });
    const worker = connected.worker(name, process, {
      concurrency: options.concurrency?.[name] ?? CONCURRENCY[name],
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MAX_STALLED,
      runRetryDelay: BACKEND_RETRY_MS,
      ...(backend.kind === "postgres" ? { drainDelay: LOOK_AGAIN_S } : {}),
    });
    // Its lock is lost: another worker may have the job by now, so this one lets go of it.
    worker.on("lockRenewalFailed", (jobIds) => {
      for (const jobId of jobIds) worker.cancelJob(jobId, "the job's lock is lost");
    });
    workers.push(worker);
  }
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  let drained: Promise<void> | null = null;
  const drain = async (graceMs: number): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.pause(true)));
    draining.abort(new Error("the process is to end"));
    const closing = Promise.all(workers.map((worker) => worker.close()));
    const inTime = await within(closing, graceMs);
    if (!inTime) log.warn({ graceMs }, "jobs were still running; another worker takes them up");
    await connected.close();
  };
  return { drain: (graceMs) => (drained ??= drain(graceMs)) };
}

type Run = (payload: object, context: JobContext) => Promise<void>;

type Frame = { readonly draining: AbortSignal; readonly log: Log; readonly clock: Clock };

/** The outermost frame of every job: the one place where an error becomes what happens to the job. */
function processor(
  run: Run,
  { draining, log, clock }: Frame,
): (job: Job<object, void>, token?: string, lockLost?: AbortSignal) => Promise<void> {
  return async (job, token, lockLost) => {
    const jobLog = log.child({ queue: job.queueName, job: job.id });
    const signal = AbortSignal.any(lockLost === undefined ? [draining] : [draining, lockLost]);
    try {
      // A fetch that was under way when the drain began may have brought it.
      signal.throwIfAborted();
      const progress = (value: object): Promise<void> => job.updateProgress(value);
      await run(job.data, { jobId: job.id ?? "", log: jobLog, signal, progress });
    } catch (error) {
      if (lockLost?.aborted === true) throw error; // The backend knows that the job is no longer ours.
      if (draining.aborted) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      const known = recognise(error);
      if (known.kind === "rate_limited") {
        await job.moveToDelayed(waitUntil(known, clock.now()), token);
        throw new DelayedError();
      }
      jobLog.warn({ err: error, code: known.code, kind: known.kind }, known.message);
      if (known.kind === "transient") throw known;
      throw unrecoverable(known);
    }
  };
}

function waitUntil(error: TributaryError, now: Date): number {
  return Math.max(error.retryAt?.getTime() ?? now.getTime() + DEFAULT_WAIT_MS, now.getTime() + 1);
}

function unrecoverable(known: TributaryError): UnrecoverableError {
  const error = new UnrecoverableError(known.toString());
  error.cause = known;
  return error;
}

async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeOut = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), timeOut]);
  } finally {
    clearTimeout(timer);
  }
}
