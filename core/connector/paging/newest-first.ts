import { z } from "zod";
import { TributaryError } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import type { PullContext } from "../define.ts";
import { Seen } from "./seen.ts";

/**
 * A list that comes with the latest change first and cannot be asked for what is new, or not exactly.
 *
 *      now                                                                  the beginning
 *       |-- changed since it began --|------------ a walk ------------>|----- known ----->
 *       |<------ the next walk ------|                                 ^
 *                                                   where the last pull began, less the overlap
 *
 * A walk goes down from the top, page by page, and may go on after an interruption where it stood. A row that changes meanwhile moves
 * to the top, above the walk, and pushes others down: these are seen twice, and are left out the second time; the row itself is met by
 * the next walk. A walk of several pages is followed by one more; what has moved during that is left to the next pull.
 */
export type NewestFirst<Row> = {
  /**
   * A page; `cursor` null is the top. `until`: rows that last changed before it are not wanted, null: all are.
   *
   * @returns `cursor_refused` when the vendor no longer knows the cursor: the walk then begins at the top again.
   */
  readonly page: (cursor: string | null, until: Date | null) => Promise<NewestFirstPage<Row> | "cursor_refused">;
  readonly idOf: (row: Row) => string;
  /** When the row last changed; null where it does not say: it is then always wanted. */
  readonly timeOf: (row: Row) => Date | null;
  /** How far below what was read before a walk reaches, for changes that show late. */
  readonly overlapMs: number;
};

export type NewestFirstPage<Row> = { readonly rows: readonly Row[]; readonly next: string | null };

const checkpointSchema = z.object({
  /** All that changed before this has been read; null: nothing yet. */
  readUpTo: z.iso.datetime().nullable(),
  /** Where a walk stands. `newest`: what it will have read up to. */
  walk: z
    .object({ cursor: z.string(), newest: z.iso.datetime().nullable(), until: z.iso.datetime().nullable() })
    .nullable(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;
type Walk = { readonly cursor: string | null; readonly newest: Date | null; readonly until: Date | null };

/** A cursor may have ended while nobody read. A vendor that refuses each new one as well would be asked for ever. */
const MOST_REFUSALS = 5;

/**
 * Gives each wanted row, with the checkpoint that goes with it. A page may have no rows.
 *
 * @throws TributaryError `land.cursor_refused` when one new cursor after another is refused
 */
export async function* readNewestFirst<Row>(
  list: NewestFirst<Row>,
  context: Pick<PullContext<unknown, unknown>, "checkpoint" | "since" | "startedAt">,
): AsyncGenerator<{ readonly rows: readonly Row[]; readonly checkpoint: JsonObject }> {
  const before = checkpointSchema.nullable().parse(context.checkpoint);
  const seen = new Seen();
  let readUpTo = dateOf(before?.readUpTo);
  let walk: Walk = startOf(list, before, context.since);
  let isFollowUp = false;
  let refusals = 0;
  for (let pages = 1; ; pages += 1) {
    const page = await list.page(walk.cursor, walk.until);
    if (page === "cursor_refused") {
      refusals += 1;
      if (refusals > MOST_REFUSALS) throw cursorRefused();
      walk = { ...walk, cursor: null };
      continue;
    }
    const { wanted, isOver } = sift(list, page, walk.until);
    const newest = latest(walk.newest, ...wanted.map(list.timeOf));
    if (isOver || page.next === null) {
      // What lies ahead of our clock is read again until it does not: nothing that comes later may be passed over.
      readUpTo = earlier(latest(newest, readUpTo), context.startedAt);
      walk = { cursor: null, newest: null, until: back(readUpTo, list.overlapMs) ?? context.since };
    } else {
      walk = { ...walk, cursor: page.next, newest };
    }
    yield {
      rows: wanted.filter((row) => seen.isNew(`${list.idOf(row)} ${list.timeOf(row)?.getTime() ?? ""}`)),
      checkpoint: checkpointOf(readUpTo, walk),
    };
    if (walk.cursor !== null) continue;
    if (pages === 1 || isFollowUp) return;
    [isFollowUp, pages] = [true, 0];
  }
}

function startOf<Row>(list: NewestFirst<Row>, before: Checkpoint | null, since: Date | null): Walk {
  if (before?.walk) {
    const { cursor, newest, until } = before.walk;
    return { cursor, newest: dateOf(newest), until: dateOf(until) };
  }
  return { cursor: null, newest: null, until: back(dateOf(before?.readUpTo), list.overlapMs) ?? since };
}

/** The rows that are wanted, and whether the page reaches those that are not. */
function sift<Row>(
  list: NewestFirst<Row>,
  page: NewestFirstPage<Row>,
  until: Date | null,
): { readonly wanted: readonly Row[]; readonly isOver: boolean } {
  const wanted = page.rows.filter((row) => {
    const at = list.timeOf(row);
    return until === null || at === null || at >= until;
  });
  return { wanted, isOver: page.rows.length === 0 || wanted.length < page.rows.length };
}

function checkpointOf(readUpTo: Date | null, { cursor, newest, until }: Walk): JsonObject {
  const walk =
    cursor === null ? null : { cursor, newest: newest?.toISOString() ?? null, until: until?.toISOString() ?? null };
  return { readUpTo: readUpTo?.toISOString() ?? null, walk };
}

function latest(...dates: readonly (Date | null)[]): Date | null {
  return dates.reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null);
}

function earlier(a: Date | null, b: Date): Date | null {
  return a !== null && a > b ? b : a;
}

function back(date: Date | null, ms: number): Date | null {
  return date === null ? null : new Date(date.getTime() - ms);
}

function dateOf(iso: string | null | undefined): Date | null {
  return iso === null || iso === undefined ? null : new Date(iso);
}

function cursorRefused(): TributaryError {
  return new TributaryError({
    code: "land.cursor_refused",
    kind: "contract",
    message: `The vendor gave ${MOST_REFUSALS + 1} cursors and took none of them back.`,
    mend: "Pull again later; if it stays, report it with the run's number. What was read so far has landed.",
  });
}
