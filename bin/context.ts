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
import type { AnyDestination } from "../core/destination/define.ts";
import type { Env } from "../config/env.ts";
import type { Queues } from "../workers/queues.ts";
import type { QueueBackend } from "../workers/queue-backend.ts";
import type { Output } from "./output.ts";
import { readSecretKey } from "./secret-key.ts";

export type Connectors = readonly AnyConnector[];

/** What there is without queues and connectors, which take longest to load: enough to ask what is stored, and to change it. */
export type Database = {
  readonly env: Env;
  readonly store: Store;
  /** How to reach the same database, for connections of one's own (LISTEN). */
  readonly target: DatabaseTarget;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
};

/** Every part, open. */
export type Hub = Database & {
  readonly backend: QueueBackend;
  readonly queues: Queues;
  readonly connectors: Connectors;
  readonly destinations: readonly AnyDestination[];
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
   * Opens the database for the work and closes it after, whatever happens: the embedded one is started when it is not running, brought to this
   * version, and stopped when nobody else uses it.
   */
  withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /** The same with all the rest of the hub, for work that asks vendors or sets jobs in motion. */
  withHub<T>(work: (hub: Hub) => Promise<T>, options?: HubOptions): Promise<T>;
};

const GRACE_MS = 5_000;

export function createContext(env: Env, out: Output, signal: AbortSignal): CliContext {
  return {
    env,
    out,
    signal,
    withDatabase: async (work) => withParts(env, signal, work, {}),
    withHub: async (work, options = {}) =>
      withParts(env, signal, async (database, closers) => work(await openHub(database, closers)), options),
  };
}

/** What is open so far; closed in reverse order, also when the next part does not open. */
type Closers = (() => Promise<void>)[];

async function withParts<T>(
  env: Env,
  signal: AbortSignal,
  work: (database: Database, closers: Closers) => Promise<T>,
  { logLevel = "warn", graceMs = GRACE_MS }: HubOptions,
): Promise<T> {
  const log = createLog(env.logLevel ?? logLevel);
  const closers: Closers = [];
  let store: Store | null = null;
  try {
    const database = await openParts(env, log, closers);
    ({ store } = database);
    signal.throwIfAborted();
    return await untilInterrupted(work(database, closers), signal, graceMs);
  } catch (error) {
    throw await withKnownIds(whatFailed(error, env), store);
  } finally {
    for (const closer of closers.reverse())
      await closer().catch((err: unknown) => log.error({ err }, "a part of the hub could not be closed"));
  }
}

async function openParts(env: Env, log: Log, closers: Closers): Promise<Database> {
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
  return { env, store, target, secrets, clock: systemClock, log };
}

async function openHub(database: Database, closers: Closers): Promise<Hub> {
  const [{ openQueues }, { CONNECTORS }, { DESTINATIONS }] = await Promise.all([
    import("../workers/queues.ts"),
    import("../connectors/index.ts"),
    import("../dashboards/destinations/index.ts"),
  ]);
  const backend = queueBackend(database.env, database.target);
  const queues = await openQueues(backend, database.log);
  closers.push(() => queues.close());
  return { ...database, backend, queues, connectors: CONNECTORS, destinations: DESTINATIONS };
}

/** A connection that there is not is most often one that was mistyped: those that there are, are named. */
async function withKnownIds(error: unknown, store: Store | null): Promise<unknown> {
  const known = findTributaryError(error);
  if (known?.code !== "connection.unknown" || store === null) return error;
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
export async function openDatabase(env: Env, log: Log, closers: Closers): Promise<DatabaseTarget> {
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
      timer = setTimeout(() => reject(signal.reason as Error), graceMs); // Aborted with an error by the signals' handlers.
    };
    signal.addEventListener("abort", start, { once: true });
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    clearTimeout(timer);
  }
}
