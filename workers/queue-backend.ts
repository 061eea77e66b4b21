/** The one place that knows whether the queues live in PostgreSQL or in Redis. */
import {
  type BackendFactory,
  createPostgresBackend,
  createRedisBackend,
  type IQueueBackend,
  PostgresConnection,
  PostgresQueueBackend,
  type Processor,
  type Queue,
  type Worker,
  type WorkerOptions,
  withBackend,
} from "bullmq";
import { Cluster, Redis } from "ioredis";
import { TributaryError } from "../core/base/errors.ts";
import type { Log } from "../core/base/log.ts";
import type { DatabaseTarget } from "../core/store/db.ts";

/** Where the queues live. A schema or a prefix keeps apart what shares a server. */
export type QueueBackend =
  | { readonly kind: "postgres"; readonly target: DatabaseTarget; readonly schema: string }
  | { readonly kind: "redis"; readonly url: string; readonly prefix: string };

export type BullQueue = Queue<object, void, string, object, void, string, IQueueBackend, object>;
export type BullWorker = Worker<object, void, string, IQueueBackend, object, object>;

/** BullMQ's two constructors, bound to an open backend. */
export type ConnectedQueues = {
  queue(name: string): BullQueue;
  worker(
    name: string,
    process: Processor<object, void>,
    options: Omit<WorkerOptions<object>, "connection">,
  ): BullWorker;
  /** After queues and workers were closed. */
  readonly close: () => Promise<void>;
};

type Connected = {
  readonly factory: BackendFactory<IQueueBackend, object>;
  /** Handed to the factory by way of the queue's options. */
  readonly connection: object;
  readonly prefix: string;
  readonly close: () => Promise<void>;
};

/** @throws TributaryError `queues.unreachable` */
export async function connectQueues(backend: QueueBackend, log: Log): Promise<ConnectedQueues> {
  const { factory, connection, prefix, close } = await connect(backend, log);
  const bull = withBackend(factory);
  // Without a listener, an error event would end the process; BullMQ connects again by itself.
  const report = (err: Error): void => log.warn({ err }, "the queue reports an error");
  return {
    queue: (name) => new bull.Queue<object, void>(name, { connection, prefix }).on("error", report) as BullQueue,
    worker: (name, process, options) =>
      new bull.Worker<object, void>(name, process, { ...options, connection, prefix }).on(
        "error",
        report,
      ) as BullWorker,
    close,
  };
}

async function connect(backend: QueueBackend, log: Log): Promise<Connected> {
  try {
    return await (backend.kind === "postgres" ? connectPostgres(backend, log) : connectRedis(backend, log));
  } catch (cause) {
    throw new TributaryError({
      code: "queues.unreachable",
      kind: "config",
      message: `The job queues in ${backend.kind === "postgres" ? "PostgreSQL" : "Redis"} cannot be used: ${cause instanceof Error ? cause.message : "unknown reason"}`,
      mend:
        backend.kind === "postgres"
          ? "The database user must be allowed to create a schema in the database."
          : "Check REDIS_URL, and that the server is Redis 6.2 or Valkey 7.2 or later and can be reached from here.",
      cause,
    });
  }
}

/**
 * BullMQ would open a pool for every queue and every worker. Queues only ask, so all of them share one pool of two; a worker
 * needs its own listening connection, and one more for its commands.
 */
async function connectPostgres(
  { target, schema }: Extract<QueueBackend, { readonly kind: "postgres" }>,
  log: Log,
): Promise<Connected> {
  const connection = { ...target, schema, keepAlive: true, application_name: "tributary-queues" };
  const shared = new PostgresConnection({ ...connection, migrate: true, max: 2 });
  shared.on("error", (err: Error) => log.warn({ err }, "the queue's database connection reports an error"));
  await shared.waitUntilReady();
  return {
    connection: { ...connection, max: 1 },
    prefix: "",
    // BullMQ gives its factories the options of the queue that is made; the type of the factory says any queue's.
    factory: (name, options, blocking = {}) =>
      blocking.withBlockingConnection === true || blocking.blocking === true
        ? createPostgresBackend(name, options as Parameters<typeof createPostgresBackend>[1], blocking)
        : new PostgresQueueBackend(shared, name, options as Parameters<typeof createPostgresBackend>[1], false),
    close: () => shared.close(),
  };
}

async function connectRedis(
  { url, prefix }: Extract<QueueBackend, { readonly kind: "redis" }>,
  log: Log,
): Promise<Connected> {
  const [first = "", ...others] = url.split(",");
  const options = { maxRetriesPerRequest: null, lazyConnect: true };
  const client =
    others.length === 0
      ? new Redis(first, options)
      : new Cluster([first, ...others], { lazyConnect: true, redisOptions: options });
  client.on("error", (err: Error) => log.warn({ err }, "the queue's Redis connection reports an error"));
  await client.connect().catch((error: unknown) => {
    client.disconnect(); // It would go on trying for ever.
    throw error;
  });
  return {
    connection: client,
    // Braces keep all keys of the queues in one slot of a cluster, which BullMQ's scripts need.
    prefix: `{${prefix}}`,
    factory: (name, queueOptions, blocking) =>
      createRedisBackend(name, queueOptions as Parameters<typeof createRedisBackend>[1], blocking),
    close: () => Promise.resolve(client.disconnect()),
  };
}
