import type { Clock } from "../core/base/clock.ts";
import { TributaryError } from "../core/base/errors.ts";
import type { AnyConnector } from "../core/connector/define.ts";
import { catchUp, changedAnything, type NormaliseTarget } from "../core/normalise/index.ts";
import { replay } from "../core/normalise/replay.ts";
import { readConnection } from "../core/store/setup/connections.ts";
import type { Store } from "../core/store/db.ts";
import type { MeasureJob, NormaliseJob } from "./queues.ts";
import type { JobContext } from "./runtime.ts";

export type NormaliseWorkerDeps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly connectors: readonly AnyConnector[];
  /** Asks for the KPIs to be computed anew, after facts have changed. */
  readonly requestMeasure: (job: MeasureJob) => Promise<void>;
};

/** Makes facts of what landed and was not normalised yet; with `fromStart`, of everything that is stored of the stream. */
export function createNormaliseProcessor(
  deps: NormaliseWorkerDeps,
): (job: NormaliseJob, context: JobContext) => Promise<void> {
  return async (job, { log, signal, progress }) => {
    const target = await targetOf(deps, job);
    if (target === null) {
      log.info({ connection: job.connectionId }, "not normalised: the connection was removed");
      return;
    }
    const onProgress = (records: number): void =>
      void progress({ records }).catch((error: unknown) => log.debug({ err: error }));
    const done = job.fromStart
      ? await replay(deps, target, { trigger: "manual", signal, onProgress })
      : await catchUp(deps, target, { fromStart: false, signal, onProgress });
    if (done !== null && changedAnything(done)) await deps.requestMeasure({ reason: "facts" });
    if (signal.aborted) throw signal.reason;
    log.info({ connection: job.connectionId, stream: job.stream, records: done?.records ?? 0 }, "normalised");
  };
}

async function targetOf(deps: NormaliseWorkerDeps, job: NormaliseJob): Promise<NormaliseTarget | null> {
  const connection = await readConnection(deps.store.db, job.connectionId);
  if (connection === null) return null;
  const connector = deps.connectors.find((one) => one.key === connection.connector);
  if (connector === undefined) throw unknownConnector(connection.id, connection.connector);
  return { connection, connector, stream: job.stream };
}

function unknownConnector(connectionId: string, key: string): TributaryError {
  return new TributaryError({
    code: "normalise.unknown_connector",
    kind: "config",
    message: `The connection ${connectionId} is one of the connector "${key}", which this version does not have.`,
    mend: "Start the version that has it, or remove the connection.",
  });
}
