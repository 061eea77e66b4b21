import { sql } from "kysely";
import { ACTIVITY_TYPES, DIRECTIONS } from "../../schema/canonical.ts";
import { OUTCOMES } from "../../schema/outcomes.ts";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { datedIn, stillCounts } from "../engine/row-parts.ts";
import { isCampaignMail } from "./touches.ts";

/** Touches between us and customers. */
export const activity = {
  id: "activity",
  dimensions: {
    type: by.column("type", { words: ACTIVITY_TYPES }),
    direction: by.column("direction", { words: DIRECTIONS }),
    outcome: by.column("outcome", { words: OUTCOMES }),
    disposition: by.disposition,
    rep: by.rep,
    team: by.team,
    company: by.company,
    customer_status: by.customer,
    deal: by.deal,
    connection: by.connection,
  },
  rows: { happened, mailed },
  attributes: sql`select attributes from activities`,
  firstInstant: sql`select min(occurred_at) as at from activities`,
  measured: "activity",
  records: {
    kind: "activity",
    table: sql`join activities record on record.id = r.id`,
    columns: sql`coalesce(record.subject, record.type) as name, record.url, null::timestamptz as created, null as status, '' as sub`,
    entry: sql`json_build_object('event', 'activity', 'status', record.type, 'direction', record.direction, 'outcome', record.outcome)`,
    // Which deal it belongs to, and its doubles.
    deal: sql`(
      select json_build_object('id', d.id, 'name', d.name, 'rule', case when record.deal_id is null then record.attribution_rule else 'source' end)
      from deals d where d.id = coalesce(record.deal_id, record.attributed_deal_id))`,
    duplicates: sql`coalesce((
      select json_agg(json_build_object('id', x.id, 'connection', x.connection_id, 'external_id', x.external_id, 'url', x.url,
        'rule', x.duplicate_rule) order by x.occurred_at, x.id)
      from activities x where x.duplicate_of = record.id and x.deleted_at is null), '[]')`,
  },
} as const satisfies Subject;

/** One row per activity that happened in the period, with the deal that its source names or that it is attributed to. What is planned for later than the cutoff has not happened; doubles are left out. */
function happened(scope: Scope): Sql {
  return sql`
    select p.no as period_no, a.id, 0 as nth, a.occurred_at as at, a.occurred_is_day as at_is_day, a.type, a.direction, a.outcome, a.disposition, a.duration_s, a.rep_id, a.person_id,
      a.company_id, coalesce(a.deal_id, a.attributed_deal_id) as deal_id, a.connection_id, a.attributes
    from ${datedIn(scope, sql`activities a`, sql`a.occurred_at`)} and a.occurred_at <= ${scope.cutoff}::timestamptz
      and a.duplicate_of is null and ${stillCounts(scope, "a")}
      and not (a.type = 'task' and a.outcome is not distinct from 'open')`;
}

/** So many days an e-mail may wait for its answer. */
const REPLY_WITHIN_DAYS = 14;

/**
 * E-mails that went out to a person in the period, with when it was `answered_at` within 14 days by the same person, by the cutoff: a reply
 * answers the latest earlier e-mail of its thread (the attribute `thread`), else the latest that had gone out to the person before it. Mail that a
 * campaign sends to many is none.
 */
function mailed(scope: Scope): Sql {
  const sameMail = (
    alias: string,
  ): Sql => sql`${sql.ref(alias)}.type = 'email' and ${sql.ref(alias)}.duplicate_of is null
    and ${stillCounts(scope, alias)} and ${sql.ref(alias)}.person_id = any(same.ids)`;
  const answered = (where: Sql): Sql => sql`(
    select n.id from activities n
    where ${sameMail("n")} and n.direction = 'outbound' and not ${isCampaignMail("n")} and n.occurred_at < i.occurred_at and ${where}
    order by n.occurred_at desc, n.id desc limit 1)`;
  return sql`
    select m.*, reply.at as answered_at
    from (${happened(scope)}) m
    cross join lateral (
      select array(
        select x.id from people own join people x on x.id = coalesce(own.merged_into, own.id) or x.merged_into = coalesce(own.merged_into, own.id)
        where own.id = m.person_id) as ids
    ) same
    left join lateral (
      select min(i.occurred_at) as at from activities i
      where ${sameMail("i")} and i.direction = 'inbound' and i.occurred_at > m.at
        and i.occurred_at <= least(m.at + make_interval(days => ${REPLY_WITHIN_DAYS}), ${scope.cutoff}::timestamptz)
        and m.id = coalesce(case when i.attributes ? 'thread' then ${answered(sql`n.attributes ->> 'thread' = i.attributes ->> 'thread'`)} end, ${answered(sql`true`)})
    ) reply on true
    where m.type = 'email' and m.direction = 'outbound' and m.person_id is not null
      and not ${isCampaignMail("m")}`;
}
