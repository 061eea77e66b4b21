import { sql } from "kysely";
import type { Period } from "../ask/period.ts";
import type { Scope, Sql } from "./define.ts";

/** Pieces of SQL that the rows of subjects are made of. */

/**
 * The periods as a table (no, starts, ends, at): `at` is the last instant that is in the period and not after the cutoff. Written out, so that the
 * planner knows how many there are and when.
 */
export function periodTable(scope: Scope): Sql {
  const rows = scope.periods.map((period, no) => boundsOf(scope, period, no));
  const [only] = rows;
  if (only !== undefined && rows.length === 1)
    return sql`(select ${only.no} as no, ${only.starts} as starts, ${only.ends} as ends, ${only.at} as at)`;
  const values = rows.map(({ no, starts, ends, at }) => sql`(${no}, ${starts}, ${ends}, ${at})`);
  return sql`(select * from (values ${sql.join(values)}) as given(no, starts, ends, at))`;
}

type Bounds = { readonly no: Sql; readonly starts: Sql; readonly ends: Sql; readonly at: Sql };

function boundsOf({ cutoff }: Scope, { starts, ends }: Period, no: number): Bounds {
  const instant = (text: string): Sql => sql`${text}::timestamptz`;
  // Instants in the database have microseconds; an end is a whole millisecond.
  const isOver = ends !== null && ends <= cutoff;
  const last = isOver ? new Date(ends.getTime() - 1).toISOString().replace("Z", "999Z") : cutoff.toISOString();
  return {
    no: sql`${no}::int`,
    starts: instant(starts?.toISOString() ?? "-infinity"),
    ends: instant(ends?.toISOString() ?? "infinity"),
    at: instant(last),
  };
}

/**
 * `from` of the rows that are dated in a period `p` (no, starts, ends, at), with an open condition to which more may be added by `and`.
 *
 * Periods that follow one another are one range, read once: a row's own instant tells which it is in. A join would look for each period's rows by
 * themselves, in an index whose rows lie all over the table.
 *
 * @param rows a table with its alias
 * @param at the instant that dates a row
 */
export function datedIn(scope: Scope, rows: Sql, at: Sql): Sql {
  const bounds = scope.periods.map((period, no) => boundsOf(scope, period, no));
  const [first, last] = [bounds[0], bounds.at(-1)];
  if (first === undefined || last === undefined || bounds.length === 1 || !followOneAnother(scope.periods))
    return sql`${periodTable(scope)} p join ${rows} on ${at} >= p.starts and ${at} < p.ends`;
  const list = (of: "starts" | "ends" | "at"): Sql => sql`(array[${sql.join(bounds.map((one) => one[of]))}])`;
  const nth = sql`width_bucket(${at}, ${list("starts")})`;
  return sql`${rows}
    join lateral (
      select ${nth} - 1 as no, ${list("starts")}[${nth}] as starts, ${list("ends")}[${nth}] as ends, ${list("at")}[${nth}] as at
    ) p on ${at} >= ${first.starts} and ${at} < ${last.ends}`;
}

function followOneAnother(periods: readonly Period[]): boolean {
  return periods.every(({ starts }, no) => no === 0 || starts?.getTime() === periods[no - 1]?.ends?.getTime());
}

/** Of more periods the planner takes longer than the rows do. */
const MOST_BRANCHES = 60;

/**
 * Periods are asked for one by one: each finds its rows by an index, where a join with all of them reads every row for each. What has not begun
 * by the cutoff has no rows.
 *
 * @param one the rows of the periods `p` (no, starts, ends, at).
 */
export function byPeriod(scope: Scope, one: (periods: Sql) => Sql): Sql {
  const begun = scope.periods.flatMap((period, no) =>
    period.starts === null || period.starts <= scope.cutoff ? [boundsOf(scope, period, no)] : [],
  );
  if (begun.length === 0 || begun.length > MOST_BRANCHES)
    return one(sql`(select * from ${periodTable(scope)} p where p.starts <= p.at)`);
  const branches = begun.map(({ no, starts, ends, at }) => {
    return sql`(${one(sql`(select ${no} as no, ${starts} as starts, ${ends} as ends, ${at} as at)`)})`;
  });
  return sql.join(branches, sql` union all `);
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

/**
 * Periods that overlap, in parts that do not, so that what lies in several is looked at once: `partOf` numbers the part that an instant is in, `isInAny` says
 * whether it is in any, and `isIn` whether a part belongs to the period `p`.
 */
export function partsOf(scope: Scope): {
  readonly partOf: (at: Sql) => Sql;
  readonly isInAny: (at: Sql) => Sql;
  readonly isIn: (part: Sql) => Sql;
} {
  const texts = scope.periods.flatMap(({ starts, ends }) => [
    starts?.toISOString() ?? "-infinity",
    ends?.toISOString() ?? "infinity",
  ]);
  const rank = (text: string): number =>
    text === "-infinity" ? -Infinity : text === "infinity" ? Infinity : Date.parse(text);
  const bounds = [...new Set(texts)].toSorted((a, b) => rank(a) - rank(b));
  const all = sql`${bounds}::timestamptz[]`;
  return {
    partOf: (at) => sql`width_bucket(${at}, ${all})`,
    isInAny: (at) => sql`${at} >= ${bounds[0]}::timestamptz and ${at} < ${bounds.at(-1)}::timestamptz`,
    isIn: (part) => sql`(${part} >= width_bucket(p.starts, ${all}) and ${part} < width_bucket(p.ends, ${all}))`,
  };
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

/**
 * The rates by which money at the end of a period counts (period_no, currency, factor): an amount × the factor is in minor units of the workspace's
 * currency.
 */
export function ratesAtEnd(scope: Scope): Sql {
  return sql`(
    select distinct on (p.no, rate.currency) p.no as period_no, rate.currency,
      rate.rate * power(10::numeric, (tributary.minor_digits(${scope.currency}) - tributary.minor_digits(rate.currency))::numeric) as factor
    from ${periodTable(scope)} p
    join tributary.exchange_rates rate on rate.day <= ${dayIn(scope, sql`p.at`)} and rate.day > ${dayIn(scope, sql`p.at`)} - 7
    order by p.no, rate.currency, rate.day desc)`;
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
