import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { ok, refusal, sparse } from "./answers.ts";
import type { BulkCalls } from "./bulk.ts";
import { answerEvents, type EventLogOptions } from "./event-log.ts";
import { naiveTime } from "./format.ts";
import { ACTIVITY_KINDS, answerList, LISTS, readPaging, wholeLead, type ListOptions } from "./lists.ts";
import type { CloseObject } from "./objects.ts";
import { activityReport, funnelTotals, listMetrics, statusReport, type ReportOptions } from "./reports.ts";
import { answerSearch } from "./search.ts";
import { timeOf, type CloseStore } from "./store.ts";
import type { Webhooks } from "./webhooks.ts";

/** Who asks. */
export type Caller = {
  readonly userId: string;
  readonly role: "admin" | "user" | "restricteduser";
  /** Path families that this caller may not use: `activity/call`. */
  readonly denied: ReadonlySet<string>;
};

export type RouteContext = ListOptions &
  ReportOptions &
  Omit<EventLogOptions, "isAdmin"> & {
    readonly caller: Caller;
    readonly webhooks: Webhooks;
    readonly bulk: BulkCalls | null;
  };

/** Answers `/api/v1/…`; `path` is without that and without slashes around it. */
export function answerRoute(path: string, request: SimRequest, context: RouteContext): SimAnswer {
  const { caller, store } = context;
  if ([...caller.denied].some((family) => path === family || path.startsWith(`${family}/`))) {
    return refusal(403, "You do not have permission to do this.");
  }
  const [family, id] = split(path);
  if (family === "webhook") return webhookRoute(id, request, context.webhooks);
  if (request.method === "POST") return postRoute(path, request, context);
  if (request.method !== "GET") return refusal(405, "Method not allowed");
  const list = LISTS.find((one) => one.path === family);
  if (list !== undefined && id !== undefined) return oneObject(store, list.kind, id, context.sees);
  if (list?.kind === "call" && context.bulk !== null) return context.bulk.answer(request, context.maxSkip);
  if (list !== undefined) return answerList(list, request, context);
  return setupRoute(family, id, request, context);
}

/** The family of a path, and the id after it, if there is one. */
function split(path: string): readonly [string, string | undefined] {
  const parts = path.split("/");
  const last = parts.at(-1) ?? "";
  return /_[A-Za-z0-9]{16,}$/.test(last) ? [parts.slice(0, -1).join("/"), last] : [path, undefined];
}

function oneObject(
  store: CloseStore,
  kind: (typeof LISTS)[number]["kind"],
  id: string,
  sees: (row: CloseObject) => boolean,
): SimAnswer {
  const found = store.get(kind, id);
  if (found === undefined || !sees(found)) return refusal(404, "Not found");
  return ok(kind === "lead" ? wholeLead(found, store) : found);
}

function postRoute(path: string, request: SimRequest, context: RouteContext): SimAnswer {
  switch (path) {
    case "data/search":
      return answerSearch(request, context);
    case "report/activity":
      return activityReport(request, context);
    case "report/funnel/opportunity/totals":
      return funnelTotals(request, context);
    default:
      return refusal(404, "Not found");
  }
}

function webhookRoute(id: string | undefined, request: SimRequest, webhooks: Webhooks): SimAnswer {
  if (id === undefined) return request.method === "POST" ? webhooks.create(request) : webhooks.list();
  if (request.method === "PUT") return webhooks.update(id, request);
  return request.method === "DELETE" ? webhooks.remove(id) : webhooks.get(id);
}

