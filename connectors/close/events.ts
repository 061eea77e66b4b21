import { z } from "zod";
import { failedWith } from "../../core/base/errors.ts";
import { fieldOf, type Json } from "../../core/base/json.ts";
import type { Page, StreamPart } from "../../core/connector/define.ts";
import { ACTIVITY_STREAMS } from "./activities.ts";
import { type CloseRow, type EventPage } from "./client.ts";
import type { ClosePull } from "./dated.ts";
import { CURSOR_EXPIRED } from "./errors.ts";
import { keepFor, type Keep } from "./kept.ts";
import { leadAndChildren } from "./merges.ts";
import { closeInstant, filterTime } from "./time.ts";

/**
 * The event log: the only source of deletions, and of what changed about a deal besides its stage. It keeps 30 days and is read newest
 * first, so a walk goes back from now to where the last whole walk began:
 *
 *      floor - 5 min    floor                                     newest (top)
 *           |<-------------|<---- page ----|<---- page ----|<---- page ----|
 *
 * Events may become visible out of order, hence the five minutes. The floor rises only once a walk has come all the way down; an
 * interrupted walk keeps its cursor and goes on there. developer.close.com, "Event Log".
 */
const OVERLAP_MS = 5 * 60_000;
const RETENTION_MS = 30 * 86_400_000;
/** A hard cap. */
const PAGE_SIZE = 50;

