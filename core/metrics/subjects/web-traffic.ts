import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { datedIn, dayStart, stillCounts } from "../engine/row-parts.ts";

/** Visits of the web site: a row for each day and what the source tells apart. */
export const webTraffic = {
  id: "web_traffic",
  dimensions: {
    channel: by.column("channel", { table: "web_traffic" }),
    source_medium: by.column("source_medium", { table: "web_traffic" }),
    landing_page: by.column("landing_page", { table: "web_traffic" }),
    connection: by.connection,
  },
  rows: { visited },
  attributes: sql`select attributes from web_traffic`,
  firstInstant: sql`select min(day)::timestamptz as at from web_traffic`,
  measured: "web_traffic",
  records: {
    kind: "web_traffic",
    table: sql`join web_traffic record on record.id = r.id`,
    columns: sql`coalesce(record.source_medium, record.channel, record.external_id) as name, null::text as url, null::timestamptz as created, null as status, '' as sub`,
  },
} as const satisfies Subject;

/** One row per stored row whose day is in the period. */
function visited(scope: Scope): Sql {
  const at = dayStart(scope, sql`t.day`);
  return sql`
    select p.no as period_no, t.id, 0 as nth, null::uuid as rep_id, ${at} as at, true as at_is_day, t.channel, t.source_medium, t.landing_page, t.connection_id,
      t.attributes, t.sessions, t.users, t.key_events
    from ${datedIn(scope, sql`web_traffic t`, at)} and ${at} <= ${scope.cutoff}::timestamptz and ${stillCounts(scope, "t")}`;
}
