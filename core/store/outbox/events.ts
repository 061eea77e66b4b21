import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { Db } from "../db.ts";

/** Something that happened, as it is told outside. */
export type EventRow = {
  readonly id: number;
  readonly eventId: string;
  readonly type: string;
  readonly occurredAt: Date;
  readonly data: JsonObject;
};

/** Events of one type in the order in which they were written, newest first, from below `before` on. */
export async function listEvents(db: Db, type: string, limit: number, before: number | null): Promise<EventRow[]> {
  return db
    .selectFrom("outbox")
    .select(["id", "event_id as eventId", "type", "occurred_at as occurredAt", "payload as data"])
    .where("type", "=", type)
    .where((eb) => (before === null ? sql<boolean>`true` : eb("id", "<", before)))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}