const walkSchema = z.object({
  cursor: z.string(),
  floor: z.iso.datetime().nullable(),
  top: z.iso.datetime().nullable(),
  startedAt: z.iso.datetime(),
});
const checkpointSchema = z.object({
  /** The newest event of the last whole walk, five minutes before its start at the latest. */
  floor: z.iso.datetime().nullable(),
  /** When the last whole walk started. */
  walkedAt: z.iso.datetime().nullable(),
  walk: walkSchema.nullable(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;
type Walk = Omit<z.infer<typeof walkSchema>, "cursor"> & { readonly cursor: string | null };

export async function* pullEvents(context: ClosePull): AsyncGenerator<Page> {
  const keep = await keepFor(context.client, context.settings);
  let state = checkpointSchema.nullable().parse(context.checkpoint) ?? { floor: null, walkedAt: null, walk: null };
  yield* reportHole(state, context);
  if (state.walk !== null) state = yield* walkLog(state, state.walk, keep, context);
  const startedAt = context.startedAt.toISOString();
  yield* walkLog(state, { cursor: null, floor: state.floor, top: null, startedAt }, keep, context);
}

/** Events of more than 30 days ago are gone: what they told has to be read from the lists. */
function* reportHole(state: Checkpoint, context: ClosePull): Generator<Page> {
  if (state.walkedAt === null || context.startedAt.getTime() - Date.parse(state.walkedAt) <= RETENTION_MS) return;
  const reason = `The event log keeps 30 days and was last read on ${state.walkedAt}: deletions and edits since are missing.`;
  context.log("warn", `${reason} Reading everything again.`);
  const streams = [...OBJECT_STREAMS.values()].filter((stream) => stream !== "contacts");
  yield { records: [], checkpoint: state, resync: { streams: [...new Set(streams)], reason } };
}

async function* walkLog(
  before: Checkpoint,
  start: Walk,
  keep: Keep,
  context: ClosePull,
): AsyncGenerator<Page, Checkpoint> {
  const bottom = start.floor === null ? null : new Date(Date.parse(start.floor) - OVERLAP_MS);
  let { cursor, top } = start;
  let checkpoint = before;
  let withoutContent = 0;
  for (;;) {
    const page = await readPage(context, cursor, bottom);
    if (page === "expired") {
      context.log("info", "the event log's cursor has expired: walking it again from now");
      cursor = null;
      continue;
    }
    top ??= timeOf(page.data[0])?.toISOString() ?? null;
    const said = partsOf(page.data, keep);
    withoutContent += said.withoutContent;
    // A merge moves a lead's children; what they are now is landed before the walk moves past the event.
    for (const leadId of said.mergedInto) {
      for await (const others of leadAndChildren(context.client, leadId, keep))
        yield { records: [], others, checkpoint };
    }
    const oldest = timeOf(page.data.at(-1));
    const isEnd =
      page.next === null || page.data.length === 0 || (bottom !== null && oldest !== null && oldest < bottom);
    cursor = page.next;
    checkpoint =
      isEnd || cursor === null
        ? { floor: risen(start, top), walkedAt: start.startedAt, walk: null }
        : { ...before, walk: { ...start, cursor, top } };
    yield { records: said.own, others: said.others, checkpoint };
    if (isEnd) break;
  }
  if (withoutContent > 0) {
    context.log(
      "warn",
      `${withoutContent} events came without their content: only an administrator's key reads older ones.`,
    );
  }
  return checkpoint;
}

/** Filters other than the date are repeated with a cursor, the date is not. */
async function readPage(
  context: ClosePull,
  cursor: string | null,
  bottom: Date | null,
): Promise<EventPage | "expired"> {
  const from = bottom === null ? {} : { date_updated__gte: filterTime(bottom) };
  try {
    return await context.client.events({ _limit: PAGE_SIZE, ...(cursor === null ? from : { _cursor: cursor }) });
  } catch (error) {
    if (cursor !== null && failedWith(error, CURSOR_EXPIRED)) return "expired";
    throw error;
  }
}

function risen(walk: Walk, top: string | null): string | null {
  const latest = top ?? walk.floor;
  const ceiling = new Date(Date.parse(walk.startedAt) - OVERLAP_MS).toISOString();
  return latest !== null && latest > ceiling ? ceiling : latest;
}

const OBJECT_STREAMS: ReadonlyMap<string, string> = new Map([
  ["lead", "leads"],
  ["contact", "contacts"],
  ["opportunity", "opportunities"],
  ...ACTIVITY_STREAMS.flatMap(({ objectTypes, stream }) => objectTypes.map((type) => [type, stream] as const)),
]);

function streamOf(objectType: string): string | undefined {
  return objectType.startsWith("task.") ? "tasks" : OBJECT_STREAMS.get(objectType);
}

/** Events worth keeping themselves: what deals were before, when meetings were booked, which leads were merged. */
const KEPT = new Set([
  "opportunity created",
  "opportunity updated",
  "lead merged",
  "activity.meeting created",
  "activity.meeting scheduled",
]);

type Part = { readonly records: Map<string, Json>; readonly deleted: Map<string, Date> };

export type Said = {
  readonly own: readonly Json[];
  readonly others: readonly StreamPart[];
  /** Leads that others were merged into. */
  readonly mergedInto: readonly string[];
  readonly withoutContent: number;
};

/**
 * What events (newest first) say of the streams they are about: the newest state of each object, and which are gone since when. The time
 * is the source's own, so an older version further down the log, or in a list that is being read meanwhile, cannot bring one back.
 */
export function partsOf(events: readonly CloseRow[], keep: Keep): Said {
  const parts = new Map<string, Part>();
  const own: Json[] = [];
  const mergedInto = new Set<string>();
  let withoutContent = 0;
  for (const event of events) {
    const [type, action, id] = [text(event, "object_type"), text(event, "action"), text(event, "object_id")];
    if (KEPT.has(`${type} ${action}`)) own.push(event);
    const at = timeOf(event) ?? new Date(0);
    if (action === "merged") {
      mergedInto.add(text(fieldOf(event, "meta"), "merge_destination_lead_id") || id);
      const source = text(fieldOf(event, "meta"), "merge_source_lead_id");
      if (source !== "" && source !== id) bury(partOf(parts, "leads"), source, at);
    }
    const stream = streamOf(type);
    if (stream === undefined || id === "") continue;
    const part = partOf(parts, stream);
    const content = fieldOf(event, "data");
    if (action === "deleted") bury(part, id, at);
    else if (content === null) withoutContent += 1;
    else if (!part.records.has(id) && !part.deleted.has(id)) part.records.set(id, keep(stream, content));
  }
  const others = [...parts].map(([stream, { records, deleted }]) => ({
    stream,
    records: [...records.values()],
    deleted: [...deleted].map(([id, at]) => ({ id, at })),
  }));
  return { own, others, mergedInto: [...mergedInto].filter((id) => id !== ""), withoutContent };
}

function partOf(parts: Map<string, Part>, stream: string): Part {
  const part = parts.get(stream) ?? { records: new Map<string, Json>(), deleted: new Map<string, Date>() };
  parts.set(stream, part);
  return part;
}

function bury(part: Part, id: string, at: Date): void {
  if (!part.deleted.has(id)) part.deleted.set(id, at);
}

export function timeOf(event: Json | undefined): Date | null {
  return closeInstant(event === undefined ? null : text(event, "date_updated"));
}

function text(record: Json, name: string): string {
  const value = fieldOf(record, name);
  return typeof value === "string" ? value : "";
}
