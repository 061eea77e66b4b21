import { deliver } from "../../workers/deliver.ts";
import { expire } from "../../workers/housekeeping.ts";
import { tell } from "../../workers/tell.ts";
import { measure } from "../../workers/measure.ts";
import { createNormaliseProcessor } from "../../workers/normalise.ts";
import { createPullProcessor } from "../../workers/pull.ts";
import { createPullRoom } from "../../workers/pull-room.ts";
import { CONCURRENCY, type Processors } from "../../workers/runtime.ts";
import type { Hub } from "../context.ts";

/** Every processor of the hub, with what each needs. */
export function createProcessors(hub: Hub): Processors {
  const { store, secrets, clock, log, queues, connectors, destinations, env } = hub;
  const { allowPrivateNetworks, fileFolders, closedFolders } = env;
  const requestMeasure = async (): Promise<void> => queues.request({ queue: "measure", payload: { reason: "facts" } });
  return {
    pull: createPullProcessor({
      store,
      secrets,
      clock,
      log,
      connectors,
      allowPrivateNetworks,
      fileFolders,
      closedFolders,
      requestMeasure,
      room: createPullRoom({
        places: CONCURRENCY.pull,
        clock,
        isAwaited: (connectionId) => queues.isPullAwaited(connectionId),
      }),
    }),
    normalise: createNormaliseProcessor({ store, clock, connectors, requestMeasure }),
    async measure(job, context) {
      await measure({ store, secrets, clock, destinations, log: context.log }, job);
    },
    deliver: async (job, context) =>
      deliver({ store, secrets, destinations, clock, allowPrivateNetworks }, job, context.signal),
    housekeeping: async ({ task }, { log: jobLog }) =>
      task === "tell" ? tell({ store, clock, log: jobLog }) : expire({ store, clock, log: jobLog }),
  };
}
