import { isDeepStrictEqual } from "node:util";
import { failedWith, TributaryError } from "../base/errors.ts";
import { unusedOfConnection } from "../connector/unused.ts";
import type { JsonObject } from "../base/json.ts";
import type { Day } from "../base/time.ts";
import type { AnyConnector, CheckResult } from "../connector/define.ts";
import { unlimited } from "../connector/limits.ts";
import { removeConnection as removeRelated } from "../identity/index.ts";
import {
  connectorOf,
  declaredOf,
  type EngineDeps,
  openWith,
  parseSettings,
  streamOf,
  unknownConnection,
} from "../land/engine.ts";
import { createTrialSource, needsSignIn } from "../land/credentials.ts";
import { isBelow, notAllowed } from "../land/files.ts";
import type { Schedule } from "../schema/tables/setup.ts";
import { credentialsOf, type Secrets } from "../secrets/index.ts";
import type { Db } from "../store/db.ts";
import {
  type ConnectionRow,
  insertConnection,
  listConnectionRows,
  lockConnectionRow,
  setConnectionState,
  updateConnection,
  writeDeclared,
} from "../store/setup/connection-rows.ts";
import { findConnectionOverview } from "../store/setup/connection-overview.ts";
import { markNeedsAuth, nameAccount } from "../store/setup/connections.ts";
import { recognise } from "../store/failures.ts";
import { assertEncrypted, credentialHosts, credentialsNeeded, newHosts } from "../land/credential-hosts.ts";
import { requestStreams } from "./pulls.ts";
import { type Actor, noted, type SetupDeps } from "./verb.ts";

/** A connection as somebody wants it. `credentials` are kept when absent; an empty object takes them away. */
export type ConnectionInput = {
  readonly id: string;
  readonly connector: string;
  readonly title: string;
  readonly settings: JsonObject;
  readonly credentials?: JsonObject;
  readonly schedule: Schedule | null;
  readonly streams: readonly string[] | null;
  readonly backfillFrom: Day | null;
  /**
   * The folder of the config file that declares the settings: files below it may be read. Null, and absent: nobody but TRIBUTARY_FILES names
   * folders; of a change that names no other files, what is there stays.
   */
  readonly filesFrom?: string | null;
  /** Absent: as it is; a new one is active. */
  readonly paused?: boolean;
};

export type ConnectionChanges = Partial<Omit<ConnectionInput, "id" | "connector">> & {
  /** The credentials are some of all: those that are not given stay, unless the account is at another host now. */
  readonly keepsOtherCredentials?: boolean;
};

/** What writing a connection takes; `db` may be a transaction of which it is a part. */
export type ConnectionDeps = Pick<EngineDeps, "secrets" | "findConnector" | "fileFolders" | "allowPrivateNetworks"> & {
  readonly db: Db;
};

/**
 * What came of setting up an account:
 * - `reached`  the vendor knows it.
 * - `sign_in`  somebody has to sign in at the vendor's page first; nothing is pulled until then.
 * - `unknown`  the vendor could not be asked just now; it is pulled, and tried again, as any other.
 */
export type Connected =
  | { readonly kind: "reached"; readonly account: CheckResult }
  | { readonly kind: "sign_in" }
  | { readonly kind: "unknown"; readonly error: TributaryError };

/**
 * Sets up an account that can be reached, and asks for its first load. One that refuses the key, or whose settings lead nowhere, is not kept.
 *
 * @throws TributaryError what {@link createConnection} throws, and what the vendor refuses
 */
export async function connect(deps: SetupDeps, actor: Actor, input: ConnectionInput): Promise<Connected> {
  const { db } = deps.store;
  // What can't be stored is told before the vendor is asked.
  const row = checked({ ...deps, db }, input, null);
  if ((await findConnectionOverview(db, input.id)) !== null) throw idTaken(input.id);
  const { connected, credentials } = await reach(deps, row, input.credentials ?? {});
  await db.transaction().execute(async (tx) => {
    await createConnection({ ...deps, db: tx }, actor, { ...input, credentials });
    if (connected.kind === "reached") {
      const { accountId, accountName } = connected.account;
      await nameAccount(tx, input.id, { id: accountId, name: accountName });
    }
    if (connected.kind === "sign_in") await markNeedsAuth(tx, input.id, NOT_SIGNED_IN);
  });
  if (connected.kind !== "sign_in") await requestStreams(deps, input.id, { stream: null, full: false });
  return connected;
}

