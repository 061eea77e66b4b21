import { sql } from "kysely";
import type { ConnectionState, Schedule } from "../../schema/tables.ts";
import type { Db } from "../db.ts";

/** How fresh each connection's data is: what its slowest active stream has seen, and what is wrong with it. */
export type ConnectionFreshness = {
  readonly connectionId: string;
  readonly title: string;
  readonly connector: string;
  readonly state: ConnectionState;
  /** Null: some stream has not finished its first load. */
  readonly freshAsOf: Date | null;
  readonly isPartial: boolean;
  readonly isFailing: boolean;
  /** How often it is pulled, where the connection says so itself. */
  readonly everyS: number | null;
  readonly hasCron: boolean;
};

export async function readFreshness(db: Db): Promise<ConnectionFreshness[]> {
  const { rows } = await sql<{
    id: string;
    title: string;
    connector: string;
    state: ConnectionState;
    fresh_as_of: Date | null;
    is_unloaded: boolean | null;
    is_partial: boolean | null;
    is_failing: boolean | null;
    schedule: Schedule | null;
  }>`
    select c.id, c.title, c.connector, c.state, c.schedule,
      min(s.fresh_as_of) as fresh_as_of,
      bool_or(s.fresh_as_of is null) as is_unloaded,
      bool_or(s.is_partial) as is_partial,
      bool_or(s.failures_in_a_row > 0) as is_failing
    from connections c left join stream_states s on s.connection_id = c.id
      and (c.streams is null or s.stream = any (c.streams))
    group by c.id
    order by c.title, c.id
  `.execute(db);
  return rows.map((row) => ({
    connectionId: row.id,
    title: row.title,
    connector: row.connector,
    state: row.state,
    freshAsOf: row.is_unloaded === false ? row.fresh_as_of : null,
    isPartial: row.is_partial === true,
    isFailing: row.is_failing === true,
    everyS: row.schedule !== null && "everyS" in row.schedule ? row.schedule.everyS : null,
    hasCron: row.schedule !== null && "cron" in row.schedule,
  }));
}
