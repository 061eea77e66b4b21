import { sql } from "kysely";
import { majorUnits } from "../../base/money.ts";
import {
  aggregatesOf,
  dimensionNames,
  type AggregateMetric,
  type ComposedMetric,
  type Figures,
  type MetricDefinition,
  type Scope,
  type Sql,
  type Unit,
} from "../engine/define.ts";
import { ownDimension } from "../engine/dimensions.ts";
import { measured } from "../engine/rows.ts";
import { amountOf, boundsOf, filtersSql, joinsOfFilters, type Filters } from "./filters.ts";
import { described } from "./described.ts";
import type { Problem } from "./problem.ts";
import type { Condition, OwnMetric } from "./section.ts";
import { SOURCES, type Amount, type Source } from "./sources.ts";
import { sqlMetric } from "./sql-metric.ts";
import type { SqlShape } from "./sql-guard.ts";
import { keysOf } from "../../base/keys.ts";

export type Compiled = { readonly metrics: readonly MetricDefinition[]; readonly problems: readonly Problem[] };

/** What one refers to: its place in the list, where it may be asked for, and what became of it. */
type Context = {
  readonly specs: readonly OwnMetric[];
  readonly builtIn: readonly MetricDefinition[];
  readonly shapes: ReadonlyMap<string, SqlShape>;
  readonly done: Map<number, MetricDefinition | null>;
  /** Those that are being worked out: whoever meets itself goes round in a circle. */
  readonly under: Set<number>;
  readonly problems: Problem[];
};

type Simple = AggregateMetric | ComposedMetric;

/**
 * Own KPIs made from their definitions, in order. What is wrong is told by its place in the list, and that KPI is left out.
 *
 * @param shapes of the KPIs in SQL by id, where they are known; what is not known yet has rows of no columns.
 */
export function compileOwn(
  specs: readonly OwnMetric[],
  builtIn: readonly MetricDefinition[],
  shapes: ReadonlyMap<string, SqlShape> = new Map(),
): Compiled {
  const context: Context = { specs, builtIn, shapes, done: new Map(), under: new Set(), problems: [] };
  const metrics = specs.flatMap((_, index) => {
    const metric = compiled(context, index);
    return metric === null ? [] : [metric];
  });
  return { metrics, problems: context.problems };
}

function compiled(context: Context, index: number): MetricDefinition | null {
  const known = context.done.get(index);
  if (known !== undefined) return known;
  const spec = context.specs[index];
  if (spec === undefined) return null;
  context.under.add(index);
  const before = context.problems.length;
  const report: Report = (path, message, unknown) =>
    context.problems.push({ path: [index, ...path], message, ...(unknown === undefined ? {} : { unknown }) });
  checkFields(context, spec, index, report);
  const metric = context.problems.length > before ? null : made(context, spec, report);
  const result = context.problems.length > before ? null : metric;
  context.under.delete(index);
  context.done.set(index, result);
  return result;
}

type Report = (path: Problem["path"], message: string, unknown?: Problem["unknown"]) => void;

/** Which fields a kind takes. `of` makes a ratio or difference one of two other KPIs. */
const FIELDS: { readonly [kind in OwnMetric["kind"]]: readonly (keyof OwnMetric)[] } = {
  count: ["over", "where"],
  sum: ["over", "where", "amount"],
  mean: ["over", "where", "amount"],
  median: ["over", "where", "amount"],
  percentile: ["over", "where", "amount", "percentile"],
  ratio: ["over", "where", "amount", "per", "numerator", "of"],
  difference: ["of"],
  sql: ["sql", "aggregate"],
};
const NEEDED: { readonly [kind in OwnMetric["kind"]]: readonly (keyof OwnMetric)[] } = {
  count: ["over"],
  sum: ["over", "amount"],
  mean: ["over", "amount"],
  median: ["over", "amount"],
  percentile: ["over", "amount", "percentile"],
  ratio: [],
  difference: ["of"],
  sql: ["sql"],
};
const DESCRIBING: readonly (keyof OwnMetric)[] = ["id", "title", "question", "formula", "kind", "unit", "better"];

