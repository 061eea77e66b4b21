import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { EventFilters, PausedBy } from "../../schema/tables/outbox.ts";
import type { Db, Tx } from "../db.ts";
import type { EventRow } from "./events.ts";
import { storableJson } from "../client.ts";

/** A receiver of events: a webhook's address, a channel. */
export type Endpoint = {
  readonly id: string;
  /** The key of its destination: `webhooks`. */
  readonly destination: string;
  /** What people know it by: a webhook's address. */
  readonly name: string;
  /** As its destination declares them, with secrets sealed. */
  readonly settings: JsonObject;
  readonly eventTypes: readonly string[];
  readonly isOrdered: boolean;
  /** Of what it is subscribed to, only what fits. */
  readonly filters: EventFilters;
  /** At most so many a second; null: as many as it takes. */
  readonly perSecond: number | null;
  readonly state: "active" | "paused";
  readonly pausedBy: PausedBy | null;
  readonly stateReason: string | null;
  readonly description: string | null;
  /** `api-key:<id>`, `user:<id>`, `config`. */
  readonly createdBy: string;
  /** Of an app's subscription: what the app was allowed, with which it ends. */
  readonly grantId: string | null;
  readonly failuresInARow: number;
  /** Since when nothing has been taken; null: the last attempt succeeded, or there was none. */
  readonly failingSince: Date | null;
  /** Nothing is sent before. */
  readonly notBefore: Date | null;
  readonly createdAt: Date;
};

export type NewEndpoint = Pick<
  Endpoint,
  | "id"
  | "destination"
  | "name"
  | "settings"
  | "eventTypes"
  | "filters"
  | "isOrdered"
  | "perSecond"
  | "description"
  | "createdBy"
> & { readonly grantId?: string | null };

function selectEndpoints(db: Db | Tx) {
  return db
    .selectFrom("webhook_endpoints")
    .select([
      "id",
      "destination",
      "name",
      "settings",
      "event_types as eventTypes",
      "is_ordered as isOrdered",
      "filters",
      "per_second as perSecond",
      "state",
      "paused_by as pausedBy",
      "state_reason as stateReason",
      "description",
      "created_by as createdBy",
      "grant_id as grantId",
      "failures_in_a_row as failuresInARow",
      "failing_since as failingSince",
      "not_before as notBefore",
      "created_at as createdAt",
    ]);
}

export async function insertEndpoint(db: Db | Tx, endpoint: NewEndpoint): Promise<Endpoint> {
  await db
    .insertInto("webhook_endpoints")
    .values({
      ...columns(endpoint),
      id: endpoint.id,
      destination: endpoint.destination,
      created_by: endpoint.createdBy,
      grant_id: endpoint.grantId ?? null,
    })
    .execute();
  return selectEndpoints(db).where("id", "=", endpoint.id).executeTakeFirstOrThrow();
}

/** Changes an endpoint in place: it keeps its id, and with it what is still to be delivered. */
export async function updateEndpoint(tx: Tx, endpoint: NewEndpoint): Promise<void> {
  await tx.updateTable("webhook_endpoints").set(columns(endpoint)).where("id", "=", endpoint.id).execute();
}

function columns(endpoint: NewEndpoint) {
  return {
    name: endpoint.name,
    settings: storableJson(endpoint.settings),
    event_types: [...endpoint.eventTypes],
    filters: storableJson(endpoint.filters),
    per_second: endpoint.perSecond,
    is_ordered: endpoint.isOrdered,
    description: endpoint.description,
  };
}

