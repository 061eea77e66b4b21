import type { Clock } from "../base/clock.ts";
import { TributaryError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { Log } from "../base/log.ts";
import type { AnyConnector, CredentialSource, DeletionPolicy, Preview, Stream } from "../connector/define.ts";
import { givesOf } from "../connector/gives.ts";
import { createHttpFactory } from "../connector/http-client.ts";
import type { Limiter } from "../connector/limits.ts";
import type { Declared } from "../schema/tables/setup.ts";
import type { Secrets } from "../secrets/index.ts";
import { type Connection, readConnection } from "../store/setup/connections.ts";
import type { Db, Store } from "../store/db.ts";
import { findUpload, readUpload } from "../store/setup/uploads.ts";
import { readWorkspace } from "../store/setup/workspace.ts";
import type { RawChange } from "../store/pulls/raw.ts";
import type { LandStream } from "./batch.ts";
import { assertEncrypted, credentialHosts } from "./credential-hosts.ts";
import { createCredentialSource } from "./credentials.ts";
import { createFiles, type Uploads } from "./files.ts";

/** What pulling needs of the hub. Vendors, limits and the next step are handed in: this part knows none of them. */
export type EngineDeps = {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
  /** The connector of a key, null when there is none. */
  readonly findConnector: (key: string) => AnyConnector | null;
  readonly limiterOf: (connectionId: string) => Limiter;
  readonly allowPrivateNetworks: boolean;
  /** Folders below which connections may read files; absolute. */
  readonly fileFolders: readonly string[];
  /** Folders in which connections read nothing although they lie below one of those: the hub's own. */
  readonly closedFolders: readonly string[];
};

/**
 * Makes facts of what has just landed in one stream, and adds what came of it to the run. `changes` null: of whatever has landed and was
 * not normalised yet, read from the store. Must give the same either way, and must take changes that it has seen before, or that came out
 * of turn, in its stride.
 */
export type NormaliseChanged = (input: {
  readonly connection: Connection;
  readonly connector: AnyConnector;
  readonly stream: string;
  readonly changes: readonly RawChange[] | null;
  readonly runId: number;
}) => Promise<void>;

/** A connection with its vendor's client, ready to ask. */
export type OpenConnection = {
  readonly connection: Connection;
  readonly connector: AnyConnector;
  readonly settings: unknown;
  readonly client: unknown;
};

/**
 * Reads a connection and makes its client. Asks the vendor nothing yet.
 *
 * @throws TributaryError `connection.unknown`, `connection.unknown_connector`, `connection.invalid_settings` (kind config),
 * `connection.plain_http`
 */
export async function openConnection(
  deps: EngineDeps,
  connectionId: string,
  signal: AbortSignal,
): Promise<OpenConnection> {
  const connection = await readConnection(deps.store.db, connectionId);
  if (connection === null) throw unknownConnection(connectionId);
  const connector = connectorOf(deps, connection);
  const settings = parseSettings(connector, connection);
  // Also of what was set up before this was asked.
  assertEncrypted(credentialHosts(connector, connection.settings), deps.allowPrivateNetworks);
  return openWith(
    deps,
    { connection, connector, settings },
    createCredentialSource(deps, connector, connection),
    signal,
  );
}

/** The same of a connection that was read already, or is not stored yet. Limits are those of its id. */
export function openWith(
  deps: EngineDeps,
  { connection, connector, settings }: Omit<OpenConnection, "client">,
  credentials: CredentialSource,
  signal: AbortSignal,
): OpenConnection {
  const { clock, allowPrivateNetworks } = deps;
  const http = createHttpFactory({
    credentials,
    limiter: deps.limiterOf(connection.id),
    clock,
    signal,
    allowPrivateNetworks,
  });
  const { filesFrom } = connection;
  const files = createFiles(
    [...deps.fileFolders, ...(filesFrom === null ? [] : [filesFrom])],
    uploadsIn(deps.store.db),
    deps.closedFolders,
  );
  const client = connector.createClient({ settings, credentials, http, files, allowPrivateNetworks, clock, signal });
  return { connection, connector, settings, client };
}

/**
 * The first rows of what a draft of settings names, as they are, and what each becomes. Nothing is kept.
 *
 * @throws TributaryError `connection.no_preview` for a connector whose records nobody maps, `files.not_allowed`, and what reading the files throws
 */
export async function previewRows(
  deps: EngineDeps,
  connector: AnyConnector,
  draft: JsonObject,
  signal: AbortSignal,
): Promise<readonly Preview[]> {
  if (connector.preview === undefined) throw noPreview(connector.title);
  const { timeZone } = await readWorkspace(deps.store.db);
  const { allowPrivateNetworks, fileFolders, closedFolders } = deps;
  const files = createFiles(fileFolders, uploadsIn(deps.store.db), closedFolders);
  return connector.preview({ files, allowPrivateNetworks, signal, timeZone }, draft);
}

function noPreview(title: string): TributaryError {
  return new TributaryError({
    code: "connection.no_preview",
    kind: "config",
    message: `${title} has its records in a form of its own: there is nothing to map.`,
    mend: "Check the account instead: POST /api/v1/connections/check.",
  });
}

function uploadsIn(db: Db): Uploads {
  return { find: (name) => findUpload(db, name), read: (name) => readUpload(db, name) };
}

export function connectorOf(deps: Pick<EngineDeps, "findConnector">, connection: Connection): AnyConnector {
  const connector = deps.findConnector(connection.connector);
  if (connector !== null) return connector;
  throw new TributaryError({
    code: "connection.unknown_connector",
    kind: "config",
    message: `The connection ${connection.id} is of the connector ${connection.connector}, which this Tributary does not have.`,
    mend: "Run `tributary connectors` for those there are; update Tributary if the connection was set up with a newer one.",
  });
}

export function parseSettings(connector: AnyConnector, connection: Connection): unknown {
  const parsed = connector.settings.safeParse(connection.settings);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => `${issue.path.join(".") || "settings"}: ${issue.message}`);
  throw new TributaryError({
    code: "connection.invalid_settings",
    kind: "config",
    message: `The settings of the connection ${connection.id} are not valid: ${fields.join("; ")}.`,
    mend: "Correct them in the console, or in the config file and `tributary apply` it.",
  });
}

