import type { Clock } from "../core/base/clock.ts";
import { toTributaryError } from "../core/base/errors.ts";
import type { AnyDestination } from "../core/destination/define.ts";
import { destinationQuestions } from "../core/destination/settings.ts";
import type { Log } from "../core/base/log.ts";
import { dayOf } from "../core/base/time.ts";
import { answerOf, computeMetric, type Computed } from "../core/metrics/ask/evaluate.ts";
import { factsOf } from "../core/metrics/ask/depends.ts";
import { askedAgain, isOver, keep, keptQuery, keyOf, type KeptQuery } from "../core/metrics/ask/kept.ts";
import { readCatalogue } from "../core/metrics/index.ts";
import { askedNow } from "../core/metrics/ask/question.ts";
import type { MetricAnswer, MetricQuery } from "../core/metrics/engine/query.ts";
import { changedPoints, kpiUpdated, pointsOf, type ChangedPoint } from "../core/metrics/measure.ts";
import { readWatches } from "../core/metrics/watches.ts";
import { appendEvents } from "../core/outbox/append.ts";
import type { Secrets } from "../core/secrets/index.ts";
import type { Store, Tx } from "../core/store/db.ts";
import { announce } from "../core/store/channels.ts";
import { inSavepoint, takeTurn } from "../core/store/turns.ts";
import {
  forgetKept,
  listKept,
  makeDue,
  storeFailure,
  takeDue,
  takeTouches,
  watchKept,
} from "../core/store/facts/kept-answers.ts";
import { insertPoints, latestPoints } from "../core/store/facts/metric-points.ts";
import { readWorkspace } from "../core/store/setup/workspace.ts";
import type { MeasureJob } from "./queues.ts";

export type MeasureDeps = {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
  readonly destinations: readonly AnyDestination[];
};

export type Measured = {
  /** How many watched questions were asked, and how many numbers came out different from what was stored. */
  readonly watches: number;
  readonly changed: number;
};

/**
 * Keeps the answers that somebody looks at up to date: those that are watched, and those that a viewer has asked for lately. Computes only what
 * the facts that were touched since, or time, can have changed; each in a transaction of its own, which stores the numbers that are new and tells of
 * them: `kpi.updated` for webhooks, a notice on the channel `live` for screens. Nothing was touched: nothing is computed.
 *
 * An answer that can't be computed (a misspelt KPI in a dashboard) is logged, keeps what it had, and leaves the others alone. Which answers are due
 * is stored, so a run that is killed is gone on with by the next; two that run at once never compute the same.
 */
export async function measure(deps: MeasureDeps, _job: MeasureJob): Promise<Measured> {
  const now = deps.clock.now();
  const watches = await planMeasuring(deps, now);
  let changed = 0;
  for (let done = await measureNext(deps, now); done !== null; done = await measureNext(deps, now)) changed += done;
  return { watches, changed };
}

/** Who has not asked for so long does not look any more. */
const FORGOTTEN_MS = 10 * 60_000;

/** Marks what is due. @returns how many questions are watched. */
async function planMeasuring(deps: MeasureDeps, now: Date): Promise<number> {
  return deps.store.db.transaction().execute(async (tx) => {
    await takeTurn(tx, "measure");
    const workspace = await readWorkspace(tx);
    const watches = await readWatches(tx, await destinationQuestions(tx, deps.destinations, deps.secrets));
    const queries = watches.map((watch) => keptQuery(askedNow(watch, now, workspace).query));
    // Two questions may ask the same today: this month, and the last month of a line.
    const watched = new Map(queries.map((query) => [keyOf(query), query]));
    await watchKept(
      tx,
      [...watched].map(([key, query]) => ({ key, query })),
      now,
    );
    const catalogue = await readCatalogue(tx);
    const touched = await takeTouches(tx);
    const today = dayOf(now, workspace.timeZone);
    const due: string[] = [];
    const forgotten: string[] = [];
    for (const row of await listKept(tx)) {
      // Written by keptQuery, and by nobody else.
      const isTouched = factsOf(row.query as unknown as KeptQuery, catalogue).some((fact) => touched.has(fact));
      if (!isTouched && !isOver(row, today, now, catalogue)) continue;
      const isLookedAt = row.isWatched || now.getTime() - row.askedAt.getTime() < FORGOTTEN_MS;
      (isLookedAt ? due : forgotten).push(row.key);
    }
    await makeDue(tx, due);
    await forgetKept(tx, forgotten);
    return watches.length;
  });
}

/** Computes the next answer that is due. @returns how many numbers came out different; null: none is due. */
async function measureNext(deps: MeasureDeps, now: Date): Promise<number | null> {
  return deps.store.db.transaction().execute(async (tx) => {
    const row = await takeDue(tx);
    if (row === null) return null;
    // Kept by keptQuery and storeKept, and by nobody else; the answer below as well.
    const query = askedAgain(row.query as unknown as KeptQuery, now);
    try {
      return await inSavepoint(tx, async () => {
        const computed = await computeMetric(tx, query);
        const answer = answerOf(query, computed);
        await keep(tx, keptQuery(query), answer, now);
        const changed = row.isWatched ? await storePoints(tx, query, computed, answer.notes, now) : 0;
        // As above.
        const before = row.answer as unknown as MetricAnswer | null;
        if (JSON.stringify(before?.rows) !== JSON.stringify(answer.rows))
          await announce(tx, "live", JSON.stringify({ metric: query.metric }));
        return changed;
      });
    } catch (error) {
      const known = toTributaryError(error);
      if (known.kind === "transient") throw error;
      deps.log.warn(
        { code: known.code, metric: query.metric, err: known.kind === "config" ? undefined : error },
        known.toString(),
      );
      await storeFailure(tx, row.key, known.toString());
      return 0;
    }
  });
}

async function storePoints(
  tx: Tx,
  query: MetricQuery,
  computed: Computed,
  notes: readonly string[],
  now: Date,
): Promise<number> {
  const changes: ChangedPoint[] = [];
  for (const period of computed.scope.periods) {
    const stored = await latestPoints(tx, query.metric, period.from, period.to);
    changes.push(...changedPoints(query, computed, pointsOf(query, computed, period), stored));
  }
  if (changes.length === 0) return 0;
  const points = changes.map((change) => change.point);
  const ids = await insertPoints(tx, points, now);
  // A first value of nothing is no news.
  const told = changes.flatMap((change, index) =>
    change.before === null && change.point.value === null ? [] : [{ change, id: ids[index] }],
  );
  await appendEvents(
    tx,
    told.map(({ change, id }) => ({
      type: "kpi.updated",
      key: `metric_points/${id}`,
      entityKey: `kpi/${change.point.metric}`,
      occurredAt: now,
      data: kpiUpdated(computed, notes, change),
    })),
  );
  return changes.length;
}