/** Oldest first. @param destination its receivers alone; absent: all. */
export async function listEndpoints(db: Db | Tx, destination?: string): Promise<Endpoint[]> {
  return selectEndpoints(db)
    .where((eb) => (destination === undefined ? eb.val(true) : eb("destination", "=", destination)))
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

export async function findEndpoint(db: Db | Tx, id: string): Promise<Endpoint | null> {
  return (await selectEndpoints(db).where("id", "=", id).executeTakeFirst()) ?? null;
}

export async function readEndpoints(db: Db | Tx, ids: readonly string[]): Promise<Endpoint[]> {
  if (ids.length === 0) return [];
  return selectEndpoints(db)
    .where("id", "in", [...ids])
    .execute();
}

/** The same, held until the transaction ends; in the order of their ids, so that two who lock some wait for each other and not both. */
export async function lockEndpoints(tx: Tx, ids: readonly string[]): Promise<Endpoint[]> {
  if (ids.length === 0) return [];
  return selectEndpoints(tx)
    .where("id", "in", [...ids])
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
}

export async function saveReceiverState(tx: Tx, endpoint: Endpoint): Promise<void> {
  await tx
    .updateTable("webhook_endpoints")
    .set({
      state: endpoint.state,
      paused_by: endpoint.pausedBy,
      state_reason: endpoint.stateReason,
      failures_in_a_row: endpoint.failuresInARow,
      failing_since: endpoint.failingSince,
      not_before: endpoint.notBefore,
    })
    .where("id", "=", endpoint.id)
    .execute();
}

/** Ends the subscription; what it was still to get goes with it. Returns whether there was one. */
export async function deleteEndpoint(db: Db | Tx, id: string): Promise<boolean> {
  const result = await db.deleteFrom("webhook_endpoints").where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Stops sending; what is due waits until it is resumed. */
export async function pauseEndpoint(db: Db | Tx, id: string, reason: string): Promise<void> {
  await db
    .updateTable("webhook_endpoints")
    .set({ state: "paused", paused_by: "person", state_reason: reason })
    .where("id", "=", id)
    .execute();
}

/** Sends again, beginning with what waited. */
export async function resumeEndpoint(db: Db | Tx, id: string): Promise<boolean> {
  const result = await db
    .updateTable("webhook_endpoints")
    .set({
      state: "active",
      paused_by: null,
      state_reason: null,
      failures_in_a_row: 0,
      failing_since: null,
      not_before: null,
    })
    .where("id", "=", id)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export type DeliveryRow = {
  readonly id: number;
  readonly eventId: string;
  readonly type: string;
  readonly state: "pending" | "delivered" | "failed";
  readonly attemptsMade: number;
  /** Null: there will be none, or its receiver is paused. */
  readonly nextAttemptAt: Date | null;
  readonly deliveredAt: Date | null;
  readonly lastStatusCode: number | null;
  readonly lastError: string | null;
};

/** What was or will be sent to an endpoint, newest first, from below `before` on. */
export async function listDeliveries(
  db: Db,
  endpointId: string,
  limit: number,
  before: number | null,
): Promise<DeliveryRow[]> {
  return db
    .selectFrom("deliveries")
    .innerJoin("outbox", "outbox.id", "deliveries.outbox_id")
    .innerJoin("webhook_endpoints", "webhook_endpoints.id", "deliveries.endpoint_id")
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom("attempts")
          .select(["status_code", "error"])
          .whereRef("attempts.delivery_id", "=", "deliveries.id")
          .orderBy("attempts.id", "desc")
          .limit(1)
          .as("last"),
      (join) => join.onTrue(),
    )
    .select([
      "deliveries.id",
      "outbox.event_id as eventId",
      "outbox.type",
      "deliveries.state",
      "deliveries.attempts_made as attemptsMade",
      sql<Date | null>`case when deliveries.state = 'pending' and webhook_endpoints.state = 'active'
        then greatest(deliveries.next_attempt_at, webhook_endpoints.not_before) end`.as("nextAttemptAt"),
      "deliveries.delivered_at as deliveredAt",
      "last.status_code as lastStatusCode",
      "last.error as lastError",
    ])
    .where("deliveries.endpoint_id", "=", endpointId)
    .where((eb) => (before === null ? sql<boolean>`true` : eb("deliveries.id", "<", before)))
    .orderBy("deliveries.id", "desc")
    .limit(limit)
    .execute();
}

export type AttemptRow = {
  readonly at: Date;
  readonly statusCode: number | null;
  readonly durationMs: number;
  readonly error: string | null;
  /** Null: from before the log kept it. */
  readonly request: JsonObject | null;
  readonly response: JsonObject | null;
};

/** Each attempt of a delivery, oldest first, and what was sent; null: this endpoint has no such delivery. */
export async function readDeliveryLog(
  db: Db,
  endpointId: string,
  deliveryId: number,
): Promise<{ readonly event: EventRow; readonly attempts: readonly AttemptRow[] } | null> {
  const event = await db
    .selectFrom("deliveries")
    .innerJoin("outbox", "outbox.id", "deliveries.outbox_id")
    .select([
      "outbox.id",
      "outbox.event_id as eventId",
      "outbox.type",
      "outbox.occurred_at as occurredAt",
      "outbox.payload as data",
    ])
    .where("deliveries.id", "=", deliveryId)
    .where("deliveries.endpoint_id", "=", endpointId)
    .executeTakeFirst();
  if (event === undefined) return null;
  const attempts = await db
    .selectFrom("attempts")
    .select(["at", "status_code as statusCode", "duration_ms as durationMs", "error", "request", "response"])
    .where("delivery_id", "=", deliveryId)
    .orderBy("id")
    .execute();
  return { event, attempts };
}