function setupRoute(family: string, id: string | undefined, request: SimRequest, context: RouteContext): SimAnswer {
  const { setup } = context.store;
  if (family.startsWith("custom_field/")) {
    const fields = setup.customFields[family.slice("custom_field/".length)];
    return fields === undefined ? refusal(404, "Not found") : shortList(fields, request, 100);
  }
  switch (family) {
    case "me":
      return ok(me(context));
    case "organization":
      return id === setup.organizationId
        ? ok(sparse(organization(context), request.query.get("_fields")))
        : refusal(404, "Not found");
    case "user":
      return shortList(setup.users, request, 1000);
    case "group":
      return id === undefined ? groupList(context, request) : oneGroup(context, id);
    case "pipeline":
      return shortList(setup.pipelines, request, 100);
    case "outcome":
      return shortList(setup.outcomes, request, 100);
    case "custom_activity":
      return shortList(setup.customActivityTypes, request, 100);
    case "status/lead":
      return shortList(setup.leadStatuses, request, 100);
    case "status/opportunity":
      return shortList(opportunityStatuses(context), request, 100);
    case "activity":
      return allActivities(request, context);
    case "event":
      return answerEvents(request, { ...context, isAdmin: context.caller.role === "admin" });
    case "report/activity/metrics":
      return listMetrics();
    case "report/statuses/opportunity":
      return statusReport(request, context);
    default:
      return refusal(404, "Not found");
  }
}

function shortList(rows: readonly CloseObject[], request: SimRequest, maxLimit: number): SimAnswer {
  const paging = readPaging(request.query, maxLimit, 1_000_000);
  if ("status" in paging) return paging;
  const data = rows.slice(paging.skip, paging.skip + paging.limit);
  return ok({ data, has_more: paging.skip + paging.limit < rows.length });
}

/** Every type of activity, of one lead. */
function allActivities(request: SimRequest, context: RouteContext): SimAnswer {
  const leadId = request.query.get("lead_id");
  if (leadId === null) return refusal(400, "lead_id is needed here");
  const rows = ACTIVITY_KINDS.filter((kind) => kind !== "emailThread")
    .flatMap((kind) => context.store.newestFirst(kind))
    .filter((row) => row["lead_id"] === leadId && context.sees(row))
    .toSorted((a, b) => timeOf(b, "date_created") - timeOf(a, "date_created"));
  return shortList(rows, request, 100);
}

function opportunityStatuses({ store }: RouteContext): readonly CloseObject[] {
  return store.setup.pipelines.flatMap((pipeline) =>
    (pipeline["statuses"] as readonly CloseObject[]).map((status) => ({
      ...status,
      pipeline_id: pipeline.id,
      organization_id: store.setup.organizationId,
    })),
  );
}

/** The list does not tell members. */
function groupList({ store }: RouteContext, request: SimRequest): SimAnswer {
  return shortList(
    store.setup.groups.map(({ members: _members, ...group }) => group as CloseObject),
    request,
    100,
  );
}

function oneGroup({ store }: RouteContext, id: string): SimAnswer {
  const group = store.setup.groups.find((one) => one.id === id);
  return group === undefined ? refusal(404, "Not found") : ok(group);
}

function organization({ store, caller }: RouteContext): CloseObject {
  const { setup } = store;
  return {
    id: setup.organizationId,
    name: setup.organizationName,
    currency: setup.currency,
    date_created: naiveTime(setup.startedAt),
    date_updated: naiveTime(setup.startedAt),
    lead_statuses: setup.leadStatuses,
    pipelines: setup.pipelines,
    memberships: setup.users.map((user) => membership(user, caller, setup.organizationId)),
    inactive_memberships: setup.formerMemberships,
  };
}

function membership(user: CloseObject, caller: Caller, organizationId: string): CloseObject {
  const role = user.id === caller.userId ? caller.role : "user";
  return {
    id: `memb_${user.id.slice("user_".length)}`,
    user_id: user.id,
    user_full_name: `${String(user["first_name"])} ${String(user["last_name"])}`,
    user_email: user["email"],
    role_id: role,
    permissions_granted: role === "restricteduser" ? [] : ["view_all_leads"],
    organization_id: organizationId,
  };
}

function me(context: RouteContext): object {
  const { store, caller } = context;
  const user = store.setup.users.find((one) => one.id === caller.userId) ?? store.setup.users[0];
  const whole = organization(context);
  const { memberships: _memberships, inactive_memberships: _inactive, ...plain } = whole;
  return {
    ...user,
    organizations: [plain],
    memberships: user === undefined ? [] : [membership(user, caller, store.setup.organizationId)],
    email_accounts: [],
    phone_numbers: [],
  };
}