/**
 * Reaches an account that is not set up yet, and names it. Nothing is kept and nothing is noted: nothing has changed.
 *
 * @throws TributaryError `oauth.not_signed_in`, what {@link createConnection} throws, and what the vendor answers
 */
export async function tryAccount(
  deps: SetupDeps,
  given: { readonly connector: string; readonly settings: JsonObject; readonly credentials: JsonObject },
): Promise<CheckResult> {
  const { connector, settings, credentials } = given;
  const unnamed = { id: "new", title: "", schedule: null, streams: null, backfillFrom: null };
  const row = checked({ ...deps, db: deps.store.db }, { ...unnamed, connector, settings }, null);
  const { connected } = await reach(deps, row, credentials);
  switch (connected.kind) {
    case "reached":
      return connected.account;
    case "unknown":
      throw connected.error;
    case "sign_in":
      throw new TributaryError({
        code: NOT_SIGNED_IN.code,
        kind: "auth",
        message: "Nobody has signed in at the vendor yet.",
        mend: "Set the account up, and sign in from its page in the console.",
      });
    default:
      return connected satisfies never;
  }
}

const NOT_SIGNED_IN = {
  code: "oauth.not_signed_in",
  text: "Nobody has signed in at the vendor yet. Sign in from the connection's page in the console.",
};

/** A vendor that does not answer must not hold a form for longer. */
const REACH_TIMEOUT_MS = 20_000;

/** Asks the vendor for the account, with credentials that are not stored yet. */
async function reach(
  deps: SetupDeps,
  row: Omit<ConnectionRow, "credentials" | "state">,
  given: JsonObject,
): Promise<{ readonly connected: Connected; readonly credentials: JsonObject }> {
  const connection = { ...NOT_STORED, ...row };
  const connector = connectorOf(deps, connection);
  const settings = parseSettings(connector, connection);
  if (needsSignIn(connector, given)) return { connected: { kind: "sign_in" }, credentials: given };
  const source = createTrialSource(deps, connector, row.settings, given);
  try {
    const signal = AbortSignal.timeout(REACH_TIMEOUT_MS);
    // Limits are kept for accounts that there are; these are a handful of requests.
    const { client } = openWith(
      { ...deps, limiterOf: () => unlimited },
      { connection, connector, settings },
      source,
      signal,
    );
    const account = await connector.check(client, settings);
    return { connected: { kind: "reached", account }, credentials: source.latest() };
  } catch (error) {
    const failure = recognise(error);
    // A file may be put in its place later.
    const mayCome = failure.kind === "config" && connector.localPaths !== undefined;
    if (failure.kind !== "transient" && failure.kind !== "rate_limited" && !mayCome) throw failure;
    return { connected: { kind: "unknown", error: failure }, credentials: source.latest() };
  }
}

/**
 * Sets up an account; pulls nothing yet.
 *
 * @throws TributaryError `connection.id_taken`, `connection.unknown_connector`, `connection.invalid_settings`, `connection.unknown_stream`,
 * `connection.plain_http`, `files.not_allowed`
 */
export async function createConnection(deps: ConnectionDeps, actor: Actor, input: ConnectionInput): Promise<void> {
  const { id, connector, credentials = {} } = input;
  const state = input.paused === true ? "paused" : "active";
  const row = {
    ...checked(deps, input, null),
    state,
    credentials: sealed(deps.secrets, id, credentials),
  } as const;
  await noted(deps.db, { actor, action: "connection.create", target: id, details: { connector } }, async (tx) => {
    if ((await lockConnectionRow(tx, id)) !== null) throw idTaken(id);
    await insertConnection(tx, row);
  });
}

