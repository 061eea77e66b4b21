import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { datedIn, stillCounts } from "../engine/row-parts.ts";

/** E-mails to many. */
export const campaign = {
  id: "campaign",
  dimensions: {
    campaign: by.campaign,
    channel: by.column("channel", { table: "campaigns" }),
    status: by.column("status", { table: "campaigns" }),
    tag: by.tag("campaigns"),
    connection: by.connection,
  },
  rows: { sent },
  attributes: sql`select attributes from campaigns`,
  firstInstant: sql`select min(sent_at) as at from campaigns`,
  measured: "campaign",
  records: {
    kind: "campaign",
    table: sql`join campaigns record on record.id = r.id`,
    columns: sql`record.name, record.url, record.sent_at as created, record.status, '' as sub`,
    entry: sql`json_build_object('event', 'sent')`,
  },
} as const satisfies Subject;

/** One row per campaign that was sent in the period, with how many it reached and what they did. */
function sent(scope: Scope): Sql {
  return sql`
    select p.no as period_no, t.id, 0 as nth, null::uuid as rep_id, t.sent_at as at, false as at_is_day, coalesce(t.name, t.external_id) as campaign, t.channel, t.status,
      t.connection_id, t.attributes, t.recipients, t.opens, t.clicks, t.bounces, t.unsubscribes
    from ${datedIn(scope, sql`campaigns t`, sql`t.sent_at`)} and t.sent_at <= ${scope.cutoff}::timestamptz and ${stillCounts(scope, "t")}`;
}
