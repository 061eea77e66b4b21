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

  const userOf = (index: number): string => userIds[index % userIds.length] ?? "";
  const directionOf = (index: number): string => (index % 4 === 0 ? "inbound" : "outbound");
  const dispositionOf = (index: number): string => (index % 3 === 0 ? "no-answer" : "answered");
  const durationOf = (index: number): number => (index % 3 === 0 ? 0 : 30 + (index % 900));

  function whole(index: number): CloseObject {
    const edit = edits.get(index);
    return call({
      id: bulkCallId(index),
      organization_id: options.organizationId,
      at: new Date(timeOfIndex(index)),
      user_id: userOf(index),
      direction: directionOf(index),
      disposition: dispositionOf(index),
      duration: edit?.duration ?? durationOf(index),
      phone: "+14155550100",
      ...(edit === undefined ? {} : { date_updated: coreTime(edit.at) }),
    });
  }

  const template = makeTemplate(options.organizationId);

  /** A call as JSON, put together as text: at a million rows making and writing their objects would be most of the work. */
  function written(index: number): string {
    if (edits.has(index)) return JSON.stringify(whole(index));
    const values: { readonly [hole: string]: string } = {
      id: bulkCallId(index),
      user: userOf(index),
      time: coreTime(new Date(timeOfIndex(index))),
      direction: directionOf(index),
      disposition: dispositionOf(index),
      duration: String(durationOf(index)),
    };
    let text = "";
    // Text and holes take turns.
    for (let at = 0; at < template.length; at += 1) {
      const part = template[at] ?? "";
      text += at % 2 === 0 ? part : (values[part] ?? "");
    }
    return text;
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
      const data = page.data.map(written).join(",");
      const body = `{"data":[${data}],"has_more":${page.hasMore}}`;
      return { status: 200, headers: { "content-type": "application/json" }, body };
    },
  };
  return bulk;
}

/** An unedited call's JSON, cut at what differs between calls. */
function makeTemplate(organizationId: string): readonly string[] {
  const at = new Date(0);
  const row = call({
    id: "@id@",
    organization_id: organizationId,
    at,
    user_id: "@user@",
    direction: "@direction@",
    disposition: "@disposition@",
    duration: "@duration@",
    phone: "+14155550100",
  });
  const text = JSON.stringify(row).replaceAll(coreTime(at), "@time@").replace('"@duration@"', "@duration@");
  return text.split("@");
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
