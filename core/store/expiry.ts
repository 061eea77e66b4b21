import { sql } from "kysely";
import type { Db } from "./db.ts";

/** Log lines of runs that nobody will look at any more. The runs themselves stay: they are few. */
const RUN_LOG_DAYS = 90;
/** Deliveries of vendors' webhooks that were taken in; what they said is in the raw records. */
const INBOUND_DAYS = 30;

/** @returns how many rows went. */
export async function expireHistory(db: Db, now: Date): Promise<number> {
  const lines = await sql`delete from run_logs where at < ${daysBefore(now, RUN_LOG_DAYS)}`.execute(db);
  const deliveries = await sql`
    delete from inbound_deliveries where processed_at < ${daysBefore(now, INBOUND_DAYS)}
  `.execute(db);
  return Number(lines.numAffectedRows ?? 0n) + Number(deliveries.numAffectedRows ?? 0n);
}

function daysBefore(now: Date, days: number): Date {
  return new Date(now.getTime() - days * 24 * 3_600_000);
}
