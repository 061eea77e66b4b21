import { sql } from "kysely";
import { MEASURED, type Measured } from "../../schema/canonical.ts";
import type { ConnectionState, Declared, Schedule } from "../../schema/tables/setup.ts";
import type { Db } from "../db.ts";

/** A connection as numbers see it: what it gives them, how far each of its streams is, and what is wrong. */
export type SourceRow = {
  readonly id: string;
  readonly title: string;
  readonly state: ConnectionState;
  /** Why somebody has to act, where the state says so. */
  readonly stateReason: string | null;
  readonly schedule: Schedule | null;
  /** Null: nobody has said what it gives. */
  readonly declared: Declared | null;
  /** The active ones; with `declared` those that were never pulled as well. */
  readonly streams: readonly SourceStream[];
  /** What there is of it, where nobody has said what it gives. */
  readonly has: readonly Measured[];
};

export type SourceStream = {
  readonly stream: string;
  /** Null: its first load is not done. */
  readonly freshAsOf: Date | null;
  readonly isPartial: boolean;
  readonly partialReason: string | null;
  readonly heldDeletions: number;
  readonly refused: number;
  readonly isFailing: boolean;
  /** What its last run ended with, while it is failing. */
  readonly failure: string | null;
};

const TABLES: { readonly [measured in Measured]: string } = {
  deal: "deals",
  activity: "activities",
  lead: "people",
  ticket: "tickets",
  conversation: "conversations",
  campaign: "campaigns",
  web_traffic: "web_traffic",
  spend: "spend",
  goal: "goals",
};

/** All accounts, by title. */
export async function readSources(db: Db): Promise<SourceRow[]> {
  const has = MEASURED.map((measured) => {
    const found = (table: string, more = sql``): ReturnType<typeof sql> =>
      sql`exists (select from ${sql.table(`tributary.${table}`)} f where f.connection_id = c.id ${more})`;
    const isThere =
      measured === "lead"
        ? sql`(${found("people", sql`and f.lead_created_at is not null`)} or ${found("companies", sql`and f.lead_created_at is not null`)})`
        : found(TABLES[measured]);
    return sql`case when ${isThere} then ${measured}::text end`;
  });
  type Row = Omit<SourceRow, "streams"> & {
    readonly streams: readonly (Omit<SourceStream, "freshAsOf"> & { readonly freshAsOf: string | null })[];
  };
  const { rows } = await sql<Row>`
    select c.id, c.title, c.state, c.state_reason as "stateReason", c.schedule, c.declared,
      case when c.declared is null then array_remove(array[${sql.join(has)}], null) else '{}' end as has,
      coalesce((
        select json_agg(json_build_object('stream', n.stream, 'freshAsOf', s.fresh_as_of, 'isPartial', coalesce(s.is_partial, false),
          'partialReason', s.partial_reason, 'heldDeletions', coalesce(s.held_deletions, 0), 'refused', coalesce(s.refused, 0),
          'isFailing', coalesce(s.failures_in_a_row, 0) > 0, 'failure', failed.message) order by n.stream)
        from (
          select jsonb_object_keys(c.declared -> 'gives') as stream
          union
          select x.stream from stream_states x
          where c.declared is null and x.connection_id = c.id and (c.streams is null or x.stream = any (c.streams))
        ) n
        left join stream_states s on s.connection_id = c.id and s.stream = n.stream
        left join lateral (
          select r.error_message as message from runs r
          where r.connection_id = c.id and r.stream = n.stream and s.failures_in_a_row > 0 and r.error_message is not null
          order by r.id desc limit 1
        ) failed on true
      ), '[]') as streams
    from connections c
    order by c.title, c.id`.execute(db);
  return rows.map((row) => ({
    ...row,
    streams: row.streams.map((one) => ({ ...one, freshAsOf: one.freshAsOf === null ? null : new Date(one.freshAsOf) })),
  }));
}
