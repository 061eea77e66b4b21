import { randomUUID } from "node:crypto";
import { TributaryError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { AnyConnector, InboundRequest, ReceiveContext } from "../connector/define.ts";
import { inboundSecretOf } from "../secrets/index.ts";
import { type Connection, readConnection, readInbound } from "../store/setup/connections.ts";
import { readWorkspace } from "../store/setup/workspace.ts";
import { recognise } from "../store/failures.ts";
import {
  type Delivery,
  insertDelivery,
  markTakenIn,
  readDeliveryBody,
  waitingDeliveries,
} from "../store/pulls/inbound.ts";
import { finishRun, insertRun, interruptStaleRuns, readRun } from "../store/pulls/runs.ts";
import { type LandPart, readPart } from "./batch.ts";
import {
  type EngineDeps,
  landStreamOf,
  type OpenConnection,
  openConnection,
  parseSettings,
  unknownConnection,
} from "./engine.ts";
import { fenced, landBatch } from "./land.ts";
import { tryLock } from "../store/lock.ts";
import type { PullDeps } from "./pull.ts";
import { openRunLines, type RunLines } from "./run-log.ts";
import { isInterruption, type PullOutcome, stopped, streamLockName } from "./run.ts";

/** The runs of webhooks are listed under this name; it is no stream of its own. */
export const INBOUND = "inbound";

/** So many deliveries land in one transaction. */
const MOST_AT_ONCE = 200;

/** What became of a delivery; `answer`: what its sender is told, where the connector reads while the sender waits. */
export type Acceptance =
  | "accepted"
  | "duplicate"
  | "unsupported"
  | { readonly status: "accepted" | "duplicate" | "refused"; readonly answer: JsonObject };

/**
 * Verifies a delivery and keeps it, to be taken in by {@link takeInbound}. Does no more than that: vendors wait a few seconds at most. The
 * token in the address is the caller's to check.
 *
 * @returns `duplicate` when the same delivery is already there; `unsupported` when the connector has no webhook; `refused` when no record
 * of it can be read, and nothing is kept.
 * @throws TributaryError kind `auth` when the signature does not hold or the connection has no secret; `connection.unknown`;
 * `inbound.key_reused`, and what the connector says of a delivery that it cannot read
 */
export async function acceptDelivery(
  deps: Pick<EngineDeps, "store" | "secrets" | "clock" | "findConnector">,
  connectionId: string,
  request: InboundRequest,
): Promise<Acceptance> {
  const inbound = await readInbound(deps.store.db, connectionId);
  if (inbound === null) throw unknownConnection(connectionId);
  const connector = deps.findConnector(inbound.connector);
  const webhook = connector?.webhook;
  if (connector === null || webhook === undefined) return "unsupported";
  if (inbound.secret === null && webhook.takesUnsigned !== true) throw noSecret(connectionId);
  const now = deps.clock.now();
  const secret = inbound.secret === null ? null : deps.secrets.open(inbound.secret, inboundSecretOf(connectionId));
  webhook.verify(request, secret, now);
  const dedupeKey = webhook.dedupeKey(request);
  const keep = ({ headers, body }: InboundRequest): Promise<boolean> =>
    insertDelivery(deps.store.db, connectionId, { dedupeKey, receivedAt: now, headers: withoutSecrets(headers), body });
  if (webhook.receive === undefined)
    return (await keep(webhook.withoutSecret?.(request) ?? request)) ? "accepted" : "duplicate";
  const context = await receiveContext(deps, connector, connectionId, now);
  const { kept, answer } = webhook.receive(request, context);
  if (kept === null) return { status: "refused", answer };
  if (await keep(kept)) return { status: "accepted", answer };
  const known = await readDeliveryBody(deps.store.db, connectionId, dedupeKey);
  if (known !== null && !known.equals(kept.body)) throw keyReused();
  return { status: "duplicate", answer };
}

/**
 * Keeps a row that somebody who may write sent to the hub's own API, to be taken in by {@link takeInbound}.
 *
 * @param by who sent it; kept with the delivery.
 * @returns `refused` when it cannot be read, and nothing is kept.
 * @throws TributaryError `connection.unknown`
 */
export async function acceptRow(
  deps: Pick<EngineDeps, "store" | "clock" | "findConnector">,
  connection: Connection,
  posted: { readonly table: string; readonly row: JsonObject },
  by: string,
): Promise<Exclude<Acceptance, string>> {
  const connector = deps.findConnector(connection.connector);
  const rows = connector?.webhook?.rows;
  if (connector === null || rows === undefined) throw unknownConnection(connection.id);
  const receivedAt = deps.clock.now();
  const { kept, answer } = rows.receive(posted, await receiveContext(deps, connector, connection.id, receivedAt));
  if (kept === null) return { status: "refused", answer };
  const headers = { "posted-by": by };
  // The row has an id, so a second delivery of it counts nothing twice.
  const delivery = { dedupeKey: randomUUID(), receivedAt, headers, body: kept.body };
  await insertDelivery(deps.store.db, connection.id, delivery);
  return { status: "accepted", answer };
}

async function receiveContext(
  { store }: Pick<EngineDeps, "store">,
  connector: AnyConnector,
  connectionId: string,
  now: Date,
): Promise<ReceiveContext<unknown>> {
  const connection = await readConnection(store.db, connectionId);
  if (connection === null) throw unknownConnection(connectionId);
  const { timeZone, currency } = await readWorkspace(store.db);
  return { settings: parseSettings(connector, connection), timeZone, currency, now };
}

function keyReused(): TributaryError {
  return new TributaryError({
    code: "inbound.key_reused",
    kind: "config",
    message: "A delivery with this Idempotency-Key, but another content, has been taken in already.",
    mend: "Send each new delivery with a key of its own, and only a repeated one with the same key.",
  });
}

/** A delivery is stored as it came, but for what somebody could sign in with. */
function withoutSecrets(headers: InboundRequest["headers"]): InboundRequest["headers"] {
  const secret = new Set(["authorization", "cookie", "proxy-authorization"]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !secret.has(name)));
}

