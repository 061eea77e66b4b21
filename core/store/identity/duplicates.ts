import { sql } from "kysely";
import type { Tx } from "../db.ts";
import { withMerged } from "./merged.ts";

/** Which activities may be the same touch, by what they say; and which are marked so. */

/** Two activities that a rule takes to be one touch; each pair is given both ways round. */
export type TouchPair = {
  readonly a: string;
  readonly b: string;
  readonly rule: string;
  readonly connectionA: string;
  readonly connectionB: string;
  /** How far apart they began. */
  readonly gapS: number;
};

/** A series of meetings shares one key, and its meetings are at least a day apart. */
const SERIES_HOURS = 12;
/**
 * Calls: a dialler counts from dialling, a recorder from the first word, and their clocks differ by seconds; it rings for a minute, rarely
 * two. Meetings: a recording starts when the first one is there, minutes before the slot; late ones overlap the slot anyway.
 */
const CALL_TOLERANCE_S = 120;
const MEETING_TOLERANCE_S = 300;
/** What a calendar's slot is when the tool does not say. */
const SLOT_S = 1800;
/** No call or meeting is longer; so far back those are looked for that may still be going on. */
const LONGEST_HOURS = 8;
/** A campaign to a long list goes out over hours, and tools date the mail by its beginning or by its own sending. */
const SUBJECT_HOURS = 12;

const subjectOf = (alias: string) =>
  sql`lower(regexp_replace(btrim(${sql.ref(`${alias}.subject`)}), '\\s+', ' ', 'g'))`;
/** How long it took, for the overlap; never more than the look-up goes back, so that either of two finds the other. */
const lengthOf = (alias: string) =>
  sql`make_interval(secs => least(${LONGEST_HOURS}::int * 3600,
    coalesce(${sql.ref(`${alias}.duration_s`)}, case ${sql.ref(`${alias}.type`)} when 'meeting' then ${SLOT_S}::int else 0 end)))`;

/** The touched activities that are still there, with who they are with, after merging. */
function touchedActivities(ids: readonly string[]) {
  return sql`
    select a.id, a.connection_id, a.type, a.direction, a.occurred_at, a.occurred_is_day, a.duration_s, a.subject, a.match_keys,
      coalesce(r.merged_into, a.rep_id) as rep, coalesce(p.merged_into, a.person_id) as person
    from activities a
    left join reps r on r.id = a.rep_id
    left join people p on p.id = a.person_id
    where a.id = any(${ids}::uuid[]) and a.deleted_at is null`;
}

// `offset 0` keeps each look-up a look-up by index for each touched row. Without it PostgreSQL, which has no statistics of a table that has
// just been loaded, reads all activities, or all telephone numbers, for every batch: measured, 8 s for 500 calls instead of 25 ms.

/** Everyone who is the activity's person. */
const SAME_PERSON = sql`(select a.person as id union all select m.id from people m where m.merged_into = a.person)`;

/** Everyone who is the activity's person, or has a telephone number with them, or is one with who has: so that either of two finds the other. */
const SAME_LINE = sql`(
  select g.id from ${SAME_PERSON} g
  union
  select everyone.id from ${SAME_PERSON} g
  cross join lateral (select i.key_value from identities i where i.entity_id = g.id and i.key_type = 'phone' offset 0) own
  cross join lateral (
    select i.entity_id from identities i where i.entity = 'person' and i.key_type = 'phone' and i.key_value = own.key_value offset 0
  ) theirs
  cross join lateral (select coalesce(p.merged_into, p.id) as id from people p where p.id = theirs.entity_id offset 0) root
  cross join lateral (select root.id union all select m.id from people m where m.merged_into = root.id) everyone
)`;

/** Every pair that a rule makes of one of the activities and any other. */
export async function findTouchPairs(tx: Tx, ids: readonly string[]): Promise<TouchPair[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<TouchPair>`
    with touched as materialized (${touchedActivities(ids)})
    ${byKey()} union all ${byTime()} union all ${bySubject()}
  `.execute(tx);
  return rows;
}

const PAIR = sql`a.id as a, b.id as b, a.connection_id as "connectionA", b.connection_id as "connectionB",
  abs(extract(epoch from b.occurred_at - a.occurred_at))::float8 as "gapS"`;

function byKey() {
  return sql`
    select ${PAIR}, case
        when a.connection_id = b.connection_id then 'same_connection.match_key'
        when a.type in ('call', 'meeting') then 'meeting.calendar_key'
        when a.type = 'email' then 'email.message_id'
        else 'touch.match_key' end as rule
    from touched a
    cross join lateral (
      select b.* from activities b where b.match_keys && a.match_keys and b.match_keys <> '{}' offset 0
    ) b
    where a.match_keys <> '{}' and b.id <> a.id and b.deleted_at is null
      and abs(extract(epoch from b.occurred_at - a.occurred_at)) < ${SERIES_HOURS}::int * 3600
      and (b.type = a.type or (a.type in ('call', 'meeting') and b.type in ('call', 'meeting') and a.connection_id <> b.connection_id))`;
}

