import type { SetupDeps } from "../../core/setup/verb.ts";
import { streamsBehind } from "../../core/store/pulls/rebuild.ts";
import { inboundAddress } from "../../dashboards/web/address.ts";
import { inboundJob } from "../../workers/inbound.ts";
import { createPullDeps } from "../../workers/pull.ts";
import type { PullJob, Queues } from "../../workers/queues.ts";
import type { Hub } from "../context.ts";

/**
 * What the verbs of core/setup need, of a hub that is open.
 *
 * @param publicUrl where vendors reach it, without a slash at the end; absent: as it is configured.
 */
export function createSetup(hub: Hub, publicUrl: string | null = hub.env.publicUrl): SetupDeps {
  const { queues, env } = hub;
  const request = requestPull(queues);
  const requestMeasure = async (): Promise<void> => queues.request({ queue: "measure", payload: { reason: "facts" } });
  return {
    ...createPullDeps({ ...hub, ...env }),
    requestPull: ({ since, ...rest }) => request({ ...rest, since: since?.toISOString() ?? null }),
    requestInbound: (connectionId) => request(inboundJob(connectionId)),
    requestMeasure,
    requestRebuild: async () => {
      for (const { connectionId, stream } of await streamsBehind(hub.store.db))
        await queues.request({ queue: "normalise", payload: { connectionId, stream, fromStart: false } });
      await requestMeasure();
    },
    inboundAddress: publicUrl === null ? null : (id, token) => inboundAddress(publicUrl, id, token),
  };
}

/** Whoever asks waits for it: such a pull goes before what the schedule asks for. */
export function requestPull(queues: Queues): (payload: PullJob) => Promise<void> {
  return async (payload) => queues.request({ queue: "pull", payload }, { isUrgent: payload.trigger !== "schedule" });
}
