import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { NOT_FOUND, partial, problem, type Row, time } from "./format.ts";
import * as reports from "./reports.ts";
import type { MailchimpStore, SimCampaign } from "./store.ts";
import type { Webhooks } from "./webhooks.ts";

/** What nobody knows of the real thing can be set either way. */
export type Dial = {
  /** Whether `since_…` leaves out what is of that very second. */
  isSinceExclusive: boolean;
  /** Whether archived members are listed when no status is asked for. */
  listsArchived: boolean;
  /** Whether `email-activity` lists who did nothing. */
  listsIdle: boolean;
  /** At most so many rows a page, whatever was asked for. */
  mostRows: number;
  /** How long each answer takes: what is open at once counts. */
  latencyMs: number;
};

export type Desk = { readonly store: MailchimpStore; readonly webhooks: Webhooks; readonly dial: Dial };

const LINKS = [
  { rel: "self", href: "https://us6.api.mailchimp.com/3.0/", method: "GET", targetSchema: "", schema: "" },
];
/** What is more than this is refused; the real answer is unverified. */
const MOST_COUNT = 1000;

/** @param path below `/3.0/`, without slashes at its ends. */
export function answerRoute(path: string, request: SimRequest, desk: Desk): SimAnswer | Promise<SimAnswer> {
  const [family = "", id, part, sub] = path.split("/").map(decodeURIComponent);
  const { method } = request;
  if (part === "webhooks" && family === "lists") return hooks(id ?? "", sub, request, desk);
  if (method !== "GET")
    return problem(405, "Method Not Allowed", "The requested method and resource are not compatible.");
  if (path === "") return one({ ...desk.store.account, total_subscribers: subscribers(desk) }, request);
  if (path === "ping") return { status: 200, body: { health_status: "Everything's Chimpy!" } };
  switch (family) {
    case "lists":
      return answerLists(id, part, sub, request, desk);
    case "campaigns":
      return answerCampaigns(id, request, desk);
    case "reports":
      return answerReports(id, part, sub, request, desk);
    default:
      return NOT_FOUND();
  }
}

function answerLists(
  id: string | undefined,
  part: string | undefined,
  hash: string | undefined,
  request: SimRequest,
  desk: Desk,
): SimAnswer {
  const { store } = desk;
  if (id === undefined) {
    const rows = [...store.lists.keys()].map((listId) => listOf(listId, desk));
    const constraints = { may_create: true, max_instances: 5, current_total_instances: rows.length };
    return page("lists", rows, request, desk, { constraints });
  }
  if (!store.lists.has(id)) return NOT_FOUND();
  if (part === undefined) return one(listOf(id, desk), request);
  if (part !== "members") return NOT_FOUND();
  if (hash === undefined) return page("members", membersOf(id, request, desk), request, desk, { list_id: id });
  const member = store.member(id, hash);
  return member === undefined ? NOT_FOUND() : one(member, request);
}

function membersOf(listId: string, { query }: SimRequest, { store, dial }: Desk): readonly Row[] {
  const status = query.get("status");
  const rows = store.members(listId).filter((member) => {
    if (status === null ? member["status"] === "archived" && !dial.listsArchived : member["status"] !== status)
      return false;
    return isWithin(String(member["last_changed"]), query, "last_changed", dial);
  });
  const field = query.get("sort_field");
  if (field === null) return rows;
  const sorted = rows.toSorted((a, b) =>
    String(a[field]) < String(b[field]) ? -1 : String(a[field]) > String(b[field]) ? 1 : 0,
  );
  return query.get("sort_dir") === "DESC" ? sorted.toReversed() : sorted;
}

function listOf(listId: string, { store }: Desk): Row {
  const members = store.members(listId);
  const count = (status: string): number => members.filter((member) => member["status"] === status).length;
  const sent = [...store.campaigns.values()].filter((campaign) => campaign.listId === listId);
  const lastMs = Math.max(...sent.map((campaign) => campaign.sentAt.getTime()));
  const stats = {
    member_count: count("subscribed"),
    unsubscribe_count: count("unsubscribed"),
    cleaned_count: count("cleaned"),
    campaign_count: sent.length,
    campaign_last_sent: sent.length === 0 ? "" : time(new Date(lastMs)),
    merge_field_count: 5,
    avg_sub_rate: 80,
    avg_unsub_rate: 5,
    target_sub_rate: 12,
    open_rate: 31.4,
    click_rate: 3.9,
    last_sub_date: "",
    last_unsub_date: "",
  };
  return { ...store.lists.get(listId), stats };
}

function subscribers({ store }: Desk): number {
  const all = [...store.lists.keys()].flatMap((listId) => store.members(listId));
  return all.filter((member) => member["status"] === "subscribed").length;
}

