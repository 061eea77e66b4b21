import { offsetPage } from "../../_simulator/paging.ts";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { coreTime } from "./format.ts";
import { readPaging } from "./lists.ts";
import { call, type CloseObject } from "./objects.ts";

const SPAN_MS = 2 * 365 * 86_400_000;
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * Any number of calls made from their index while they are asked for, for benches and kill tests: nothing is kept but what was deleted
 * or edited. Call 0 is the oldest; they are spread evenly over the two years before `end`.
 */
export type BulkCalls = {
  readonly count: number;
  id(index: number): string;
  /** The call as the API shows it now; null once deleted. */
  row(index: number): CloseObject | null;
  /** @returns the last state, or null when it was gone already. */
  remove(index: number): CloseObject | null;
  /** Sets the duration. @returns before and after, or null when it is gone. */
  edit(index: number, duration: number, at: Date): { readonly before: CloseObject; readonly after: CloseObject } | null;
  answer(request: SimRequest, maxSkip: number): SimAnswer;
};

export function createBulkCalls(options: {
  readonly count: number;
  readonly end: Date;
  readonly organizationId: string;
  readonly userIds: readonly string[];
}): BulkCalls {
  const { count, userIds } = options;
  const start = options.end.getTime() - SPAN_MS;
  const stepMs = SPAN_MS / count;
  const deleted = new Set<number>();
  const edits = new Map<number, { readonly duration: number; readonly at: Date }>();

  const timeOfIndex = (index: number): number => Math.floor(start + index * stepMs);
  /** The first index whose time is at or after a time. */
  const indexAt = (ms: number): number => {
    let index = Math.min(count, Math.max(0, Math.floor((ms - start) / stepMs) - 1));
    while (index < count && timeOfIndex(index) < ms) index += 1;
    return index;
  };

  function whole(index: number): CloseObject {
    const edit = edits.get(index);
    return call({
      id: bulkCallId(index),
      organization_id: options.organizationId,
      at: new Date(timeOfIndex(index)),
      user_id: userIds[index % userIds.length] ?? null,
      direction: index % 4 === 0 ? "inbound" : "outbound",
      disposition: index % 3 === 0 ? "no-answer" : "answered",
      duration: edit?.duration ?? (index % 3 === 0 ? 0 : 30 + (index % 900)),
      phone: "+14155550100",
      ...(edit === undefined ? {} : { date_updated: coreTime(edit.at) }),
    });
  }

  const bulk: BulkCalls = {
    count,
    id: bulkCallId,
    row: (index) => (deleted.has(index) ? null : whole(index)),
    remove(index) {
      const last = bulk.row(index);
      deleted.add(index);
      return last;
    },
    edit(index, duration, at) {
      const before = bulk.row(index);
      if (before === null) return null;
      edits.set(index, { duration, at });
      return { before, after: whole(index) };
    },
    answer(request, maxSkip) {
      const paging = readPaging(request.query, 100, maxSkip);
      if ("status" in paging) return paging;
      const from = request.query.get("date_created__gte");
      const to = request.query.get("date_created__lt");
      const first = from === null ? 0 : indexAt(Date.parse(from));
      const last = to === null ? count : indexAt(Date.parse(to));
      const indexes = newestIndexes(first, last, paging.skip, paging.limit + 1, deleted);
      const page = offsetPage(indexes, 0, paging.limit);
      // Put together as text: at a million rows the rows' own objects would be most of the work.
      const data = page.data.map((index) => JSON.stringify(whole(index))).join(",");
      const body = `{"data":[${data}],"has_more":${page.hasMore}}`;
      return { status: 200, headers: { "content-type": "application/json" }, body };
    },
  };
  return bulk;
}

function newestIndexes(
  first: number,
  last: number,
  skip: number,
  count: number,
  deleted: ReadonlySet<number>,
): readonly number[] {
  const found: number[] = [];
  let left = skip;
  let index = last - 1;
  if (deleted.size === 0) {
    index -= skip;
    left = 0;
  }
  for (; index >= first && found.length < count; index -= 1) {
    if (deleted.has(index)) continue;
    if (left > 0) left -= 1;
    else found.push(index);
  }
  return found;
}

/** 43 characters after the prefix, as Close's are; the index in base 62 at the end. */
function bulkCallId(index: number): string {
  let digits = "";
  for (let rest = index; rest > 0; rest = Math.floor(rest / 62)) digits = `${BASE62[rest % 62]}${digits}`;
  return `acti_${digits.padStart(43, "0")}`;
}
