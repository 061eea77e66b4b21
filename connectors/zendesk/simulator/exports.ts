import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { ok, refusal } from "./format.ts";
import type { Dial } from "./dial.ts";
import type { Kind, Row, Stored, ZendeskStore } from "./store.ts";

/** The incremental exports, as recorded traffic shows them to behave. */
export type ExportContext = {
  readonly store: ZendeskStore;
  readonly request: SimRequest;
  /** Where the caller reached us: absolute addresses repeat it. */
  readonly base: string;
  readonly now: Date;
  readonly dial: Dial;
  /** Doubles and order of a page's rows, where the dial disturbs them. */
  readonly disturb: <T>(rows: readonly T[]) => readonly T[];
};

type View = {
  readonly kind: Kind;
  readonly key: string;
  /** A row as this export shows it. */
  readonly show: (stored: Stored) => Row;
  /** What stands beside the rows. */
  readonly beside?: (rows: readonly Row[]) => { readonly [key: string]: unknown };
};

/** Base64 of `{seconds}.0||{id}|` of the page's last row; the next page begins right after it. */
export function writeCursor({ changedS, row }: Stored): string {
  return Buffer.from(`${changedS}.0||${row.id}|`).toString("base64");
}

function readCursor(cursor: string): { readonly changedS: number; readonly id: number } | null {
  const match = /^(\d+)\.0\|\|(\d+)\|$/.exec(Buffer.from(cursor, "base64").toString("utf8"));
  return match === null ? null : { changedS: Number(match[1]), id: Number(match[2]) };
}

export function cursorExport(view: View, context: ExportContext): SimAnswer {
  const { request, base, dial } = context;
  const cursor = request.query.get("cursor");
  const place = cursor === null ? null : readCursor(cursor);
  if (cursor !== null && place === null) return refusal(400, "InvalidValue", "Invalid cursor");
  const start = place === null ? startOf(context) : null;
  if (start !== null && typeof start !== "number") return start;
  const size = sizeOf(context);
  if (typeof size !== "number") return size;
  const rows = visible(view.kind, context).filter(({ changedS, row }) =>
    place === null
      ? changedS >= (start ?? 0)
      : changedS > place.changedS || (changedS === place.changedS && Number(row.id) > place.id),
  );
  // Far from the end a page may be empty, too.
  const isIdle = dial.emptyPages > 0;
  if (isIdle) dial.emptyPages -= 1;
  const page = isIdle ? [] : rows.slice(0, size);
  const last = page.at(-1);
  const after = last === undefined ? (cursor ?? (isIdle ? startCursor(start ?? 0) : null)) : writeCursor(last);
  const shown = context.disturb(page.map(view.show));
  return ok({
    [view.key]: shown,
    ...view.beside?.(shown),
    after_url:
      after === null
        ? null
        : `${base}${request.path}?cursor=${encodeURIComponent(after)}&per_page=${request.query.get("per_page") ?? 1000}`,
    before_url: null,
    after_cursor: after,
    before_cursor: null,
    end_of_stream: !isIdle && rows.length <= size,
  });
}

function startCursor(startS: number): string {
  return Buffer.from(`${startS}.0||0|`).toString("base64");
}

/** @param hasEnd Talk's exports say no `end_of_stream`. */
export function timeExport(view: View, hasEnd: boolean, context: ExportContext): SimAnswer {
  const start = startOf(context);
  if (typeof start !== "number") return start;
  const size = sizeOf(context);
  if (typeof size !== "number") return size;
  const rows = visible(view.kind, context).filter(({ changedS }) => changedS >= start);
  let end = Math.min(size, rows.length);
  // A page is extended to hold every row of its last second.
  while (end < rows.length && rows[end]?.changedS === rows[end - 1]?.changedS) end += 1;
  const page = rows.slice(0, end);
  const isEnd = end === rows.length;
  const [first, last] = [page[0]?.changedS, page.at(-1)?.changedS];
  const isOneSecond = first !== undefined && first === last;
  const endTime = last === undefined ? null : isOneSecond && !isEnd ? last + 1 : last;
  const shown = context.disturb(page.map(view.show));
  return ok({
    [view.key]: shown,
    ...view.beside?.(shown),
    count: shown.length,
    end_time: endTime,
    // Always an address, also on the last page.
    next_page: `${context.base}${context.request.path}?start_time=${endTime ?? start}`,
    ...(hasEnd ? { end_of_stream: isEnd } : {}),
  });
}

function visible(kind: Kind, { store, now, dial }: ExportContext): readonly Stored[] {
  const untilS = now.getTime() / 1000 - dial.heldBackS;
  return store.changed(kind).filter(({ changedS }) => changedS <= untilS);
}

function startOf({ request, now, dial }: ExportContext): number | SimAnswer {
  const text = request.query.get("start_time");
  const start = Number(text);
  if (text === null || text === "" || !Number.isInteger(start))
    return refusal(400, "InvalidValue", "Invalid start_time");
  if (dial.heldBackS > 0 && start > now.getTime() / 1000 - dial.heldBackS) {
    return refusal(422, "InvalidValue", "Too recent start_time. Use a start_time older than 60 seconds");
  }
  return start;
}

function sizeOf({ request, dial }: ExportContext): number | SimAnswer {
  const asked = Number(request.query.get("per_page") ?? 1000);
  if (asked > dial.mostRowsInTime) {
    return { status: 504, headers: { "content-type": "text/plain" }, body: "upstream request timeout" };
  }
  return Math.max(1, Math.min(asked, dial.mostRows));
}
