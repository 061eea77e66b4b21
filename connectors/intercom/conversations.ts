import { z } from "zod";
import { failedWith } from "../../core/base/errors.ts";
import type { JsonObject } from "../../core/base/json.ts";
import type { Page, StreamPart } from "../../core/connector/define.ts";
import { inParallel } from "../../core/connector/paging/in-parallel.ts";
import { Seen } from "../../core/connector/paging/seen.ts";
import type { IntercomClient, Query, IntercomPull } from "./client.ts";
import { NOT_FOUND } from "./errors.ts";
import { idOf, secondsOf } from "./fields.ts";

/** At most 150. Each row costs a request more, so that a smaller page loses less when it is interrupted. */
const PER_PAGE = 100;
const MOST_AT_ONCE = 8;
/** The search's index may lag behind (unverified). */
const OVERLAP_S = 120;

/** Unix seconds. */
const checkpointSchema = z.object({
  /** The latest change that was read; everything before it is. Null: nothing yet. */
  readUpTo: z.int().nullable(),
  /** Where an interrupted walk goes on, and what it ends before. */
  walk: z.object({ from: z.int(), before: z.int() }).nullable(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;

/**
 * Conversations by `updated_at`, oldest change first, each asked for with its parts.
 *
 *    readUpTo - overlap                                        started
 *         |-- page --|-- page --|-- page --|         …           |
 *                    ^ each page begins at the second where the last one ended
 *
 * - A row that changes while others are read leaves for later than the walk's end, and is read by the next pull. So cursors would step over
 *   nothing; but how they bear it is not documented, and they do not outlive a run. So each page is asked for anew by time.
 * - Times are whole seconds, and a bulk action gives one second to any number of rows: within a second the cursor leads on. Only when
 *   the second changes does the checkpoint.
 * - Whether `>` includes its bound is told in two ways: it is asked for a second earlier, and what comes twice is left out.
 * - The walk's end is by our clock, but it is never noted as read: only what was seen is, by the vendor's.
 */
export async function* pullConversations(context: IntercomPull): AsyncGenerator<Page> {
  const { client } = context;
  const before = checkpointSchema.nullable().parse(context.checkpoint);
  const walk = before?.walk ?? startOf(context, before);
  const seen = new Seen();
  let { from } = walk;
  let readUpTo = before?.readUpTo ?? null;
  let cursor: string | null = null;
  let done = 0;
  for (;;) {
    const query = changedBetween(from - 1, walk.before);
    const found = await client.searchConversations({ query, order: "ascending", perPage: PER_PAGE, cursor });
    const latest = Math.max(from, ...found.rows.map((row) => secondsOf(row) ?? 0));
    if (found.rows.length > 0) readUpTo = Math.max(readUpTo ?? 0, Math.min(latest, walk.before));
    const isLast = found.next === null || found.rows.length === 0;
    cursor = latest > from ? null : found.next;
    from = latest;
    const fresh = found.rows.filter((row) => seen.isNew(`${idOf(row)} ${secondsOf(row) ?? ""}`));
    const part = await partOfConversations(client, fresh.map(idOf));
    done += fresh.length;
    const checkpoint: Checkpoint = { readUpTo, walk: isLast ? null : { from, before: walk.before } };
    yield { ...part, checkpoint, progress: { done, total: null } };
    if (isLast) return;
  }
}

/** Intercom's clock may be ahead of ours by so much: what changes just now lies in our future then. */
const AHEAD_S = 15 * 60;

function startOf({ startedAt, since }: IntercomPull, before: Checkpoint | null): NonNullable<Checkpoint["walk"]> {
  const readUpTo = before?.readUpTo ?? null;
  const from = readUpTo === null ? Math.floor((since?.getTime() ?? 0) / 1000) : readUpTo - OVERLAP_S;
  return { from: Math.max(1, from), before: Math.floor(startedAt.getTime() / 1000) + AHEAD_S };
}

function changedBetween(after: number, before: number): Query {
  return {
    operator: "AND",
    value: [
      { field: "updated_at", operator: ">", value: after },
      { field: "updated_at", operator: "<", value: before },
    ],
  };
}

/** Conversations with their parts; those that are gone by now are deleted. */
export async function partOfConversations(client: IntercomClient, ids: readonly string[]): Promise<StreamPart> {
  return partOf(
    "conversations",
    await inParallel(ids, MOST_AT_ONCE, (id) => orGone(id, () => client.conversation(id))),
  );
}

export async function partOfContact(client: IntercomClient, id: string): Promise<StreamPart> {
  return partOf("contacts", [await orGone(id, async () => asListed(await client.contact(id)))]);
}

export async function partOfCompany(client: IntercomClient, id: string): Promise<StreamPart> {
  return partOf("companies", [await orGone(id, async () => asListed(await client.company(id)))]);
}

/**
 * A contact or company as it is landed: asked for by id it has a field more than in a search, and fields may come in another order. As they
 * came, each would undo the other.
 */
export function asListed(record: JsonObject): JsonObject {
  const fields = Object.entries(record).filter(([name]) => name !== "enabled_push_messaging");
  return Object.fromEntries(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

type Found = { readonly record: JsonObject } | { readonly gone: string };

async function orGone(id: string, fetch: () => Promise<JsonObject>): Promise<Found> {
  try {
    return { record: await fetch() };
  } catch (error) {
    if (failedWith(error, NOT_FOUND)) return { gone: id };
    throw error;
  }
}

function partOf(stream: string, found: readonly Found[]): StreamPart & { readonly deleted: readonly string[] } {
  return {
    stream,
    records: found.flatMap((one) => ("record" in one ? one.record : [])),
    deleted: found.flatMap((one) => ("gone" in one ? one.gone : [])),
  };
}
