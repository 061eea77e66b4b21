import { sql } from "kysely";
import { ACTIVITY_TYPES } from "../../schema/canonical.ts";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { isKnown, periodTable, stillCounts, versionsOf } from "../engine/row-parts.ts";
import { isOutbound, isTouch } from "./touches.ts";

/**
 * People and companies that a source has as leads. Rows that are one (merged) count once, at the earliest instant; `id` is the row that instant comes
 * from. A lead's rep is its owner at creation (as far back as is known), else who touched it first; its channel is what its source calls `channel` or `source`.
 *
 * A lead's touches are those of the person or its company, of a company also those of its people. Its deals are the person's own, and those that
 * its company has had since the lead came in.
 */
export const lead = {
  id: "lead",
  dimensions: {
    kind: by.column("kind", { words: ["person", "company"] }),
    rep: by.rep,
    team: by.team,
    channel: by.leadChannel,
    first_touch: by.column("first_touch", { words: ACTIVITY_TYPES }),
    tag: by.tag("people", "companies"),
    connection: by.connection,
  },
  rows: { created, reached, cohort, open, left, disqualified },
  attributes: sql`select attributes from people union all select attributes from companies`,
  firstInstant: sql`select least((select min(lead_created_at) from people), (select min(lead_created_at) from companies)) as at`,
  measured: "lead",
  records: {
    kind: "lead",
    table: sql`join (
      select id, name, url, external_id from people union all select id, name, url, external_id from companies
    ) record on record.id = r.id`,
    columns: sql`record.name, record.url, r.lead_created_at as created, null as status, '' as sub`,
    entry: sql`json_build_object('event', case when r.at = r.lead_created_at then 'came in as a lead' else 'dated' end)`,
  },
} as const satisfies Subject;

/**
 * All leads there are, each once: `key` is the row that those which are one with it were merged into.
 *
 * @param isByCreation few of them are asked for, by when they came in, which an index tells: each is looked at whether it is the first of those that
 * are one with it, instead of sorting all.
 */
function leads(scope: Scope, isByCreation: boolean): Sql {
  const of = (table: "people" | "companies", kind: string): Sql => {
    const counts = (alias: string): Sql => sql`${sql.ref(`${alias}.lead_created_at`)} is not null
      and ${sql.ref(`${alias}.lead_created_at`)} <= ${scope.cutoff}::timestamptz and ${stillCounts(scope, alias)}`;
    const earlier = (isOne: Sql): Sql => sql`exists (
      select from ${sql.table(table)} x
      where ${isOne} and ${counts("x")} and (x.lead_created_at, x.id) < (l.lead_created_at, l.id))`;
    return sql`
      select ${isByCreation ? sql`` : sql`distinct on (coalesce(l.merged_into, l.id))`} l.id, coalesce(l.merged_into, l.id) as key, ${kind}::text as kind,
        l.lead_created_at, l.rep_id as owner_id, l.connection_id, l.attributes,
        coalesce(l.attributes ->> 'channel', l.attributes ->> 'source') as channel,
        ${table === "people" ? sql`l.company_id` : sql`l.id`} as company_id
      from ${sql.table(table)} l
      where ${counts("l")} ${
        isByCreation
          ? sql`and not ${earlier(sql`x.id = l.merged_into`)} and not ${earlier(sql`x.merged_into = coalesce(l.merged_into, l.id)`)}`
          : sql`order by coalesce(l.merged_into, l.id), l.lead_created_at, l.id`
      }`;
  };
  return sql`((${of("people", "person")}) union all (${of("companies", "company")}))`;
}

/** Every row of the people and companies that a lead `l` is one with or belongs to, as `ids`. */
const IDS = sql`
  cross join lateral (
    select coalesce(own.merged_into, own.id) as key from companies own where own.id = l.company_id union all select null limit 1
  ) firm
  cross join lateral (
    select array(select x.id from companies x where x.id = firm.key union select x.id from companies x where x.merged_into = firm.key) as companies
  ) firms
  cross join lateral (
    select firms.companies, case l.kind
      when 'person' then array(select x.id from people x where x.id = l.key union select x.id from people x where x.merged_into = l.key)
      else array(select x.id from people x where x.company_id = any(firms.companies)) end as people
  ) ids`;