function checkFields({ specs, builtIn }: Context, spec: OwnMetric, index: number, report: Report): void {
  const { id, kind } = spec;
  if (builtIn.some((metric) => metric.id === id)) report(["id"], `"${id}" is a built-in KPI; choose another id`);
  if (specs.findIndex((other) => other.id === id) !== index) report(["id"], `"${id}" is there twice`);
  // As its schema has read it, so without a field that the type does not know.
  for (const field of keysOf(spec)) {
    if (spec[field] === undefined || DESCRIBING.includes(field) || FIELDS[kind].includes(field)) continue;
    report([field], `a KPI of kind ${kind} takes no "${field}"; it takes ${FIELDS[kind].join(", ")}`);
  }
  for (const field of NEEDED[kind]) if (spec[field] === undefined) report([], `a KPI of kind ${kind} needs "${field}"`);
  if (kind !== "ratio") return;
  if (spec.of !== undefined) {
    for (const field of ["over", "where", "amount", "per", "numerator"] as const)
      if (spec[field] !== undefined) report([field], `a ratio of two other KPIs takes no "${field}"`);
  } else if (spec.over === undefined) {
    report([], 'a ratio needs either "of" (two other KPIs), or "over" (which records)');
  } else if ((spec.numerator === undefined) === (spec.per === undefined)) {
    report([], 'a ratio over records needs either "numerator" (which of them), or "amount" and "per"');
  } else if (spec.per !== undefined && spec.amount === undefined) {
    report([], 'a ratio with "per" needs "amount", too');
  }
}

function made(context: Context, spec: OwnMetric, report: Report): MetricDefinition | null {
  if (spec.kind === "sql") return sqlMetric(spec, context.shapes.get(spec.id) ?? { columns: [], tables: [] });
  if (spec.of !== undefined) return ofTwo(context, spec, spec.of, report);
  return overRecords(spec, report);
}

function overRecords(spec: OwnMetric, report: Report): AggregateMetric | null {
  const { over = "", where = {}, numerator } = spec;
  const source = Object.hasOwn(SOURCES, over) ? SOURCES[over] : undefined;
  if (source === undefined) {
    report(["over"], `there are no records "${over}"`, { name: over, known: Object.keys(SOURCES) });
    return null;
  }
  const amount = readAmount(source, over, spec, "amount", report);
  const per = readAmount(source, over, spec, "per", report);
  checkConditions(source, over, where, ["where"], report);
  checkConditions(source, over, numerator ?? {}, ["numerator"], report);
  const which = `${source.words}${conditionWords(where)}`;
  const kind = kindOf(spec);
  const isOfMoney = amount?.unit === "money" && (kind === "share_of_sum" || per?.unit === "money");
  const natural = unitOf(kind, amount, per);
  checkUnit(spec, natural, report);
  const isValued = amount?.unit === "money" || per?.unit === "money";
  const summed = (one: Amount | null): string => (one === null ? "number" : one.words);
  return {
    ...described(spec, formulaOf(spec, amount, per, which)),
    unit: spec.unit ?? natural,
    numerator:
      kind === "share" || kind === "share_of_sum"
        ? `${kind === "share" ? "" : `${summed(amount)} of `}those${conditionWords(numerator ?? {})}`
        : per !== null || kind === "mean"
          ? `${summed(amount)} of ${which}`
          : null,
    denominator:
      kind === "share"
        ? which
        : kind === "share_of_sum"
          ? `${summed(amount)} of ${which}`
          : per !== null
            ? `${summed(per)} of ${which}`
            : kind === "mean"
              ? `those of them that have one`
              : null,
    subject: source.subject,
    changesBy: "facts",
    kind,
    isOfMoney,
    ...(spec.percentile === undefined ? {} : { quantile: spec.percentile / 100 }),
    ...(source.isSnapshot === true ? { isSnapshot: true } : {}),
    rows: (scope) => {
      const kept = filtersSql(source, where, scope, "kept");
      const hit = filtersSql(source, numerator ?? {}, scope, "hit");
      return measured(rowsOf(source, scope, kept, hit, amount, per), {
        ...(source.inPeriod === undefined ? {} : { counted: source.inPeriod }),
        inNumerator: numerator === undefined ? sql`true` : sql`d.own_hit`,
        amount: amount === null ? sql`null::numeric` : sql`d.own_amount`,
        per: per === null ? sql`null::numeric` : sql`d.own_per`,
        exception: source.exception?.(isValued) ?? sql`null::text`,
      });
    },
  };
}

/** The records that the conditions leave, with what is added up of them. */
function rowsOf(
  source: Source,
  scope: Scope,
  kept: Filters,
  hit: Filters,
  amount: Amount | null,
  per: Amount | null,
): Sql {
  const columns = [
    sql`d.*`,
    sql`${amount?.sql(scope) ?? sql`null`}::numeric as own_amount`,
    sql`${per?.sql(scope) ?? sql`null`}::numeric as own_per`,
    ...kept.bounds,
    ...hit.bounds,
  ];
  return sql`
    select r.*, ${hit.holds} as own_hit
    from (select ${sql.join(columns)} from (${source.rows(scope)}) d where ${source.isMeant ?? sql`true`}) r ${joinsOfFilters([kept, hit])}
    where ${kept.holds}`;
}

