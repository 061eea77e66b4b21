import { TributaryError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import {
  activeStreams,
  connectorOf,
  deletionsOf,
  type EngineDeps,
  parseSettings,
  streamOf,
  unknownConnection,
} from "../land/engine.ts";
import { type Compared, reconcile } from "../land/reconcile.ts";
import type { PullRequest } from "../land/start.ts";
import type { Normalised } from "../normalise/index.ts";
import { replay } from "../normalise/replay.ts";
import { resetMarksOf } from "../store/facts/facts-marks.ts";
import { acceptDeletions } from "../store/pulls/streams.ts";
import { readConnection } from "../store/setup/connections.ts";
import { type Actor, noted, type SetupDeps } from "./verb.ts";

/** What is pulled: one stream or, with null, all that are active. */
export type Wanted = {
  readonly stream: string | null;
  /** From the beginning, not from the checkpoint. */
  readonly full: boolean;
  /** From this instant on; absent: from the checkpoint. */
  readonly since?: Date | null;
  /** What the pull does not find any more is meant to go, however much it is. Streams in which deletions are held back are read anew for it. */
  readonly acceptDeletions?: boolean;
};

/**
 * Asks for a pull; returns at once. Asked of the queue only when it is noted: the log may tell of a pull that the queue then refused, never
 * the other way round.
 *
 * @returns the streams that were asked for.
 * @throws TributaryError `connection.unknown`, `connection.unknown_stream`, `connection.unknown_connector`, `connection.invalid_settings`
 */
export async function requestSync(
  deps: SetupDeps,
  actor: Actor,
  id: string,
  wanted: Wanted,
): Promise<readonly string[]> {
  const requests = await beginSync(deps, actor, id, wanted);
  for (const request of requests) await deps.requestPull(request);
  return requests.map(({ stream }) => stream);
}

/** The same for whoever pulls by itself: checks, notes, and says which pulls it takes, in their order. */
export async function beginSync(
  deps: Pick<EngineDeps, "store" | "findConnector">,
  actor: Actor,
  id: string,
  wanted: Wanted,
): Promise<readonly PullRequest[]> {
  const { requests, listed } = await requestsOf(deps, id, wanted);
  const { stream, full, since = null, acceptDeletions: accepts = false } = wanted;
  const details: JsonObject = { stream, full, since: since?.toISOString() ?? null, accept_deletions: accepts };
  const streams = requests.map((request) => request.stream);
  const anew = await noted(deps.store.db, { actor, action: "connection.sync", target: id, details }, (tx) =>
    accepts ? acceptDeletions(tx, id, streams, listed) : Promise.resolve([]),
  );
  return requests.map((request) => (anew.includes(request.stream) ? { ...request, kind: "full" } : request));
}

/** What follows from another verb, which is noted already. */
export async function requestStreams(deps: SetupDeps, id: string, wanted: Wanted): Promise<void> {
  const { requests } = await requestsOf(deps, id, wanted);
  for (const request of requests) await deps.requestPull(request);
}

async function requestsOf(
  deps: Pick<EngineDeps, "store" | "findConnector">,
  connectionId: string,
  { stream: only, full, since = null }: Wanted,
): Promise<{ readonly requests: readonly PullRequest[]; readonly listed: readonly string[] }> {
  const connection = await readConnection(deps.store.db, connectionId);
  if (connection === null) throw unknownConnection(connectionId);
  const connector = connectorOf(deps, connection);
  if (only !== null) streamOf(connector, only);
  const settings = parseSettings(connector, connection);
  const streams = only === null ? activeStreams(connector, connection, settings) : [only];
  const kind = full ? "full" : "pull";
  return {
    requests: streams.map((stream) => ({ connectionId, stream, kind, trigger: "manual", since }) as const),
    // Of which each pull lists everything anyway.
    listed: streams.filter((stream) => deletionsOf(streamOf(connector, stream), settings) === "absence"),
  };
}

/**
 * Asks for the facts of all streams to be made anew from what is stored raw; returns at once. The next pull of each does it first, so one is
 * asked for as well.
 *
 * @throws TributaryError `connection.unknown`, `connection.unknown_connector`, `connection.invalid_settings`
 */
export async function requestReplay(deps: SetupDeps, actor: Actor, id: string): Promise<readonly string[]> {
  const { requests } = await requestsOf(deps, id, { stream: null, full: false });
  const details = { stream: null };
  await noted(deps.store.db, { actor, action: "connection.replay", target: id, details }, (tx) => resetMarksOf(tx, id));
  for (const request of requests) await deps.requestPull(request);
  return requests.map(({ stream }) => stream);
}

export type ReplayedStream = { readonly stream: string } & Normalised;

/**
 * Makes the facts of one stream, or of all, anew from what is stored raw. Streams of which nothing was ever pulled are left out.
 *
 * @throws TributaryError `replay.unknown_connection`, `replay.nothing_pulled`
 */
export async function replayConnection(
  deps: Pick<EngineDeps, "store" | "findConnector" | "clock">,
  actor: Actor,
  id: string,
  { stream: only, signal }: { readonly stream: string | null; readonly signal: AbortSignal },
): Promise<readonly ReplayedStream[]> {
  const connection = await readConnection(deps.store.db, id);
  const connector = connection === null ? null : deps.findConnector(connection.connector);
  if (connection === null || connector === null) throw unknownToReplay(id);
  const details = { stream: only };
  await noted(deps.store.db, { actor, action: "connection.replay", target: id, details }, () => Promise.resolve());
  const done: ReplayedStream[] = [];
  for (const stream of only === null ? Object.keys(connector.streams) : [only]) {
    const replayed = await replay(deps, { connection, connector, stream }, { trigger: "manual", signal });
    signal.throwIfAborted();
    if (replayed !== null) done.push({ stream, ...replayed });
    else if (only !== null) throw nothingPulled(id, stream);
  }
  return done;
}

/** Compares our counts with the source's own; see {@link reconcile}. What it found is kept nowhere, that somebody asked is. */
export async function reconcileConnection(
  deps: EngineDeps,
  actor: Actor,
  id: string,
  signal: AbortSignal,
): Promise<readonly Compared[]> {
  const compared = await reconcile(deps, id, signal);
  await noted(deps.store.db, { actor, action: "connection.reconcile", target: id }, () => Promise.resolve());
  return compared;
}

function unknownToReplay(id: string): TributaryError {
  return new TributaryError({
    code: "replay.unknown_connection",
    kind: "config",
    message: `There is no connection "${id}".`,
    mend: "See which there are with: tributary connections",
  });
}

function nothingPulled(id: string, stream: string): TributaryError {
  return new TributaryError({
    code: "replay.nothing_pulled",
    kind: "config",
    message: `Nothing was ever pulled of the stream "${stream}" of ${id}.`,
    mend: `Check the stream's name, or pull it first: tributary sync ${id} --stream ${stream}`,
  });
}
