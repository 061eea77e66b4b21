import { createHash } from "node:crypto";
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import { dayOf } from "../../base/time.ts";
import type { Db, Tx } from "../../store/db.ts";
import {
  hasOldTouch,
  type KeptRow,
  lockKept,
  nextDatedAhead,
  noteAsked,
  readKept,
  storeKept,
} from "../../store/facts/kept-answers.ts";
import { readWorkspace } from "../../store/setup/workspace.ts";
import { aggregatesOf, type AggregateMetric, type MetricDefinition } from "../engine/define.ts";
import type { MetricAnswer, MetricQuery } from "../engine/query.ts";
import { type Catalogue, readCatalogue } from "../catalogue.ts";
import { wholePeriod } from "./period.ts";
import { evaluateMetric } from "./evaluate.ts";

/**
 * Answers from the metrics store. What somebody looks at is computed once, by the measuring job when facts change, or by the first who looks where
 * nobody has before; everyone else reads it.
 */

/** What is kept of a query: all but the instant it was asked at. */
export type KeptQuery = Omit<MetricQuery, "asOf" | "now">;

export function keptQuery({ metric, of, by, from, to, grain, filters }: MetricQuery): KeptQuery {
  return { metric, of: of ?? null, by, from, to, grain, filters };
}

export function keyOf(query: KeptQuery): string {
  const { metric, of, by, from, to, grain, filters } = query;
  const sliced = filters.map(({ dimension, value }) => [dimension, value]);
  const text = JSON.stringify([metric, of ?? null, by, from, to, grain, sliced]);
  return `${metric} ${createHash("sha256").update(text).digest("base64url").slice(0, 22)}`;
}

/** So long the measuring job may take before a viewer computes for itself. */
const PATIENCE_MS = 2_000;
/** How often it is noted that somebody still looks. */
const NOTE_MS = 60_000;
/** A KPI that grows older by itself is computed again after so long. */
export const AGES_MS = 60_000;

/**
 * The answer to a question about now, from the store.
 *
 * @throws TributaryError as evaluateMetric
 */
export async function keptAnswer(db: Db, query: MetricQuery): Promise<MetricAnswer> {
  const { now } = query;
  const kept = keptQuery(query);
  const key = keyOf(kept);
  const row = await readKept(db, key);
  const workspace = await readWorkspace(db);
  const catalogue = await readCatalogue(db);
  const today = dayOf(now, workspace.timeZone);
  const isCurrent = (found: KeptRow): boolean => !isOver(found, today, now, catalogue);
  if (row !== null && isCurrent(row) && !(await hasOldTouch(db, factsOf(kept, catalogue), PATIENCE_MS))) {
    if (now.getTime() - row.askedAt.getTime() > NOTE_MS) await noteAsked(db, key, now);
    // Written by storeKept, and by nobody else.
    return row.answer as unknown as MetricAnswer;
  }
  return db.transaction().execute(async (tx) => {
    await lockKept(tx, key);
    const meanwhile = await readKept(tx, key);
    const isNew = meanwhile?.computedAt != null && meanwhile.computedAt.getTime() > (row?.computedAt?.getTime() ?? 0);
    if (isNew && isCurrent(meanwhile)) return meanwhile.answer as unknown as MetricAnswer;
    const answer = await evaluateMetric(tx, query);
    await keep(tx, kept, answer, now);
    return answer;
  });
}

/** Keeps an answer. */
export async function keep(tx: Tx, query: KeptQuery, answer: MetricAnswer, now: Date): Promise<void> {
  const { timeZone } = await readWorkspace(tx);
  const holdsUntil = await nextDatedAhead(tx, new Set(factsOf(query, await readCatalogue(tx))), now);
  await storeKept(tx, { key: keyOf(query), query, answer, day: dayOf(now, timeZone), holdsUntil, now });
}

/** Whether time alone has made it another answer: the day is over, something dated ahead has come, or it is of what grows older. */
export function isOver(row: KeptRow, today: string, now: Date, catalogue: Catalogue): boolean {
  if (row.day !== today || (row.holdsUntil !== null && row.holdsUntil <= now)) return true;
  const { metric: id } = row.query;
  const metric = typeof id === "string" ? catalogue.find(id) : null;
  const isStill = metric?.changesBy === "facts" || metric?.kind === "ranking";
  return !isStill && now.getTime() - (row.computedAt?.getTime() ?? 0) >= AGES_MS;
}

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
export function factsOf({ metric: id, of, by, filters }: KeptQuery, catalogue: Catalogue): readonly string[] {
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
  const scope = { timeZone: "UTC", currency: "USD", working: null, cutoff: new Date(0), landedBy: null, periods };
  return metric.rows(scope, new Set()).compile(COMPILER).sql;
}