function kindOf({ kind, amount, per }: OwnMetric): AggregateMetric["kind"] {
  switch (kind) {
    case "percentile":
      return "median";
    case "ratio":
      return per !== undefined ? "ratio" : amount !== undefined ? "share_of_sum" : "share";
    case "difference":
    case "sql":
      // Those are not over records.
      return "count";
    case "count":
    case "sum":
    case "mean":
    case "median":
      return kind;
    default:
      return kind satisfies never;
  }
}

function unitOf(kind: AggregateMetric["kind"], amount: Amount | null, per: Amount | null): Unit {
  if (kind === "count") return "count";
  if (kind === "share" || kind === "share_of_sum") return "ratio";
  if (kind === "ratio") return quotientUnit(amount?.unit ?? "number", per?.unit ?? "number");
  const unit = amount?.unit ?? "number";
  return unit === "count" && kind !== "sum" ? "number" : unit;
}

/** What a quotient is measured in. */
function quotientUnit(dividend: Unit, divisor: Unit): Unit {
  return isMoney(dividend) && !isMoney(divisor) ? "money" : "number";
}

function isMoney(unit: Unit): boolean {
  return unit === "money" || unit === "money_per_day";
}

/** Money is kept in minor units, so what is money can be called nothing else, and nothing else money. */
function checkUnit({ unit }: OwnMetric, natural: Unit, report: Report): void {
  if (unit !== undefined && isMoney(unit) !== isMoney(natural))
    report(["unit"], `what it adds up is in ${natural}, so the KPI can't be in ${unit}`);
}

function readAmount(
  source: Source,
  over: string,
  spec: OwnMetric,
  field: "amount" | "per",
  report: Report,
): Amount | null {
  const name = spec[field];
  if (name === undefined) return null;
  const amount = amountOf(source, name, field === "amount" ? spec.unit : undefined);
  if (amount === null) {
    const known = Object.keys(source.amounts);
    report([field], `${over} have no amount "${name}"`, { name, known: [...known, "attributes.<name>"] });
    return null;
  }
  return amount;
}

function checkConditions(
  source: Source,
  over: string,
  conditions: { readonly [name: string]: Condition },
  at: Problem["path"],
  report: Report,
): void {
  const amounts = Object.keys(source.amounts);
  const dimensions = Object.keys(source.subject.dimensions);
  for (const [name, wanted] of Object.entries(conditions)) {
    const isAmount = amountOf(source, name, undefined) !== null;
    const isDimension = ownDimension(source.subject, name) !== null;
    if (!isAmount && !isDimension) {
      const known = [...dimensions, ...amounts, "attributes.<name>"];
      report([...at, name], `${over} have no "${name}"`, { name, known });
    } else if (boundsOf(wanted) !== null && !isAmount) {
      report([...at, name], `${name} is no amount, so it has no bounds; amounts of ${over}: ${amounts.join(", ")}`);
    } else if (boundsOf(wanted) === null && !isDimension) {
      report([...at, name], `${name} is an amount: give its bounds, { at_least: … } or { at_most: … }`);
    }
  }
}

/** ` where type is call, rep is not Ann`. */
function conditionWords(conditions: { readonly [name: string]: Condition }): string {
  const words = Object.entries(conditions).map(([name, wanted]) => {
    const called = name.replace(/^attributes\./, "").replaceAll("_", " ");
    const bounds = boundsOf(wanted);
    if (bounds !== null) {
      const least = bounds.at_least === undefined ? [] : [`at least ${bounds.at_least}`];
      const most = bounds.at_most === undefined ? [] : [`at most ${bounds.at_most}`];
      return `${called} is ${[...least, ...most].join(" and ")}`;
    }
    const isNot = typeof wanted === "object" && "not" in wanted;
    const given = [isNot ? wanted.not : wanted].flat();
    return `${called} is ${isNot ? "not " : ""}${given.map(String).join(" or ")}`;
  });
  return words.length === 0 ? "" : ` where ${words.join(", ")}`;
}

