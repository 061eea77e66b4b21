import { sql } from "kysely";
import type { Scope, Sql } from "./define.ts";

/** Pieces of SQL that the rows of subjects are made of. */

/** The periods as a table (no, starts, ends, at): `at` is the last instant that is in the period and not after the cutoff. */
export function periodTable(scope: Scope): Sql {
  const starts = scope.periods.map((period) => period.starts?.toISOString() ?? "-infinity");
  const ends = scope.periods.map((period) => period.ends?.toISOString() ?? "infinity");
  return sql`(
    select no::int - 1 as no, starts, ends, least(ends - interval '1 microsecond', ${scope.cutoff}::timestamptz) as at
    from unnest(${starts}::timestamptz[], ${ends}::timestamptz[]) with ordinality as given(starts, ends, no)
  )`;
}

/** The so many days up to each period's end, or up to the cutoff where that is earlier. */
export function daysBefore(scope: Scope, days: number): Scope {
  const lengthMs = days * 86_400_000;
  const periods = scope.periods.map((period) => {
    const isOver = period.ends !== null && period.ends <= scope.cutoff;
    // Exclusive.
    const endsMs = isOver ? (period.ends?.getTime() ?? 0) : scope.cutoff.getTime() + 1;
    return { ...period, starts: new Date(endsMs - lengthMs), ends: new Date(endsMs) };
  });
  return { ...scope, periods };
}

/** Whether a row of deal_changes may be used: it had happened, and had landed. (What has been changed since: see as-of.ts.) */
export function isKnown(scope: Scope, alias: string): Sql {
  const c = sql.ref(alias);
  return scope.landedBy === null
    ? sql`${c}.held_from <= ${scope.cutoff}::timestamptz`
    : sql`${c}.held_from <= ${scope.cutoff}::timestamptz and ${c}.known_at <= ${scope.landedBy}::timestamptz`;
}

/** Whether a row that holds from an instant until another (exclusive) holds at the cutoff. */
export function holds(scope: Scope, alias: string): Sql {
  const c = sql.ref(alias);
  return sql`${c}.held_from <= ${scope.cutoff}::timestamptz and ${c}.held_to > ${scope.cutoff}::timestamptz`;
}

/** Whether its source still has it, as far as may be known. */
export function stillCounts(scope: Scope, alias: string): Sql {
  const d = sql.ref(alias);
  return sql`(${d}.deleted_at is null or ${d}.deleted_at > ${scope.deletedBy}::timestamptz)`;
}

/** The versions of a row that were known earlier than the one at hand, as `v` (see as-of.ts). @param id of the row */
export function versionsOf(scope: Scope, table: string, id: Sql): Sql {
  return sql`${sql.table(`tributary_past.${table}`)} v where v.id = ${id} and v.landed_from <= ${scope.landedBy?.toISOString() ?? "infinity"}::timestamptz`;
}

/** Of a row with a rep: the first that it was ever given to. */
export function firstRep(scope: Scope, table: string, alias: string): Sql {
  const t = sql.ref(alias);
  return sql`coalesce((
    select v.rep_id from ${versionsOf(scope, table, sql`${t}.id`)} and v.rep_id is not null order by v.landed_from, v.landed_to limit 1), ${t}.rep_id)`;
}

/** The calendar day of an instant in the workspace's time zone. */
export function dayIn(scope: Scope, instant: Sql): Sql {
  return sql`(${instant} at time zone ${scope.timeZone}::text)::date`;
}

/** The instant at which a calendar day begins in the workspace's time zone. */
export function dayStart(scope: Scope, day: Sql): Sql {
  return sql`(${day}::timestamp at time zone ${scope.timeZone}::text)`;
}

/** Days from one instant to another: with fractions between instants, whole calendar days where either is only a day. Null when either is unknown. */
export function daysFrom(scope: Scope, from: Sql, to: Sql, isDay: Sql): Sql {
  return sql`case
    when not isfinite(${from}) or not isfinite(${to}) then null
    when ${isDay} then (${dayIn(scope, to)} - ${dayIn(scope, from)})::numeric
    else extract(epoch from ${to} - ${from})::numeric / 86400
  end`;
}

/**
 * The annualised value of a state in minor units of the workspace's currency, at the rate of the day. As `workspace_minor` has it, which PostgreSQL
 * can't inline: called for every row it costs more than all the rest.
 */
export function valueMinor(scope: Scope, state: string, at: Sql): Sql {
  return inOwnMinor(
    scope,
    sql`${sql.ref(`${state}.annual_minor`)}::numeric`,
    sql.ref(`${state}.currency`),
    dayIn(scope, at),
  );
}

/** An amount in minor units of the workspace's currency, by the latest rate of the week before the day; null without one. */
export function inOwnMinor(scope: Scope, amount: Sql, currency: Sql, day: Sql): Sql {
  return sql`case
    when ${currency} is null or ${currency} = ${scope.currency} then ${amount}
    else (
      select round(${amount} * rate.rate * power(10::numeric, (tributary.minor_digits(${scope.currency}) - tributary.minor_digits(${currency}))::numeric))
      from tributary.exchange_rates rate
      where rate.currency = ${currency} and rate.day <= ${day} and rate.day > ${day} - 7
      order by rate.day desc limit 1)
  end`;
}
