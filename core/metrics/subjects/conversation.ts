import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { datedIn, firstRep, stillCounts } from "../engine/row-parts.ts";

/** Chats with visitors and customers. */
export const conversation = {
  id: "conversation",
  dimensions: {
    status: by.column("status", { words: ["open", "pending", "snoozed", "closed"], table: "conversations" }),
    channel: by.column("channel", { table: "conversations" }),
    rep: by.rep,
    team: by.team,
    company: by.company,
    customer_status: by.customer,
    tag: by.tag("conversations"),
    connection: by.connection,
  },
  rows: {
    started: (scope) => dated(scope, sql`t.started_at`),
    ledOn,
    answered: (scope) => dated(scope, sql`t.first_response_at`),
  },
  attributes: sql`select attributes from conversations`,
  firstInstant: sql`select min(started_at) as at from conversations`,
  measured: "conversation",
  records: {
    kind: "conversation",
    table: sql`join conversations record on record.id = r.id`,
    columns: sql`coalesce(record.channel, record.external_id) as name, record.url, record.started_at as created, record.status, '' as sub`,
    entry: sql`json_build_object('event', case r.at when r.started_at then 'started' when r.first_response_at then 'first answered' else 'dated' end)`,
  },
} as const satisfies Subject;

/** One row per conversation to which it happened in the period. It is its first assignee's, whoever has taken it over since. */
function dated(scope: Scope, at: Sql): Sql {
  return sql`
    select p.no as period_no, t.id, 0 as nth, ${at} as at, false as at_is_day, t.status, t.channel, ${firstRep(scope, "conversations", "t")} as rep_id, t.person_id, t.company_id,
      t.connection_id, t.attributes, t.started_at, t.first_response_at, t.closed_at
    from ${datedIn(scope, sql`conversations t`, at)} and ${at} <= ${scope.cutoff}::timestamptz and ${stillCounts(scope, "t")}`;
}

/** So many days after a conversation its person may become a lead by it. */
const LEAD_WITHIN_DAYS = 14;

/** Conversations that started in the period, with whether the person `became_lead` within 14 days, by the cutoff. */
function ledOn(scope: Scope): Sql {
  return sql`
    select t.*, exists (
      select from people own
      join people l on l.id = coalesce(own.merged_into, own.id) or l.merged_into = coalesce(own.merged_into, own.id)
      where own.id = t.person_id and ${stillCounts(scope, "l")} and l.lead_created_at >= t.started_at
        and l.lead_created_at <= least(t.started_at + make_interval(days => ${LEAD_WITHIN_DAYS}), ${scope.cutoff}::timestamptz)
    ) as became_lead
    from (${dated(scope, sql`t.started_at`)}) t`;
}
