import type { Clock } from "../base/clock.ts";
import type { RunTrigger } from "../schema/tables/pulls.ts";
import { recognise } from "../store/failures.ts";
import { finishRun, insertRun } from "../store/pulls/runs.ts";
import { readStream } from "../store/pulls/streams.ts";
import { catchUp, type Normalised, type NormaliseDeps, type NormaliseTarget } from "./index.ts";

export type ReplayOptions = {
  readonly trigger: RunTrigger;
  readonly signal: AbortSignal;
  readonly onProgress?: (records: number) => void;
};

/**
 * Makes the facts of a stream anew from what is stored raw, and keeps a record of it among the runs. The vendor is not asked. Facts that come
 * out as they are stored are not written.
 *
 * @returns null for a stream of which nothing was ever pulled.
 * @throws whatever stopped it; the run says so, and the next catch-up goes on where it ended.
 */
export async function replay(
  deps: NormaliseDeps & { readonly clock: Clock },
  target: NormaliseTarget,
  { trigger, signal, onProgress }: ReplayOptions,
): Promise<Normalised | null> {
  const { store, clock } = deps;
  const { connection, stream } = target;
  if ((await readStream(store.db, connection.id, stream)) === null) return null;
  const started = {
    connectionId: connection.id,
    stream,
    kind: "replay",
    trigger,
    since: null,
    startedAt: clock.now(),
  } as const;
  const runId = await insertRun(store.db, started);
  const end = (state: "succeeded" | "failed" | "interrupted", error: unknown): Promise<void> => {
    const known = error === null ? null : recognise(error);
    return finishRun(store.db, runId, { state, finishedAt: clock.now(), error: known });
  };
  try {
    const done = await catchUp(deps, target, {
      fromStart: true,
      runId,
      signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    await end(signal.aborted ? "interrupted" : "succeeded", null);
    return done;
  } catch (error) {
    await end("failed", error);
    throw error;
  }
}
