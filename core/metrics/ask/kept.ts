import { createHash } from "node:crypto";
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
import { readSources, type SourceRow } from "../../store/pulls/freshness.ts";
import { readWorkspace } from "../../store/setup/workspace.ts";
import { sourcesOf } from "../engine/freshness.ts";
import type { MetricAnswer, MetricQuery } from "../engine/query.ts";
import { type Catalogue, readCatalogue } from "../catalogue.ts";
import { factsOf } from "./depends.ts";
import { evaluateMetric, measuredOf, withSources } from "./evaluate.ts";

/**
 * Answers from the metrics store. What somebody looks at is computed once, by the measuring job when facts change, or by the first who looks where
 * nobody has before; everyone else reads it.
 */

/** What is kept of a query: all but the instant it was asked at. `until` as text: it is read back from JSON. */
export type KeptQuery = Omit<MetricQuery, "asOf" | "now" | "until"> & { readonly until: string | null };

export function keptQuery({ metric, of, by, from, to, grain, filters, until }: MetricQuery): KeptQuery {
  return { metric, of: of ?? null, by, from, to, grain, filters, until: until?.toISOString() ?? null };
}

/** The query that was kept, asked now. */
export function askedAgain({ until, ...query }: KeptQuery, now: Date): MetricQuery {
  // What was kept before there was such an end has none.
  return { ...query, asOf: null, now, until: until == null ? null : new Date(until) };
}

export function keyOf(query: KeptQuery): string {
  const { metric, of, by, from, to, grain, filters, until } = query;
  const sliced = filters.map(({ dimension, value }) => [dimension, value]);
  const plain = [metric, of ?? null, by, from, to, grain, sliced];
  // One place for a span whose end moves on with the clock.
  const text = JSON.stringify(until === null ? plain : [...plain, "until"]);
  return `${metric} ${createHash("sha256").update(text).digest("base64url").slice(0, 22)}`;
}

/** So long the measuring job may take before a viewer computes for itself. */
const PATIENCE_MS = 2_000;
/** How often it is noted that somebody still looks. */
const NOTE_MS = 60_000;
/** A KPI that grows older by itself is computed again after so long. */
export const AGES_MS = 60_000;

/**
 * The answer to a question about now, from the store, with how its sources stand now.
 *
 * @param sources all there are, where whoever asks much has read them already.
 * @throws TributaryError as evaluateMetric
 */
export async function keptAnswer(db: Db, query: MetricQuery, sources?: readonly SourceRow[]): Promise<MetricAnswer> {
  const catalogue = await readCatalogue(db);
  const answer = await storedAnswer(db, query, catalogue);
  return withSources(answer, sourcesOf(sources ?? (await readSources(db)), measuredOf(query, catalogue), query.now));
}

async function storedAnswer(db: Db, query: MetricQuery, catalogue: Catalogue): Promise<MetricAnswer> {
  const { now } = query;
  const kept = keptQuery(query);
  const key = keyOf(kept);
  const row = await readKept(db, key);
  const workspace = await readWorkspace(db);
  const today = dayOf(now, workspace.timeZone);
  const isCurrent = (found: KeptRow): boolean =>
    !isOver(found, today, now, catalogue) && (found.query["until"] ?? null) === kept.until;
  if (row !== null && isCurrent(row) && !(await hasOldTouch(db, factsOf(kept, catalogue), PATIENCE_MS))) {
    if (now.getTime() - row.askedAt.getTime() > NOTE_MS) await noteAsked(db, key, now);
    // Written by storeKept, and by nobody else.
    return row.answer as unknown as MetricAnswer;
  }
  return db.transaction().execute(async (tx) => {
    await lockKept(tx, key);
    const meanwhile = await readKept(tx, key);
    const isNew = meanwhile?.computedAt != null && meanwhile.computedAt.getTime() > (row?.computedAt?.getTime() ?? 0);
    // Written by storeKept, as above.
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
