import { sql } from "kysely";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { datedIn, holds, stillCounts } from "../engine/row-parts.ts";
import { activity } from "./activity.ts";
import { lead } from "./lead.ts";
import { isOutbound, isTouch } from "./touches.ts";

/** Who was met for the first time, and how many touches it took. Touches are those that went out to the person, meetings themselves left out. */
export const firstMeeting = {
  id: "first_meeting",
  dimensions: {
    rep: by.rep,
    team: by.team,
    company: by.company,
    channel: by.leadChannel,
    touches: by.number("touches"),
    connection: by.connection,
  },
  rows: { met, people },
  attributes: activity.attributes,
  firstInstant: activity.firstInstant,
  measured: activity.measured,
  records: {
    kind: "person",
    table: sql`join people record on record.id = r.person_id`,
    columns: sql`record.name, record.url, record.lead_created_at as created, null as status, r.id::text as sub`,
  },
} as const satisfies Subject;

/** Everyone whom a person `key` is one with, as `who.ids`. */
const WHO = sql`cross join lateral (select array(
  select x.id from people x where x.id = own.key union select x.id from people x where x.merged_into = own.key) as ids) who`;

/** Whether a meeting took place: its time has passed, and nobody has said otherwise. */
function isHeld(scope: Scope, alias: string): Sql {
  return sql`(${sql.ref(alias)}.type = 'meeting' and ${isTouch(scope, alias)})`;
}

/** How many touches went out to the people `who.ids` from one instant until another. */
function touchesBetween(scope: Scope, from: Sql, until: Sql): Sql {
  return sql`(
    select count(*) from activities t
    where t.person_id = any(who.ids) and t.type <> 'meeting' and ${isTouch(scope, "t")} and ${isOutbound("t")}
      and t.occurred_at >= ${from} and t.occurred_at < ${until})`;
}

/**
 * One row per person and period who was met for the first time in it, with the `touches` before: since the person came in as a lead, or since the
 * last deal of the person or its company was closed, whichever is later. After a closed deal a first meeting can come again.
 */
function met(scope: Scope): Sql {
  return sql`
    select p.no as period_no, m.id, 0 as nth, m.occurred_at as at, m.occurred_is_day as at_is_day, m.rep_id, m.company_id, m.connection_id, m.attributes,
      own.key as person_id, coalesce(came.attributes ->> 'channel', came.attributes ->> 'source') as channel,
      ${touchesBetween(scope, sql`start.at`, sql`m.occurred_at`)} as touches
    from ${datedIn(scope, sql`activities m`, sql`m.occurred_at`)} and m.person_id is not null and ${isHeld(scope, "m")}
    cross join lateral (select coalesce(x.merged_into, x.id) as key, x.company_id from people x where x.id = m.person_id) own
    ${WHO}
    left join lateral (
      select x.lead_created_at, x.attributes from people x
      where x.id = any(who.ids) and x.lead_created_at <= m.occurred_at and ${stillCounts(scope, "x")} order by x.lead_created_at, x.id limit 1
    ) came on true
    cross join lateral (select array(
      select x.id from companies o join companies x on x.id = coalesce(o.merged_into, o.id) or x.merged_into = coalesce(o.merged_into, o.id)
      where o.id = own.company_id) as ids) firms
    left join lateral (
      select max(c.at) as at from deals d join deal_closings c on c.deal_id = d.id and ${holds(scope, "c")}
      where d.merged_into is null and ${stillCounts(scope, "d")} and (d.person_id = any(who.ids) or d.company_id = any(firms.ids)) and c.at <= m.occurred_at
    ) closed on true
    cross join lateral (select greatest(coalesce(came.lead_created_at, '-infinity'), coalesce(closed.at, '-infinity')) as at) start
    where not exists (
      select from activities e
      where e.person_id = any(who.ids) and ${isHeld(scope, "e")} and e.occurred_at >= start.at
        and (e.occurred_at, e.id) < (m.occurred_at, m.id))`;
}

/**
 * One row per person who came in as a lead in the period: whether it `was_met` by the cutoff, and the `touches` before the first meeting, or so far.
 */
function people(scope: Scope): Sql {
  return sql`
    select l.period_no, l.id, 0 as nth, l.at, l.at_is_day, l.rep_id, own.company_id, l.connection_id, l.attributes, own.key as person_id, l.channel,
      first.at is not null as was_met,
      ${touchesBetween(scope, sql`l.at`, sql`coalesce(first.at, 'infinity'::timestamptz)`)} as touches
    from (${lead.rows.created(scope)}) l
    cross join lateral (select coalesce(x.merged_into, x.id) as key, x.company_id from people x where x.id = l.id) own
    ${WHO}
    left join lateral (
      select min(m.occurred_at) as at from activities m where m.person_id = any(who.ids) and ${isHeld(scope, "m")} and m.occurred_at >= l.at
    ) first on true
    where l.kind = 'person'`;
}
