import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { datedIn, dayStart, inOwnMinor, stillCounts } from "../engine/row-parts.ts";

/** What advertising cost, by day. */
export const spend = {
  id: "spend",
  dimensions: {
    channel: by.column("channel", { table: "spend" }),
    campaign: by.column("campaign", { table: "spend" }),
    currency: by.column("currency", { table: "spend" }),
    connection: by.connection,
  },
  rows: { spent },
  attributes: sql`select attributes from spend`,
  firstInstant: sql`select min(day)::timestamptz as at from spend`,
  measured: "spend",
  records: {
    kind: "spend",
    table: sql`join spend record on record.id = r.id`,
    columns: sql`coalesce(record.campaign, record.channel, record.external_id) as name, null::text as url, null::timestamptz as created, null as status, '' as sub`,
  },
} as const satisfies Subject;

/** One row per stored row whose day is in the period: `annual_minor` is the amount, `value_minor` in the workspace's currency at the day's rate. */
function spent(scope: Scope): Sql {
  const at = dayStart(scope, sql`t.day`);
  return sql`
    select p.no as period_no, t.id, 0 as nth, null::uuid as rep_id, ${at} as at, true as at_is_day, t.channel, t.campaign, t.currency, t.connection_id, t.attributes,
      t.amount_minor as annual_minor, ${inOwnMinor(scope, sql`t.amount_minor::numeric`, sql`t.currency`, sql`t.day`)} as value_minor
    from ${datedIn(scope, sql`spend t`, at)} and ${at} <= ${scope.cutoff}::timestamptz and ${stillCounts(scope, "t")}`;
}
