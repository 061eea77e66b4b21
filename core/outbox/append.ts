import { createHash } from "node:crypto";
import type { EventData, EventType } from "./catalogue.ts";
import type { Tx } from "../store/db.ts";
import { insertEvents } from "../store/outbox/events.ts";

/**
 * Something that happened, to be told outside. Each is written in the transaction of what it tells, so none is lost and none is sent for a
 * roll-back.
 */
export type OutboxEvent = {
  [Type in EventType]: {
    readonly type: Type;
    /** What happened, in full: the same happening has the same key, and is one event however often it is appended. */
    readonly key: string;
    /** Deliveries of one entity go out in order where the endpoint asks for it. */
    readonly entityKey: string;
    readonly occurredAt: Date;
    readonly data: EventData<Type>;
  };
}[EventType];

/** The id of an event, stable for ever: `evt_` and 32 hexadecimal digits of SHA-256 over type and key. Also its `webhook-id`. */
export function eventId(type: EventType, key: string): string {
  return `evt_${createHash("sha256").update(`${type}|${key}`).digest("hex").slice(0, 32)}`;
}

/** Writes events, in their order; those that are there already stay as they were. */
export async function appendEvents(tx: Tx, events: readonly OutboxEvent[]): Promise<void> {
  await insertEvents(
    tx,
    events.map((event) => ({ ...event, eventId: eventId(event.type, event.key) })),
  );
}
