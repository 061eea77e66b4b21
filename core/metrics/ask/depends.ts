import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import type { Measured } from "../../schema/canonical.ts";
import { type AggregateMetric, aggregatesOf, type ComposedMetric, type MetricDefinition } from "../engine/define.ts";
import type { MetricQuery } from "../engine/query.ts";
import type { Catalogue } from "../catalogue.ts";
import { wholePeriod } from "./period.ts";

/** What decides what an answer is computed from. */
export type DependsOn = Pick<MetricQuery, "metric" | "of" | "by" | "filters">;

/** Tables on which every answer depends: names, and how days and money are counted. */
const ALWAYS = ["workspace", "exchange_rates", "reps", "teams", "team_memberships", "pipelines", "stages"];
const OTHERS = [
  "people",
  "companies",
  "lead_statuses",
  "labels",
  "deals",
  "deal_changes",
  "activities",
  "tickets",
  "conversations",
  "campaigns",
  "web_traffic",
  "spend",
  "goals",
  "settings",
];
/** Tables that are written with another. */
const WITH: { readonly [fact: string]: string } = {
  deal_closings: "deal_changes",
  deal_entries: "deal_changes",
  deal_stays: "deal_changes",
};

/** The tables that an answer is computed from, as the SQL of its KPI names them. */
export function factsOf({ metric: id, of, by, filters }: DependsOn, catalogue: Catalogue): readonly string[] {
  const found = catalogue.find(id);
  // Own KPIs that are not right may be tomorrow.
  if (found === null) return [...ALWAYS, "settings"];
  const isOfAnother = found.kind === "ranking" || found.kind === "derived";
  const other = isOfAnother ? catalogue.find(of ?? found.defaultOf) : null;
  const facts = [
    ...factsOfMetric(found, catalogue),
    ...(other === null ? [] : factsOfMetric(other, catalogue)),
    ...(found.isOwn === true || other?.isOwn === true ? ["settings"] : []),
  ];
  const sliced = [...by, ...filters.map(({ dimension }) => dimension)];
  const named = sliced.flatMap((name) => (name === "company" ? ["companies"] : name === "deal" ? ["deals"] : []));
  return [...new Set([...ALWAYS, ...named, ...facts])];
}

const MEASURED_IN: { readonly [fact: string]: Measured } = {
  deals: "deal",
  deal_changes: "deal",
  lead_statuses: "lead",
  activities: "activity",
  tickets: "ticket",
  conversations: "conversation",
  campaigns: "campaign",
  web_traffic: "web_traffic",
  spend: "spend",
  goals: "goal",
};

/** What the sources of an answer have to give for it to be whole: what its KPI is about, and what else it looks at. */
export function measuredBy(
  query: DependsOn,
  metric: AggregateMetric | ComposedMetric,
  catalogue: Catalogue,
): ReadonlySet<Measured> {
  const subjects = [metric, ...aggregatesOf(metric)].flatMap(({ subject }) => subject.measured ?? []);
  return new Set([...subjects, ...factsOf(query, catalogue).flatMap((fact) => MEASURED_IN[fact] ?? [])]);
}

function partsOf(metric: MetricDefinition, catalogue: Catalogue): readonly AggregateMetric[] {
  switch (metric.kind) {
    case "composed":
      return aggregatesOf(metric);
    case "ranking":
      return [];
    case "derived": {
      const of = catalogue.find(metric.defaultOf);
      return of === null || !isAggregate(of) ? [] : aggregatesOf(metric.derive(of));
    }
    default:
      return [metric];
  }
}

function isAggregate(metric: MetricDefinition): metric is AggregateMetric {
  return metric.kind !== "composed" && metric.kind !== "ranking" && metric.kind !== "derived";
}

const known = new WeakMap<MetricDefinition, readonly string[]>();

function factsOfMetric(metric: MetricDefinition, catalogue: Catalogue): readonly string[] {
  const cached = known.get(metric);
  if (cached !== undefined) return cached;
  const parts = partsOf(metric, catalogue);
  const facts = new Set<string>();
  for (const part of parts) {
    const words = new Set(part.reads ?? sqlText(part).match(/[a-z_]+/g));
    for (const fact of [...OTHERS, ...Object.keys(WITH)]) if (words.has(fact)) facts.add(WITH[fact] ?? fact);
  }
  const list = [...facts];
  known.set(metric, list);
  return list;
}

/** Compiles, and runs nothing. */
const COMPILER = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

function sqlText(metric: AggregateMetric): string {
  const calendar = { timeZone: "UTC", weekStart: 1 };
  const periods = [wholePeriod({ from: null, to: null }, calendar)];
  const scope = {
    timeZone: "UTC",
    currency: "USD",
    working: null,
    cutoff: new Date(0),
    landedBy: null,
    deletedBy: new Date(0),
    periods,
  };
  return metric.rows(scope, new Set()).compile(COMPILER).sql;
}
