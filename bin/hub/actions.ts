import { TributaryError } from "../../core/base/errors.ts";
import type { JsonObject } from "../../core/base/json.ts";
import type { CheckResult } from "../../core/connector/define.ts";
import {
  activeStreams,
  connectorOf,
  openConnection,
  parseSettings,
  streamOf,
  unknownConnection,
} from "../../core/land/engine.ts";
import type { PullDeps } from "../../core/land/pull.ts";
import { removeConnection } from "../../core/identity/index.ts";
import { credentialsOf } from "../../core/secrets/index.ts";
import { markAuthorised, readConnection } from "../../core/store/setup/connections.ts";
import {
  type ConnectionRow,
  insertConnection,
  listConnectionRows,
  setConnectionState,
  updateConnection,
} from "../../core/store/setup/connection-rows.ts";
import type { Actions, ConnectionInput } from "../../dashboards/web/deps.ts";
import { acceptInbound } from "../../workers/inbound.ts";
import type { PullJob } from "../../workers/queues.ts";
import type { Hub } from "../context.ts";
import { keepWebhookSecret, setUpWebhook } from "./webhooks.ts";

/** A vendor that does not answer must not hold a page of the console for longer. */
const CHECK_TIMEOUT_MS = 30_000;

/** What the console, the API and the command line can set in motion. */
export function createActions(hub: Hub, engine: PullDeps): Actions {
  const { store, queues } = hub;
  const requestPull = async (payload: PullJob): Promise<void> =>
    queues.request({ queue: "pull", payload }, { isUrgent: payload.trigger !== "schedule" });

  const requestSync: Actions["requestSync"] = async (connectionId, { stream, full }) => {
    const connection = await readConnection(store.db, connectionId);
    if (connection === null) throw unknownConnection(connectionId);
    const connector = connectorOf(engine, connection);
    if (stream !== null) streamOf(connector, stream);
    const streams =
      stream === null ? activeStreams(connector, connection, parseSettings(connector, connection)) : [stream];
    const kind = full ? "full" : "pull";
    for (const name of streams) await requestPull({ connectionId, stream: name, kind, trigger: "manual", since: null });
    return streams;
  };

  return {
    requestSync,
    testConnection: async (id) => testConnection(engine, id),
    async createConnection(input) {
      const row = { ...checked(engine, input, input.settings), state: "active" as const };
      const credentials = sealed(hub, input.id, input.credentials ?? {});
      await store.db.transaction().execute(async (tx) => {
        const taken = (await listConnectionRows(tx)).some((other) => other.id === input.id);
        if (taken) throw idTaken(input.id);
        await insertConnection(tx, { ...row, credentials });
      });
      await requestSync(input.id, { stream: null, full: false });
    },
    async updateConnection(id, changes) {
      await store.db.transaction().execute(async (tx) => {
        const old = (await listConnectionRows(tx)).find((row) => row.id === id);
        if (old === undefined) throw unknownConnection(id);
        const { credentials, ...others } = changes;
        const row = checked(engine, { ...old, ...others }, changes.settings ?? null);
        // Whatever stopped it may be mended by the change; only a person's pause stays.
        const state = old.state === "paused" ? "paused" : "active";
        const kept = credentials === undefined ? old.credentials : sealed(hub, id, credentials);
        await updateConnection(tx, { ...row, state, credentials: kept }, changes.settings !== undefined);
      });
    },
    async removeConnection(id) {
      const wasThere = await store.db.transaction().execute((tx) => removeConnection(tx, id));
      if (!wasThere) throw unknownConnection(id);
    },
    requestMeasure: async () => queues.request({ queue: "measure", payload: { reason: "facts" } }),
    pauseConnection: async (id) => setState(hub, id, "paused"),
    async resumeConnection(id) {
      await setState(hub, id, "active");
      await requestSync(id, { stream: null, full: false });
    },
    async subscribeWebhook(id) {
      await setUpWebhook(engine, id, hub.env.publicUrl, AbortSignal.timeout(CHECK_TIMEOUT_MS));
    },
    keepWebhookSecret: async (id, secret) => keepWebhookSecret(store.db, hub.secrets, id, secret),
    acceptInbound: async (id, request) => acceptInbound({ ...engine, requestPull }, id, request),
  };
}

async function testConnection(engine: PullDeps, id: string): Promise<CheckResult> {
  const opened = await openConnection(engine, id, AbortSignal.timeout(CHECK_TIMEOUT_MS));
  const result = await opened.connector.check(opened.client, opened.settings);
  const { db } = engine.store;
  await db
    .updateTable("connections")
    .set({ account_id: result.accountId, account_name: result.accountName })
    .where("id", "=", id)
    .execute();
  await markAuthorised(db, id);
  return result;
}

async function setState({ store }: Hub, id: string, state: "active" | "paused"): Promise<void> {
  const wasThere = await store.db.transaction().execute((tx) => setConnectionState(tx, id, state));
  if (!wasThere) throw unknownConnection(id);
}

type Wanted = Omit<ConnectionInput, "credentials">;

/**
 * A connection as it may be stored.
 *
 * @param settings the settings that are new, null when they are the stored ones.
 * @throws TributaryError `connection.unknown_connector`, `connection.invalid_settings`, `connection.unknown_stream`
 */
function checked(
  engine: PullDeps,
  wanted: Wanted,
  settings: JsonObject | null,
): Omit<ConnectionRow, "credentials" | "state"> {
  const { id, connector: key, title, schedule, streams, backfillFrom } = wanted;
  const asStored = { ...EMPTY, ...wanted };
  const connector = connectorOf(engine, asStored);
  parseSettings(connector, asStored);
  for (const stream of streams ?? []) streamOf(connector, stream);
  const paths = settings === null ? wanted.settings : (connector.resolvePaths?.(settings, process.cwd()) ?? settings);
  return { id, connector: key, title, settings: paths, schedule, streams, backfillFrom };
}

/** What a connection that is not stored yet has not. */
const EMPTY = {
  state: "active",
  stateCode: null,
  stateReason: null,
  accountId: null,
  accountName: null,
  liveFrom: new Date(0),
} as const;

function sealed({ secrets }: Hub, id: string, credentials: JsonObject): string | null {
  return Object.keys(credentials).length === 0 ? null : secrets.seal(JSON.stringify(credentials), credentialsOf(id));
}

function idTaken(id: string): TributaryError {
  return new TributaryError({
    code: "connection.id_taken",
    kind: "config",
    message: `There is a connection ${id} already.`,
    mend: "Choose another id, or change the one that is there.",
  });
}
