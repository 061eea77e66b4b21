import { TributaryError } from "../../core/base/errors.ts";
import type { JsonObject } from "../../core/base/json.ts";
import type { RunLog } from "../../core/connector/define.ts";
import type { ListPage } from "./client.ts";

/** The most that Mailchimp gives at once; ten unless asked. mailchimp.com/developer, "Pagination". */
const PAGE_SIZE = 1000;
const MOST_REREADS = 5;

/** Where a walk through a list stands. `anchor`: the last row of the page before, which the next page has to show again. */
export type Place = { readonly offset: number; readonly anchor: string | null };

export const START: Place = { offset: 0, anchor: null };

export type OffsetPage = { readonly rows: readonly JsonObject[]; readonly next: Place | null };

export type OffsetWalk = {
  /** For messages: `the unsubscribes of 42694e9e57`. */
  readonly what: string;
  readonly read: (slice: { readonly count: number; readonly offset: number }) => Promise<ListPage>;
  readonly idOf: (row: JsonObject) => string;
  readonly from: Place;
  readonly log: RunLog;
};

/**
 * Pages a list by offset, the only way that most of Mailchimp's lists have. A row that leaves moves all later ones up, and the next offset
 * would step over one:
 *
 *     page 1   a b c d          b goes     a c d e f g …
 *     page 2           e f g h  becomes          [e skipped]  f g h i
 *
 * So each page begins with the last row of the one before; where it does not, the list has moved and is read again from its start. Rows
 * that come twice do no harm. The end is where `total_items` says: a page may be shorter than asked.
 */
export async function* pageByOffset(walk: OffsetWalk): AsyncGenerator<OffsetPage> {
  let place = walk.from;
  for (let rereads = 0; ;) {
    const page = await walk.read({ count: PAGE_SIZE, offset: place.offset });
    if (!shows(page, place, walk.idOf)) {
      rereads += 1;
      if (rereads > MOST_REREADS) throw keepsMoving(walk.what);
      walk.log("info", `${walk.what} changed while being read: reading from the start again`);
      place = START;
      continue;
    }
    const next = nextPlace(page, place, walk.idOf);
    yield { rows: page.rows, next };
    if (next === null) return;
    place = next;
  }
}

/** All of a short list. */
export async function readAll(walk: Omit<OffsetWalk, "from">): Promise<readonly JsonObject[]> {
  const rows = new Map<string, JsonObject>();
  for await (const page of pageByOffset({ ...walk, from: START })) {
    for (const row of page.rows) rows.set(walk.idOf(row), row);
  }
  return [...rows.values()];
}

/** Whether a page continues the one before it. */
export function shows(page: ListPage, { anchor }: Place, idOf: OffsetWalk["idOf"]): boolean {
  return anchor === null || page.rows.some((row) => idOf(row) === anchor);
}

/** Where the page after this one begins; null: there is none. */
export function nextPlace(page: ListPage, { offset }: Place, idOf: OffsetWalk["idOf"]): Place | null {
  const last = page.rows.at(-1);
  if (last === undefined || isLast(page, offset)) return null;
  // A page of a single row has nothing to overlap with.
  const isSingle = page.rows.length === 1;
  return { offset: offset + Math.max(1, page.rows.length - 1), anchor: isSingle ? null : idOf(last) };
}

export function isLast({ rows, total }: ListPage, offset: number): boolean {
  return total === null ? rows.length < PAGE_SIZE : offset + rows.length >= total;
}

export function keepsMoving(what: string): TributaryError {
  return new TributaryError({
    code: "mailchimp.list.keeps_moving",
    kind: "transient",
    message: `${what} kept changing while being read, ${MOST_REREADS} times over.`,
    mend: "Nothing to do unless it lasts; then pull again at a quieter time.",
  });
}

export { PAGE_SIZE, MOST_REREADS };
