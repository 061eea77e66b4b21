import { readCursor, writeCursor } from "../../_simulator/paging.ts";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { ok, refusal } from "./answers.ts";
import { orderOf, type CloseEvent, type CloseStore } from "./store.ts";

const RETENTION_MS = 30 * 86_400_000;
const CAP = 50;

/** The filters that may be combined; `date_updated` goes with each of them, and alone. */
const COMBINATIONS = [
  "",
  "object_id+object_type",
  "action+object_type",
  "action+object_id",
  "lead_id",
  "lead_id+object_type",
  "action+lead_id+object_type",
  "lead_id+user_id",
  "lead_id+object_type+user_id",
  "action+lead_id+object_type+user_id",
  "user_id",
  "object_id+user_id",
  "action+object_id+user_id",
  "object_type+user_id",
  "action+object_type+user_id",
  "request_id",
];
const FILTERS = ["action", "lead_id", "object_id", "object_type", "request_id", "user_id"];

export type EventLogOptions = {
  readonly store: CloseStore;
  readonly now: Date;
  /** A non-admin's key gets no content of events older than an hour. */
  readonly isAdmin: boolean;
  /** Whether `object_type` may be sent alone, as production code does though the documentation does not list it. */
  readonly allowsTypeAlone: boolean;
  readonly cursorLifeMs: number;
  /** Events that cannot be seen yet: visibility comes out of order. */
  readonly isHidden: (event: CloseEvent) => boolean;
};

type Cursor = { readonly at: string; readonly order: number; readonly floor: string | null; readonly issued: number };

export function answerEvents({ query }: SimRequest, options: EventLogOptions): SimAnswer {
  const used = FILTERS.filter((filter) => query.has(filter));
  const combination = used.join("+");
  if (!COMBINATIONS.includes(combination) && !(options.allowsTypeAlone && combination === "object_type")) {
    return refusal(400, `This combination of filters is not supported: ${combination}`);
  }
  if (query.has("_skip")) return refusal(400, "_skip is not supported, use _cursor");
  const limit = Number(query.get("_limit") ?? CAP);
  if (limit > CAP) return refusal(400, `The _limit must be at most ${CAP}`);
  const cursor = query.get("_cursor");
  const from = cursor === null ? null : (readCursor(cursor) as Cursor | null);
  if (cursor !== null && (from === null || options.now.getTime() - from.issued > options.cursorLifeMs)) {
    return refusal(400, "Invalid or expired cursor");
  }
  return ok(page(query, used, limit, from, options));
}

function page(
  query: URLSearchParams,
  used: readonly string[],
  limit: number,
  from: Cursor | null,
  options: EventLogOptions,
): object {
  const oldest = options.now.getTime() - RETENTION_MS;
  const floor = from === null ? query.get("date_updated__gte") : from.floor;
  const newestFirst: CloseEvent[] = [];
  const all = options.store.events;
  for (let at = all.length - 1; at >= 0; at -= 1) {
    const event = all[at];
    if (
      event === undefined ||
      utc(event.date_updated) < oldest ||
      (floor !== null && utc(event.date_updated) < Date.parse(floor))
    )
      break;
    if (from !== null && !isBelow(event, from)) continue;
    if (options.isHidden(event) || !used.every((filter) => event[filter] === query.get(filter))) continue;
    if (!isInside(event, query)) continue;
    newestFirst.push(event);
    if (newestFirst.length > limit) break;
  }
  const data = newestFirst.slice(0, limit);
  const last = data.at(-1);
  const next: Cursor | null =
    newestFirst.length > limit && last !== undefined
      ? { at: last.date_updated, order: orderOf(last), floor, issued: options.now.getTime() }
      : null;
  return {
    data: data.map((event) => forRole(event, options)),
    cursor_next: next === null ? null : writeCursor(next),
    cursor_previous:
      data[0] === undefined ? null : writeCursor({ ...next, at: data[0].date_updated, order: orderOf(data[0]) }),
  };
}

function isBelow(event: CloseEvent, cursor: Cursor): boolean {
  return event.date_updated < cursor.at || (event.date_updated === cursor.at && orderOf(event) < cursor.order);
}

function isInside(event: CloseEvent, query: URLSearchParams): boolean {
  const at = utc(event.date_updated);
  const [gt, lt, lte] = ["gt", "lt", "lte"].map((operator) => query.get(`date_updated__${operator}`));
  return !((gt && at <= Date.parse(gt)) || (lt && at >= Date.parse(lt)) || (lte && at > Date.parse(lte)));
}

function forRole(event: CloseEvent, options: EventLogOptions): CloseEvent {
  const isOld = options.now.getTime() - utc(event.date_updated) > 3_600_000;
  return options.isAdmin || !isOld ? event : { ...event, data: null, previous_data: null };
}

function utc(naive: string): number {
  return Date.parse(`${naive}Z`);
}
