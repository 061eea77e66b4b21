import { dispatchOutbox, endpointsWithWork } from "../core/store/outbox/deliveries.ts";
import { type PushDeps, pushDestination } from "../dashboards/destinations/push.ts";
import { type DeliverDeps, deliverToEndpoint } from "../dashboards/destinations/deliver.ts";
import type { DeliverJob } from "./queues.ts";

const EVENTS_PER_DISPATCH = 500;

export type DeliverWorkerDeps = DeliverDeps &
  PushDeps & {
    /** Asks for another job of this queue. */
    readonly request: (job: DeliverJob) => Promise<void>;
  };

/**
 * One job of the `deliver` queue:
 * - `dispatch`  hands new events out, then asks for a job for each endpoint that has something due.
 * - `endpoint`  sends one endpoint what is due.
 * - `push`      brings one configured destination up to date.
 */
export async function deliver(deps: DeliverWorkerDeps, job: DeliverJob, signal: AbortSignal): Promise<void> {
  switch (job.kind) {
    case "dispatch": {
      while (!signal.aborted && (await dispatchOutbox(deps.store.db, EVENTS_PER_DISPATCH)) === EVENTS_PER_DISPATCH);
      for (const endpointId of await endpointsWithWork(deps.store.db))
        await deps.request({ kind: "endpoint", endpointId });
      return;
    }
    case "endpoint":
      await deliverToEndpoint(deps, job.endpointId, signal);
      return;
    case "push":
      await pushDestination(deps, job.destination, signal);
      return;
    default:
      job satisfies never;
  }
}
