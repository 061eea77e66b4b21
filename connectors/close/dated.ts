import { z } from "zod";
import type { Json } from "../../core/base/json.ts";
import type { Page, PullContext } from "../../core/connector/define.ts";
import type { CloseClient, CloseRow } from "./client.ts";
import type { CloseSettings } from "./settings.ts";
import { walkWindows, type WalkPage } from "./walk.ts";

export type ClosePull = PullContext<CloseSettings, CloseClient>;

/**
 * A list that is read by date: once from the account's beginning, from then on what is new, each time a little further back than
 * the last time.
 *
 *                                checkpoint   started
 *      |--------- read ------------|            |
 *                       |-overlap--|----------->|----- ahead ----->|
 *      |<------------- sweep, weekly -----------|
 *
 * The checkpoint never passes the start of the run: meetings carry their start as `date_created`, and one that lies ahead must not
 * hide what is created until then (singer-io/tap-closeio #30).
 */
export type DatedList = {
  readonly path: string;
  readonly pageSize: number;
  readonly params: { readonly [name: string]: string };
  /** What `_order_by` accepts of the dates; activities come newest first and take no order. */
  readonly orders: readonly string[];
  /** What later pulls are cut by: `date_updated` where the list can be filtered by it. The first is by `date_created`. */
  readonly laterBy: "date_created" | "date_updated";
  readonly overlapMs: number;
  /** How far beyond the start of the run planned rows are read; 0: there are none. The first load reads all of them. */
  readonly aheadMs: number;
  /** How far back to look once a week for rows that came late; 0: never. */
  readonly sweepMs: number;
  /** A row as it is landed. */
  readonly keep: (row: CloseRow) => Json;
};

const checkpointSchema = z.object({
  phase: z.enum(["first", "later"]),
  /** When the first load began: changes since then are what later pulls start with. */
  firstStartedAt: z.iso.datetime(),
  readUpTo: z.iso.datetime(),
  /** Whether a walk was under way: then the next goes on exactly there, without an overlap. */
  isWalking: z.boolean(),
  window: z.object({ to: z.iso.datetime(), skip: z.int(), anchor: z.string() }).nullable(),
  sweptAt: z.iso.datetime(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;

const WEEK_MS = 7 * 86_400_000;
/** Nobody plans further: calendars repeat for a few years at most. */
const FAR_AHEAD_MS = 10 * 365 * 86_400_000;
const EPOCH = new Date(0);

export async function* pullDated(list: DatedList, context: ClosePull): AsyncGenerator<Page> {
  const { client, log, startedAt } = context;
  const before = checkpointSchema.nullable().parse(context.checkpoint);
  const { from, base } = startOf(list, context, before);
  const isFirst = base.phase === "first";
  let done = 0;

  function page(read: WalkPage, checkpoint: Checkpoint): Page {
    done += read.rows.length;
    return { records: read.rows.map(list.keep), checkpoint, progress: { done, total: null } };
  }

  const isWholePast = isFirst && context.since === null;
  const field = isWholePast ? "date_created" : list.laterBy;
  const order = list.orders.includes(field) ? field : list.orders[0];
  const params = order === undefined ? list.params : { ...list.params, _order_by: order };
  const walk = { client, path: list.path, params, pageSize: list.pageSize, log };
  const firstEnd = isWholePast && before === null ? (await client.account()).startedAt : null;
  for await (const read of walkWindows({ ...walk, field, from, to: startedAt, firstEnd, resume: base.window })) {
    const isDone = read.place === null && read.readUpTo.getTime() >= startedAt.getTime();
    yield page(
      read,
      isDone ? finished(base, startedAt) : { ...base, readUpTo: read.readUpTo.toISOString(), window: read.place },
    );
  }
  if (list.aheadMs === 0) return;
  // A load that reads everything ends with what it has not listed being gone.
  const to = new Date(startedAt.getTime() + (isFirst ? FAR_AHEAD_MS : list.aheadMs));
  for await (const read of walkWindows({
    ...walk,
    field: "date_created",
    from: startedAt,
    to,
    firstEnd: null,
    resume: null,
  })) {
    yield page(read, finished(base, startedAt));
  }
}

function startOf(list: DatedList, context: ClosePull, before: Checkpoint | null): { from: Date; base: Checkpoint } {
  const now = context.startedAt.toISOString();
  if (before === null) {
    const from = context.since ?? EPOCH;
    const opening = { phase: "first", firstStartedAt: now, isWalking: true, window: null, sweptAt: now } as const;
    return { from, base: { ...opening, readUpTo: from.toISOString() } };
  }
  const readUpTo = new Date(before.readUpTo);
  if (before.isWalking) return { from: readUpTo, base: before };
  const isSweepDue = list.sweepMs > 0 && context.startedAt.getTime() - Date.parse(before.sweptAt) >= WEEK_MS;
  const back = isSweepDue ? list.sweepMs : list.overlapMs;
  const from = latest(new Date(readUpTo.getTime() - back), context.since);
  return { from, base: { ...before, isWalking: true, window: null, sweptAt: isSweepDue ? now : before.sweptAt } };
}

/** After the first load, what has changed since it BEGAN is still to be read where changes can be asked for. */
function finished(base: Checkpoint, startedAt: Date): Checkpoint {
  const readUpTo = base.phase === "first" ? base.firstStartedAt : startedAt.toISOString();
  return { ...base, phase: "later", readUpTo, isWalking: false, window: null };
}

function latest(a: Date, b: Date | null): Date {
  return b !== null && b > a ? b : a;
}
