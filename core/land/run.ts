import { findTributaryError, TributaryError } from "../base/errors.ts";
import type { VendorEnd } from "../connector/define.ts";
import { markAuthorised, markEnded, markNeedsAuth, nameAccount, readConnection } from "../store/setup/connections.ts";
import { recognise } from "../store/failures.ts";
import { failingSince, finishRun, lockRun, readRun, type Run } from "../store/pulls/runs.ts";
import { lockStreams, markStreamPulled, markStreamStopped } from "../store/pulls/streams.ts";
import { openConnection, type OpenConnection, unknownConnection } from "./engine.ts";
import { fenced } from "./land.ts";
import { tryLock } from "../store/lock.ts";
import { Pull, type PullDeps } from "./pull.ts";
import { openRunLines, type RunLines } from "./run-log.ts";
import { type PullRequest, type StartedRun, startRun } from "./start.ts";

/** `busy`: another process (or another run of this one) has the stream. `ended`: see the run; `error` is what stopped it. */
export type PullOutcome =
  { readonly kind: "busy" } | { readonly kind: "ended"; readonly run: Run; readonly error: TributaryError | null };

/** Whoever holds this name is the only one to pull the stream. */
export function streamLockName(connectionId: string, stream: string): string {
  return `tributary.pull/${connectionId}/${stream}`;
}

/**
 * Pulls a stream once, from where the last pull stopped, and makes facts of what changed. Stopping at any instant, by `signal` or by a
 * kill, loses nothing: what has landed has landed with its checkpoint, and what has not will be asked for again.
 *
 *   a run is …      until …
 *   running         it ends in one of the others; one whose process died stays so until the next run of the stream finds it
 *   waiting         the vendor's `retryAt` has come, and the next run goes on under its number
 *   interrupted     (final) it was stopped, or lost its stream to another run
 *   failed          (final) an error that somebody has to look at, or that the next attempt may not meet
 *   succeeded       (final)
 *
 * @throws TributaryError `connection.unknown`, and what the database says when the run could not even be noted.
 */
export async function runPull(deps: PullDeps, request: PullRequest, signal: AbortSignal): Promise<PullOutcome> {
  const { connectionId, stream } = request;
  const lock = await tryLock(deps.store, streamLockName(connectionId, stream));
  if (lock === null) return { kind: "busy" };
  const stop = new AbortController();
  // One that makes room for others says so itself, and waits under its number.
  const onStop = (): void =>
    stop.abort(
      findTributaryError(signal.reason)?.kind === "rate_limited" ? signal.reason : stopped(request, signal.reason),
    );
  const onLost = (): void => stop.abort(lockLost(request));
  signal.addEventListener("abort", onStop, { once: true });
  lock.lost.addEventListener("abort", onLost, { once: true });
  if (signal.aborted) onStop();
  try {
    if ((await readConnection(deps.store.db, connectionId)) === null) throw unknownConnection(connectionId);
    const started = await startRun(deps.store, request, deps.clock.now());
    const lines = openRunLines(deps.store.db, deps.clock, started.runId);
    const error = await attempt(deps, request, started, stop, lines);
    const run = await readRun(deps.store.db, started.runId);
    if (run === null) throw fenced(connectionId, stream, started.runId);
    return { kind: "ended", run, error };
  } finally {
    signal.removeEventListener("abort", onStop);
    lock.lost.removeEventListener("abort", onLost);
    await lock.release();
  }
}

/** Every way out of a run leads through here. */
async function attempt(
  deps: PullDeps,
  request: PullRequest,
  started: StartedRun,
  stop: AbortController,
  lines: RunLines,
): Promise<TributaryError | null> {
  let end: VendorEnd | undefined;
  try {
    const opened = await openConnection(deps, request.connectionId, stop.signal);
    end = opened.connector.end;
    await new Pull(deps, request, opened, started, stop, lines).run();
    await lines.close();
    await noteSuccess(deps, request, started);
    await nameOnce(deps, opened);
    return null;
  } catch (error) {
    const failure = recognise(error);
    const told = end?.signs.includes(failure.code) === true ? await asEnd(deps, request, failure, end) : failure;
    await noteFailure(deps, request, started, lines, told);
    return told;
  }
}