/**
 * Lands what webhooks have brought, oldest first, and makes facts of it. One at a time per connection; `busy` when another does it: it may
 * have looked for the last time, so ask again.
 *
 * Stopped by `signal`, it ends with `land.stopped` unless nothing was left. What arrives after the last look is asked for by whoever has
 * kept it: the queue then makes one more run after this one.
 */
export async function takeInbound(deps: PullDeps, connectionId: string, signal: AbortSignal): Promise<PullOutcome> {
  const lock = await tryLock(deps.store, streamLockName(connectionId, INBOUND));
  if (lock === null) return { kind: "busy" };
  try {
    const { db } = deps.store;
    await interruptStaleRuns(db, connectionId, INBOUND, deps.clock.now());
    const startedAt = deps.clock.now();
    const start = {
      connectionId,
      stream: INBOUND,
      kind: "inbound",
      trigger: "webhook",
      since: null,
      startedAt,
    } as const;
    const runId = await insertRun(db, start);
    const lines = openRunLines(db, deps.clock, runId);
    const error = await attempt(deps, connectionId, runId, lines, signal);
    await lines.close();
    const run = await readRun(db, runId);
    if (run === null) throw fenced(connectionId, INBOUND, runId);
    return { kind: "ended", run, error };
  } finally {
    await lock.release();
  }
}

async function attempt(
  deps: PullDeps,
  connectionId: string,
  runId: number,
  lines: RunLines,
  signal: AbortSignal,
): Promise<TributaryError | null> {
  const end = async (failure: TributaryError | null): Promise<TributaryError | null> => {
    const state = failure === null ? "succeeded" : isInterruption(failure) ? "interrupted" : "failed";
    const error =
      failure === null || state === "interrupted"
        ? null
        : { code: failure.code, kind: failure.kind, message: failure.message, mend: failure.mend };
    await finishRun(deps.store.db, runId, { state, finishedAt: deps.clock.now(), error });
    return failure;
  };
  try {
    const opened = await openConnection(deps, connectionId, signal);
    for (;;) {
      const deliveries = await waitingDeliveries(deps.store.db, connectionId, MOST_AT_ONCE);
      if (deliveries.length === 0) return await end(null);
      if (signal.aborted) throw stopped({ connectionId, stream: INBOUND }, signal.reason);
      const failure = await landDeliveries(deps, opened, runId, deliveries, lines);
      if (failure !== null) throw failure;
    }
  } catch (error) {
    return end(recognise(error));
  }
}

/** @returns why some deliveries were left waiting; null when all are taken in. */
async function landDeliveries(
  deps: PullDeps,
  opened: OpenConnection,
  runId: number,
  deliveries: readonly Delivery[],
  lines: RunLines,
): Promise<TributaryError | null> {
  const { connection, connector } = opened;
  const parts: LandPart[] = [];
  const taken: number[] = [];
  let waits: TributaryError | null = null;
  for (const delivery of deliveries) {
    const said = await partsOf(deps, opened, delivery, lines);
    if (said instanceof TributaryError) {
      waits ??= said;
      continue;
    }
    taken.push(delivery.id);
    parts.push(...said);
  }
  const now = deps.clock.now();
  const batch = { connectionId: connection.id, runId, parts, pulled: null, pages: taken.length, progress: null };
  const landed = await landBatch(deps.store, batch, now, (tx) => markTakenIn(tx, taken, now));
  await lines.flush();
  for (const [stream, changes] of landed.changes)
    await deps.normalise({ connection, connector, stream, changes, runId });
  return waits;
}

/** A vendor that cannot be asked about one record for longer than this is not waited for: the next pull brings it. */
const LONGEST_WAIT_MS = 60 * 60_000;

/**
 * What a delivery says. One that cannot be read is listed and left behind: the next pull brings what it was about.
 *
 * @returns a TributaryError when it should be tried again later.
 */
async function partsOf(
  deps: PullDeps,
  { connector, client }: OpenConnection,
  delivery: Delivery,
  lines: RunLines,
): Promise<readonly LandPart[] | TributaryError> {
  try {
    const said = connector.webhook?.parts(delivery, client) ?? [];
    // A record that was asked for is as it was when it was asked for, at the earliest.
    const fetchedAt = said instanceof Promise ? deps.clock.now() : delivery.receivedAt;
    return (await said).map((part) =>
      readPart(landStreamOf(connector, part.stream), part, { fetchedAt, isListing: false }),
    );
  } catch (error) {
    const failure = recognise(error);
    const isOld = deps.clock.now().getTime() - delivery.receivedAt.getTime() > LONGEST_WAIT_MS;
    if (!isOld && ["transient", "rate_limited", "auth"].includes(failure.kind)) return failure;
    lines.addProblems([{ code: failure.code, at: `delivery ${delivery.id}`, reason: failure.message }]);
    return [];
  }
}

function noSecret(connectionId: string): TributaryError {
  return new TributaryError({
    code: "inbound.no_secret",
    kind: "auth",
    message: `The connection ${connectionId} has no secret to check webhooks with.`,
    mend: "Subscribe the webhook again, or enter the signing secret that the vendor shows.",
  });
}
