import type { InboundRequest } from "../core/connector/define.ts";
import type { EngineDeps } from "../core/land/engine.ts";
import { acceptDelivery, type Acceptance, INBOUND } from "../core/land/inbound.ts";
import type { PullJob } from "./queues.ts";

export type InboundDeps = Pick<EngineDeps, "store" | "secrets" | "clock" | "findConnector"> & {
  readonly requestPull: (job: PullJob) => Promise<void>;
};

/** Keeps a vendor's delivery and asks for it to be taken in; see {@link acceptDelivery} for what comes back and what is thrown. */
export async function acceptInbound(
  deps: InboundDeps,
  connectionId: string,
  request: InboundRequest,
): Promise<Acceptance> {
  const outcome = await acceptDelivery(deps, connectionId, request);
  // A duplicate asks as well: the first one may have been kept by a process that died before it could ask.
  const isKept = typeof outcome === "string" ? outcome !== "unsupported" : outcome.status !== "refused";
  if (isKept) await deps.requestPull(inboundJob(connectionId));
  return outcome;
}

/** The job that takes in what a connection was sent. */
export function inboundJob(connectionId: string): PullJob {
  return { connectionId, stream: INBOUND, kind: "inbound", trigger: "webhook", since: null };
}
