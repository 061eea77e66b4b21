import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { Db, Tx } from "../db.ts";

/**
 * The way from the outbox to endpoints: each event becomes one delivery per endpoint that wants it, each delivery a number of attempts.
 *
 *   outbox ──dispatch──► deliveries(pending) ──attempt──► delivered
 *                              ▲        │
 *                              └─retry──┴──► failed (attempts used up; `replay` makes it pending again)
 */

/** One thing to send, as claimed for an attempt. */
export type ClaimedDelivery = {
  readonly id: number;
  readonly eventId: string;
  readonly type: string;
  readonly occurredAt: Date;
  readonly data: JsonObject;
  /** 0 on the first attempt. */
  readonly attemptsMade: number;
};

export type AttemptOutcome = {
  readonly statusCode: number | null;
  readonly durationMs: number;
  /** Null: delivered. */
  readonly error: string | null;
};

/**
 * Turns events nobody has handed out yet into deliveries, oldest first, in one transaction.
 *
 * An endpoint gets what was written after it subscribed; `*` stands for every type. A paused endpoint's deliveries wait.
 *
 * @returns how many events were handed out; fewer than `limit` means there are no more.
 */
export async function dispatchOutbox(db: Db, limit = 500): Promise<number> {
  const { rows } = await sql<{ dispatched: number }>`
    with batch as (
      select id, type, created_at from outbox where dispatched_at is null order by id limit ${limit} for update skip locked
    ), fanned as (
      insert into deliveries (endpoint_id, outbox_id)
      select endpoint.id, batch.id
      from batch join webhook_endpoints endpoint
        on batch.created_at >= endpoint.created_at and endpoint.event_types && array[batch.type, '*']
      on conflict (endpoint_id, outbox_id) do nothing
    )
    update outbox set dispatched_at = now() from batch where outbox.id = batch.id returning 1 as dispatched`.execute(
    db,
  );
  return rows.length;
}

/** Endpoints that have something due now. */
export async function endpointsWithWork(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom("deliveries")
    .innerJoin("webhook_endpoints", "webhook_endpoints.id", "deliveries.endpoint_id")
    .where("deliveries.state", "=", "pending")
    .where("deliveries.next_attempt_at", "<=", sql<Date>`now()`)
    .where("webhook_endpoints.state", "=", "active")
    .select("endpoint_id")
    .distinct()
    .execute();
  return rows.map((row) => row.endpoint_id);
}

/**
 * Claims up to `limit` due deliveries of one endpoint, oldest first. A claim holds for `leaseS` seconds: if the claimer dies, the
 * deliveries become due again after that. Where the endpoint asks for order, an entity's next delivery is not due before its earlier
 * ones have been delivered or have failed for good.
 */
export async function claimDeliveries(
  db: Db,
  endpointId: string,
  limit: number,
  leaseS: number,
): Promise<ClaimedDelivery[]> {
  const { rows } = await sql<ClaimedDelivery>`
    with due as (
      select delivery.id
      from deliveries delivery
      join outbox event on event.id = delivery.outbox_id
      join webhook_endpoints endpoint on endpoint.id = delivery.endpoint_id
      where delivery.endpoint_id = ${endpointId} and delivery.state = 'pending' and delivery.next_attempt_at <= now()
        and endpoint.state = 'active'
        and not (endpoint.is_ordered and exists (
          select 1 from deliveries earlier join outbox earlier_event on earlier_event.id = earlier.outbox_id
          where earlier.endpoint_id = delivery.endpoint_id and earlier.state = 'pending'
            and earlier_event.entity_key = event.entity_key and earlier.outbox_id < delivery.outbox_id))
      order by delivery.outbox_id limit ${limit}
      for update of delivery skip locked
    )
    update deliveries set next_attempt_at = now() + make_interval(secs => ${leaseS})
    from due, outbox event
    where deliveries.id = due.id and event.id = deliveries.outbox_id
    returning deliveries.id, event.event_id as "eventId", event.type, event.occurred_at as "occurredAt", event.payload as data,
      deliveries.attempts_made as "attemptsMade"`.execute(db);
  return rows.toSorted((left, right) => left.id - right.id);
}

/** Records an attempt. `retryAt` null after a failure means that it was the last. */
export async function recordAttempt(
  db: Db,
  deliveryId: number,
  outcome: AttemptOutcome,
  retryAt: Date | null,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto("attempts")
      .values({
        delivery_id: deliveryId,
        status_code: outcome.statusCode,
        duration_ms: outcome.durationMs,
        error: outcome.error,
      })
      .execute();
    const isDelivered = outcome.error === null;
    const { endpoint_id } = await tx
      .updateTable("deliveries")
      .set((eb) => ({
        attempts_made: eb("attempts_made", "+", 1),
        state: isDelivered ? "delivered" : retryAt === null ? "failed" : "pending",
        ...(isDelivered ? { delivered_at: sql<Date>`now()` } : {}),
        ...(retryAt === null ? {} : { next_attempt_at: retryAt }),
      }))
      .where("id", "=", deliveryId)
      .returning("endpoint_id")
      .executeTakeFirstOrThrow();
    await tx
      .updateTable("webhook_endpoints")
      .set((eb) => ({ failures_in_a_row: isDelivered ? 0 : eb("failures_in_a_row", "+", 1) }))
      .where("id", "=", endpoint_id)
      .execute();
  });
}

export type Replay = { readonly deliveryId: number } | { readonly since: Date };

/** Makes deliveries of an endpoint due again, whatever came of them: one, or all of events since an instant. Returns how many. */
export async function replayDeliveries(db: Db | Tx, endpointId: string, which: Replay): Promise<number> {
  const result = await db
    .updateTable("deliveries")
    .set({ state: "pending", attempts_made: 0, next_attempt_at: sql<Date>`now()`, delivered_at: null })
    .where("endpoint_id", "=", endpointId)
    .where((eb) =>
      "deliveryId" in which
        ? eb("id", "=", which.deliveryId)
        : eb("outbox_id", "in", eb.selectFrom("outbox").select("outbox.id").where("occurred_at", ">=", which.since)),
    )
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}
