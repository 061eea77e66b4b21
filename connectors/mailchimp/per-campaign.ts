import { z } from "zod";
import { failedWith } from "../../core/base/errors.ts";
import { fieldOf, type JsonObject } from "../../core/base/json.ts";
import type { Page } from "../../core/connector/define.ts";
import { type ListPage, type MailchimpClient, type Query } from "./client.ts";
import { NOT_FOUND } from "./errors.ts";
import { pageByOffset, START } from "./paging.ts";
import { idOf, type MailchimpPull, readReports, sentKey } from "./pull.ts";
import { filterTime, instantOf } from "./records.ts";

/**
 * Lists that every campaign has one of: who opened, who clicked, who left. A campaign goes on moving for weeks, mostly in its first days:
 *
 *     sent ──────────── moving: `activity_days` ────────────┬── settled ──▶
 *       read whole    read again from the last known event   read whole once more, then never again
 *       once          (− 10 min), when its report has moved
 *
 * One call for all reports says which campaigns have moved. In a first load, campaigns that are settled already are read once.
 */
export type CampaignLists = {
  readonly lists: readonly CampaignList[];
  /** What in a report says that the lists have moved. */
  readonly markOf: (report: JsonObject, ageMs: number) => string | null;
  /** Whether a campaign is read whole once more when it has settled: where late events may have been missed. */
  readonly isReadWhenSettled: boolean;
};

export type CampaignList = {
  readonly name: string;
  readonly read: (client: MailchimpClient, campaignId: string, query: Query) => Promise<ListPage>;
  readonly query: Query;
  /** Whether it takes `since`. */
  readonly hasSince: boolean;
  readonly idOf: (row: JsonObject) => string;
  readonly recordsOf: (row: JsonObject, report: JsonObject) => readonly JsonObject[];
  /** Whether a report says that the list is empty: then it is not asked for. */
  readonly isEmpty: (report: JsonObject) => boolean;
};

const DAY_MS = 86_400_000;
/** Events become visible a while after they happened. Our choice; none is documented. */
const OVERLAP_MS = 600_000;