/** The touches of a lead `l` (with {@link IDS}), as `a`. */
function touches(scope: Scope): Sql {
  return sql`activities a where (a.person_id = any(ids.people) or a.company_id = any(ids.companies)) and ${isTouch(scope, "a")}`;
}

/** The first touch that went out to a lead, as `first` (occurred_at, type, rep_id): without a row of it where there is none. */
function firstTouch(scope: Scope): Sql {
  return sql`
    left join lateral (
      select a.occurred_at, a.type, a.rep_id from ${touches(scope)} and ${isOutbound("a")} order by a.occurred_at, a.id limit 1
    ) first on true`;
}

/** The deals of a lead `l` (with {@link IDS}), as `d`. */
function deals(scope: Scope): Sql {
  return sql`deals d
    where d.merged_into is null and ${stillCounts(scope, "d")} and coalesce(d.created_at, '-infinity') <= ${scope.cutoff}::timestamptz
      and (d.person_id = any(ids.people) or d.company_id = any(ids.companies)
        and (l.kind = 'company' or d.created_at >= date_trunc('day', l.lead_created_at at time zone ${scope.timeZone}::text) at time zone ${scope.timeZone}::text))`;
}

const OF_THE_LEAD = sql`l.id, 0 as nth, l.kind, l.channel, l.connection_id, l.attributes, l.lead_created_at`;

/** What leads, periods and joins make a row of: `at`, and who has the credit. */
function dated(scope: Scope, at: Sql, when: Sql, columns: Sql, joins: Sql, firstTouchType: Sql = sql`null::text`): Sql {
  // A mention of a person is no lead yet, so its owner is none at creation.
  const first = (table: string): Sql =>
    sql`(select v.rep_id, v.landed_from, v.landed_to from ${versionsOf(scope, table, sql`l.id`)} and v.lead_created_at is not null)`;
  return sql`
    select p.no as period_no, ${OF_THE_LEAD}, ${at} as at, false as at_is_day, coalesce(case when was.landed_to is null then l.owner_id else was.rep_id end, (
        select a.rep_id from ${touches(scope)} and a.rep_id is not null order by a.occurred_at, a.id limit 1)) as rep_id, ${firstTouchType} as first_touch ${columns}
    from ${periodTable(scope)} p
    join ${leads(scope, when === CREATED)} l on ${when}
    left join lateral (
      select v.* from (${first("people")} union all ${first("companies")}) v order by v.landed_from, v.landed_to limit 1
    ) was on true
    ${IDS} ${joins}`;
}

const CREATED = sql`l.lead_created_at >= p.starts and l.lead_created_at < p.ends`;

/** One row per lead that came in in the period. */
function created(scope: Scope): Sql {
  return dated(scope, sql`l.lead_created_at`, CREATED, sql``, sql``);
}

/** The same, with `first_touch` (its type) and `first_touch_at`: null where nobody has reached out by the cutoff. */
function reached(scope: Scope): Sql {
  const at = sql`, first.occurred_at as first_touch_at`;
  return dated(scope, sql`l.lead_created_at`, CREATED, at, firstTouch(scope), sql`first.type`);
}

/** The same, with whether it `has_deal` and `has_won` by the cutoff. */
function cohort(scope: Scope): Sql {
  return dated(
    scope,
    sql`l.lead_created_at`,
    CREATED,
    sql`, coalesce(became.has_deal, false) as has_deal, coalesce(became.has_won, false) as has_won`,
    sql`left join lateral (
      select true as has_deal, bool_or(c.status = 'won') as has_won from (select d.id from ${deals(scope)}) d
      left join lateral (
        select x.status from deal_changes x where x.deal_id = d.id and ${isKnown(scope, "x")} order by x.ordinal desc limit 1
      ) c on true
      having count(*) > 0
    ) became on true`,
  );
}

