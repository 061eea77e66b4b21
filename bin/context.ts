import { statfsSync } from "node:fs";
import { findTributaryError, TributaryError } from "../core/base/errors.ts";
import { type Clock, systemClock } from "../core/base/clock.ts";
import { createLog, type Log } from "../core/base/log.ts";
import { createSecrets, parseSecretKey, type Secrets } from "../core/secrets/index.ts";
import { type DatabaseTarget, openStore, type Store } from "../core/store/db.ts";
import { openEmbedded } from "../core/store/embedded/index.ts";
import { diskFull, recognise } from "../core/store/failures.ts";
import { listConnectionRows } from "../core/store/setup/connection-rows.ts";
import { migrate } from "../core/store/migrate.ts";
import type { AnyConnector } from "../core/connector/define.ts";
import { CONNECTORS } from "../connectors/index.ts";
import type { Env } from "../config/env.ts";
import { openQueues, type Queues } from "../workers/queues.ts";
import type { QueueBackend } from "../workers/queue-backend.ts";
import type { Output } from "./output.ts";
import { readSecretKey } from "./secret-key.ts";

export type Connectors = readonly AnyConnector[];

/** Every part, open. */
export type Hub = {
  readonly env: Env;
  readonly store: Store;
  /** How to reach the same database, for connections of one's own (LISTEN). */
  readonly target: DatabaseTarget;
  readonly backend: QueueBackend;
  readonly queues: Queues;
  readonly secrets: Secrets;
  readonly connectors: Connectors;
  readonly clock: Clock;
  readonly log: Log;
};

export type HubOptions = {
  /** For commands that log as they go; one-shot commands log warnings alone. LOG_LEVEL goes before either. */
  readonly logLevel?: "info" | "warn";
  /** Once interrupted: how long the work may take to end by itself. */
  readonly graceMs?: number;
};

export type CliContext = {
  readonly env: Env;
  readonly out: Output;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /**
   * Opens the hub for the work and closes it after, whatever happens: the embedded database is started when it is not running, brought to this
   * version, and stopped when nobody else uses it.
   */
  withHub<T>(work: (hub: Hub) => Promise<T>, options?: HubOptions): Promise<T>;
};

const GRACE_MS = 5_000;

export function createContext(env: Env, out: Output, signal: AbortSignal): CliContext {
  return {
    env,
    out,
    signal,
    async withHub(work, options = {}) {
      const hub = await openHub(env, options.logLevel ?? "warn");
      try {
        signal.throwIfAborted();
        return await untilInterrupted(work(hub), signal, options.graceMs ?? GRACE_MS);
      } catch (error) {
        throw await withKnownIds(whatFailed(error, env), hub);
      } finally {
        await hub.close();
      }
    },
  };
}

async function openHub(env: Env, logLevel: "info" | "warn"): Promise<Hub & { close(): Promise<void> }> {
  const log = createLog(env.logLevel ?? logLevel);
  // What is open so far is closed in reverse order, also when the next part does not open.
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse())
      await closer().catch((err: unknown) => log.error({ err }, "a part of the hub could not be closed"));
  };
  try {
    const target = await openDatabase(env, log, closers);
    const store = openStore(target, {
      max: POOL_MAX,
      place: databasePlace(env),
      onError: (err) => log.warn({ err }, "a database connection broke"),
    });
    closers.push(() => store.close());
    await migrate(store.db);
    const secrets = createSecrets([
      parseSecretKey(readSecretKey(env)),
      ...env.oldSecretKeys.map((key) => parseSecretKey(key)),
    ]);
    const backend = queueBackend(env, target);
    const queues = await openQueues(backend, log);
    closers.push(() => queues.close());
    return { env, store, target, backend, queues, secrets, connectors: CONNECTORS, clock: systemClock, log, close };
  } catch (error) {
    await close();
    throw whatFailed(error, env);
  }
}

/** A connection that there is not is most often one that was mistyped: those that there are, are named. */
async function withKnownIds(error: unknown, { store }: Hub): Promise<unknown> {
  const known = findTributaryError(error);
  if (known?.code !== "connection.unknown") return error;
  const ids = (await listConnectionRows(store.db)).map(({ id }) => id);
  if (ids.length === 0) return error;
  const { code, kind, message } = known;
  return new TributaryError({ code, kind, message, mend: `There are: ${ids.toSorted().join(", ")}.`, cause: error });
}

/** PostgreSQL's log needs a piece of this size on the disk (one segment of its WAL); without one it stops. */
const LEAST_ROOM = 16 * 1024 ** 2;

/** What a failure means. An embedded database that is gone from a full disk went because of the disk. */
function whatFailed(error: unknown, env: Env): unknown {
  const failure = recognise(error);
  const isGone = failure.code === "store.unreachable";
  if (isGone && env.databaseUrl === null && freeBytes(env.dataDir) < LEAST_ROOM) {
    return diskFull(`the database (${env.dataDir})`, error);
  }
  // What nobody recognised may be an interruption, or a wrong use: that is for the caller to say.
  return failure.kind === "bug" ? error : failure;
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}

/** Connections of one process for queries. A pull holds one for its lock and one for what it lands, and eight run at once. */
const POOL_MAX = 20;

/** The database alone; what has to be given back is added to the closers. */
export async function openDatabase(env: Env, log: Log, closers: (() => Promise<void>)[]): Promise<DatabaseTarget> {
  if (env.databaseUrl !== null) return { connectionString: env.databaseUrl };
  const embedded = await openEmbedded({ dataDir: env.dataDir, log });
  closers.push(() => embedded.release());
  return embedded.target;
}

/** Where the database is, for messages; of an address the host alone, since the rest holds the password. */
export function databasePlace(env: Env): string {
  return env.databaseUrl === null ? env.dataDir : new URL(env.databaseUrl).host;
}

/** The queues live in Redis when there is one, else in a schema of their own beside the data. */
export function queueBackend(env: Env, target: DatabaseTarget): QueueBackend {
  if (env.redisUrl !== null) return { kind: "redis", url: env.redisUrl, prefix: "tributary" };
  return { kind: "postgres", target, schema: "tributary_queue" };
}

/** Ends with the work; once interrupted, after the grace at the latest, throwing the interruption. */
async function untilInterrupted<T>(work: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const interrupted = new Promise<never>((_, reject) => {
    const start = (): void => {
      timer = setTimeout(() => reject(signal.reason as Error), graceMs);
    };
    signal.addEventListener("abort", start, { once: true });
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    clearTimeout(timer);
  }
}
