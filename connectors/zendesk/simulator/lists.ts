import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { ok, refusal } from "./format.ts";
import { compareIds, type Row } from "./store.ts";

const MOST_ROWS = 100;
const MOST_OFFSET = 10_000;

/** A list as most are: by id. */
export function list(key: string, rows: readonly Row[], request: SimRequest, base: string): SimAnswer {
  return listInOrder(key, rows.toSorted(compareIds), request, base);
}

/**
 * A list by cursor, or by offset where `page[size]` is missing. On the last page `links.next` is still set; what it leads to is empty and
 * has no cursors.
 */
export function listInOrder(key: string, rows: readonly Row[], request: SimRequest, base: string): SimAnswer {
  const { query } = request;
  const size = query.get("page[size]");
  if (size === null) return offsetList(key, rows, request, base);
  const limit = Math.min(MOST_ROWS, Math.max(1, Number(size)));
  const after = query.get("page[after]");
  const from = after === null ? 0 : Number(Buffer.from(after, "base64").toString("utf8"));
  if (!Number.isInteger(from)) return refusal(400, "InvalidPaginationParameter", "page[after] is not valid");
  const page = rows.slice(from, from + limit);
  if (page.length === 0) {
    const meta = { has_more: false, after_cursor: null, before_cursor: null };
    return ok({ [key]: [], meta, links: { prev: null, next: null } });
  }
  const cursor = Buffer.from(String(from + page.length)).toString("base64");
  return ok({
    [key]: page,
    meta: { has_more: from + page.length < rows.length, after_cursor: cursor, before_cursor: cursor },
    links: {
      prev: null,
      next: `${base}${request.path}?page%5Bsize%5D=${limit}&page%5Bafter%5D=${encodeURIComponent(cursor)}`,
    },
  });
}

function offsetList(key: string, rows: readonly Row[], { query, path }: SimRequest, base: string): SimAnswer {
  const limit = Math.min(MOST_ROWS, Number(query.get("per_page") ?? MOST_ROWS));
  const page = Number(query.get("page") ?? 1);
  if (page * limit > MOST_OFFSET) return refusal(400, "InvalidPaginationDepth", "Only the first 100 pages are given");
  const isMore = rows.length > page * limit;
  return ok({
    [key]: rows.slice((page - 1) * limit, page * limit),
    next_page: isMore ? `${base}${path}?page=${page + 1}` : null,
    previous_page: page > 1 ? `${base}${path}?page=${page - 1}` : null,
    count: rows.length,
  });
}

export function showMany(key: string, request: SimRequest, find: (id: number) => Row | undefined): SimAnswer {
  const ids = (request.query.get("ids") ?? "").split(",").filter(Boolean);
  if (ids.length > MOST_ROWS) {
    const description = "Parameter  cannot specify more than 100 values";
    return { status: 400, body: { error: "TooManyValues", description, max_count: MOST_ROWS } };
  }
  const rows = ids.map((id) => find(Number(id))).filter((row) => row !== undefined);
  return ok({ [key]: rows, next_page: null, previous_page: null, count: rows.length });
}
