import { sql } from "kysely";
import { majorUnits } from "../../base/money.ts";
import type { Db } from "../../store/db.ts";
import { prepare } from "../ask/evaluate.ts";
import { slicedRows, withRows } from "../engine/aggregate.ts";
import type { MetricQuery } from "../engine/query.ts";

/** The amounts that a KPI which is one aggregate counts, one by one, by slice; money in main units. Null: it is worked out from others. */
export async function amountsOf(
  db: Db,
  query: MetricQuery,
): Promise<{ readonly names: readonly string[]; readonly slices: readonly (readonly number[])[] } | null> {
  const { metric, scope, slicing } = await prepare(db, query);
  if (metric.kind === "composed") return null;
  const keys = slicing.by.map(({ key }) => sql`${key}`);
  const { rows } = await sql<{ slice: string; amount: number }>`
    select json_build_array(${sql.join(keys)})::text as slice, r.amount::float8 as amount
    ${slicedRows(await withRows(db, metric), scope, slicing)} and r.counted and r.amount is not null`.execute(db);
  const slices = new Map<string, number[]>();
  for (const { slice, amount } of rows) {
    const value = metric.unit === "money" ? majorUnits(Math.round(amount), scope.currency) : amount;
    const known = slices.get(slice);
    if (known === undefined) slices.set(slice, [value]);
    else known.push(value);
  }
  return { names: slicing.by.map(({ name }) => name), slices: [...slices.values()] };
}