/** The streams of the connection that are pulled, in the connector's order. */
export function activeStreams(connector: AnyConnector, connection: Connection, settings: unknown): string[] {
  return Object.entries(connector.streams)
    .filter(([name]) => connection.streams === null || connection.streams.includes(name))
    .filter(([, stream]) => stream.isActive?.(settings) ?? true)
    .map(([name]) => name);
}

/** What the connector says of a connection with these settings. */
export function declaredOf(connector: AnyConnector, connection: Connection, settings: unknown): Declared {
  const gives = activeStreams(connector, connection, settings).map((name) => [
    name,
    [...givesOf(streamOf(connector, name), settings)],
  ]);
  // `activeStreams` names them with what each gives.
  return { everyS: connector.everyS, gives: Object.fromEntries(gives) as Declared["gives"] };
}

/** @throws TributaryError `connection.unknown_stream` */
export function streamOf(connector: AnyConnector, name: string): Stream {
  const stream = Object.hasOwn(connector.streams, name) ? connector.streams[name] : undefined;
  if (stream !== undefined) return stream;
  throw new TributaryError({
    code: "connection.unknown_stream",
    kind: "config",
    message: `The connector ${connector.key} has no stream ${name}.`,
    mend: `Use one of: ${Object.keys(connector.streams).join(", ")}.`,
  });
}

export function landStreamOf(connector: AnyConnector, name: string): LandStream {
  const { externalId, sourceTime, keepsVersions } = streamOf(connector, name);
  return { name, externalId, sourceTime, keepsVersions: keepsVersions ?? false };
}

export function deletionsOf(stream: Stream, settings: unknown): DeletionPolicy {
  return typeof stream.deletions === "function" ? stream.deletions(settings) : stream.deletions;
}

export function unknownConnection(connectionId: string): TributaryError {
  return new TributaryError({
    code: "connection.unknown",
    kind: "config",
    message: `There is no connection ${connectionId}.`,
    mend: "Run `tributary connections` for those there are, or `tributary connect` to make one.",
  });
}