function byTime() {
  const tolerance = sql`make_interval(secs => case when a.type = 'call' and b.type = 'call' then ${CALL_TOLERANCE_S}::int else ${MEETING_TOLERANCE_S}::int end)`;
  return sql`
    select ${PAIR}, case
        when coalesce(pb.merged_into, b.person_id) <> a.person then 'call.same_phone'
        when a.type = 'call' and b.type = 'call' then 'call.same_time'
        else 'meeting.same_time' end as rule
    from touched a
    cross join lateral ${SAME_LINE} who
    cross join lateral (
      select b.* from activities b
      where b.person_id = who.id and b.occurred_at >= a.occurred_at - make_interval(hours => ${LONGEST_HOURS}::int)
        and b.occurred_at <= a.occurred_at + ${lengthOf("a")} + make_interval(secs => ${MEETING_TOLERANCE_S}::int)
      offset 0
    ) b
    left join people pb on pb.id = b.person_id
    left join reps rb on rb.id = b.rep_id
    where a.type in ('call', 'meeting') and not a.occurred_is_day and a.rep is not null and a.person is not null
      and b.type in ('call', 'meeting') and not b.occurred_is_day and b.deleted_at is null and b.connection_id <> a.connection_id
      and coalesce(rb.merged_into, b.rep_id) = a.rep
      and b.occurred_at - ${tolerance} <= a.occurred_at + ${lengthOf("a")}
      and a.occurred_at - ${tolerance} <= b.occurred_at + ${lengthOf("b")}
      and (coalesce(pb.merged_into, b.person_id) = a.person or (a.type = 'call' and b.type = 'call'))`;
}

function bySubject() {
  const window = sql`make_interval(hours => ${SUBJECT_HOURS}::int)`;
  return sql`
    select ${PAIR}, 'email.same_subject' as rule
    from touched a
    cross join lateral ${SAME_PERSON} who
    cross join lateral (
      select b.* from activities b
      where b.person_id = who.id and b.occurred_at between a.occurred_at - ${window} and a.occurred_at + ${window}
      offset 0
    ) b
    where a.type = 'email' and not a.occurred_is_day and a.person is not null and a.subject is not null
      and b.type = 'email' and not b.occurred_is_day and b.deleted_at is null and b.connection_id <> a.connection_id
      and (a.direction is null or b.direction is null or a.direction = b.direction)
      and ${subjectOf("b")} = ${subjectOf("a")} and ${subjectOf("a")} <> ''`;
}

/** The activities, with everything that is marked as one touch with any of them. */
export async function withMarked(tx: Tx, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    with given as (select unnest(${ids}::uuid[]) as id),
    firsts as (
      select a.duplicate_of as id from given join activities a on a.id = given.id and a.duplicate_of is not null
      union select id from given
    )
    select id from firsts union select a.id from firsts join activities a on a.duplicate_of = firsts.id
  `.execute(tx);
  return rows.map((row) => row.id);
}

/** Those of the activities that there are, in the order in which they win: one that a tool keeping deals tells of, then the earliest. */
export async function touchesInWinningOrder(tx: Tx, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select a.id from activities a
    where a.id = any(${ids}::uuid[])
    order by a.connection_id in (select connection_id from pipelines) desc, a.occurred_at, a.id
  `.execute(tx);
  return rows.map((row) => row.id);
}

export type DuplicateMark = { readonly id: string; readonly of: string | null; readonly rule: string | null };

/** A row that another transaction is writing is left out: that one relates the row itself, after this. @returns how many were changed. */
export async function markTouches(tx: Tx, marks: readonly DuplicateMark[]): Promise<number> {
  if (marks.length === 0) return 0;
  const result = await sql`
    with target as materialized (
      select x.id, v.first_id, v.rule
      from unnest(${marks.map((m) => m.id)}::uuid[], ${marks.map((m) => m.of)}::uuid[], ${marks.map((m) => m.rule)}::text[])
        v (id, first_id, rule)
      join activities x on x.id = v.id
      where (x.duplicate_of, x.duplicate_rule) is distinct from (v.first_id, v.rule)
      order by x.id for update of x skip locked
    )
    update activities x set duplicate_of = target.first_id, duplicate_rule = target.rule from target where x.id = target.id
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** Which activities a change of these concerns, where it is about doubles. */
export type TouchedBy = {
  /** Records that the source no longer has. */
  readonly deletedRecordIds: readonly string[];
  /** Activities that are no more. */
  readonly removedIds: readonly string[];
  readonly people: readonly string[];
  readonly reps: readonly string[];
  /** A connection that has turned out to keep deals: what it tells of wins from now on. */
  readonly winningConnection: string | null;
};

/** Activities that may be doubles, or be none any more, because of the change. */
export async function touchesConcerned(tx: Tx, change: TouchedBy): Promise<string[]> {
  const parts = [];
  if (change.deletedRecordIds.length > 0)
    parts.push(sql`select id from activities where record_id = any(${change.deletedRecordIds}::uuid[])`);
  if (change.removedIds.length > 0)
    parts.push(sql`select id from activities where duplicate_of = any(${change.removedIds}::uuid[])`);
  if (change.people.length > 0)
    // With all whom they are one with: a number that one of them has, all of them have.
    parts.push(sql`
      select a.id from (${withMerged("people", sql`select unnest(${change.people}::uuid[]) as id`)}) person
      cross join lateral (
        select a.id from activities a where a.person_id = person.id and a.type in ('call', 'meeting', 'email') offset 0
      ) a`);
  // Every pair has one of the changed rep's own touches in it.
  if (change.reps.length > 0)
    parts.push(
      sql`select id from activities where rep_id = any(${change.reps}::uuid[]) and type in ('call', 'meeting')`,
    );
  if (change.winningConnection !== null)
    parts.push(sql`
      select a.id from activities a where a.duplicate_of is not null and (a.connection_id = ${change.winningConnection}
        or exists (select from activities f where f.id = a.duplicate_of and f.connection_id = ${change.winningConnection}))`);
  if (parts.length === 0) return [];
  const { rows } = await sql<{ id: string }>`${sql.join(parts, sql` union `)}`.execute(tx);
  return rows.map((row) => row.id);
}
