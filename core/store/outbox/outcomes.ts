import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

/** What came of an attempt, and what becomes of its delivery. */
export type Outcome = {
  readonly deliveryId: number;
  readonly at: Date;
  readonly statusCode: number | null;
  readonly durationMs: number;
  readonly error: string | null;
  /** Bounded, and without secrets. */
  readonly request: JsonObject | null;
  readonly response: JsonObject | null;
  readonly state: "pending" | "delivered" | "failed";
  readonly triesUsed: number;
  readonly nextAttemptAt: Date;
};

/**
 * Writes many outcomes in one statement: an attempt each, and the deliveries as they are now. Those whose receiver was removed meanwhile are
 * left out. Ends the claim.
 */
export async function recordOutcomes(db: Db | Tx, outcomes: readonly Outcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  const of = <Value>(value: (outcome: Outcome) => Value): Value[] => outcomes.map(value);
  await sql`
    with outcome as (
      select * from unnest(
        ${of((one) => one.deliveryId)}::bigint[], ${of((one) => one.at)}::timestamptz[], ${of((one) => one.statusCode)}::int[],
        ${of((one) => one.durationMs)}::int[], ${of((one) => one.error)}::text[], ${of((one) => jsonText(one.request))}::text[],
        ${of((one) => jsonText(one.response))}::text[], ${of((one) => one.state)}::text[], ${of((one) => one.triesUsed)}::int[],
        ${of((one) => one.nextAttemptAt)}::timestamptz[]
      ) with ordinality o (id, at, status_code, duration_ms, error, request, response, state, tries_used, next_attempt_at, n)
    ), changed as (
      update deliveries d set
        attempts_made = d.attempts_made + 1, leased_until = null,
        -- One that somebody else has sent meanwhile, because the claim had run out, stays as it is.
        state = case when d.state = 'pending' then o.state else d.state end, tries_used = greatest(d.tries_used, o.tries_used),
        next_attempt_at = o.next_attempt_at,
        delivered_at = case when d.state = 'pending' and o.state = 'delivered' then o.at else d.delivered_at end
      from outcome o where d.id = o.id
      returning d.id
    )
    insert into attempts (delivery_id, at, status_code, duration_ms, error, request, response)
    select o.id, o.at, o.status_code, o.duration_ms, o.error, o.request::jsonb, o.response::jsonb
    from outcome o join changed on changed.id = o.id order by o.n
  `.execute(db);
}

function jsonText(value: JsonObject | null): string | null {
  return value === null ? null : storableJson(value);
}
