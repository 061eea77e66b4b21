import { sql } from "kysely";
import { ACTIVITY_TYPES } from "../../schema/canonical.ts";
import type { Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { datedIn, dayIn, dayStart, holds, periodTable, stillCounts, versionsOf } from "../engine/row-parts.ts";
import { anyOf, firstOf, ofCircle } from "./circle.ts";
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
 * All leads there are, each once: `key` is the row that those which are one with it were merged into, `person_key` the same of a person, `firm_key` of
 * the company that it belongs to or is, `staff_key` of a company.
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
    const key = sql`coalesce(l.merged_into, l.id)`;
    const isPerson = table === "people";
    return sql`
      select ${isByCreation ? sql`` : sql`distinct on (${key})`} l.id, ${key} as key, ${kind}::text as kind,
        l.lead_created_at, l.rep_id as owner_id, l.connection_id, l.attributes,
        coalesce(l.attributes ->> 'channel', l.attributes ->> 'source') as channel,
        ${isPerson ? key : sql`null::uuid`} as person_key, ${isPerson ? sql`coalesce(own.merged_into, own.id)` : key} as firm_key,
        ${isPerson ? sql`null::uuid` : key} as staff_key
      from ${sql.table(table)} l ${isPerson ? sql`left join companies own on own.id = l.company_id` : sql``}
      where ${counts("l")} ${
        isByCreation
          ? sql`and not ${earlier(sql`x.id = l.merged_into`)} and not ${earlier(sql`x.merged_into = ${key}`)}`
          : sql`order by ${key}, l.lead_created_at, l.id`
      }`;
  };
  return sql`((${of("people", "person")}) union all (${of("companies", "company")}))`;
}

/** Of a lead `l`: the person or the company, and the people of the company. */
const CIRCLE = { person: sql`l.person_key`, firm: sql`l.firm_key`, staffOf: sql`l.staff_key` };
const TOUCHES = ofCircle(CIRCLE, "activities", "a");

/** The first touch of a lead `l` that is as said: its columns `occurred_at`, `type` and `rep_id`. */
function firstTouch(scope: Scope, isSo: Sql): Sql {
  const columns = sql`a.occurred_at, a.id, a.type, a.rep_id`;
  const holdsSo = sql`${isTouch(scope, "a")} and ${isSo}`;
  return firstOf(TOUCHES, columns, holdsSo, sql`a.occurred_at, a.id`, sql`f.occurred_at, f.id`);
}

/** The deals of a lead `l`, as `d`, in parts as {@link ofCircle} has them. */
function dealsOf(scope: Scope, way: "one by one" | "as a set"): Sql[] {
  const day = dayStart(scope, dayIn(scope, sql`l.lead_created_at`));
  // No day is so long: to look for where it began costs more than the rest.
  const isSince = sql`(d.created_at >= l.lead_created_at or d.created_at > l.lead_created_at - interval '2 days' and d.created_at >= ${day})`;
  const counts = sql`d.merged_into is null and ${stillCounts(scope, "d")} and coalesce(d.created_at, '-infinity') <= ${scope.cutoff}::timestamptz`;
  const own = ofCircle({ person: CIRCLE.person, staffOf: CIRCLE.staffOf }, "deals", "d", way);
  const firms = ofCircle({ firm: CIRCLE.firm }, "deals", "d", way);
  return [
    ...own.map((part) => sql`${part} and ${counts}`),
    ...firms.map((part) => sql`${part} and ${counts} and (l.kind = 'company' or ${isSince})`),
  ];
}

const OF_THE_LEAD = sql`l.id, 0 as nth, l.kind, l.channel, l.connection_id, l.attributes, l.lead_created_at`;

/** Who has the credit for a lead `l`: its owner at creation, as far back as is known, else who touched it first. */
function repOf(scope: Scope): Sql {
  // A mention of a person is no lead yet, so its owner is none at creation.
  const versions = (table: string): Sql =>
    sql`select v.rep_id, v.landed_from, v.landed_to from ${versionsOf(scope, table, sql`l.id`)} and v.lead_created_at is not null`;
  const owner = sql`(
    select case when was.landed_to is null then l.owner_id else was.rep_id end
    from (select 1) one
    left join lateral (
      select v.* from (${versions("people")} union all ${versions("companies")}) v order by v.landed_from, v.landed_to limit 1
    ) was on true)`;
  return sql`coalesce(${owner}, (select t.rep_id from (${firstTouch(scope, sql`a.rep_id is not null`)}) t)) as rep_id`;
}

