import { createHash } from "node:crypto";
import type { Log } from "../core/base/log.ts";
import type { AnyConnector } from "../core/connector/define.ts";
import type { Schedule } from "../core/schema/tables/setup.ts";
import { activeStreams } from "../core/land/engine.ts";
import { listConnections } from "../core/store/setup/connections.ts";
import type { Db, Store } from "../core/store/db.ts";
import { createListener } from "../core/store/listener.ts";
import { readWorkspace } from "../core/store/setup/workspace.ts";
import type { JobRequest, Queues } from "./queues.ts";

/** Something that is due again and again. */
export type Due = {
  /** Names the scheduler; the same in every process, so that two of them keep one. */
  readonly id: string;
  readonly schedule: Schedule;
  readonly timeZone: string;
  readonly request: JobRequest;
};

/** Connections and settings change rarely, and who changes them says so; this is for a message that got lost. */
const RECONCILE_MS = 30_000;
/** A scheduler whose next time is this long past has lost its job (BullMQ could not write it) and is made anew. */
const OVERDUE_MS = 120_000;
/** Cron schedules are spread over this time, so that "every day at 6" is not one moment for all accounts. */
const CRON_SPREAD_MS = 60_000;

export type Scheduler = { close(): Promise<void> };

export type SchedulerOptions = {
  readonly store: Store;
  readonly queues: Queues;
  readonly connectors: readonly AnyConnector[];
  /** What is due beside the streams and the standing work, such as pushes to destinations. Asked again at every reconciliation. */
  readonly alsoDue?: (db: Db) => Promise<readonly Due[]>;
  readonly log: Log;
};

/**
 * Keeps one BullMQ job scheduler for all that is due, and none for what is not any more: at once when a connection changes, and every half
 * minute. May run in any number of processes.
 */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { log } = options;
  const reconcileSoon = coalesced(async () => reconcile(options), log);

  await reconcile(options);
  const listener = createListener(options.store, ["connections"], log);
  listener.subscribe(reconcileSoon.run);
  await listener.start();
  const timer = setInterval(reconcileSoon.run, RECONCILE_MS);
  return {
    async close() {
      clearInterval(timer);
      await listener.stop();
      await reconcileSoon.settled();
    },
  };
}

/** Does the work one at a time; any number of wishes while it runs become one more. */
function coalesced(
  work: () => Promise<void>,
  log: Log,
): { readonly run: () => void; readonly settled: () => Promise<void> } {
  let current: Promise<void> = Promise.resolve();
  let isWaiting = false;
  return {
    run() {
      if (isWaiting) return;
      isWaiting = true;
      current = current
        .then(async () => {
          isWaiting = false;
          await work();
        })
        .catch((err: unknown) => log.warn({ err }, "what was to be scheduled could not be; it is tried again"));
    },
    settled: () => current,
  };
}

/** Brings the schedulers to what is due now. What stays as it was is not touched: its next time stands. */
export async function reconcile({ store: { db }, queues, connectors, alsoDue }: SchedulerOptions): Promise<void> {
  const due = [...STANDING, ...(await streamsDue(db, connectors)), ...((await alsoDue?.(db)) ?? [])];
  const queue = queues.bull.schedule;
  const existing = new Map((await queue.getJobSchedulers()).map((scheduler) => [scheduler.key, scheduler]));
  for (const one of due) {
    const old = existing.get(one.id);
    existing.delete(one.id);
    const repeat = repeatOf(one);
    const isSame =
      old !== undefined &&
      old.pattern === repeat.pattern &&
      old.tz === repeat.tz &&
      old.every === repeat.every &&
      (old.next ?? 0) > Date.now() - OVERDUE_MS;
    if (!isSame) await queue.upsertJobScheduler(one.id, repeat, { name: "due", data: one.request, opts: TICK });
  }
  for (const id of existing.keys()) await queue.removeJobScheduler(id);
}

/** A tick is nothing to look at once it has become a request. */
const TICK = { removeOnComplete: true, removeOnFail: 100, attempts: 3, backoff: { type: "fixed", delay: 1_000 } };

type Repeat = { every?: number; offset?: number; pattern?: string; tz?: string };

function repeatOf({ id, schedule, timeZone }: Due): Repeat {
  if ("cron" in schedule) return { pattern: withSecond(schedule.cron, id), tz: timeZone };
  const every = schedule.everyS * 1000;
  return { every, offset: spread(id, every) };
}

/** Five fields mean "at second 0": instead a second of the minute that is the stream's own. Six fields are taken as written. */
function withSecond(cron: string, id: string): string {
  const fields = cron.trim().split(/\s+/);
  return fields.length === 5 ? [Math.floor(spread(id, CRON_SPREAD_MS) / 1000), ...fields].join(" ") : cron;
}

/** A number from 0 to below `range`, the same for the same id in every process. */
function spread(id: string, range: number): number {
  return createHash("sha256").update(id).digest().readUInt32BE(0) % Math.max(1, Math.floor(range));
}

const UTC = "UTC";

/** What is due whatever is connected. */
const STANDING: readonly Due[] = [
  {
    id: "measure",
    schedule: { everyS: 60 },
    timeZone: UTC,
    request: { queue: "measure", payload: { reason: "schedule" } },
  },
  {
    id: "tell",
    schedule: { everyS: 60 },
    timeZone: UTC,
    request: { queue: "housekeeping", payload: { task: "tell" } },
  },
  {
    id: "expire",
    schedule: { everyS: 3600 },
    timeZone: UTC,
    request: { queue: "housekeeping", payload: { task: "expire" } },
  },
];

async function streamsDue(db: Db, connectors: readonly AnyConnector[]): Promise<Due[]> {
  const { timeZone } = await readWorkspace(db);
  const connections = (await listConnections(db)).filter(({ state }) => state === "active");
  return connections.flatMap((connection) => {
    const connector = connectors.find(({ key }) => key === connection.connector);
    if (connector === undefined) return [];
    const settings = connector.settings.safeParse(connection.settings);
    // A pull would end at once with the reason; the connection shows it already.
    if (!settings.success) return [];
    return activeStreams(connector, connection, settings.data).map((stream): Due => ({
      id: `pull/${connection.id}/${stream}`,
      schedule: connection.schedule ?? { everyS: connector.everyS },
      timeZone,
      request: {
        queue: "pull",
        payload: { connectionId: connection.id, stream, kind: "pull", trigger: "schedule", since: null },
      },
    }));
  });
}
