import type { Log } from "../../core/base/log.ts";
import { checkKey, keyProblem } from "../../core/secrets/check.ts";
import { refreshDeclared } from "../../core/setup/connections.ts";
import { readRolesAlive } from "../../core/store/heartbeats.ts";
import { isMigrated } from "../../core/store/migrate.ts";
import type { Due } from "../../workers/schedule.ts";
import type { AnyDestination } from "../../core/destination/define.ts";
import { pushedDestinations } from "../../dashboards/destinations/push.ts";
import { createServer } from "../../dashboards/web/server.ts";
import { startCourier } from "../../workers/courier.ts";
import { acceptInbound } from "../../workers/inbound.ts";
import { startWorkers } from "../../workers/runtime.ts";
import { startScheduler } from "../../workers/schedule.ts";
import type { Hub } from "../context.ts";
import { bullBoard } from "./bull-board.ts";
import { buildConsole } from "./console.ts";
import { createSetup, requestPull } from "./setup.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { createProcessors } from "./processors.ts";
import { DRAIN_MS, type Role } from "./roles.ts";

const CLOSE_GRACE_MS = 5_000;

export type RunningHub = {
  /** Where the server listens; null without the role `api`. */
  readonly url: string | null;
  /** Takes nothing new, lets what runs come to a sound stop, and ends. */
  drain(): Promise<void>;
};

/**
 * Starts the roles of a hub in this process. What is started is stopped again when a later part does not start.
 *
 * @throws TributaryError `server.port_taken`, `queues.unreachable`
 */
export async function runHub(hub: Hub, roles: readonly Role[]): Promise<RunningHub> {
  const { store, queues, connectors, destinations, log, secrets, clock, env } = hub;
  const { allowPrivateNetworks } = env;
  const setup = createSetup(hub);
  const stops: (() => Promise<void>)[] = [];
  // The server goes first and ends first, so that nobody is promised what can't be kept.
  const drain = async (): Promise<void> => {
    for (const stop of stops.splice(0)) await stop().catch((err: unknown) => log.error({ err }, "a part did not stop"));
  };
  try {
    let url: string | null = null;
    if (roles.includes("api")) {
      const console = buildConsole(log);
      stops.push(() => Promise.resolve(console.stop()));
      const server = createServer({
        store,
        clock,
        log,
        connectors,
        setup,
        acceptInbound: async (id, request) =>
          acceptInbound({ ...setup, requestPull: requestPull(queues) }, id, request),
        options: {
          host: env.host,
          port: env.port,
          publicUrl: env.publicUrl,
          trustedProxies: env.trustedProxies,
          allowPrivateNetworks,
          requestsPerMinute: env.requestsPerMinute,
          closeGraceMs: CLOSE_GRACE_MS,
        },
        secrets,
        consoleBuild: console.current,
        routers: { queues: bullBoard(queues) },
        nextPulls: () => queues.nextPulls(),
        health: {
          queue: () => queues.check(),
          isMigrated: () => isMigrated(store.db),
          rolesAlive: () => readRolesAlive(store.db),
          queueDepths: () => queues.depths(),
        },
      });
      ({ url } = await server.listen());
      stops.push(() => server.close());
      log.info({ url }, "the server listens");
    }
    if (roles.includes("scheduler")) {
      const alsoDue = (): Promise<readonly Due[]> => Promise.resolve(pushesDue(destinations));
      const scheduler = await startScheduler({ store, queues, connectors, alsoDue, log });
      stops.push(() => scheduler.close());
    }
    if (roles.includes("worker")) {
      const courier = await startCourier({ store, secrets, destinations, clock, log, allowPrivateNetworks });
      stops.push(() => courier.drain(DRAIN_MS));
      const workers = await startWorkers({
        backend: hub.backend,
        queues,
        processors: createProcessors(hub),
        log,
      });
      stops.pop();
      stops.push(async () => void (await Promise.all([workers.drain(DRAIN_MS), courier.drain(DRAIN_MS)])));
    }
    stops.push(await startHeartbeat(store, roles, log));
    await refreshDeclared({ ...setup, db: store.db });
    const problem = keyProblem(await checkKey(store.db, secrets));
    if (problem !== null) log.error({ code: problem.code }, `${problem.message} ${problem.mend}`);
    log.info({ roles }, "the hub runs");
    return { url, drain: async () => drained(drain, log) };
  } catch (error) {
    await drain();
    throw error;
  }
}

async function drained(drain: () => Promise<void>, log: Log): Promise<void> {
  log.info("the hub is ending: it takes nothing new and lets what runs come to a stop");
  await drain();
}

/** A destination that is not configured has nothing to do and says so at once. */
function pushesDue(destinations: readonly AnyDestination[]): readonly Due[] {
  return pushedDestinations(destinations).map(({ destination: { key }, takes }) => ({
    id: `push/${key}`,
    schedule: { everyS: takes.everyS },
    timeZone: "UTC",
    request: { queue: "deliver", payload: { kind: "push", destination: key } },
  }));
}
