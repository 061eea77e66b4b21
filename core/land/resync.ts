import type { Page } from "../connector/define.ts";
import type { Tx } from "../store/db.ts";
import { appendRunLines, type RunError } from "../store/pulls/runs.ts";
import { oweFullPulls } from "../store/pulls/streams.ts";

/**
 * What has been missed for good by reading on, and comes back by reading from the start only. The streams say that they are partial, and owe
 * a full pull: it is noted as one that was interrupted before its first page, so the next pull of the stream, whatever it was asked for,
 * goes on with it (see {@link startRun}), and clears the mark when it is complete.
 */
export type Resync = NonNullable<Page["resync"]>;

/** What the pages say, without streams that nobody pulls: those would be owed a pull for ever. */
export function resyncsOf(pages: readonly Pick<Page, "resync">[], active: readonly string[]): Resync[] {
  return pages.flatMap(({ resync }) => {
    const streams = resync?.streams.filter((stream) => active.includes(stream)) ?? [];
    return resync === undefined || streams.length === 0 ? [] : [{ streams, reason: resync.reason }];
  });
}

/** Part of the landing of the page that says so; the streams are locked. `saidBy`: the stream that is pulled, and its run. */
export async function owe(
  tx: Tx,
  connectionId: string,
  resync: Resync,
  saidBy: { readonly stream: string; readonly runId: number },
  now: Date,
): Promise<void> {
  const error = owed(resync.reason);
  const streams = await oweFullPulls(tx, connectionId, resync.streams, { error, saidBy: saidBy.stream, now });
  if (streams.length === 0) return;
  const message = `${resync.reason} Pulled in full next: ${streams.join(", ")}.`;
  await appendRunLines(tx, saidBy.runId, [{ at: now, level: "warn", code: error.code, message, data: { streams } }]);
}

function owed(reason: string): RunError {
  return {
    code: "land.resync",
    kind: "transient",
    message: reason,
    mend: "Nothing to do: the next pull of the stream reads everything again.",
  };
}

/** Whether a run stands for a full pull that is owed, and has not begun. */
export function isOwedPull(run: { readonly error: RunError | null }): boolean {
  return run.error?.code === owed("").code;
}
