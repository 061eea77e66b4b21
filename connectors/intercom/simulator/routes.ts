import type { Faults } from "../../_simulator/faults.ts";
import { offsetPage } from "../../_simulator/paging.ts";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { BadSearch, type Dates, search } from "./search.ts";
import { type DatedObject, type IntercomObject, type IntercomStore, wholeConversation } from "./store.ts";
import { WORKSPACE } from "./translate.ts";

export type Dial = {
  /** Whether `>` of a search includes its bound. */
  isLoose: boolean;
  /** Path families that the token may not use: `contacts`. */
  denied: readonly string[];
  /** Companies are listed page by page up to here. */
  mostListed: number;
  /** Companies a page of a scroll. */
  scrollPage: number;
};

export type RouteContext = {
  readonly store: IntercomStore;
  readonly dial: Dial;
  readonly faults: Faults;
  readonly scroll: Scroll;
  readonly timeZone: string;
  readonly company: string;
};

/** The one scroll of the workspace: each request takes the next page, and whoever stops loses it after a minute. */
export type Scroll = { param: string | null; at: number; usedAtMs: number };

const SCROLL_ENDS_MS = 60_000;

export function ok(body: unknown): SimAnswer {
  return { status: 200, body };
}

export function refusal(status: number, code: string, message = code): SimAnswer {
  return { status, body: { type: "error.list", request_id: null, errors: [{ code, message, field: null }] } };
}

export function answerRoute(request: SimRequest, context: RouteContext): SimAnswer {
  const [, family = "", rest] = request.path.split("/");
  if (context.dial.denied.includes(family)) return refusal(403, "forbidden", "Not permitted");
  if (request.headers["intercom-version"] !== "2.15") return refusal(400, "intercom_version_invalid");
  try {
    return route(request, context, family, rest ?? "");
  } catch (error) {
    if (error instanceof BadSearch) return refusal(400, error.code);
    throw error;
  }
}

function route(request: SimRequest, context: RouteContext, family: string, rest: string): SimAnswer {
  const { store } = context;
  switch (`${request.method} ${family}${rest === "" ? "" : "/"}`) {
    case "GET me":
      return ok(me(context));
    case "GET admins":
      return ok({ type: "admin.list", admins: [...store.admins.values()] });
    case "GET teams":
      return ok({ type: "team.list", teams: [...store.teams.values()] });
    case "POST conversations/":
      return searched(store.conversations, request, context, { by: "second" }, "conversations");
    case "POST contacts/":
      return searched(store.contacts, request, context, { by: "day", timeZone: context.timeZone }, "data");
    case "GET conversations/":
      return one(wholeConversation(store, rest));
    case "GET contacts/":
      return oneContact(store.contacts.get(rest));
    case "POST companies/":
      return rest === "list" ? listCompanies(request, context) : refusal(404, "not_found");
    case "GET companies/":
      return rest === "scroll" ? scrollCompanies(request, context) : one(store.companies.get(rest) ?? null);
    default:
      return refusal(404, "not_found");
  }
}

function me({ store, timeZone, company }: RouteContext): object {
  const [admin] = store.admins.values();
  const app = {
    ...WORKSPACE,
    name: company,
    timezone: timeZone,
    created_at: 1_600_000_000,
    identity_verification: true,
  };
  return { type: "admin", id: admin?.id, name: admin?.["name"], email: admin?.["email"], email_verified: true, app };
}

function one(object: IntercomObject | null): SimAnswer {
  return object === null ? refusal(404, "not_found", "Resource not found") : ok(object);
}

/** Asked for by id, a contact has a field more than in a search. */
function oneContact(contact: DatedObject | undefined): SimAnswer {
  return one(contact === undefined ? null : { enabled_push_messaging: null, ...contact });
}

function searched(
  rows: ReadonlyMap<string, DatedObject>,
  request: SimRequest,
  { faults, dial }: RouteContext,
  dates: Dates,
  key: "conversations" | "data",
): SimAnswer {
  const body: unknown = JSON.parse(request.body.toString("utf8") || "{}");
  const found = search(rows.values(), body, dates, dial.isLoose);
  const page = faults.strikes("duplicate", request.path) ? [...found.rows, ...found.rows.slice(0, 1)] : found.rows;
  const perPage = found.rows.length;
  return ok({
    type: key === "conversations" ? "conversation.list" : "list",
    total_count: found.total,
    pages: {
      type: "pages",
      page: 1,
      per_page: perPage,
      total_pages: Math.ceil(found.total / Math.max(1, perPage)),
      ...(found.next === null ? {} : { next: { per_page: perPage, starting_after: found.next } }),
    },
    [key]: faults.strikes("reorder", request.path) ? page.toReversed() : page,
  });
}

function listCompanies({ query }: SimRequest, { store, dial }: RouteContext): SimAnswer {
  const page = Number(query.get("page") ?? 1);
  const perPage = Number(query.get("per_page") ?? 15);
  const skip = (page - 1) * perPage;
  if (skip + perPage > dial.mostListed && skip > 0)
    return refusal(400, "bad_request", "page limit reached, please use scroll API");
  const all = [...store.companies.values()];
  const { data } = offsetPage(all, skip, perPage);
  const pages = { type: "pages", page, per_page: perPage, total_pages: Math.ceil(all.length / perPage) };
  return ok({ type: "list", data, pages, total_count: all.length });
}

function scrollCompanies({ query }: SimRequest, { store, dial, scroll }: RouteContext): SimAnswer {
  const param = query.get("scroll_param");
  const nowMs = Date.now();
  const isAlive = scroll.param !== null && nowMs - scroll.usedAtMs < SCROLL_ENDS_MS;
  if (param === null) {
    if (isAlive) return refusal(400, "scroll_exists", "scroll already exists for this workspace");
    Object.assign(scroll, { param: `scroll-${nowMs}`, at: 0 });
  } else if (!isAlive || param !== scroll.param) {
    return refusal(404, "not_found", "scroll parameter not found");
  }
  const data = [...store.companies.values()].slice(scroll.at, scroll.at + dial.scrollPage);
  scroll.at += data.length;
  scroll.usedAtMs = nowMs;
  const answer = { type: "list", data, total_count: null, scroll_param: scroll.param };
  if (data.length === 0) scroll.param = null;
  return ok(answer);
}
