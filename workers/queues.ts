import type { JobsOptions } from "bullmq";
import type { Log } from "../core/base/log.ts";
import type { RunKind, RunTrigger } from "../core/schema/tables/pulls.ts";
import { type BullQueue, connectQueues, type QueueBackend } from "./queue-backend.ts";

/** The only place where a queue is named. Jobs carry ids, never payloads. */
export const QUEUE_NAMES = ["pull", "normalise", "measure", "deliver", "housekeeping", "schedule"] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** Pull one stream of one connection (or, for kind `inbound`, take in what its webhook has delivered). */
export type PullJob = {
  readonly connectionId: string;
  readonly stream: string;
  readonly kind: Extract<RunKind, "pull" | "full" | "inbound">;
  readonly trigger: RunTrigger;
  /** ISO instant; only for a backfill that overrides the connection's own. */
  readonly since: string | null;
};

/** Make facts of what landed and was not normalised yet; with `fromStart`, of everything (a replay). */
export type NormaliseJob = { readonly connectionId: string; readonly stream: string; readonly fromStart: boolean };

/** Compute the watched KPIs and store what changed. */
export type MeasureJob = { readonly reason: "facts" | "schedule" };

/** Push to one destination. */
export type DeliverJob = { readonly kind: "push"; readonly destination: string };

/** Take away what has served its time, or tell what is due by the clock. */
export type HousekeepingJob = { readonly task: "expire" | "tell" };

/**
 * What is due becomes a request. The schedulers' own jobs cannot be deduplicated (BullMQ), so they carry this and the
 * real job is asked for as everyone else asks.
 */
export type ScheduleJob = JobRequest;

export type JobPayloads = {
  readonly pull: PullJob;
  readonly normalise: NormaliseJob;
  readonly measure: MeasureJob;
  readonly deliver: DeliverJob;
  readonly housekeeping: HousekeepingJob;
  readonly schedule: ScheduleJob;
};

/** The queues that do the work; `schedule` only asks for it. */
export type WorkQueueName = Exclude<QueueName, "schedule">;

/** One job, asked for. */
export type JobRequest = {
  [Name in WorkQueueName]: { readonly queue: Name; readonly payload: JobPayloads[Name] };
}[WorkQueueName];

/**
 * What counts as the same work. While such a job waits, asking again changes nothing; while it runs, asking again (any number
 * of times) makes one more run after it, with the latest payload: what changed since the job looked is not missed, and two never run at
 * once. Work that asks for more than a waiting job would do (a full pull, a backfill) is another piece of work.
 */
export function deduplicationId(request: JobRequest): string {
  switch (request.queue) {
    case "pull": {
      const { kind, connectionId, stream, since } = request.payload;
      return `${kind}/${connectionId}/${stream}${since === null ? "" : "/since"}`;
    }
    case "normalise": {
      const { connectionId, stream, fromStart } = request.payload;
      return `normalise/${connectionId}/${stream}${fromStart ? "/from-start" : ""}`;
    }
    case "measure":
      return "measure";
    case "deliver":
      return `push/${request.payload.destination}`;
    case "housekeeping":
      return request.payload.task;
    default:
      return request satisfies never;
  }
}

/** Waiting pulls that are looked at, to see whose they are. */
const LOOKED_AT = 50;

/** About 17 minutes of patience with a `transient` error; what is pulled on a schedule is tried again by that anyway. */
const ATTEMPTS = 10;
const FIRST_RETRY_MS = 1_000;

/** For every job. Finished ones are kept for people to look at, within bounds. */
export const JOB_OPTIONS: JobsOptions = {
  attempts: ATTEMPTS,
  // Half of the delay is drawn at random, so that what failed together does not come back together.
  backoff: { type: "exponential", delay: FIRST_RETRY_MS, jitter: 0.5 },
  removeOnComplete: { count: 200, age: 24 * 3600 },
  removeOnFail: { count: 1_000, age: 7 * 24 * 3600 },
};

export type RequestOptions = {
  readonly delayMs?: number;
  /** A person asks: a job that waits for its next attempt goes now. */
  readonly isUrgent?: boolean;
};

/** The asking side of the queues. */
export type Queues = {
  /** Asks for a job; see {@link deduplicationId} for asking twice. Returns when the queue has it. */
  request(request: JobRequest, options?: RequestOptions): Promise<void>;
  /** For Bull Board and the schedulers. */
  readonly bull: { readonly [Name in QueueName]: BullQueue };
  /** Whether a pull of another connection than this one waits for a worker; of so many as are looked at. */
  isPullAwaited(connectionId: string): Promise<boolean>;
  /** When the next stream of each connection is due. */
  nextPulls(): Promise<ReadonlyMap<string, Date>>;
  /** Jobs by queue and state. */
  depths(): Promise<{ readonly [queue: string]: { readonly [state: string]: number } }>;
  /** Rejects when the queues cannot be reached. */
  check(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Opens the queues; on PostgreSQL it makes or updates their schema first, safely from many processes at once.
 * Holds at most two connections (PostgreSQL) or one (Redis), shared by all queues.
 *
 * @throws TributaryError `queues.unreachable`
 */
export async function openQueues(backend: QueueBackend, log: Log): Promise<Queues> {
  const connected = await connectQueues(backend, log);
  const bull = Object.fromEntries(QUEUE_NAMES.map((name) => [name, connected.queue(name)])) as {
    [Name in QueueName]: BullQueue;
  };
  return {
    bull,
    async request(request, { delayMs = 0, isUrgent = false } = {}) {
      const deduplication = { id: deduplicationId(request), keepLastIfActive: true, reschedule: isUrgent };
      await bull[request.queue].add(request.queue, request.payload, { ...JOB_OPTIONS, delay: delayMs, deduplication });
    },
    async isPullAwaited(connectionId) {
      const waiting = await bull.pull.getWaiting(0, LOOKED_AT);
      // Written by `request` alone.
      return waiting.some((job) => (job.data as PullJob).connectionId !== connectionId);
    },
    async nextPulls() {
      const next = new Map<string, Date>();
      for (const { key, next: dueMs } of await bull.schedule.getJobSchedulers()) {
        const connectionId = /^pull\/([^/]+)\//.exec(key)?.[1];
        const earlier = connectionId === undefined ? undefined : next.get(connectionId);
        if (connectionId === undefined || dueMs === undefined || (earlier?.getTime() ?? Infinity) <= dueMs) continue;
        next.set(connectionId, new Date(dueMs));
      }
      return next;
    },
    async depths() {
      const counts = await Promise.all(
        QUEUE_NAMES.map(async (name) => [name, await bull[name].getJobCounts()] as const),
      );
      return Object.fromEntries(counts);
    },
    async check() {
      await bull.pull.getJobCounts("waiting");
    },
    async close() {
      await Promise.all(Object.values(bull).map((queue) => queue.close()));
      await connected.close();
    },
  };
}
