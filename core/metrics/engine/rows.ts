import { sql } from "kysely";
import type { Sql } from "./define.ts";

/** Which rows count, and for what. The pieces see the row as `d`. */
export type Measure = {
  /** Whether the row is in the number (of a ratio: in the denominator). Default: every row. */
  readonly counted?: Sql;
  readonly inNumerator?: Sql;
  readonly amount?: Sql;
  /** Of a `ratio`: what the amounts are divided by. */
  readonly per?: Sql;
  /** Why the row is left out of the amount or the number; null when it is not. */
  readonly exception?: Sql;
};

/**
 * Rows with what they count for: `counted`, `in_numerator`, `amount`, `per`, `exception` beside their own columns. The number and the records
 * behind it are both read from here, so they cannot differ.
 */
export function measured(rows: Sql, measure: Measure): Sql {
  // `offset 0` keeps PostgreSQL from computing a value, or an amount, once for each place that names it.
  return sql`
    select d.*, ${measure.counted ?? sql`true`} as counted, ${measure.inNumerator ?? sql`false`} as in_numerator,
      ${measure.amount ?? sql`null::float8`} as amount, ${measure.per ?? sql`null::float8`} as per, ${measure.exception ?? sql`null::text`} as exception
    from (select * from (${rows}) rows offset 0) d offset 0`;
}

/** The exception of a win or loss whose time is in doubt, after one that leaves it out of the amount. */
export function closingDoubt(when: Sql, first: Sql = sql`null::text`): Sql {
  return sql`coalesce(${first}, case when ${when} then d.doubt end)`;
}

/** The exception of a value that no exchange rate turns into the workspace's currency. The deal stays in the count. */
export function noRate(when: Sql): Sql {
  return sql`case when ${when} and d.annual_minor is not null and d.value_minor is null then 'no_rate' end`;
}
