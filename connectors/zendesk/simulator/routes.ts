import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import type { Dial } from "./dial.ts";
import { cursorExport, timeExport, type ExportContext } from "./exports.ts";
import { type Fields, forbidden, isoTime, notFound, ok, refusal, seconds } from "./format.ts";
import { list, listInOrder, showMany } from "./lists.ts";
import * as objects from "./objects.ts";
import type { Kind, Row, Stored, ZendeskStore } from "./store.ts";
import type { Webhooks } from "./webhooks.ts";

export type RouteContext = {
  readonly store: ZendeskStore;
  readonly webhooks: Webhooks;
  readonly base: string;
  readonly now: Date;
  readonly dial: Dial;
  readonly disturb: ExportContext["disturb"];
  /** Who asks; null: nobody that is known. */
  readonly me: Row | null;
  /** Beginnings of paths that the caller may not use. */
  readonly denied: ReadonlySet<string>;
};

/** @param path after `/api/v2/`, without `.json`. */
export function answerRoute(path: string, request: SimRequest, context: RouteContext): SimAnswer {
  if ([...context.denied].some((start) => path.startsWith(start))) return forbidden();
  if (path.startsWith("webhooks")) return context.webhooks.answer(path, request);
  if (request.method !== "GET") return refusal(405, "MethodNotAllowed", "only GET is simulated");
  const exported = exportRoute(path, request, context);
  if (exported !== null) return exported;
  const { store, base } = context;
  const rows = (kind: Kind): readonly Row[] => store.all(kind);
  switch (path) {
    case "users/me":
      return ok({ user: context.me === null ? visitor() : { ...context.me, authenticity_token: "not-to-be-logged" } });
    case "users":
      return list("users", rows("user").filter(isActive), request, base);
    case "organizations":
      return list("organizations", rows("organization").filter(isThere), request, base);
    case "groups":
      return list("groups", rows("group"), request, base);
    case "group_memberships":
      return list("group_memberships", rows("membership"), request, base);
    case "tickets":
      return list("tickets", rows("ticket").filter(isUndeleted).map(plain), request, base);
    case "satisfaction_ratings":
      return list("satisfaction_ratings", ratings(request, store), request, base);
    case "guide/survey_responses":
      return list("survey_responses", surveys(request, store), request, base);
    case "tickets/show_many":
      return showMany("tickets", request, (id) => undeleted(store.get("ticket", id)));
    case "users/show_many":
      return showMany("users", request, (id) => store.get("user", id));
    case "users/count":
      return count(rows("user").filter(isActive).length, context.now);
    case "organizations/count":
      return count(rows("organization").filter(isThere).length, context.now);
    case "groups/count":
      return count(rows("group").length, context.now);
    case "satisfaction_ratings/count":
      return count(rows("rating").length, context.now);
    case "search/count":
      return searchCount(request, store);
    default:
      return one(path, request, context);
  }
}

function exportRoute(path: string, request: SimRequest, context: RouteContext): SimAnswer | null {
  const from: ExportContext = { ...context, request };
  const includes = (request.query.get("include") ?? "").split(",");
  const same = (stored: Stored): Row => stored.row;
  switch (path) {
    case "incremental/tickets/cursor":
      return cursorExport(
        {
          kind: "ticket",
          key: "tickets",
          show: ({ row, changedS }) => ({ ...withMetrics(row, includes), generated_timestamp: changedS }),
          beside: (rows) => sideLoads(rows, includes, context.store),
        },
        from,
      );
    case "incremental/users/cursor":
      return cursorExport({ kind: "user", key: "users", show: same }, from);
    case "incremental/organizations":
      return timeExport({ kind: "organization", key: "organizations", show: same }, true, from);
    case "incremental/ticket_events":
      return timeExport(
        { kind: "event", key: "ticket_events", show: ({ row }) => withComments(row, includes) },
        true,
        from,
      );
    case "channels/voice/stats/incremental/calls":
      return timeExport({ kind: "call", key: "calls", show: same }, false, from);
    default:
      return null;
  }
}

/** One record by its id. */
function one(path: string, request: SimRequest, context: RouteContext): SimAnswer {
  const { store, dial } = context;
  const [, resource, id = "", part] = /^(tickets|users|organizations)\/(\d+)(\/metrics|\/comments)?$/.exec(path) ?? [];
  const includes = (request.query.get("include") ?? "").split(",");
  if (resource === "tickets") {
    const ticket = undeleted(store.get("ticket", Number(id)));
    if (ticket === undefined) return notFound();
    if (part === "/metrics") return ok({ ticket_metric: ticket["metric_set"] });
    if (part === "/comments") return comments(ticket, request, context);
    const shown = dial.showsMetricSet ? withMetrics(ticket, includes) : plain(ticket);
    return ok({ ticket: shown, ...sideLoads([ticket], includes, store) });
  }
  const kind = resource === "users" ? "user" : resource === "organizations" ? "organization" : null;
  const found = kind === null ? undefined : store.get(kind, Number(id));
  if (kind === null || found === undefined || !isThere(found)) return notFound();
  return ok({ [kind]: found });
}