/** One row per lead that came in in the period, with more `columns` that `joins` give. */
function came(scope: Scope, columns: Sql, joins: Sql, firstTouchType: Sql = sql`null::text`): Sql {
  return sql`
    select p.no as period_no, ${OF_THE_LEAD}, l.lead_created_at as at, false as at_is_day, ${repOf(scope)}, ${firstTouchType} as first_touch ${columns}
    from ${datedIn(scope, sql`${leads(scope, true)} l`, sql`l.lead_created_at`)}
    ${joins}`;
}

function created(scope: Scope): Sql {
  return came(scope, sql``, sql``);
}

/** The same, with `first_touch` (its type) and `first_touch_at`: null where nobody has reached out by the cutoff. */
function reached(scope: Scope): Sql {
  const first = sql`left join lateral (${firstTouch(scope, isOutbound("a"))}) first on true`;
  return came(scope, sql`, first.occurred_at as first_touch_at`, first, sql`first.type`);
}

/** The same, with whether it `has_deal` and `has_won` by the cutoff. */
function cohort(scope: Scope): Sql {
  // No `exists`, which PostgreSQL would make a join of all closings.
  const isWon = sql`(select true from deal_closings x where x.deal_id = d.id and x.status = 'won' and ${holds(scope, "x")} limit 1)`;
  return came(
    scope,
    sql`, ${anyOf(dealsOf(scope, "one by one"), sql`true`)} as has_deal, ${anyOf(dealsOf(scope, "one by one"), isWon)} as has_won`,
    sql``,
  );
}

/**
 * What all leads were, for the questions that go through all of them:
 *
 * - `l`      the leads
 * - `words`  what a word for a status means (`open`, `qualified`, `disqualified`). One that the config does not speak of is an open lead's
 * - `said`   what was witnessed of statuses, of what may be known (key, at, kind, seq, before, status)
 * - `had`    when they had their first deal: `first_at`, and `first_known_at` of those whose beginning is known
 */
function past(scope: Scope): Sql {
  const landed = scope.landedBy === null ? sql`true` : sql`w.known_at <= ${scope.landedBy}::timestamptz`;
  const deals = dealsOf(scope, "as a set").map(
    (part) => sql`select l.id, d.created_at from l cross join lateral (select d.created_at ${part}) d`,
  );
  return sql`
    l as materialized (
      select l.id, l.key, l.kind, l.lead_created_at, l.owner_id, l.connection_id, l.person_key, l.firm_key, l.staff_key from ${leads(scope, false)} l
    ),
    words as materialized (
      select distinct on (lower(listed.key)) lower(listed.key) as word, listed.value as means
      from settings s, jsonb_each_text(s.value) with ordinality listed(key, value, no)
      where s.section = 'lead_statuses' order by lower(listed.key), listed.no
    ),
    said as materialized (
      select coalesce(person.merged_into, firm.merged_into, w.lead_id) as key, w.at, w.kind, w.seq, w.before, w.status
      from lead_statuses w
      left join people person on person.id = w.lead_id and person.merged_into is not null
      left join companies firm on firm.id = w.lead_id and firm.merged_into is not null
      where ${landed}
    ),
    had as materialized (
      select d.id, min(coalesce(d.created_at, '-infinity')) as first_at, min(d.created_at) as first_known_at
      from (${sql.join(deals, sql` union all `)}) d group by d.id
    ),`;
}

/**
 * From when until when the status of a lead said what (key, since, until, word), after {@link past}: the latest that was witnessed by then; before the
 * first, what it was before that.
 */
const SAID = sql`
  seen as materialized (select distinct on (key, at) key, at, before, status from said order by key, at, kind, seq desc),
  meant as materialized (
    select s.key, s.since, s.until, coalesce(words.means, 'open') as means
    from (
      select key, at as since, lead(at, 1, 'infinity') over (partition by key order by at) as until, status as word from seen
      union all
      (select distinct on (key) key, '-infinity', at, coalesce(before, status) from seen order by key, at)
    ) s
    left join words on words.word = lower(s.word)
  )`;

