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

/**
 * @param way how they are asked for: of one person or company after the other, or of a whole set in one join. As of an instant each table has two parts, and
 * PostgreSQL joins those as a whole unless it is told to look for each.
 */
export function ofCircle(
  { person, firm, staffOf }: Circle,
  table: "activities" | "deals",
  alias: string,
  way: "one by one" | "as a set" = "one by one",
): Sql[] {
  const [rows, row] = [sql.table(table), sql.ref(alias)];
  const of = (column: "person_id" | "company_id"): Sql =>
    way === "as a set"
      ? sql`join ${rows} ${row} on ${row}.${sql.id(column)} = one.id`
      : sql`cross join lateral (select * from ${rows} ${row} where ${row}.${sql.id(column)} = one.id offset 0) ${row}`;
  const parts: Sql[] = [];
  if (person !== undefined)
    parts.push(
      sql`from ${rows} ${row} where ${row}.person_id = ${person}`,
      sql`from people one ${of("person_id")} where one.merged_into = ${person}`,
    );
  if (firm !== undefined)
    parts.push(
      sql`from ${rows} ${row} where ${row}.company_id = ${firm}`,
      sql`from companies one ${of("company_id")} where one.merged_into = ${firm}`,
    );
  if (staffOf !== undefined) {
    const staff =
      way === "as a set"
        ? sql`join people one on one.company_id = at.id`
        : sql`cross join lateral (select one.id from people one where one.company_id = at.id offset 0) one`;
    parts.push(
      sql`from people one ${of("person_id")} where one.company_id = ${staffOf}`,
      sql`from companies at ${staff} ${of("person_id")} where at.merged_into = ${staffOf}`,
    );
  }
  return parts;
}

/** Whether any of the parts has a row for which it holds. No `exists`: of that PostgreSQL may make a list of all rows there are, and look into it. */
export function anyOf(parts: readonly Sql[], holds: Sql): Sql {
  const found = parts.map((part) => sql`(select true ${part} and ${holds} limit 1)`);
  return sql`coalesce(${sql.join([...found, sql`false`])})`;
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
    sql`from companies at cross join lateral (select * from people x where x.company_id = at.id offset 0) x where at.merged_into = ${firm}`,
    sql`from companies x where x.id = ${firm}`,
    sql`from companies x where x.merged_into = ${firm}`,
  ];
}
