import { createHash } from "node:crypto";
import type { JsonObject } from "../base/json.ts";
import type { Tx } from "../store/db.ts";
import { insertEvents } from "../store/outbox/events.ts";

/** What the hub tells the outside. Each is written in the transaction of what it tells, so none is lost and none is sent for a roll-back. */
export const EVENT_TYPES = [
  "deal.created",
  "deal.won",
  "deal.lost",
  "deal.reopened",
  "deal.stage_changed",
  "kpi.updated",
  "endpoint.failing",
  "endpoint.paused",
  "endpoint.recovered",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export type OutboxEvent = {
  readonly type: EventType;
  /** What happened, in full: the same happening has the same key, and is one event however often it is appended. */
  readonly key: string;
  /** Deliveries of one entity go out in order where the endpoint asks for it. */
  readonly entityKey: string;
  readonly occurredAt: Date;
  readonly data: JsonObject;
};

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
