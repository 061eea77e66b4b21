import { type RawBuilder, sql } from "kysely";

/** A query for the ids of the rows that a query gives, and of all that are one with them. */
export function withMerged(table: "people" | "companies", ids: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    with root as materialized (
      select distinct coalesce(t.merged_into, given.id) as id from (${ids}) given left join ${sql.table(table)} t on t.id = given.id
    )
    select id from root
    union
    select t.id from root cross join lateral (select t.id from ${sql.table(table)} t where t.merged_into = root.id offset 0) t`;
}