/** Columns of the rows that are made of {@link past}, at an instant. What lies in the row of the lead is looked up where it is asked for. */
function standing(scope: Scope, at: Sql): Sql {
  const attributes = sql`case l.kind when 'person' then (select x.attributes from people x where x.id = l.id)
    else (select x.attributes from companies x where x.id = l.id) end`;
  return sql`
    p.no as period_no, l.id, 0 as nth, l.kind, coalesce(${attributes} ->> 'channel', ${attributes} ->> 'source') as channel, l.connection_id,
    ${attributes} as attributes, l.lead_created_at, ${at} as at, false as at_is_day, ${repOf(scope)}, null::text as first_touch`;
}

/**
 * Leads that were open at the end of the period (or at the cutoff): the latest status by then means open, and there was no deal. With `last_touch_at`
 * (either way) and whether it `was_reached` (out), by then.
 */
function open(scope: Scope): Sql {
  const byThen = sql`${isTouch(scope, "a")} and a.occurred_at <= p.at`;
  const last = firstOf(TOUCHES, sql`a.occurred_at`, byThen, sql`a.occurred_at desc`, sql`f.occurred_at desc`);
  return sql`(
    with ${past(scope)} ${SAID}
    select ${standing(scope, sql`p.at`)}, (${last}) as last_touch_at, ${anyOf(TOUCHES, sql`${byThen} and ${isOutbound("a")}`)} as was_reached,
      p.at as period_end
    from ${periodTable(scope)} p
    join l on l.lead_created_at <= p.at and p.starts <= p.at
    left join had on had.id = l.id
    left join meant on meant.key = l.key and meant.since <= p.at and meant.until > p.at
    where coalesce(meant.means, 'open') = 'open' and (had.first_at is null or had.first_at > p.at))`;
}

/** The changes of what a lead's status means (key, at, meant, means), after {@link past}. */
function changes(scope: Scope): Sql {
  return sql`
  changed as materialized (
    select said.key, said.at, coalesce(before.means, 'open') as meant, coalesce(after.means, 'open') as means
    from (
      select w.key, w.at, w.status, coalesce(lag(w.status) over (partition by w.key order by w.at, w.kind, w.seq), w.before) as before
      from said w where w.at <= ${scope.cutoff}::timestamptz
    ) said
    left join words before on before.word = lower(said.before)
    left join words after on after.word = lower(said.status)
  )`;
}

/** `from …` of the first of what is `gone` (id, at, and more) in each period `p`, with its lead `l`, after {@link past}. */
function firstIn(scope: Scope, more: Sql): Sql {
  return sql`
    from (
      select distinct on (p.no, gone.id) p.no, p.ends, gone.*
      from ${periodTable(scope)} p join gone on gone.at >= p.starts and gone.at < p.ends
      order by p.no, gone.id, gone.at ${more}
    ) p
    join l on l.id = p.id and l.lead_created_at < p.ends`;
}

/**
 * Leads that left qualification in the period, each once, and whether they are `disqualified`: by a change of status from open to another, or by
 * their first deal while they were open.
 */
function left(scope: Scope): Sql {
  return sql`(
    with ${past(scope)} ${SAID}, ${changes(scope)},
    gone as materialized (
      select l.id, c.at, c.means = 'disqualified' as is_disqualified from changed c join l on l.key = c.key where c.meant = 'open' and c.means <> 'open'
      union all
      select l.id, had.first_known_at, false from had join l on l.id = had.id
      left join meant on meant.key = l.key and meant.since <= had.first_known_at and meant.until > had.first_known_at
      where had.first_known_at is not null and coalesce(meant.means, 'open') = 'open'
    )
    select ${standing(scope, sql`p.at`)}, p.is_disqualified ${firstIn(scope, sql`, gone.is_disqualified desc`)})`;
}

/** Leads whose status changed in the period into one that means disqualified, each once. */
function disqualified(scope: Scope): Sql {
  return sql`(
    with ${past(scope)} ${changes(scope)},
    gone as materialized (
      select l.id, c.at from changed c join l on l.key = c.key where c.means = 'disqualified' and c.meant <> 'disqualified'
    )
    select ${standing(scope, sql`p.at`)} ${firstIn(scope, sql``)})`;
}