/** What the vendor calls the account, where nobody has asked yet: a key that pulls is one that reaches it. */
async function nameOnce(
  { store, log }: PullDeps,
  { connection, connector, client, settings }: OpenConnection,
): Promise<void> {
  if (connection.accountName !== null) return;
  try {
    const { accountId, accountName } = await connector.check(client, settings);
    await nameAccount(store.db, connection.id, { id: accountId, name: accountName });
  } catch (err) {
    // The pull is done; the next one asks again.
    log.debug({ err, connection: connection.id }, "the account could not be named");
  }
}

/** What a sign of the end means: after nothing else for long, that it has come. */
async function asEnd(
  deps: PullDeps,
  { connectionId, stream }: PullRequest,
  sign: TributaryError,
  end: VendorEnd,
): Promise<TributaryError> {
  const since = await failingSince(deps.store.db, connectionId, stream);
  if (since === null || deps.clock.now().getTime() - since.getTime() < end.afterMs) return sign;
  return new TributaryError({ ...end.error, kind: "ended", cause: sign });
}

async function noteSuccess(deps: PullDeps, { connectionId, stream }: PullRequest, started: StartedRun): Promise<void> {
  const finishedAt = deps.clock.now();
  await deps.store.db.transaction().execute(async (tx) => {
    const state = (await lockStreams(tx, connectionId, [stream])).get(stream);
    if (state?.runningRunId !== started.runId) throw fenced(connectionId, stream, started.runId);
    await lockRun(tx, started.runId);
    await markStreamPulled(tx, connectionId, stream, {
      runId: started.runId,
      startedAt: started.startedAt,
      finishedAt,
    });
    await finishRun(tx, started.runId, { state: "succeeded", finishedAt, error: null });
    await markAuthorised(tx, connectionId);
  });
}

async function noteFailure(
  deps: PullDeps,
  { connectionId, stream }: PullRequest,
  { runId }: StartedRun,
  lines: RunLines,
  failure: TributaryError,
): Promise<void> {
  const { code, kind, message, mend } = failure;
  const state = stateAfter(failure);
  const log = deps.log.child({ connection: connectionId, stream, run: runId, code });
  if (state === "failed") log.warn(message);
  else log.info(message);
  try {
    await lines.close();
    const error = state === "interrupted" ? null : { code, kind, message, mend };
    await deps.store.db.transaction().execute(async (tx) => {
      await lockRun(tx, runId);
      const partialReason = kind === "contract" ? message : null;
      await markStreamStopped(tx, connectionId, stream, runId, state === "failed" ? { partialReason } : null);
      await finishRun(tx, runId, { state, finishedAt: deps.clock.now(), error });
      const reason = { code, text: `${message} ${mend}` };
      if (kind === "auth") await markNeedsAuth(tx, connectionId, reason);
      if (kind === "ended") await markEnded(tx, connectionId, reason);
    });
  } catch (error) {
    // The next run of the stream finds this one unfinished and says that it was interrupted.
    log.error({ err: error }, "the end of a run could not be noted");
    throw failure;
  }
}

/** What takes a run off its stream without anything being wrong. */
const INTERRUPTIONS: ReadonlySet<string> = new Set(["land.stopped", "land.lock_lost", "land.fenced"]);

export function isInterruption(failure: TributaryError): boolean {
  return INTERRUPTIONS.has(failure.code);
}

function stateAfter(failure: TributaryError): Run["state"] {
  if (isInterruption(failure)) return "interrupted";
  return failure.kind === "rate_limited" ? "waiting" : "failed";
}

/** What a run says that was told to end. */
export function stopped(request: Pick<PullRequest, "connectionId" | "stream">, reason: unknown): TributaryError {
  return new TributaryError({
    code: "land.stopped",
    kind: "transient",
    message: `The pull of ${request.connectionId}/${request.stream} was stopped.`,
    mend: "Nothing to do: the next pull goes on from the last page that landed.",
    cause: reason,
  });
}

function lockLost(request: PullRequest): TributaryError {
  return new TributaryError({
    code: "land.lock_lost",
    kind: "transient",
    message: `The database connection that held ${request.connectionId}/${request.stream} was lost.`,
    mend: "Nothing to do: the pull goes on from the last page that landed.",
  });
}
