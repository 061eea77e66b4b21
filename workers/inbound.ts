import type { InboundRequest } from "../core/connector/define.ts";
import type { EngineDeps } from "../core/land/engine.ts";
import { acceptDelivery, INBOUND } from "../core/land/inbound.ts";
import type { PullJob } from "./queues.ts";

export type InboundDeps = Pick<EngineDeps, "store" | "secrets" | "clock" | "findConnector"> & {
  readonly requestPull: (job: PullJob) => Promise<void>;
};

/** Keeps a vendor's delivery and asks for it to be taken in; see {@link acceptDelivery} for what comes back and what is thrown. */
export async function acceptInbound(
  deps: InboundDeps,
  connectionId: string,
  request: InboundRequest,
): Promise<"accepted" | "duplicate" | "unsupported"> {
  const outcome = await acceptDelivery(deps, connectionId, request);
  // A duplicate asks as well: the first one may have been kept by a process that died before it could ask.
  if (outcome !== "unsupported")
    await deps.requestPull({ connectionId, stream: INBOUND, kind: "inbound", trigger: "webhook", since: null });
  return outcome;
}
