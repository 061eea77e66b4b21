import { sql } from "kysely";
import type { Db, Tx } from "../db.ts";
import { fits } from "./fits.ts";

/**
 * The way from the outbox to endpoints: each event becomes one delivery per endpoint that wants it, each delivery a number of attempts.
 *
 *   outbox ──dispatch──► deliveries(pending) ──attempt──► delivered
 *                              ▲        │
 *                              └─retry──┴──► failed (attempts used up; `replay` makes it pending again)
 */

/**
 * Turns events nobody has handed out yet into deliveries, oldest first, in one transaction.
 *
 * An endpoint gets what was written after it subscribed and fits its filters; `*` stands for every type. It is not told of itself. A paused
 * endpoint's deliveries wait.
 *
 * @returns how many events were handed out; fewer than `limit` means there are no more.
 */
export async function dispatchOutbox(db: Db, now: Date, limit: number): Promise<number> {
  const { rows } = await sql<{ dispatched: number }>`
    with batch as (
      select id, type, entity_key, created_at, payload::jsonb as payload from outbox where dispatched_at is null order by id limit ${limit} for update skip locked
    ), fanned as (
      insert into deliveries (endpoint_id, outbox_id, next_attempt_at)
      select endpoint.id, batch.id, ${now}
      from batch join webhook_endpoints endpoint
        on batch.created_at >= endpoint.created_at and endpoint.event_types && array[batch.type, '*']
          and batch.entity_key <> 'endpoint/' || endpoint.id
          and ${fits}
      on conflict (endpoint_id, outbox_id) do nothing
    )
    update outbox set dispatched_at = now() from batch where outbox.id = batch.id returning 1 as dispatched`.execute(
    db,
  );
  return rows.length;
}

/** Whether there is an event that nobody has handed out, or a delivery that has not arrived. */
export async function hasUndelivered(db: Db): Promise<boolean> {
  const { rows } = await sql<{ is: boolean }>`
    select exists (select from outbox where dispatched_at is null) or exists (select from deliveries where state = 'pending') as is`.execute(
    db,
  );
  return rows[0]?.is === true;
}

/** Which deliveries: one, those of events that happened in a time (`until` exclusive; null: without an end), or all that were given up. */
export type Replay =
  | { readonly deliveryId: number }
  | { readonly since: Date; readonly until: Date | null; readonly onlyFailed: boolean }
  | { readonly onlyFailed: true };

/** Makes deliveries of an endpoint due again, under the ids that they had. Returns how many. */
export async function replayDeliveries(db: Db | Tx, endpointId: string, which: Replay, now: Date): Promise<number> {
  const chosen = replayed(which);
  const { numAffectedRows } = await sql`
    update deliveries d
    set state = 'pending', attempts_made = 0, tries_used = 0, next_attempt_at = ${now}, delivered_at = null, is_replay = true
    from outbox o
    where o.id = d.outbox_id and d.endpoint_id = ${endpointId} and ${chosen}`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** How many it would be. */
export async function countReplay(db: Db | Tx, endpointId: string, which: Replay): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from deliveries d join outbox o on o.id = d.outbox_id
    where d.endpoint_id = ${endpointId} and ${replayed(which)}`.execute(db);
  return rows[0]?.count ?? 0;
}

function replayed(which: Replay) {
  if ("deliveryId" in which) return sql<boolean>`d.id = ${which.deliveryId}`;
  if (!("since" in which)) return sql<boolean>`d.state = 'failed'`;
  return sql<boolean>`o.occurred_at >= ${which.since} and (${which.until}::timestamptz is null or o.occurred_at < ${which.until})
    and (d.state = 'failed' or not ${which.onlyFailed})`;
}

/** Makes an event due at one endpoint alone, whatever that is subscribed to. The event has just been written in this transaction. */
export async function deliverTo(tx: Tx, endpointId: string, eventId: string, now: Date): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    with event as (
      update outbox set dispatched_at = ${now} where event_id = ${eventId} returning id
    )
    insert into deliveries (endpoint_id, outbox_id, next_attempt_at)
    select ${endpointId}, event.id, ${now} from event returning id`.execute(tx);
  return rows[0]?.id ?? 0;
}