/**
 * Replaces what is given; the connector of a connection never changes. Whatever had stopped it may be mended by the change: only a person's
 * pause stays.
 *
 * @throws TributaryError `connection.unknown`, `connection.credentials_needed`, and those of {@link createConnection}
 */
export async function changeConnection(
  deps: ConnectionDeps,
  actor: Actor,
  id: string,
  changes: ConnectionChanges,
): Promise<void> {
  const { credentials, paused, keepsOtherCredentials = false, ...rest } = changes;
  await noted<string[]>(
    deps.db,
    (fields) => ({ actor, action: "connection.update", target: id, details: { fields } }),
    async (tx) => {
      const old = await lockConnectionRow(tx, id);
      if (old === null) throw unknownConnection(id);
      const row = checked(deps, { ...old, filesFrom: null, ...rest }, old);
      const state = (paused ?? old.state === "paused") ? "paused" : "active";
      const moved = newHosts(connectorOf(deps, { ...NOT_STORED, ...row }), old.settings, row.settings);
      if (moved.length > 0 && old.credentials !== null && credentials === undefined) throw credentialsNeeded(id, moved);
      const others = keepsOtherCredentials && moved.length === 0 ? opened(deps.secrets, old) : {};
      const kept =
        credentials === undefined ? old.credentials : sealed(deps.secrets, id, { ...others, ...credentials });
      const hasNewSettings = fieldsOf(old.settings, row.settings).length > 0;
      await updateConnection(tx, { ...row, state, credentials: kept }, hasNewSettings);
      return changedFields(old, row, { credentials: credentials !== undefined, paused: state !== old.state });
    },
  );
}

/**
 * Keeps what the connectors say of the accounts now: they may have been set up under another version. Of settings that are not valid any more,
 * what was kept stays.
 */
export async function refreshDeclared({
  db,
  findConnector,
}: Pick<ConnectionDeps, "db" | "findConnector">): Promise<void> {
  for (const row of await listConnectionRows(db)) {
    const connector = findConnector(row.connector);
    const settings = connector?.settings.safeParse(row.settings);
    if (connector === null || settings?.success !== true) continue;
    const declared = declaredOf(connector, { ...NOT_STORED, ...row }, settings.data);
    if (!isDeepStrictEqual(declared, row.declared)) await writeDeclared(db, row.id, declared);
  }
}

/** Removes the account and everything that was pulled from it. @throws TributaryError `connection.unknown` */
export async function removeConnection({ db }: Pick<ConnectionDeps, "db">, actor: Actor, id: string): Promise<void> {
  await noted(db, { actor, action: "connection.remove", target: id }, async (tx) => {
    if (!(await removeRelated(tx, id))) throw unknownConnection(id);
  });
}

/** Stops pulling until it is resumed. @throws TributaryError `connection.unknown` */
export async function pauseConnection({ store }: SetupDeps, actor: Actor, id: string): Promise<void> {
  await setState(store.db, actor, id, "paused");
}

/** Pulls again: now, and by its schedule. @throws TributaryError `connection.unknown` */
export async function resumeConnection(deps: SetupDeps, actor: Actor, id: string): Promise<void> {
  await setState(deps.store.db, actor, id, "active");
  await requestStreams(deps, id, { stream: null, full: false });
}

async function setState(db: Db, actor: Actor, id: string, state: "active" | "paused"): Promise<void> {
  const action = state === "paused" ? "connection.pause" : "connection.resume";
  await noted(db, { actor, action, target: id }, async (tx) => {
    if (!(await setConnectionState(tx, id, state))) throw unknownConnection(id);
  });
}

/**
 * A connection as it may be stored.
 *
 * @param old as it was; null: it is new.
 * @throws TributaryError `connection.unknown_connector`, `connection.invalid_settings`, `connection.unknown_stream`, `files.not_allowed`
 */
