import { randomUUID } from "node:crypto";
import { TributaryError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { AnyDestination } from "../destination/define.ts";
import { assertAddresses, assertSubscription } from "../destination/check.ts";
import { readCatalogue } from "../metrics/catalogue.ts";
import { receiverRow } from "../destination/settings.ts";
import { appendEvents, eventId } from "../outbox/append.ts";
import type { Secrets } from "../secrets/index.ts";
import type { Db } from "../store/db.ts";
import {
  deleteEndpoint,
  type Endpoint,
  insertEndpoint,
  pauseEndpoint,
  resumeEndpoint,
  updateEndpoint,
} from "../store/outbox/endpoints.ts";
import { deliverTo, type Replay, replayDeliveries } from "../store/outbox/deliveries.ts";
import { type Actor, type Note, noted, type ReceiverVerb } from "./verb.ts";

/** What people do to receivers of events: webhooks, and whatever else a destination sends events to. */
export type ReceiverDeps = {
  readonly db: Db;
  readonly secrets: Secrets;
  /** Absent: no. */
  readonly allowPrivateNetworks?: boolean;
  /** What an app that subscribes was allowed: its receivers end with that. Absent: no app asks. */
  readonly grantId?: string | null;
};

/** A receiver that there is, and its destination. */
export type Receiver = Pick<Endpoint, "id" | "name" | "createdBy"> & { readonly destination: AnyDestination };

/**
 * @param settings as the destination declares them, secrets in the clear.
 * @param createdBy whom it belongs to: `config` where a file lists it, else who asks.
 * @throws TributaryError `webhooks.settings_refused`, `webhooks.url_refused`, `webhooks.filter_refused`
 */
export async function createReceiver(
  { db, secrets, grantId = null, ...options }: ReceiverDeps,
  actor: Actor,
  destination: AnyDestination,
  settings: JsonObject,
  createdBy: string = actor,
): Promise<Endpoint> {
  await assertReceiver(db, destination, settings, options);
  const row = { ...receiverRow(destination, randomUUID(), settings, { createdBy, secrets }), grantId };
  return noted(db, noteOf(actor, "create", { ...row, destination }), (tx) => insertEndpoint(tx, row));
}

/**
 * Changes it in place: it keeps its id, and with it what is still to be delivered.
 *
 * @param fields that changed, for the audit log.
 * @throws as {@link createReceiver}
 */
export async function changeReceiver(
  { db, secrets, ...options }: ReceiverDeps,
  actor: Actor,
  receiver: Receiver,
  settings: JsonObject,
  fields: readonly string[],
): Promise<void> {
  const { id, createdBy, destination } = receiver;
  await assertReceiver(db, destination, settings, options);
  const row = receiverRow(destination, id, settings, { createdBy, secrets });
  const note = noteOf(actor, "update", { ...receiver, name: row.name });
  await noted(db, { ...note, details: { fields: [...fields] } }, (tx) => updateEndpoint(tx, row));
}

async function assertReceiver(
  db: Db,
  destination: AnyDestination,
  settings: JsonObject,
  options: Pick<ReceiverDeps, "allowPrivateNetworks">,
): Promise<void> {
  const { data: parsed, error } = destination.settings.safeParse(settings);
  if (error !== undefined) throw refusedSettings(destination, error.issues);
  assertAddresses(destination, parsed, options);
  const { metrics } = await readCatalogue(db);
  assertSubscription(
    destination,
    parsed,
    metrics.map(({ id }) => id),
  );
}

function refusedSettings(
  { title }: AnyDestination,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): TributaryError {
  const fields = issues.map(({ path, message }) => `${path.map(String).join(".") || "settings"}: ${message}`);
  return new TributaryError({
    code: "webhooks.settings_refused",
    kind: "config",
    message: `${title}: ${fields.join("; ")}.`,
    mend: "Correct what is named.",
  });
}

/** Ends it; what it was still to get is dropped. */
export async function removeReceiver(db: Db, actor: Actor, receiver: Receiver): Promise<void> {
  await noted(db, noteOf(actor, receiver.createdBy === CONFIG ? "remove" : "delete", receiver), (tx) =>
    deleteEndpoint(tx, receiver.id),
  );
}

/** Stops sending; what happens meanwhile waits. */
export async function pauseReceiver(db: Db, actor: Actor, receiver: Receiver): Promise<void> {
  await noted(db, noteOf(actor, "pause", receiver), (tx) => pauseEndpoint(tx, receiver.id, `Paused by ${actor}.`));
}

/** Sends again, beginning with what waited. */
export async function resumeReceiver(db: Db, actor: Actor, receiver: Receiver): Promise<void> {
  await noted(db, noteOf(actor, "resume", receiver), (tx) => resumeEndpoint(tx, receiver.id));
}

/** Sends again what was sent. @returns how much. */
export async function replayReceiver(
  db: Db,
  actor: Actor,
  receiver: Receiver,
  which: Replay,
  now: Date,
): Promise<number> {
  return noted<number>(
    db,
    (count) => ({ ...noteOf(actor, "replay", receiver), details: { count } }),
    (tx) => replayDeliveries(tx, receiver.id, which, now),
  );
}

/** Sends it an event that means nothing, at once. @returns the id of the delivery, to look at what came of it. */
export async function testReceiver(db: Db, actor: Actor, receiver: Receiver, now: Date): Promise<number> {
  const { id, name } = receiver;
  const key = `${id}|${randomUUID()}`;
  return noted(db, noteOf(actor, "test", receiver), async (tx) => {
    await appendEvents(tx, [
      {
        type: "endpoint.test",
        key,
        entityKey: `endpoint/${id}`,
        occurredAt: now,
        data: { message: `A test, asked for by ${actor}.`, endpoint: { id, name } },
      },
    ]);
    return deliverTo(tx, id, eventId("endpoint.test", key), now);
  });
}

/** Whose receivers a config file lists. */
const CONFIG = "config";

/** What a file lists is known by its name, everything else by its id. */
function noteOf(actor: Actor, verb: ReceiverVerb, { id, name, createdBy, destination }: Receiver): Note {
  const { takes } = destination;
  const noun = takes.kind === "events" ? takes.noun : destination.key;
  return { actor, action: `${noun}.${verb}`, target: createdBy === CONFIG ? name : `${noun}:${id}` };
}
