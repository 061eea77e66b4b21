import type { Clock } from "../core/base/clock.ts";
import { TributaryError } from "../core/base/errors.ts";
import type { Log } from "../core/base/log.ts";
import type { AnyConnector } from "../core/connector/define.ts";
import type { NormaliseChanged } from "../core/land/engine.ts";
import { takeInbound } from "../core/land/inbound.ts";
import type { PullDeps } from "../core/land/pull.ts";
import { isInterruption, type PullOutcome, runPull } from "../core/land/run.ts";
import { catchUp, normaliseLanded } from "../core/normalise/index.ts";
import type { Secrets } from "../core/secrets/index.ts";
import { readConnection } from "../core/store/setup/connections.ts";
import type { Store } from "../core/store/db.ts";
import { createLimiters } from "./limiter.ts";
import type { PullRoom } from "./pull-room.ts";
import type { MeasureJob, PullJob } from "./queues.ts";
import type { JobContext } from "./runtime.ts";

export type PullWorkerDeps = {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
  readonly connectors: readonly AnyConnector[];
  readonly allowPrivateNetworks: boolean;
  /** Folders below which connections may read files; absent: none. */
  readonly fileFolders?: readonly string[];
  /** Folders in which they read nothing all the same; absent: none. */
  readonly closedFolders?: readonly string[];
  /** Asks for the KPIs to be computed anew, after facts have changed. */
  readonly requestMeasure: (job: MeasureJob) => Promise<void>;
  readonly room: PullRoom;
};

/** What a pull needs, made of what a hub has. */
export function createPullDeps(deps: Omit<PullWorkerDeps, "requestMeasure" | "room">): PullDeps {
  const { store, secrets, clock, log, connectors, allowPrivateNetworks, fileFolders = [], closedFolders = [] } = deps;
  const normalise: NormaliseChanged = async ({ connection, connector, stream, changes, runId }) => {
    const target = { connection, connector, stream };
    if (changes === null) await catchUp({ store }, target, { fromStart: false, runId });
    else await normaliseLanded({ store }, target, changes, runId);
  };
  return {
    store,
    secrets,
    clock,
    log,
    allowPrivateNetworks,
    fileFolders,
    closedFolders,
    findConnector: (key) => connectors.find((connector) => connector.key === key) ?? null,
    limiterOf: createLimiters(store),
    normalise,
  };
}

/** Pulls one stream of one connection; or, for kind `inbound`, takes in what its webhook has brought. */
export function createPullProcessor(deps: PullWorkerDeps): (job: PullJob, context: JobContext) => Promise<void> {
  const pullDeps = createPullDeps(deps);
  return async (job, context) => {
    const connection = await readConnection(deps.store.db, job.connectionId);
    // Removed, paused, signed out or ended since the job was asked for. A person who asks for it gets it all the same.
    if (connection === null || (connection.state !== "active" && job.trigger !== "manual")) {
      context.log.info({ connection: job.connectionId, state: connection?.state ?? "removed" }, "not pulled");
      return;
    }
    const stay = await deps.room.enter(job.connectionId);
    const giveWay = new AbortController();
    const forJob: PullDeps = {
      ...pullDeps,
      log: context.log,
      onProgress({ counts, progress }) {
        void context.progress({ ...counts, ...progress }).catch((error: unknown) => context.log.debug({ err: error }));
        // A page has landed: a sound place to stop. Should it not be known whether anybody waits, it goes on.
        void stay.givesWay().then(
          (reason) => reason !== null && giveWay.abort(reason),
          () => undefined,
        );
      },
    };
    const signal = AbortSignal.any([context.signal, giveWay.signal]);
    let isSlow = true;
    let outcome: PullOutcome;
    try {
      outcome = await pull(forJob, job, signal);
      isSlow = outcome.kind === "ended" && outcome.error?.kind === "transient" && !isInterruption(outcome.error);
    } finally {
      stay.leave(isSlow);
    }
    if (outcome.kind === "busy") {
      if (!isRepeated(job)) throw busy(job, deps.clock.now());
      context.log.info({ connection: job.connectionId, stream: job.stream }, "another worker is pulling this stream");
      return;
    }
    context.log.info({ ...job, run: outcome.run.id, state: outcome.run.state, counts: outcome.run.counts }, "pulled");
    if (outcome.run.counts.facts > 0) await deps.requestMeasure({ reason: "facts" });
    const { error } = outcome;
    if (error !== null) throw context.signal.aborted ? context.signal.reason : error;
  };
}

function pull(deps: PullDeps, job: PullJob, signal: AbortSignal): Promise<PullOutcome> {
  const { connectionId, stream, kind, trigger } = job;
  if (kind === "inbound") return takeInbound(deps, connectionId, signal);
  return runPull(deps, { connectionId, stream, kind, trigger, since: sinceOf(job) }, signal);
}

function sinceOf(job: PullJob): Date | null {
  return job.since === null ? null : new Date(job.since);
}

/** Whether the schedule asks for the same again before long. What a person wants, more than a pull, and a webhook's news are asked for once. */
function isRepeated({ kind, trigger, since }: PullJob): boolean {
  return kind === "pull" && trigger !== "manual" && since === null;
}

const BUSY_RETRY_MS = 5_000;

function busy({ connectionId, stream }: PullJob, now: Date): TributaryError {
  return new TributaryError({
    code: "land.busy",
    kind: "rate_limited",
    message: `Another process is pulling ${connectionId}/${stream}.`,
    mend: "Nothing to do: this pull begins when that one has ended.",
    retryAt: new Date(now.getTime() + BUSY_RETRY_MS),
  });
}
