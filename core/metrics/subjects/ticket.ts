import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { datedIn, firstRep, periodTable, stillCounts } from "../engine/row-parts.ts";

/** Customers' requests for help. */
export const ticket = {
  id: "ticket",
  dimensions: {
    status: by.column("status", { words: ["new", "open", "pending", "hold", "solved", "closed"], table: "tickets" }),
    priority: by.column("priority", { words: ["low", "normal", "high", "urgent"], table: "tickets" }),
    channel: by.column("channel", { table: "tickets" }),
    satisfaction: by.column("satisfaction", { words: ["good", "bad"] }),
    rep: by.rep,
    team: by.team,
    company: by.company,
    customer_status: by.customer,
    tag: by.tag("tickets"),
    connection: by.connection,
  },
  rows: {
    opened: (scope) => dated(scope, sql`t.opened_at`),
    replied: (scope) => dated(scope, sql`t.first_reply_at`),
    solved: (scope) => dated(scope, sql`t.solved_at`),
    open: (scope) => atEnd(scope),
  },
  attributes: sql`select attributes from tickets`,
  firstInstant: sql`select min(opened_at) as at from tickets`,
  measured: "ticket",
  records: {
    kind: "ticket",
    table: sql`join tickets record on record.id = r.id`,
    columns: sql`record.subject as name, record.url, record.opened_at as created, record.status, '' as sub`,
    entry: sql`json_build_object('event', case r.at when r.opened_at then 'opened' when r.first_reply_at then 'first answered'
      when r.solved_at then 'solved' else 'open' end)`,
  },
} as const satisfies Subject;

/** Whose it is: the first assignee's, whoever has taken it over since. */
function ofTheTicket(scope: Scope): Sql {
  return sql`t.id, 0 as nth, false as at_is_day, t.status, t.priority, t.channel, t.satisfaction, ${firstRep(scope, "tickets", "t")} as rep_id,
    t.company_id, t.connection_id, t.attributes, t.opened_at, t.first_reply_at, t.solved_at, t.reopens`;
}

/** One row per ticket that was not solved at the end of the period (or at the cutoff). */
function atEnd(scope: Scope): Sql {
  return sql`
    select p.no as period_no, p.at, ${ofTheTicket(scope)}
    from ${periodTable(scope)} p
    join tickets t on t.opened_at <= p.at and p.starts <= p.at and (t.solved_at is null or t.solved_at > p.at) and ${stillCounts(scope, "t")}`;
}

/** One row per ticket to which it happened in the period. */
function dated(scope: Scope, at: Sql): Sql {
  return sql`
    select p.no as period_no, ${at} as at, ${ofTheTicket(scope)}
    from ${datedIn(scope, sql`tickets t`, at)} and ${at} <= ${scope.cutoff}::timestamptz and ${stillCounts(scope, "t")}`;
}
