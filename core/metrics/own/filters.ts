import { sql } from "kysely";
import { minorUnitDigits } from "../../base/money.ts";
import type { Scope, Sql } from "../engine/define.ts";
import { type Dimension, hasValue, joinsOf, ownDimension } from "../engine/dimensions.ts";
import type { Condition } from "./section.ts";
import type { Amount, Source } from "./sources.ts";

/** Conditions of an own KPI as SQL. */
export type Filters = {
  /** Joins that the dimensions need, to rows called `r`. */
  readonly dimensions: readonly Dimension[];
  /** Of `r`, which has the columns of {@link bounds}. */
  readonly holds: Sql;
  /** Conditions on amounts, as columns of a select over `d`. */
  readonly bounds: readonly Sql[];
};

/** @param prefix tells the columns of two sets of conditions apart. */
export function filtersSql(
  source: Source,
  where: { readonly [name: string]: Condition },
  scope: Scope,
  prefix: string,
): Filters {
  const dimensions: Dimension[] = [];
  const bounds: Sql[] = [];
  const holds: Sql[] = [sql`true`];
  for (const [index, [name, wanted]] of Object.entries(where).entries()) {
    const amount = amountOf(source, name, undefined);
    const between = boundsOf(wanted);
    if (between !== null && amount !== null) {
      const column = `${prefix}_${index}`;
      bounds.push(sql`${within(amount, between, scope)} as ${sql.id(column)}`);
      holds.push(sql`r.${sql.id(column)}`);
      continue;
    }
    const dimension = ownDimension(source.subject, name);
    if (dimension === null) continue;
    dimensions.push(dimension);
    const isNot = typeof wanted === "object" && "not" in wanted;
    const has = sql`coalesce(${hasValue(dimension, valuesOf(wanted))}, false)`;
    holds.push(isNot ? sql`not ${has}` : has);
  }
  return { dimensions, bounds, holds: sql`(${sql.join(holds, sql` and `)})` };
}

/** The values that a condition without bounds speaks of, whether it wants them or not. */
export function valuesOf(wanted: Condition): readonly string[] {
  const isNot = typeof wanted === "object" && "not" in wanted;
  const given = isNot ? wanted.not : (wanted as Exclude<Condition, { not: unknown } | { at_least?: unknown }>);
  return (Array.isArray(given) ? given : [given]).map(String);
}

export type Bounds = { readonly at_least?: number | undefined; readonly at_most?: number | undefined };

/** Null: the condition is not about how much. */
export function boundsOf(wanted: Condition): Bounds | null {
  const isMap = typeof wanted === "object" && !Array.isArray(wanted);
  return isMap && !("not" in wanted) ? wanted : null;
}

function within(amount: Amount, { at_least: least, at_most: most }: Bounds, scope: Scope): Sql {
  const given = (bound: number): number =>
    bound * (amount.unit === "money" ? 10 ** minorUnitDigits(scope.currency) : 1);
  const value = sql`(${amount.sql(scope)})::numeric`;
  const conditions = [
    ...(least === undefined ? [] : [sql`${value} >= ${given(least)}::numeric`]),
    ...(most === undefined ? [] : [sql`${value} <= ${given(most)}::numeric`]),
  ];
  return sql`coalesce(${sql.join(conditions, sql` and `)}, false)`;
}

const ATTRIBUTE = /^attributes\.(.+)$/;

/** What of a record a name stands for: one of its amounts, or a number in an attribute. Null: neither. */
export function amountOf(source: Source, name: string, unit: Amount["unit"] | undefined): Amount | null {
  const known = Object.hasOwn(source.amounts, name) ? source.amounts[name] : undefined;
  if (known !== undefined) return known;
  const attribute = ATTRIBUTE.exec(name)?.[1];
  if (attribute === undefined) return null;
  return { unit: unit ?? "number", words: attribute, sql: (scope) => numberIn(attribute, unit, scope) };
}

/** A number as tools write it. Anything else in the attribute is no number, and the record has no amount. */
const NUMBER = String.raw`^\s*[-+]?[0-9]{1,30}([.][0-9]{1,30})?\s*$`;

/** Money in an attribute is in main units of the workspace's currency. */
function numberIn(attribute: string, unit: Amount["unit"] | undefined, scope: Scope): Sql {
  const text = sql`(d.attributes ->> ${attribute}::text)`;
  const factor = unit === "money" ? 10 ** minorUnitDigits(scope.currency) : 1;
  return sql`case when ${text} ~ ${NUMBER} then ${text}::numeric * ${factor}::numeric end`;
}

/** Rows `r` of the base query with the joins of all conditions, each made once. */
export function joinsOfFilters(filters: readonly Filters[]): Sql {
  return joinsOf(filters.flatMap(({ dimensions }) => dimensions.filter(({ has }) => has === undefined)));
}