/** Parts of A/B tests are in no list. */
function listed(request: SimRequest, { store, dial }: Desk): readonly SimCampaign[] {
  const sent = [...store.campaigns.values()].filter(
    (campaign) => campaign.partOf === null && isWithin(time(campaign.sentAt), request.query, "send_time", dial),
  );
  const sorted = sent.toSorted((a, b) => a.sentAt.getTime() - b.sentAt.getTime());
  const isAscending = request.query.get("sort_dir") === "ASC" || request.query.get("sort_field") === null;
  return isAscending ? sorted : sorted.toReversed();
}

function answerCampaigns(id: string | undefined, request: SimRequest, desk: Desk): SimAnswer {
  const { store } = desk;
  if (id !== undefined) {
    const campaign = store.campaigns.get(id);
    return campaign === undefined ? NOT_FOUND() : one(reports.campaignRow(campaign, nameOf(campaign, store)), request);
  }
  const status = request.query.get("status");
  const rows = status === null || status === "sent" ? listed(request, desk) : [];
  return page("campaigns", rows, request, desk, {}, (campaign) =>
    reports.campaignRow(campaign, nameOf(campaign, store)),
  );
}

function answerReports(
  id: string | undefined,
  part: string | undefined,
  hash: string | undefined,
  request: SimRequest,
  desk: Desk,
): SimAnswer {
  const { store, dial } = desk;
  const rowOf = (campaign: SimCampaign): Row => reports.reportRow(campaign, nameOf(campaign, store));
  if (id === undefined) return page("reports", listed(request, desk).toReversed(), request, desk, {}, rowOf);
  const campaign = store.campaigns.get(id);
  if (campaign === undefined) return NOT_FOUND();
  const since = request.query.get("since");
  const of = { campaign_id: id };
  switch (part) {
    case undefined:
      return one(rowOf(campaign), request);
    case "sub-reports": {
      const parts = [...store.campaigns.values()].filter((one) => one.partOf === id);
      return page("reports", parts, request, desk, of, rowOf);
    }
    case "open-details": {
      const { opens_total: total, proxy_excluded_opens: human } = rowOf(campaign)["opens"] as Row;
      const more = { ...of, total_opens: total, ...(human === undefined ? {} : { total_proxy_excluded_opens: human }) };
      return page("members", reports.openDetails(campaign, since), request, desk, more);
    }
    case "email-activity":
      return page("emails", reports.emailActivity(campaign, since, dial.listsIdle), request, desk, of);
    case "unsubscribed":
      if (hash !== undefined) return oneOf(reports.unsubscribed(campaign), hash, request);
      return page("unsubscribes", reports.unsubscribed(campaign), request, desk, of);
    case "sent-to":
      return page("sent_to", reports.sentTo(campaign), request, desk, of);
    default:
      return NOT_FOUND();
  }
}

function nameOf(campaign: SimCampaign, store: MailchimpStore): string {
  return String((store.lists.get(campaign.listId) as { readonly name: string } | undefined)?.name ?? "");
}

function hooks(
  listId: string,
  id: string | undefined,
  request: SimRequest,
  desk: Desk,
): SimAnswer | Promise<SimAnswer> {
  const { store, webhooks } = desk;
  if (!store.lists.has(listId)) return NOT_FOUND();
  if (request.method === "POST") return webhooks.create(listId, request);
  if (request.method === "DELETE") return webhooks.remove(listId, id ?? "");
  return page("webhooks", webhooks.list(listId), request, desk, { list_id: listId });
}

/** Of a campaign's list the row of one recipient. */
function oneOf(rows: readonly Row[], hash: string, request: SimRequest): SimAnswer {
  const row = rows.find((each) => each["email_id"] === hash);
  return row === undefined ? NOT_FOUND() : one(row, request);
}

function one(row: Row, request: SimRequest): SimAnswer {
  return { status: 200, body: partial({ ...row, _links: LINKS }, request.query) };
}

/** A part of a list. Rows are made for the page alone. */
function page<T>(
  name: string,
  rows: readonly T[],
  request: SimRequest,
  { dial }: Desk,
  more: Row = {},
  rowOf: (row: T) => Row = (row) => row as Row, // Rows already, where nothing is given.
): SimAnswer {
  const { query } = request;
  const [count, offset] = [Number(query.get("count") ?? 10), Number(query.get("offset") ?? 0)];
  if (!(count <= MOST_COUNT) || !(offset >= 0)) {
    const errors = [{ field: "count", message: `Must be at most ${MOST_COUNT}.` }];
    return problem(400, "Invalid Resource", "The resource submitted could not be validated.", { errors });
  }
  const shown = rows
    .slice(offset, offset + Math.min(count, dial.mostRows))
    .map((row) => ({ ...rowOf(row), _links: LINKS }));
  const body = { [name]: shown, ...more, total_items: rows.length, _links: LINKS };
  return { status: 200, body: partial(body, query) };
}

function isWithin(at: string, query: URLSearchParams, name: string, dial: Dial): boolean {
  const [since, before] = [query.get(`since_${name}`), query.get(`before_${name}`)];
  const ms = Date.parse(at);
  if (since !== null && (dial.isSinceExclusive ? ms <= Date.parse(since) : ms < Date.parse(since))) return false;
  return before === null || ms <= Date.parse(before);
}
