import { type Kysely, sql } from "kysely";

/**
 * A receiver backs off as a whole, and comes back by being probed: what is known of it stands in its row. A claim is apart from the time of the
 * next attempt, and attempts that asked whether a receiver is back are apart from those that count against a delivery. The log keeps what was
 * sent and answered.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table webhook_endpoints
      add column paused_by text,
      add column failing_since timestamptz,
      add column not_before timestamptz,
      add column filters jsonb not null default '{}',
      add column per_second double precision,
      add column paid_until timestamptz,
      add constraint webhook_endpoints_paused_by_check check (paused_by in ('person', 'failures', 'gone')),
      add constraint webhook_endpoints_per_second_check check (per_second > 0)`.execute(db);
  await sql`
    update webhook_endpoints set paused_by = case
      when state_reason like '%410 Gone%' then 'gone' when state_reason like 'A delivery failed%' then 'failures' else 'person' end
    where state = 'paused'`.execute(db);
  await sql`
    alter table webhook_endpoints
      add constraint webhook_endpoints_paused_check check ((state = 'paused') = (paused_by is not null))`.execute(db);
  await sql`
    alter table deliveries
      add column tries_used integer not null default 0,
      add column leased_until timestamptz,
      add column is_replay boolean not null default false`.execute(db);
  await sql`update deliveries set tries_used = attempts_made where state = 'pending'`.execute(db);
  await sql`alter table attempts add column request jsonb, add column response jsonb`.execute(db);
  await sql`create index deliveries_waiting on deliveries (endpoint_id, outbox_id) where state = 'pending'`.execute(db);
  await sql`drop index deliveries_due`.execute(db);
  await sql`comment on column webhook_endpoints.not_before is 'Nothing is sent to it before'`.execute(db);
  await sql`comment on column deliveries.tries_used is 'Attempts that count against its ten; those that asked whether a receiver is back do not'`.execute(
    db,
  );
}