/** What was said in a ticket, oldest first unless asked otherwise. */
function comments(ticket: Row, request: SimRequest, { store, base }: RouteContext): SimAnswer {
  const said = store
    .changed("event")
    .filter((event) => event.row["ticket_id"] === ticket.id)
    .flatMap(({ row }) => row["child_events"] as readonly Row[])
    .filter((child) => child["event_type"] === "Comment")
    .map((child) => objects.comment(child) as Row); // The id stays.
  const isNewestFirst = request.query.get("sort") === "-created_at";
  const answer = listInOrder("comments", isNewestFirst ? said.toReversed() : said, request, base);
  if (request.query.get("include") !== "users" || answer.status !== 200) return answer;
  const authors = new Set(said.map((comment) => Number(comment["author_id"])));
  const users = [...authors].flatMap((id) => store.get("user", id) ?? []);
  return ok({ ...(answer.body as object), users });
}

/** `metric_set` stands in each ticket, but never in a deleted one. */
function withMetrics(ticket: Row, includes: readonly string[]): Row {
  return includes.includes("metric_sets") && isUndeleted(ticket) ? ticket : plain(ticket);
}

function plain(ticket: Row): Row {
  return Object.fromEntries(Object.entries(ticket).filter(([field]) => field !== "metric_set")) as Row; // The id stays.
}

/** Each side-loaded record once a page. */
function sideLoads(tickets: readonly Row[], includes: readonly string[], store: ZendeskStore): Fields {
  const named = (kind: Kind, fields: readonly string[]): readonly Row[] => {
    const ids = new Set(tickets.flatMap((ticket) => fields.map((field) => ticket[field])));
    return [...ids].flatMap((id) => (typeof id === "number" ? (store.get(kind, id) ?? []) : []));
  };
  return {
    ...(includes.includes("users") ? { users: named("user", ["requester_id", "assignee_id", "submitter_id"]) } : {}),
    ...(includes.includes("organizations") ? { organizations: named("organization", ["organization_id"]) } : {}),
  };
}

/** Without the side-load a comment is two flags. */
function withComments(event: Row, includes: readonly string[]): Row {
  if (includes.includes("comment_events")) return event;
  const children = event["child_events"] as readonly { readonly [field: string]: unknown }[];
  return {
    ...event,
    child_events: children.map((child) =>
      child["event_type"] === "Comment"
        ? { id: child["id"], comment_present: true, comment_public: child["public"] }
        : child,
    ),
  };
}

function ratings({ query }: SimRequest, store: ZendeskStore): readonly Row[] {
  const [from, to] = [Number(query.get("start_time") ?? 0), Number(query.get("end_time") ?? Infinity)];
  return store.all("rating").filter((rating) => {
    const createdS = seconds(new Date(String(rating["created_at"])));
    return createdS >= from && createdS <= to;
  });
}

function surveys({ query }: SimRequest, store: ZendeskStore): readonly Row[] {
  const from = Number(query.get("filter[created_at_start]") ?? 0);
  return store.all("survey").filter((response) => {
    const [answer] = response["answers"] as readonly { readonly created_at: string }[];
    return answer !== undefined && seconds(new Date(answer.created_at)) >= from;
  });
}

function count(value: number, now: Date): SimAnswer {
  return ok({ count: { value, refreshed_at: isoTime(now) } });
}

function searchCount({ query }: SimRequest, store: ZendeskStore): SimAnswer {
  const status = /^type:ticket status:(\w+)$/.exec(query.get("query") ?? "")?.[1];
  return ok({ count: store.all("ticket").filter((ticket) => ticket["status"] === status).length });
}

function visitor(): object {
  return { id: null, name: "Anonymous user", email: "invalid@example.com", role: "end-user" };
}

function isActive(user: Row): boolean {
  return user["active"] === true;
}

function isThere(row: Row): boolean {
  return (row["deleted_at"] ?? null) === null;
}

function isUndeleted(ticket: Row): boolean {
  return ticket["status"] !== "deleted";
}

function undeleted(ticket: Row | undefined): Row | undefined {
  return ticket !== undefined && isUndeleted(ticket) ? ticket : undefined;
}
