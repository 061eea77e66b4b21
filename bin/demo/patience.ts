import { setTimeout as sleep } from "node:timers/promises";
import { recognise } from "../../core/store/failures.ts";
import { pauseMs } from "../commands/sync.ts";

export type Patience = {
  readonly say: (text: string) => void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** For tests. */
  readonly pause?: (ms: number) => Promise<void>;
};

/**
 * Does something until it has worked. What may work next time is said and tried again, with pauses, for as long as it takes: the demo's parts
 * all run on this machine, so that one which does not answer yet is busy, not broken.
 *
 * @param what it is done for, for what is said.
 * @throws what is no use in trying again, and the signal's reason once that is aborted.
 */
export async function patiently<T>(
  what: string,
  work: () => Promise<T>,
  { say, signal, pause = (ms) => sleep(ms, undefined, { signal }) }: Patience,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const failure = recognise(error);
      if (failure.kind !== "transient" && failure.kind !== "rate_limited") throw failure;
      const untilMs = (failure.retryAt?.getTime() ?? 0) - Date.now();
      const waitMs = Math.max(pauseMs(tries), untilMs);
      say(`${what}: ${failure.message} Trying again in ${Math.ceil(waitMs / 1000)} s.`);
      await pause(waitMs);
    }
  }
}
