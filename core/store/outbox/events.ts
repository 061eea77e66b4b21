import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { EventFilters } from "../../schema/tables/outbox.ts";
import { announce } from "../channels.ts";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";
import { fits } from "./fits.ts";

/** Something that happened, as it is told outside. */
export type EventRow = {
  readonly id: number;
  readonly eventId: string;
  readonly type: string;
  readonly occurredAt: Date;
  readonly data: JsonObject;
};

/**
 * Events of one type in the order in which they were written, newest first, from below `before` on.
 *
 * @param filters of these, what a receiver with these filters would get.
 */
export async function listEvents(
  db: Db,
  type: string,
  filters: EventFilters,
  page: { readonly limit: number; readonly before: number | null },
): Promise<EventRow[]> {
  const { limit, before } = page;
  const { rows } = await sql<EventRow>`
    select batch.id, batch.event_id as "eventId", batch.type, batch.occurred_at as "occurredAt", batch.payload as data
    from (
      select id, event_id, type, occurred_at, payload::jsonb as payload from outbox
      where type = ${type} and (${before}::bigint is null or id < ${before}::bigint)
    ) batch cross join (select ${storableJson(filters)}::jsonb as filters) endpoint
    where ${fits}
    order by batch.id desc limit ${limit}
  `.execute(db);
  return rows;
}

export async function hasEvent(db: Db, eventId: string): Promise<boolean> {
  return (await db.selectFrom("outbox").select("id").where("event_id", "=", eventId).executeTakeFirst()) !== undefined;
}

/** Writes events, in their order, and announces them; of those that are there already nothing changes. */
export async function insertEvents(
  tx: Tx,
  events: readonly (Omit<EventRow, "id"> & { readonly entityKey: string })[],
): Promise<void> {
  if (events.length === 0) return;
  await sql`
    insert into outbox (event_id, type, entity_key, payload, occurred_at)
    select v.event_id, v.type, v.entity_key, v.payload::json, v.occurred_at
    from unnest(
      ${events.map((event) => event.eventId)}::text[], ${events.map((event) => event.type)}::text[],
      ${events.map((event) => event.entityKey)}::text[], ${events.map((event) => storableJson(event.data))}::text[],
      ${events.map((event) => event.occurredAt)}::timestamptz[]
    ) with ordinality v (event_id, type, entity_key, payload, occurred_at, n)
    order by v.n
    on conflict (event_id) do nothing
  `.execute(tx);
  await announce(tx, "outbox");
}

/** A deal that was won, as its event came after another. */
export type WonDeal = {
  readonly id: number;
  readonly eventId: string;
  readonly occurredAt: Date;
  readonly deal: string | null;
  readonly rep: string | null;
  /** In main units of the workspace's currency; null without a value or a rate. */
  readonly value: number | null;
};

/**
 * The latest wins that were told of after this event, oldest first, 200 at most. Value and owner are those of the deal's history, as in the
 * KPIs: the move into won may arrive before the deal itself does.
 */
export async function listWins(db: Db, afterId: number): Promise<readonly WonDeal[]> {
  const { rows } = await sql<WonDeal>`
    select o.id, o.event_id as "eventId", o.occurred_at as "occurredAt", d.name as deal, coalesce(r.name, r.email) as rep,
      workspace_minor(c.annual_minor, c.currency, current_date) / power(10, minor_digits((select currency from workspace))) as value
    from outbox o
    left join deals d on d.id = substring(o.entity_key from '[0-9a-f]{8}-[0-9a-f-]{27}')::uuid
    left join lateral (
      select x.annual_minor, x.currency, x.rep_id from deal_changes x where x.deal_id = d.id order by x.ordinal desc limit 1
    ) c on true
    left join reps own on own.id = c.rep_id
    left join reps r on r.id = coalesce(own.merged_into, own.id)
    where o.type = 'deal.won' and o.id > ${afterId}
    order by o.id desc
    limit 200
  `.execute(db);
  return rows.toReversed();
}
