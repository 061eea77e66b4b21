import { sql } from "kysely";
import type { Db } from "../db.ts";

/** Runs with their log lines; the last ones of a stream are kept however old they are. */
const RUN_DAYS = 90;
const RUNS_KEPT = 20;
/** Deliveries of vendors' webhooks that were taken in; what they said is in the raw records. */
const INBOUND_DAYS = 30;
/** Events that have gone to everyone whom they concern, or were given up, with what is noted of their deliveries. */
const EVENT_DAYS = 90;
/** Every change of a number is kept for the first, the last of a day for the second; the current one for good. */
const POINT_DAYS = 35;
const POINT_MONTHS = 13;

/** How many rows went. */
export type Expired = {
  readonly runs: number;
  readonly inbound: number;
  readonly events: number;
  readonly points: number;
};

export async function expireHistory(db: Db, now: Date): Promise<Expired> {
  return {
    runs: await expireRuns(db, daysBefore(now, RUN_DAYS)),
    inbound: await expireInbound(db, daysBefore(now, INBOUND_DAYS)),
    events: await expireEvents(db, daysBefore(now, EVENT_DAYS)),
    points: await expirePoints(db, now),
  };
}

async function expireRuns(db: Db, before: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from runs r
    where r.finished_at < ${before} and r.state not in ('running', 'waiting') and (
      select count(*) from (
        select from runs n where n.connection_id = r.connection_id and n.stream = r.stream and n.id > r.id limit ${RUNS_KEPT}
      ) newer
    ) = ${RUNS_KEPT}
  `.execute(db);
  return Number(numAffectedRows ?? 0n);
}

async function expireInbound(db: Db, before: Date): Promise<number> {
  const { numAffectedRows } = await sql`delete from inbound_deliveries where processed_at < ${before}`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

async function expireEvents(db: Db, before: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from outbox o
    where o.dispatched_at < ${before} and not exists (select from deliveries d where d.outbox_id = o.id and d.state = 'pending')
  `.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** Days are the workspace's. */
async function expirePoints(db: Db, now: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    with old as (
      select p.id, p.computed_at,
        (p.computed_at at time zone w.time_zone)::date as day,
        lead((p.computed_at at time zone w.time_zone)::date) over slice as next_day
      from metric_points p, workspace w
      where p.computed_at < ${daysBefore(now, POINT_DAYS)}
      window slice as (partition by p.metric, p.from_day, p.to_day, p.dimensions order by p.id)
    ),
    expired as (
      select id from old where next_day = day
      union
      select o.id from old o join metric_points p on p.id = o.id
      where o.computed_at < ${now}::timestamptz - make_interval(months => ${POINT_MONTHS})
        and (o.next_day is not null or exists (
          select from metric_points n
          where n.metric = p.metric and n.dimensions = p.dimensions and n.id > p.id
            and n.from_day is not distinct from p.from_day and n.to_day is not distinct from p.to_day
        ))
    )
    delete from metric_points p using expired where p.id = expired.id
  `.execute(db);
  return Number(numAffectedRows ?? 0n);
}

function daysBefore(now: Date, days: number): Date {
  return new Date(now.getTime() - days * 24 * 3_600_000);
}
