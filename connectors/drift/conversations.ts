import { failedWith } from "../../core/base/errors.ts";
import { fieldOf, type Json, type JsonObject } from "../../core/base/json.ts";
import type { Page, StreamPart } from "../../core/connector/define.ts";
import { inParallel } from "../../core/connector/paging/in-parallel.ts";
import { type NewestFirst, readNewestFirst } from "../../core/connector/paging/newest-first.ts";
import type { DriftClient, DriftPull } from "./client.ts";
import { idOf, idText, instantOf } from "./fields.ts";
import { NOT_FOUND } from "./errors.ts";

/** A conversation that changed this long before the newest is read again: the vendor's clock and index are not ours. */
const OVERLAP_MS = 10 * 60_000;
/** The shared limit decides how fast; this only keeps a slow answer from holding the others up. */
const MOST_AT_ONCE = 4;

/**
 * Conversations, latest change first, down to what is known (see newest-first.ts), each with all its messages; and the contacts they were
 * held with, whom Drift does not list.
 */
export async function* pullConversations(context: DriftPull): AsyncGenerator<Page> {
  const { client } = context;
  const list: NewestFirst<JsonObject> = {
    page: (cursor) => client.conversations(cursor),
    idOf,
    timeOf: updatedAt,
    overlapMs: OVERLAP_MS,
  };
  let done = 0;
  for await (const { rows, checkpoint } of readNewestFirst(list, context)) {
    const [conversations, contacts] = await partsOfConversations(client, rows);
    done += rows.length;
    yield { ...conversations, others: [contacts], checkpoint, progress: { done, total: null } };
  }
}

export function updatedAt(record: Json): Date | null {
  return instantOf(fieldOf(record, "updatedAt"));
}

/** What conversations say: themselves with their messages, and who they were held with. */
export async function partsOfConversations(
  client: DriftClient,
  rows: readonly JsonObject[],
): Promise<readonly [StreamPart, StreamPart]> {
  const found = await inParallel(rows, MOST_AT_ONCE, (row) => orGone(idOf(row), () => whole(client, row)));
  const contactIds = rows.flatMap((row) => (isHeld(row) ? (idText(row["contactId"]) ?? []) : []));
  return [partOf("conversations", found), await partOfContacts(client, contactIds)];
}

export async function partOfContacts(client: DriftClient, ids: readonly string[]): Promise<StreamPart> {
  const found = await inParallel([...new Set(ids)], MOST_AT_ONCE, (id) => orGone(id, () => client.contact(id)));
  return partOf("contacts", found);
}

/** A message that a playbook has sent and nobody has answered is no conversation: nothing more is asked of it. */
function isHeld(row: JsonObject): boolean {
  return row["status"] !== "bulk_sent";
}

/**
 * A conversation as it is landed. Lists and single answers may differ in the order of fields and in `orgId`, which is the same for all: as
 * they came, each would undo the other.
 */
async function whole(client: DriftClient, row: JsonObject): Promise<JsonObject> {
  const messages = isHeld(row) ? await client.messages(idOf(row)) : [];
  const fields = Object.entries(row).filter(([name]) => name !== "orgId");
  return { ...Object.fromEntries(fields.toSorted(([a], [b]) => (a < b ? -1 : 1))), messages };
}

type Found = { readonly record: JsonObject } | { readonly gone: string };

/** Deleted between being named and being asked for. */
export async function orGone(id: string, fetch: () => Promise<JsonObject>): Promise<Found> {
  try {
    return { record: await fetch() };
  } catch (error) {
    if (failedWith(error, NOT_FOUND)) return { gone: id };
    throw error;
  }
}

export function partOf(stream: string, found: readonly Found[]): StreamPart & { readonly deleted: readonly string[] } {
  return {
    stream,
    records: found.flatMap((one) => ("record" in one ? one.record : [])),
    deleted: found.flatMap((one) => ("gone" in one ? one.gone : [])),
  };
}
