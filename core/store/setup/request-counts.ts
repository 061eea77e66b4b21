import { sql } from "kysely";
import type { Db } from "../db.ts";

/**
 * Counts a request of a caller.
 *
 * @param minute the running one's beginning; requests of another are forgotten.
 * @returns how many the caller has made in it, this one included.
 */
export async function countRequest(db: Db, caller: string, minute: Date): Promise<number> {
  const { rows } = await sql<{ used: number }>`
    with session as (select set_config('synchronous_commit', 'off', true))
    insert into request_counts as counted (caller, minute, used)
    select ${caller}, ${minute}, 1 from session
    on conflict (caller) do update set
      used = case when counted.minute = excluded.minute then counted.used + 1 else 1 end,
      minute = excluded.minute
    returning used
  `.execute(db);
  return rows[0]?.used ?? 1;
}

/** Forgets callers who have not asked for a while. */
export async function expireRequestCounts(db: Db, now: Date): Promise<void> {
  await db
    .deleteFrom("request_counts")
    .where("minute", "<", new Date(now.getTime() - 3_600_000))
    .execute();
}
