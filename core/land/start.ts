import type { Json } from "../base/json.ts";
import type { RunTrigger } from "../schema/tables/pulls.ts";
import type { Store } from "../store/db.ts";
import { insertRun, interruptStaleRuns, latestRun, resumeRun, type Run } from "../store/pulls/runs.ts";
import { lockStreams, setRunningRun } from "../store/pulls/streams.ts";
import { isOwedPull } from "./resync.ts";

export type PullRequest = {
  readonly connectionId: string;
  readonly stream: string;
  /** `full` starts over: the stored checkpoint is ignored, and replaced when the first page lands. */
  readonly kind: "pull" | "full";
  readonly trigger: RunTrigger;
  /** Starts over from this instant; null: as far back as the connection says. */
  readonly since: Date | null;
};

/** A run that may write. */
export type StartedRun = {
  readonly runId: number;
  readonly startedAt: Date;
  readonly checkpoint: Json;
  /** Only where the run was asked to start from it. */
  readonly since: Date | null;
  /** Whether the run reads from the start, or goes on with one that did. */
  readonly isFull: boolean;
  /** Whether the first page begins a listing, rather than going on with one. */
  readonly isFromStart: boolean;
};

/**
 * Begins a run of a stream that this process holds: from now on only pages of this run land.
 *
 *   the newest run was …                    the new run …
 *   waiting for the vendor                  is that run, going on under its number
 *   a full refresh that did not finish      goes on with the refresh from its last page, whatever was asked for (it is still owed);
 *                                           from the start if no page had landed (so, too, one that is owed for a hole: resync.ts)
 *   anything else                           is what was asked for
 */
export async function startRun(store: Store, request: PullRequest, now: Date): Promise<StartedRun> {
  const { connectionId, stream } = request;
  return store.db.transaction().execute(async (tx) => {
    const state = (await lockStreams(tx, connectionId, [stream])).get(stream);
    const latest = await latestRun(tx, connectionId, stream);
    await interruptStaleRuns(tx, connectionId, stream, now);
    const owed = latest !== null && isUnfinishedFull(latest) && !isOtherRestart(request, latest) ? latest : null;
    const isRestart = owed !== null || request.kind === "full" || request.since !== null;
    const isFromStart = owed === null ? isRestart : owed.counts.pages === 0;
    const since = owed === null ? request.since : owed.since;
    const kind = isRestart ? "full" : "pull";
    const isWaiting = latest !== null && latest.state === "waiting" && latest.kind === kind;
    const startedAt = isWaiting ? latest.startedAt : now;
    const runId = isWaiting
      ? latest.id
      : await insertRun(tx, { connectionId, stream, kind, trigger: request.trigger, since, startedAt });
    if (isWaiting) await resumeRun(tx, runId);
    await setRunningRun(tx, connectionId, stream, runId);
    const checkpoint = isFromStart ? null : (state?.checkpoint ?? null);
    return { runId, startedAt, since, isFull: isRestart, isFromStart, checkpoint };
  });
}

function isUnfinishedFull(run: Run): boolean {
  return run.kind === "full" && run.state !== "succeeded";
}

/** Somebody asks to start over from elsewhere: that replaces what was owed, unless it would leave a hole open. */
function isOtherRestart(request: PullRequest, owed: Run): boolean {
  if (isOwedPull(owed)) return false;
  const asks = request.kind === "full" || request.since !== null;
  return asks && request.since?.getTime() !== owed.since?.getTime();
}