function formulaOf(spec: OwnMetric, amount: Amount | null, per: Amount | null, which: string): string {
  const added = amount?.words ?? "";
  switch (spec.kind) {
    case "count":
      return `count of ${which}`;
    case "sum":
      return `Σ ${added} of ${which}`;
    case "mean":
      return `mean ${added} of ${which}`;
    case "median":
      return `median ${added} of ${which}`;
    case "percentile":
      return `${spec.percentile ?? 50}th percentile of ${added} of ${which}`;
    case "ratio":
      return per !== null
        ? `Σ ${added} ÷ Σ ${per.words} of ${which}`
        : `those${conditionWords(spec.numerator ?? {})} ÷ ${which}${amount === null ? "" : `, by ${added}`}`;
    case "difference":
    case "sql":
      return which;
    default:
      return spec.kind satisfies never;
  }
}

function ofTwo(context: Context, spec: OwnMetric, ids: readonly string[], report: Report): ComposedMetric | null {
  const found = ids.map((id, place) => partOf(context, spec, id, ["of", place], report));
  const [first, second] = found;
  if (first === undefined || second === undefined || first === null || second === null) return null;
  const isDifference = spec.kind === "difference";
  if (isDifference && first.unit !== second.unit) {
    report(["of"], `${first.id} is in ${first.unit} and ${second.id} in ${second.unit}: they have no difference`);
    return null;
  }
  const dimensions = dimensionNames(second);
  const missing = dimensionNames(first).filter((name) => !dimensions.includes(name));
  const always = [...new Set([...(first.alwaysBy ?? []), ...(second.alwaysBy ?? [])])];
  const alwaysNames = always.flatMap((names) => names.split("|").slice(0, 1));
  if (alwaysNames.some((name) => missing.includes(name) || !dimensionNames(first).includes(name))) {
    report(
      ["of"],
      `${first.id} and ${second.id} are not broken down by the same: one is always by ${alwaysNames.join(", ")}`,
    );
    return null;
  }
  const natural = isDifference ? first.unit : quotientUnit(first.unit, second.unit);
  checkUnit(spec, natural, report);
  return {
    ...described(spec, `${first.id} ${isDifference ? "−" : "÷"} ${second.id}, of the same period and slice`),
    unit: spec.unit ?? natural,
    numerator: isDifference ? null : first.title,
    denominator: isDifference ? null : second.title,
    subject: first.subject,
    notBy: [...(first.notBy ?? []), ...missing],
    ...(always.length === 0 ? {} : { alwaysBy: always }),
    ...(first.changesBy === "facts" && second.changesBy === "facts" ? { changesBy: "facts" } : {}),
    kind: "composed",
    isOfMoney: !isDifference && isMoney(first.unit) && isMoney(second.unit),
    parts: [first, second],
    recordsOf: [...aggregatesOf(first), ...aggregatesOf(second)],
    combine: ([a, b], { scope }) => {
      const exceptions = (a?.exceptions ?? 0) + (b?.exceptions ?? 0);
      const [left, right] = [a?.value ?? null, b?.value ?? null];
      if (isDifference) {
        const value = left === null || right === null ? null : left - right;
        const sampleSize = (a?.sampleSize ?? 0) + (b?.sampleSize ?? 0);
        return { value, numerator: null, denominator: null, interval: null, sampleSize, exceptions };
      }
      // Of money by money, and of money itself, the answer turns minor into main units; of what is divided by money nobody does.
      const divisor =
        right !== null && isMoney(second.unit) && !isMoney(first.unit) ? majorUnits(right, scope.currency) : right;
      return { ...quotient(left, divisor), interval: null, sampleSize: a?.sampleSize ?? 0, exceptions };
    },
  };
}

function quotient(left: number | null, right: number | null): Pick<Figures, "value" | "numerator" | "denominator"> {
  const isNothing = left === null || right === null || right === 0;
  return { value: isNothing ? null : left / right, numerator: left, denominator: right };
}

function partOf(context: Context, spec: OwnMetric, id: string, at: Problem["path"], report: Report): Simple | null {
  const { specs, builtIn, under } = context;
  const index = specs.findIndex((other) => other.id === id);
  if (under.has(index)) {
    report(at, `${spec.id} is worked out from itself, by way of ${id}`);
    return null;
  }
  const metric = builtIn.find((known) => known.id === id) ?? (index < 0 ? null : compiled(context, index));
  if (metric === null) {
    const known = [...builtIn, ...specs].map((other) => other.id);
    if (index < 0) report(at, `there is no KPI "${id}"`, { name: id, known });
    else report(at, `${id} is not right itself`);
    return null;
  }
  if (metric.kind === "ranking" || metric.kind === "derived" || ("curveBy" in metric && metric.curveBy !== undefined)) {
    report(at, `${id} is no single number: use one that counts, sums or divides`);
    return null;
  }
  return metric;
}
