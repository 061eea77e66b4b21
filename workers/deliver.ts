import { type PushDeps, pushDestination } from "../dashboards/destinations/push.ts";
import type { DeliverJob } from "./queues.ts";

/** Brings one destination that is pushed to up to date. Events go to their receivers beside the queues: see courier.ts. */
export async function deliver(deps: PushDeps, job: DeliverJob, signal: AbortSignal): Promise<void> {
  await pushDestination(deps, job.destination, signal);
}
