import { sql } from "kysely";
import type { Sql } from "../engine/define.ts";

/**
 * Who belongs together around a person or a company, and what there is of them: activities, or deals. Given are the ids that those who are one were
 * merged into. Each part is a `from … where …` that an index answers, with the table under its alias; together they are all, and what belongs in
 * two ways may be in two of them.
 */
export type Circle = {
  /** The person alone. */
  readonly person?: Sql;
  /** The company itself. */
  readonly firm?: Sql;
  /** The people of the company. */
  readonly staffOf?: Sql;
};

export function ofCircle({ person, firm, staffOf }: Circle, table: "activities" | "deals", alias: string): Sql[] {
  const [rows, row] = [sql.table(table), sql.ref(alias)];
  const parts: Sql[] = [];
  if (person !== undefined)
    parts.push(
      sql`from ${rows} ${row} where ${row}.person_id = ${person}`,
      sql`from people one join ${rows} ${row} on ${row}.person_id = one.id where one.merged_into = ${person}`,
    );
  if (firm !== undefined)
    parts.push(
      sql`from ${rows} ${row} where ${row}.company_id = ${firm}`,
      sql`from companies one join ${rows} ${row} on ${row}.company_id = one.id where one.merged_into = ${firm}`,
    );
  if (staffOf !== undefined)
    parts.push(
      sql`from people one join ${rows} ${row} on ${row}.person_id = one.id where one.company_id = ${staffOf}`,
      sql`from companies at join people one on one.company_id = at.id join ${rows} ${row} on ${row}.person_id = one.id where at.merged_into = ${staffOf}`,
    );
  return parts;
}

/** Whether any of the parts has a row for which it holds. */
export function anyOf(parts: readonly Sql[], holds: Sql): Sql {
  return sql`(${sql.join(
    parts.map((part) => sql`exists (select ${part} and ${holds})`),
    sql` or `,
  )})`;
}

/** The first row of all parts by an order, as a query of the columns. Each part gives its own first, so that an index leads to it. */
export function firstOf(parts: readonly Sql[], columns: Sql, holds: Sql, order: Sql, outerOrder: Sql): Sql {
  const firsts = parts.map((part) => sql`(select ${columns} ${part} and ${holds} order by ${order} limit 1)`);
  return sql`select * from (${sql.join(firsts, sql` union all `)}) f order by ${outerOrder} limit 1`;
}

/** The rows themselves of a person, a company and its people, in parts, as `x`: of people and of companies. */
export function membersOf(person: Sql, firm: Sql): Sql[] {
  return [
    sql`from people x where x.id = ${person}`,
    sql`from people x where x.merged_into = ${person}`,
    sql`from people x where x.company_id = ${firm}`,
    sql`from companies at join people x on x.company_id = at.id where at.merged_into = ${firm}`,
    sql`from companies x where x.id = ${firm}`,
    sql`from companies x where x.merged_into = ${firm}`,
  ];
}