/**
 * What a lead's status means (`open`, `qualified`, `disqualified`), of a word in SQL. A word that the config does not speak of is an open lead's.
 */
function meaning(word: Sql): Sql {
  return sql`coalesce((
    select listed.value from settings s, jsonb_each_text(s.value) listed
    where s.section = 'lead_statuses' and lower(listed.key) = lower(${word}) limit 1), 'open')`;
}

/** What was witnessed of the statuses of a lead `l`, as `w`, of what may be known. */
function witnesses(scope: Scope): Sql {
  const landed = scope.landedBy === null ? sql`true` : sql`w.known_at <= ${scope.landedBy}::timestamptz`;
  return sql`lead_statuses w
    where w.lead_id = any(array(select x.id from people x where x.id = l.key union select x.id from people x where x.merged_into = l.key
      union select x.id from companies x where x.id = l.key union select x.id from companies x where x.merged_into = l.key)) and ${landed}`;
}

/** What the status of a lead `l` meant at an instant: the latest that was witnessed by then, else what it was before the first change. */
function meaningAt(scope: Scope, at: Sql): Sql {
  return meaning(sql`(
    select case when w.at <= ${at} then w.status else coalesce(w.before, w.status) end from ${witnesses(scope)}
    order by w.at > ${at}, case when w.at <= ${at} then w.at end desc, w.at, w.kind, w.seq desc limit 1)`);
}

/**
 * Leads that were open at the end of the period (or at the cutoff): the latest status by then means open, and there was no deal. With `last_touch_at`
 * (either way) and whether it `was_reached` (out), by then.
 */
function open(scope: Scope): Sql {
  return dated(
    scope,
    sql`p.at`,
    sql`l.lead_created_at <= p.at and p.starts <= p.at`,
    sql`, touched.last_touch_at, coalesce(touched.was_reached, false) as was_reached, p.at as period_end`,
    sql`left join lateral (
        select max(a.occurred_at) as last_touch_at, bool_or(${isOutbound("a")}) as was_reached
        from ${touches(scope)} and a.occurred_at <= p.at
      ) touched on true
      where ${meaningAt(scope, sql`p.at`)} = 'open' and not exists (select from ${deals(scope)} and coalesce(d.created_at, '-infinity') <= p.at)`,
  );
}

/** The changes of what a lead's status means, as `w` (at, meant, means). */
function changesOf(scope: Scope): Sql {
  return sql`(
    select said.at, ${meaning(sql`said.before`)} as meant, ${meaning(sql`said.status`)} as means
    from (
      select w.at, w.status, coalesce(lag(w.status) over (order by w.at, w.kind, w.seq), w.before) as before
      from ${witnesses(scope)} and w.at <= ${scope.cutoff}::timestamptz
    ) said
  ) w`;
}

/**
 * Leads that left qualification in the period, each once, and whether they are `disqualified`: by a change of status from open to another, or by
 * their first deal while they were open.
 */
function left(scope: Scope): Sql {
  return dated(
    scope,
    sql`gone.at`,
    sql`l.lead_created_at < p.ends`,
    sql`, gone.is_disqualified`,
    sql`cross join lateral (
        select at, is_disqualified from (
          select w.at, w.means = 'disqualified' as is_disqualified from ${changesOf(scope)} where w.meant = 'open' and w.means <> 'open'
          union all
          select had.at, false from (select min(d.created_at) as at from ${deals(scope)}) had where ${meaningAt(scope, sql`had.at`)} = 'open'
        ) either
        where at >= p.starts and at < p.ends order by at limit 1
      ) gone`,
  );
}

/** Leads whose status changed in the period into one that means disqualified, each once. */
function disqualified(scope: Scope): Sql {
  return dated(
    scope,
    sql`gone.at`,
    sql`l.lead_created_at < p.ends`,
    sql``,
    sql`cross join lateral (
        select w.at from ${changesOf(scope)}
        where w.means = 'disqualified' and w.meant <> 'disqualified' and w.at >= p.starts and w.at < p.ends order by w.at limit 1
      ) gone`,
  );
}
