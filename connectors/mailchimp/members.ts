import { fieldOf, type Json, type JsonObject } from "../../core/base/json.ts";
import type { Page } from "../../core/connector/define.ts";
import { z } from "zod";
import { filterTime, instantOf, keyed } from "./records.ts";
import { isLast, keepsMoving, MOST_REREADS, nextPlace, PAGE_SIZE, type Place, shows, START } from "./paging.ts";
import { readAudiences, type MailchimpPull } from "./pull.ts";

/**
 * Members of every audience, by when they last changed.
 *
 * Paging them by offset would skip rows for good: who changes meanwhile goes to the end of the list, and everyone after moves up by one. So
 * each page is asked for by the last row's time:
 *
 *     since        rows by last_changed →
 *     null         |───── page 1 ─────|
 *     last − 1 s                    |───── page 2 ─────|
 *     last − 1 s                                     |─── page 3 ──|   and so on, until all that match were seen
 *
 * Only while all rows of a page lie within one second (a bulk import) is the offset used, inside that second, each page overlapping the one
 * before by a row.
 */

/** Whether `since_last_changed` is inclusive is unverified: a second below it is right in both cases. */
const STEP_MS = 1000;
/** Between two pulls: what was written together may become visible one after another. */
const OVERLAP_MS = 60_000;

/**
 * Whether archived members are in the list when no status is asked for is unverified: they are asked for by name as well, and come once
 * either way.
 */
const STATUSES = [null, "archived"] as const;

/** Where people are and what their programs are is nobody's business here; rates move with every campaign without a change of the member. */
export const LEFT_OUT: readonly string[] = [
  "_links",
  "stats",
  "location",
  "ip_signup",
  "ip_opt",
  "email_client",
  "interests",
  "marketing_permissions",
  "last_note",
];

export const memberId = keyed("list_id", "id");

const place = z.object({
  walk: z.string(),
  since: z.string().nullable(),
  offset: z.number(),
  anchor: z.string().nullable(),
});
const checkpointSchema = z.object({
  /** Walk → the latest `last_changed` that it has seen. */
  upTo: z.record(z.string(), z.string()),
  /** Where an interrupted pull stood. */
  place: place.nullable(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;

type Walk = { readonly name: string; readonly listId: string; readonly status: string | null };

/**
 * `since` is not for people: who clicks today may have signed up, and changed last, long before that day.
 */
export async function* pullMembers(context: MailchimpPull): AsyncGenerator<Page> {
  const stored = checkpointSchema.safeParse(context.checkpoint);
  let state: Checkpoint = stored.success ? stored.data : { upTo: {}, place: null };
  const walks = (await readAudiences(context)).flatMap(({ id }) =>
    STATUSES.map((status): Walk => ({ name: `${id}/${status ?? "all"}`, listId: id, status })),
  );
  // Audiences that are gone need no place kept for them.
  const upTo = Object.fromEntries(
    Object.entries(state.upTo).filter(([name]) => walks.some((walk) => walk.name === name)),
  );
  const start = walks.findIndex((walk) => walk.name === state.place?.walk);
  state = { upTo, place: start < 0 ? null : state.place };
  for (const [at, walk] of walks.entries()) {
    if (at < start) continue;
    for await (const step of walkMembers(context, walk, state)) {
      state = step.isEnd ? { upTo: step.upTo, place: startOf(walks[at + 1], step.upTo) } : step;
      yield { records: step.rows, checkpoint: state };
    }
  }
  if (walks.length === 0) yield { records: [], checkpoint: state };
}

function startOf(walk: Walk | undefined, upTo: Checkpoint["upTo"]): Checkpoint["place"] {
  return walk === undefined ? null : { walk: walk.name, since: sinceOf(walk, upTo), ...START };
}

function sinceOf(walk: Walk, upTo: Checkpoint["upTo"]): string | null {
  const seen = instantOf(upTo[walk.name]);
  return seen === null ? null : filterTime(new Date(seen.getTime() - OVERLAP_MS));
}

type Step = Checkpoint & { readonly rows: readonly JsonObject[]; readonly isEnd: boolean };

async function* walkMembers(context: MailchimpPull, walk: Walk, from: Checkpoint): AsyncGenerator<Step> {
  let { upTo } = from;
  const resumed = from.place?.walk === walk.name ? from.place : null;
  let since = resumed === null ? sinceOf(walk, upTo) : resumed.since;
  let spot: Place = resumed ?? START;
  for (let rereads = 0; ;) {
    const page = await context.client.members(walk.listId, {
      sort_field: "last_changed",
      sort_dir: "ASC",
      count: PAGE_SIZE,
      offset: spot.offset,
      exclude_fields: ["_links", ...LEFT_OUT.map((field) => `members.${field}`)],
      ...(since === null ? {} : { since_last_changed: since }),
      ...(walk.status === null ? {} : { status: walk.status }),
    });
    if (!shows(page, spot, memberId)) {
      rereads += 1;
      if (rereads > MOST_REREADS) throw keepsMoving(`The members of ${walk.listId}`);
      spot = START;
      continue;
    }
    const last = instantOf(page.rows.at(-1)?.["last_changed"]);
    upTo = later(upTo, walk, last, context.startedAt);
    const isEnd = page.rows.length === 0 || isLast(page, spot.offset);
    if (!isEnd) {
      const next = last === null ? null : filterTime(new Date(last.getTime() - STEP_MS));
      const isFurther = next !== null && (since === null || next > since);
      spot = isFurther ? START : (nextPlace(page, spot, memberId) ?? START);
      since = isFurther ? next : since;
    }
    yield { rows: page.rows, upTo, isEnd, place: { walk: walk.name, since, offset: spot.offset, anchor: spot.anchor } };
    if (isEnd) return;
  }
}

/** By Mailchimp's clock, and never past the start of the run: a date in the future would hide everything before it. */
function later(upTo: Checkpoint["upTo"], walk: Walk, seen: Date | null, startedAt: Date): Checkpoint["upTo"] {
  if (seen === null) return upTo;
  const before = instantOf(upTo[walk.name]);
  const now = seen < startedAt ? seen : startedAt;
  return before !== null && before > now ? upTo : { ...upTo, [walk.name]: now.toISOString() };
}

export function lastChanged(record: Json): Date | null {
  return instantOf(fieldOf(record, "last_changed"));
}
