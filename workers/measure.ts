import type { Clock } from "../core/base/clock.ts";
import { toTributaryError } from "../core/base/errors.ts";
import type { AnyDestination } from "../core/destination/define.ts";
import { destinationQuestions } from "../core/destination/settings.ts";
import type { Log } from "../core/base/log.ts";
import { computeMetric } from "../core/metrics/ask/evaluate.ts";
import { askedNow, type Question } from "../core/metrics/ask/question.ts";
import { changedPoints, kpiUpdated, pointsOf, type ChangedPoint } from "../core/metrics/measure.ts";
import { readWatches } from "../core/metrics/watches.ts";
import { appendEvents } from "../core/outbox/append.ts";
import type { Secrets } from "../core/secrets/index.ts";
import type { Store, Tx } from "../core/store/db.ts";
import { announce } from "../core/store/channels.ts";
import { takeTurn } from "../core/store/turns.ts";
import { insertPoints, latestPoints } from "../core/store/facts/metric-points.ts";
import { readWorkspace, type Workspace } from "../core/store/setup/workspace.ts";
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
 * Computes every watched KPI, stores the numbers that changed, and in the same transaction tells of them: `kpi.updated` for webhooks, a
 * notice on the channel `live` for screens. Asked twice over the same facts, the second time changes nothing.
 *
 * A watch that can't be computed (a misspelt KPI in a dashboard) is logged and leaves the others alone.
 */
export async function measure(deps: MeasureDeps, _job: MeasureJob): Promise<Measured> {
  return deps.store.db.transaction().execute(async (tx) => {
    // One at a time: a slower, older computation must not overwrite what a later one has stored.
    await takeTurn(tx, "measure");
    const workspace = await readWorkspace(tx);
    const now = deps.clock.now();
    const watches = await readWatches(tx, await destinationQuestions(tx, deps.destinations, deps.secrets));
    let changed = 0;
    for (const watch of watches) {
      try {
        changed += await measureOne(tx, watch, now, workspace);
      } catch (error) {
        const known = toTributaryError(error);
        // Anything but a setting may have broken the transaction.
        if (known.kind !== "config") throw error;
        deps.log.warn({ code: known.code, metric: watch.metric }, known.toString());
      }
    }
    return { watches: watches.length, changed };
  });
}

async function measureOne(tx: Tx, watch: Question, now: Date, workspace: Workspace): Promise<number> {
  const { query } = askedNow(watch, now, workspace);
  const computed = await computeMetric(tx, query);
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
      data: kpiUpdated(computed, change),
    })),
  );
  await announce(tx, "live", JSON.stringify({ metric: query.metric }));
  return changes.length;
}
