import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import type { CheckConnection, CheckEngine, PullOptions, PullReport } from "../../connectors/_check/engine.ts";
import { systemClock } from "../../core/base/clock.ts";
import { TributaryError } from "../../core/base/errors.ts";
import { createLog } from "../../core/base/log.ts";
import { type AnyConnector, defineConnector, type Page, type Stream } from "../../core/connector/define.ts";
import type { PullDeps } from "../../core/land/pull.ts";
import { activeStreams, parseSettings } from "../../core/land/engine.ts";
import { runPull } from "../../core/land/run.ts";
import { catchUp } from "../../core/normalise/index.ts";
import { createSecrets, credentialsOf, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { readConnection } from "../../core/store/setup/connections.ts";
import type { Store } from "../../core/store/db.ts";
import { factLines, readPayloads } from "../../core/store/facts/all-facts.ts";
import { type Run, readRunLines } from "../../core/store/pulls/runs.ts";
import { acceptDeletions, readStream } from "../../core/store/pulls/streams.ts";
import { deleteConnection } from "../../core/store/setup/delete-connection.ts";
import { insertConnection } from "../../core/store/setup/connection-rows.ts";
import { createPullDeps } from "../../workers/pull.ts";

/** The engine as the workers run it, for the acceptance checks: each connection is set up in the store for its check alone. */
export function createCheckEngine(
  store: Store,
): CheckEngine & { /** Removes all that was set up. */ close(): Promise<void> } {
  const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
  const ids: string[] = [];
  return {
    async connect(connector, { settings, credentials }) {
      const id = `check-${connector.key}-${randomBytes(4).toString("hex")}`;
      ids.push(id);
      await store.db.transaction().execute((tx) =>
        insertConnection(tx, {
          id,
          connector: connector.key,
          title: id,
          settings,
          credentials: secrets.seal(JSON.stringify(credentials), credentialsOf(id)),
          // Paused: a hub that runs on this database leaves it alone.
          state: "paused",
          schedule: null,
          streams: null,
          backfillFrom: null,
          filesFrom: null,
          declared: null,
        }),
      );
      const { log, text } = listenedLog();
      const deps = (shown: AnyConnector): PullDeps => ({
        ...createPullDeps({ store, secrets, clock: systemClock, log, connectors: [shown], allowPrivateNetworks: true }),
        limits: { maxRecords: 1, maxLength: 1, maxWaitMs: 1000 },
      });
      return checkConnection(store, connector, id, deps, text);
    },
    async close() {
      for (const id of ids) await store.db.transaction().execute((tx) => deleteConnection(tx, id));
    },
  };
}

function checkConnection(
  store: Store,
  connector: AnyConnector,
  id: string,
  deps: (shown: AnyConnector) => PullDeps,
  logged: () => string,
): CheckConnection {
  const runs: Run[] = [];
  return {
    id,
    async pull(stream, options = {}) {
      // A check deletes out of lists of a handful: what is gone there is meant to go.
      await store.db.transaction().execute((tx) => acceptDeletions(tx, id, [stream], [stream]));
      const outcome = await runPull(
        deps(mortal(hurried(connector, options), stream, options)),
        { connectionId: id, stream, kind: "pull", trigger: "manual", since: null },
        new AbortController().signal,
      );
      if (outcome.kind === "busy") throw new Error(`Somebody else pulls ${id}/${stream}.`);
      runs.push(outcome.run);
      return report(outcome.run, outcome.error);
    },
    records: (stream) => readPayloads(store.db, id, stream),
    facts: async () => (await factLines(store.db, id)).join("\n"),
    async replay() {
      const connection = await readConnection(store.db, id);
      if (connection === null) throw new Error(`${id} is gone.`);
      for (const stream of activeStreams(connector, connection, parseSettings(connector, connection))) {
        // A check pulls some streams only.
        if ((await readStream(store.db, id, stream)) === null) continue;
        await catchUp({ store }, { connection, connector, stream }, { fromStart: true });
      }
    },
    async remove() {
      await store.db.transaction().execute((tx) => deleteConnection(tx, id));
    },
    async written() {
      const lines = await Promise.all(runs.map((run) => readRunLines(store.db, run.id, 10_000)));
      return JSON.stringify([logged(), runs, lines, await readConnection(store.db, id)]);
    },
  };
}

function report(run: Run, error: TributaryError | null): PullReport {
  const { pages, added, changed, deleted, skipped } = run.counts;
  // A run that has ended is no longer running.
  const state = run.state === "running" ? "interrupted" : run.state;
  return { state, error, pages, added, changed, deleted, skipped };
}

/** The connector, but its process dies when so many pages of a stream have been handed over. */
function mortal(connector: AnyConnector, name: string, { dieAfterPages }: PullOptions): AnyConnector {
  const stream = connector.streams[name];
  if (dieAfterPages === undefined || stream === undefined) return connector;
  const pull: Stream["pull"] = async function* (context): AsyncIterable<Page> {
    let pages = 0;
    for await (const page of stream.pull(context)) {
      if (pages >= dieAfterPages) throw killed(name);
      yield page;
      pages += 1;
    }
  };
  return defineConnector({ ...connector, streams: { ...connector.streams, [name]: { ...stream, pull } } });
}

/** The connector, but it waits no longer than this for an answer. */
function hurried(connector: AnyConnector, { timeoutMs }: PullOptions): AnyConnector {
  if (timeoutMs === undefined) return connector;
  return defineConnector({
    ...connector,
    createClient: (context) =>
      connector.createClient({
        ...context,
        http: (options) => context.http({ ...options, timeoutMs: Math.min(options.timeoutMs, timeoutMs) }),
      }),
  });
}

function killed(stream: string): TributaryError {
  return new TributaryError({
    code: "connector.check_killed",
    kind: "transient",
    message: `The pull of ${stream} was killed by a check.`,
    mend: "Nothing to do: the check pulls again.",
  });
}

function listenedLog(): { readonly log: ReturnType<typeof createLog>; readonly text: () => string } {
  const chunks: string[] = [];
  const ear = new Writable({
    write(chunk: Buffer | string, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { log: createLog("trace", ear), text: () => chunks.join("") };
}
