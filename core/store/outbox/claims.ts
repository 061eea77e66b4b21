import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { Db } from "../db.ts";

/** One thing to send, taken for an attempt. */
export type ClaimedDelivery = {
  readonly id: number;
  readonly endpointId: string;
  readonly eventId: string;
  readonly type: string;
  readonly occurredAt: Date;
  readonly data: JsonObject;
  /** Attempts that were made of it, and those that count against its ten. */
  readonly attemptsMade: number;
  readonly triesUsed: number;
  readonly isReplay: boolean;
};

export type Claim = {
  readonly now: Date;
  /** How long the claim holds: if the claimer dies, what it holds is due again after that. */
  readonly leaseS: number;
  /** How many of one receiver; of those that the claimer knows, how many it has room for. */
  readonly most: number;
  readonly room: ReadonlyMap<string, number>;
  /** Receivers with this many failures in a row get one thing at a time. */
  readonly probedAfter: number;
};

/**
 * Takes what is due, of every receiver some: nobody waits for another. Oldest first. Where a receiver asks for order, an entity's next
 * delivery is not due before its earlier ones have been delivered or given up. Of a receiver that backs off one thing is taken, whenever that
 * was to be tried again.
 */
export async function claimDeliveries(db: Db, claim: Claim): Promise<ClaimedDelivery[]> {
  const { now, most } = claim;
  const until = new Date(now.getTime() + claim.leaseS * 1000);
  const { rows } = await sql<ClaimedDelivery>`
    with room as (
      select * from unnest(${[...claim.room.keys()]}::uuid[], ${[...claim.room.values()]}::int[]) r (id, n)
    ), receiver as (
      select e.id, e.is_ordered, e.per_second, is_probed, paid_from, least(
        coalesce(room.n, case when is_probed then 1 else ${most}::int end),
        case when e.per_second is not null then floor(extract(epoch from ${now}::timestamptz - paid_from) * e.per_second + 1e-6) end)::int as n
      from webhook_endpoints e left join room on room.id = e.id
        cross join lateral (select e.failures_in_a_row >= ${claim.probedAfter} or e.paused_by is not distinct from 'failures' as is_probed) p
        cross join lateral (
          select greatest(e.paid_until, ${now}::timestamptz - make_interval(secs => greatest(1, 1 / e.per_second))) as paid_from) q
      where (e.state = 'active' or e.paused_by = 'failures') and (e.not_before is null or e.not_before <= ${now})
    ), due as (
      select d.id, r.id as receiver_id from receiver r cross join lateral (
        select delivery.id
        from deliveries delivery join outbox event on event.id = delivery.outbox_id
        where delivery.endpoint_id = r.id and delivery.state = 'pending'
          and (delivery.leased_until is null or delivery.leased_until <= ${now})
          and (r.is_probed or delivery.next_attempt_at <= ${now})
          and not (r.is_ordered and exists (
            select from deliveries earlier join outbox earlier_event on earlier_event.id = earlier.outbox_id
            where earlier.endpoint_id = r.id and earlier.state = 'pending'
              and earlier_event.entity_key = event.entity_key and earlier.outbox_id < delivery.outbox_id))
        order by delivery.outbox_id limit greatest(r.n, 0)
        for update of delivery skip locked
      ) d
    ), paid as (
      update webhook_endpoints e set paid_until = r.paid_from + make_interval(secs => taken.n / r.per_second)
      from receiver r, (select receiver_id, count(*) as n from due group by receiver_id) taken
      where e.id = r.id and r.id = taken.receiver_id and r.per_second is not null
    )
    update deliveries set leased_until = ${until}
    from due, outbox event
    where deliveries.id = due.id and event.id = deliveries.outbox_id
    returning deliveries.id, deliveries.endpoint_id as "endpointId", event.event_id as "eventId", event.type,
      event.occurred_at as "occurredAt", event.payload as data, deliveries.attempts_made as "attemptsMade",
      deliveries.tries_used as "triesUsed", deliveries.is_replay as "isReplay"`.execute(db);
  return rows.toSorted((left, right) => left.id - right.id);
}

/** Gives claimed deliveries back that were not sent after all. */
export async function releaseDeliveries(db: Db, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`update deliveries set leased_until = null where id = any(${[...ids]}::bigint[]) and state = 'pending'`.execute(
    db,
  );
}
