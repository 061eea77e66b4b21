import type { Endpoint } from "../store/outbox/endpoints.ts";
import type { OutboxEvent } from "./append.ts";
import type { Verdict } from "./judge.ts";

/** What is told of a receiver that fails, is paused for it, or is back. Those that are subscribed to it get it; the receiver itself does not. */
export function noticeEvent(notice: NonNullable<Verdict["notice"]>, endpoint: Endpoint, now: Date): OutboxEvent {
  const { id, destination, name, failingSince, stateReason } = endpoint;
  return {
    type: `endpoint.${notice}`,
    // One outage is told once, however often it is noticed.
    key: `${id}|${(failingSince ?? now).toISOString()}`,
    entityKey: `endpoint/${id}`,
    occurredAt: now,
    data: {
      endpoint: { id, destination, name },
      failing_since: failingSince?.toISOString() ?? null,
      reason: stateReason,
    },
  };
}