const known = z.object({ mark: z.string(), since: z.string().nullable() });
const place = z.object({
  campaign: z.string(),
  list: z.number(),
  since: z.string().nullable(),
  offset: z.number(),
  anchor: z.string().nullable(),
});
const checkpointSchema = z.object({
  /** The last campaign, in the order of sending, that was read. */
  upTo: z.string(),
  /** Campaigns that may still move, as they were when they were read. */
  moving: z.record(z.string(), known),
  /** When the last pull that came to its end had started; null: none has. */
  readAt: z.string().nullable(),
  /** Where an interrupted pull stood. */
  place: place.nullable(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;

export async function* pullCampaignLists(lists: CampaignLists, context: MailchimpPull): AsyncGenerator<Page> {
  const stored = checkpointSchema.safeParse(context.checkpoint);
  let state: Checkpoint = stored.success ? stored.data : { upTo: "", moving: {}, readAt: null, place: null };
  const reports = await readReports(context, reportsFrom(context, state));
  const due = reports.filter((report) => isDue(lists, context, state, report));
  for (const [done, report] of due.entries()) {
    for await (const step of readCampaign(lists, context, report, state.place)) {
      const place = step.next;
      state = place === null ? finished(lists, context, state, report) : { ...state, place };
      yield { records: step.records, checkpoint: state, progress: { done, total: due.length } };
    }
  }
  // What is no longer listed was deleted, or has settled long ago.
  const listed = new Set(reports.map(idOf));
  const moving = Object.fromEntries(Object.entries(state.moving).filter(([id]) => listed.has(id)));
  const checkpoint = { ...state, moving, readAt: context.startedAt.toISOString(), place: null };
  yield { records: [], checkpoint, progress: { done: due.length, total: due.length } };
}

/** How far back reports are looked at: to the beginning in a first load, else to the oldest campaign that was still moving last time. */
function reportsFrom({ since, settings }: MailchimpPull, { upTo, readAt }: Checkpoint): Date | null {
  const sent = instantOf(upTo.split("|")[0] ?? "");
  if (sent === null) return since;
  const moving = instantOf(readAt)?.getTime() ?? Infinity;
  // Two days more: campaigns are dated when their sending began, and may be listed only when it has ended.
  const oldest = Math.min(sent.getTime(), moving - settings.activity_days * DAY_MS) - 2 * DAY_MS;
  return new Date(Math.max(oldest, since?.getTime() ?? oldest));
}

function isMoving({ startedAt, settings }: MailchimpPull, report: JsonObject): boolean {
  return ageMs(startedAt, report) < settings.activity_days * DAY_MS;
}

function ageMs(now: Date, report: JsonObject): number {
  return now.getTime() - (instantOf(report["send_time"])?.getTime() ?? now.getTime());
}

function isDue(lists: CampaignLists, context: MailchimpPull, state: Checkpoint, report: JsonObject): boolean {
  const id = idOf(report);
  if (state.place?.campaign === id) return true;
  const mark = lists.markOf(report, ageMs(context.startedAt, report));
  if (mark === null) return false;
  const before = state.moving[id];
  if (isMoving(context, report)) return before?.mark !== mark;
  if (before === undefined) return sentKey(report) > state.upTo;
  return lists.isReadWhenSettled || before.mark !== mark;
}

function finished(lists: CampaignLists, context: MailchimpPull, state: Checkpoint, report: JsonObject): Checkpoint {
  const { [idOf(report)]: _, ...others } = state.moving;
  const mark = lists.markOf(report, ageMs(context.startedAt, report)) ?? "";
  const upTo = sentKey(report) > state.upTo ? sentKey(report) : state.upTo;
  const isDone = !isMoving(context, report);
  const moving = isDone ? others : { ...others, [idOf(report)]: { mark, since: latestOf(report) } };
  return { ...state, upTo, moving, place: null };
}

/** Up to when a report knows of events, by Mailchimp's clock: whatever comes is later, or late. */
function latestOf(report: JsonObject): string | null {
  const times = [valueOf(report, "opens", "last_open"), valueOf(report, "clicks", "last_click"), report["send_time"]]
    .map((time) => instantOf(time)?.getTime() ?? Number.NaN)
    .filter((time) => !Number.isNaN(time));
  return times.length === 0 ? null : filterTime(new Date(Math.max(...times) - OVERLAP_MS));
}

export function valueOf(report: JsonObject, group: string, name: string): JsonObject[string] {
  return fieldOf(report[group], name);
}

type Step = { readonly records: readonly JsonObject[]; readonly next: Checkpoint["place"] };

async function* readCampaign(
  lists: CampaignLists,
  context: MailchimpPull,
  report: JsonObject,
  resumed: Checkpoint["place"],
): AsyncGenerator<Step> {
  const campaign = idOf(report);
  const start = resumed?.campaign === campaign ? resumed : null;
  const stored = checkpointSchema.safeParse(context.checkpoint);
  // Settled: whole once more. Else from the last known event.
  const before = stored.success && isMoving(context, report) ? stored.data.moving[campaign] : undefined;
  const since = start === null ? (before?.since ?? null) : start.since;
  const asked = lists.lists
    .map((list, at) => ({ list, at }))
    .filter(({ list, at }) => at >= (start?.list ?? 0) && !list.isEmpty(report));
  const beginOf = (at: number): Checkpoint["place"] => ({ campaign, list: at, since, ...START });
  for (const [nth, { list, at }] of asked.entries()) {
    const after = asked[nth + 1];
    try {
      for await (const page of pagesOf(list, context, campaign, since, start?.list === at ? start : null)) {
        const records = page.rows.flatMap((row) => list.recordsOf(row, report));
        const next = page.next === null ? null : { campaign, list: at, since, ...page.next };
        yield { records, next: next ?? (after === undefined ? null : beginOf(after.at)) };
      }
    } catch (error) {
      if (!failedWith(error, NOT_FOUND)) throw error;
      context.log("info", `campaign ${campaign} was deleted while it was read`);
      yield { records: [], next: null };
      return;
    }
  }
  if (asked.length === 0) yield { records: [], next: null };
}

function pagesOf(
  list: CampaignList,
  { client, log }: MailchimpPull,
  campaign: string,
  since: string | null,
  start: NonNullable<Checkpoint["place"]> | null,
): ReturnType<typeof pageByOffset> {
  const query = { ...list.query, ...(list.hasSince && since !== null ? { since } : {}) };
  return pageByOffset({
    what: `The ${list.name} of ${campaign}`,
    read: (slice) => list.read(client, campaign, { ...query, ...slice }),
    idOf: list.idOf,
    from: start ?? START,
    log,
  });
}
