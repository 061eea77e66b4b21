import { findTributaryError, toTributaryError, TributaryError } from "../../core/base/errors.ts";
import type { Clock } from "../../core/base/clock.ts";
import type { AnyDestination, TakesAnswers } from "../../core/destination/define.ts";
import { readDestinationSettings } from "../../core/destination/settings.ts";
import { askedNow, type Question } from "../../core/metrics/ask/question.ts";
import { exportedTable } from "../../core/export/table.ts";
import { freshAsOf, readSourcesOf } from "../../core/metrics/engine/freshness.ts";
import { forecast, HORIZONS } from "../../core/forecast/index.ts";
import type { Agenda } from "../../core/review/agenda.ts";
import { savePlan } from "../../core/setup/plans.ts";
import { bringPoints } from "../../core/setup/reviews.ts";
import { latestReview } from "../../core/store/reviews/reviews.ts";
import { keptAnswer } from "../../core/metrics/index.ts";
import type { MetricAnswer } from "../../core/metrics/engine/query.ts";
import type { Secrets } from "../../core/secrets/index.ts";
import type { Db, Store } from "../../core/store/db.ts";
import { readDestinationMemory, recordPush, saveDestinationMemory } from "../../core/store/outbox/destinations.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";

/** Whoever changes the plans is somebody with rights to the sheet. */
const ACTOR = "hub";

export type PushDeps = {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly destinations: readonly AnyDestination[];
  readonly allowPrivateNetworks: boolean;
};

/**
 * Brings a destination up to date with the KPIs, and records how it went. Does nothing when it is not configured.
 *
 * @returns what was sent; empty when nothing had changed.
 * @throws TributaryError
 */
export async function pushDestination(deps: PushDeps, key: string, signal: AbortSignal): Promise<readonly string[]> {
  const { destination, takes } = pushedDestination(deps.destinations, key);
  const { db } = deps.store;
  try {
    const settings = await readDestinationSettings(db, destination, deps.secrets);
    if (settings === null) return [];
    const pushed = await takes.push({
      settings,
      ask: (question) => ask(db, question, deps.clock.now()),
      table: async (name) => ({
        exported: await exportedTable(db, name),
        freshAsOf: await freshness(db, deps.clock.now()),
      }),
      workspace: () => readWorkspace(db),
      forecast: () =>
        forecast(db, { horizons: HORIZONS, by: null, asOf: null, now: deps.clock.now(), seed: "tributary" }),
      plan: (plan) => savePlan(db, ACTOR, key, plan),
      review: async () => {
        const latest = await latestReview(db, deps.clock.now());
        // Written by `makeReview`, and by nobody else.
        return latest === null ? null : { id: latest.id, agenda: latest.agenda as Agenda };
      },
      points: (written) => bringPoints({ db, now: deps.clock.now() }, destination.title, written),
      memory: await readDestinationMemory(db, key),
      remember: (memory) => saveDestinationMemory(db, key, memory),
      clock: deps.clock,
      allowPrivateNetworks: deps.allowPrivateNetworks,
      signal,
    });
    await recordPush(db, key, null);
    return pushed;
  } catch (error) {
    const known = findTributaryError(error) ?? toTributaryError(error);
    await recordPush(db, key, known);
    throw known;
  }
}

type Pushed = { readonly destination: AnyDestination; readonly takes: TakesAnswers<unknown> };

/** Those of the destinations that are pushed to. */
export function pushedDestinations(destinations: readonly AnyDestination[]): readonly Pushed[] {
  return destinations.flatMap((destination) => {
    const { takes } = destination;
    return takes.kind === "answers" ? [{ destination, takes }] : [];
  });
}

/** @throws TributaryError `destination.unknown` */
function pushedDestination(destinations: readonly AnyDestination[], key: string): Pushed {
  const pushed = pushedDestinations(destinations);
  const found = pushed.find(({ destination }) => destination.key === key);
  if (found !== undefined) return found;
  throw new TributaryError({
    code: "destination.unknown",
    kind: "config",
    message: `There is no destination "${key}" that is pushed to.`,
    mend: `Use one of: ${pushed.map(({ destination }) => destination.key).join(", ")}.`,
  });
}

async function freshness(db: Db, now: Date): Promise<string | null> {
  return freshAsOf(await readSourcesOf(db, null, now))?.toISOString() ?? null;
}

async function ask(db: Db, question: Question, now: Date): Promise<MetricAnswer> {
  return keptAnswer(db, askedNow(question, now, await readWorkspace(db)).query);
}