function checked(
  deps: ConnectionDeps,
  wanted: Omit<ConnectionInput, "credentials" | "paused">,
  old: ConnectionRow | null,
): Omit<ConnectionRow, "credentials" | "state"> {
  const { id, connector: key, title, schedule, streams, backfillFrom } = wanted;
  const asStored = { ...NOT_STORED, ...wanted };
  const connector = connectorOf(deps, asStored);
  const parsed = parseSettings(connector, asStored);
  const [unused] = old === null ? unusedOfConnection(connector, { schedule, backfillFrom }) : [];
  if (unused !== undefined)
    throw new TributaryError({
      code: "connection.invalid_settings",
      kind: "config",
      message: `${unused.setting} is not used: ${unused.because}.`,
      mend: "Leave it out.",
    });
  for (const stream of streams ?? []) streamOf(connector, stream);
  assertEncrypted(credentialHosts(connector, wanted.settings), deps.allowPrivateNetworks);
  const settings = connector.resolvePaths?.(wanted.settings, process.cwd()) ?? wanted.settings;
  const filesFrom = foldersOf(deps, connector, settings, { given: wanted.filesFrom ?? null, old });
  const declared = declaredOf(connector, asStored, parsed);
  return { id, connector: key, title, settings, schedule, streams, backfillFrom, filesFrom, declared };
}

/**
 * The folder besides TRIBUTARY_FILES below which the connection may read. Files that a config file has named stay readable as long as no other
 * is named; which of the folders a path really leads into is seen when it is opened.
 *
 * @throws TributaryError `files.not_allowed`
 */
function foldersOf(
  { fileFolders }: ConnectionDeps,
  { localPaths }: AnyConnector,
  settings: JsonObject,
  { given, old }: { readonly given: string | null; readonly old: ConnectionRow | null },
): string | null {
  if (localPaths === undefined) return null;
  const paths = localPaths(settings);
  if (paths.length === 0) return null;
  const isAsBefore = given === null && old !== null && isDeepStrictEqual(paths, localPaths(old.settings));
  if (isAsBefore) return old.filesFrom;
  const folders = [...fileFolders, ...(given === null ? [] : [given])];
  const stray = paths.find((one) => !folders.some((folder) => isBelow(one, folder)));
  if (stray !== undefined) throw notAllowed(stray);
  return given;
}

/** What a connection that is not stored yet has not. */
const NOT_STORED = {
  state: "active",
  stateCode: null,
  stateReason: null,
  accountId: null,
  accountName: null,
  liveFrom: new Date(0),
  filesFrom: null,
} as const;

function sealed(secrets: Secrets, id: string, credentials: JsonObject): string | null {
  return Object.keys(credentials).length === 0 ? null : secrets.seal(JSON.stringify(credentials), credentialsOf(id));
}

/** Empty where the key is gone that sealed them: they are of no more use. */
function opened(secrets: Secrets, { id, credentials }: ConnectionRow): JsonObject {
  if (credentials === null) return {};
  try {
    // What is sealed is what we wrote: a map.
    return JSON.parse(secrets.open(credentials, credentialsOf(id))) as JsonObject;
  } catch (error) {
    if (failedWith(error, "secrets.unknown_key", "secrets.broken")) return {};
    throw error;
  }
}

const PLAIN = ["title", "schedule", "streams", "backfillFrom"] as const;

/** Their names alone: settings may hold what is nobody's business. */
function changedFields(
  old: ConnectionRow,
  row: Omit<ConnectionRow, "credentials" | "state">,
  also: { readonly [field: string]: boolean },
): string[] {
  const plain = PLAIN.filter((field) => !isDeepStrictEqual(old[field], row[field]));
  const others = Object.keys(also).filter((field) => also[field] === true);
  return [...plain, ...fieldsOf(old.settings, row.settings).map((field) => `settings.${field}`), ...others];
}

function fieldsOf(old: JsonObject, now: JsonObject): string[] {
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
  return names.filter((name) => !isDeepStrictEqual(old[name], now[name]));
}

function idTaken(id: string): TributaryError {
  return new TributaryError({
    code: "connection.id_taken",
    kind: "config",
    message: `There is a connection ${id} already.`,
    mend: "Choose another id, or change the one that is there.",
  });
}
