import { sql } from "kysely";
import type { Db } from "../../store/db.ts";
import type { Subject } from "./define.ts";

/**
 * How fresh a subject's rows are: the oldest `fresh_as_of` of the streams of the connections that they come from; at most the cutoff. Null when
 * one of these streams has not been read yet, or there are none.
 *
 * A connection that waits for its admin to sign in again counts too: its numbers go stale, and that must show. One that was paused
 * or ended on purpose does not.
 */
export async function freshAsOf(db: Db, subject: Subject, cutoff: Date): Promise<Date | null> {
  const { rows } = await sql<{ fresh: Date | null }>`
    select case when bool_and(s.fresh_as_of is not null) then least(min(s.fresh_as_of), ${cutoff}::timestamptz) end as fresh
    from stream_states s
    join connections c on c.id = s.connection_id
    where c.state in ('active', 'needs_auth') and (c.streams is null or s.stream = any(c.streams)) and ${subject.comesFrom}`.execute(
    db,
  );
  return rows[0]?.fresh ?? null;
}
