import type { Faults } from "../../_simulator/faults.ts";
import { offsetPage, readCursor, writeCursor } from "../../_simulator/paging.ts";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import type { DriftObject, DriftStore } from "./store.ts";

export type Dial = {
  /** Newer accounts page by links, older ones by `pagination`. */
  paging: "links" | "pagination";
  /** The vendor has both. */
  errorShape: "error" | "errors";
  /** Whether a 429 says how long to wait. */
  saysRetryAfter: boolean;
  /** How the service shows that it is gone (a closed one refuses connections); null: it is there. */
  gone: "410" | "404" | "html" | null;
  /** So many of the next requests get the page of whoever has bought it. */
  landingPages: number;
  /** Scopes that the token has not. */
  missingScopes: readonly string[];
};

export type RouteContext = {
  readonly store: DriftStore;
  readonly dial: Dial;
  readonly faults: Faults;
  readonly token: string;
};

export const SCOPES = ["conversation_read", "contact_read", "all_contact_read", "user_read", "account_read"];
const VENDOR = "https://driftapi.com";
const MESSAGES_PER_PAGE = 50;
const STATUS_IDS: { readonly [status: string]: string } = { open: "1", closed: "2", pending: "3" };

export function ok(body: unknown): SimAnswer {
  return { status: 200, body };
}

export function refusal(dial: Dial, status: number, type: string, message: string): SimAnswer {
  const error = { type, message };
  return { status, body: dial.errorShape === "error" ? { error } : { errors: [error] } };
}

type Route = {
  readonly path: RegExp;
  readonly scope: string;
  readonly answer: (context: RouteContext, request: SimRequest, id: string) => SimAnswer | null;
};

/** The connectors of the field ask for `/conversations` and `/users`, the documentation names the lists; both answer. */
const ROUTES: readonly Route[] = [
  { path: /^\/conversations(?:\/list)?$/, scope: "conversation_read", answer: listConversations },
  { path: /^\/conversations\/stats$/, scope: "conversation_read", answer: ({ store }) => ok(stats(store)) },
  { path: /^\/conversations\/(\d+)$/, scope: "conversation_read", answer: oneConversation },
  { path: /^\/conversations\/(\d+)\/messages$/, scope: "conversation_read", answer: listMessages },
  {
    path: /^\/contacts\/(\d+)$/,
    scope: "contact_read",
    answer: ({ store }, _, id) => one(store.contacts.get(Number(id))),
  },
  { path: /^\/users(?:\/list)?$/, scope: "user_read", answer: ({ store }) => ok({ data: [...store.users.values()] }) },
  { path: /^\/users\/(\d+)$/, scope: "user_read", answer: ({ store }, _, id) => one(store.users.get(Number(id))) },
  { path: /^\/users\/meetings\/org$/, scope: "user_read", answer: listMeetings },
  { path: /^\/accounts$/, scope: "account_read", answer: listAccounts },
];

export function answerRoute(request: SimRequest, context: RouteContext): SimAnswer {
  const { dial } = context;
  if (request.path === "/app/token_info" && request.method === "POST") return tokenInfo(request, context);
  for (const { path, scope, answer } of ROUTES) {
    const match = path.exec(request.path);
    if (match === null) continue;
    if (request.method !== "GET") return refusal(dial, 405, "method_not_allowed", "Only GET");
    if (dial.missingScopes.includes(scope)) return refusal(dial, 403, "permission_error", `The app lacks ${scope}`);
    const answered = answer(context, request, match[1] ?? "");
    if (answered !== null) return answered;
  }
  return refusal(dial, 404, "not_found_error", "Not found");
}

function one(object: DriftObject | undefined): SimAnswer | null {
  return object === undefined ? null : ok({ data: object });
}

/** A single conversation says its organization, one in the list does not. */
function oneConversation({ store }: RouteContext, _request: SimRequest, id: string): SimAnswer | null {
  const found = store.conversations.get(Number(id));
  return found === undefined ? null : ok({ data: { orgId: store.orgId, ...found } });
}

/** Both ways to page count rows from the top: a row that changes meanwhile moves up there and pushes the others down. */
function listConversations(context: RouteContext, { query }: SimRequest): SimAnswer {
  const { store, dial, faults } = context;
  const limit = Number(query.get("limit") ?? 25);
  const most = dial.paging === "links" ? 100 : 50;
  if (!(limit >= 1 && limit <= most)) return refusal(dial, 400, "validation_error", `limit is 1 to ${most}`);
  const token = query.get("page_token");
  const place = token === null || token === "" ? Number(query.get("next") ?? 0) : readCursor(token);
  if (typeof place !== "number" || Number.isNaN(place))
    return refusal(dial, 400, "validation_error", "page_token is not valid");
  const wanted = query.getAll("statusId");
  const rows = store.latestFirst().filter((row) => {
    const status = STATUS_IDS[String(row["status"])];
    // What a playbook has sent has no status id; it comes whichever is asked for.
    return wanted.length === 0 || status === undefined || wanted.includes(status);
  });
  const { data, hasMore } = offsetPage(rows, place, limit);
  const page = disordered(data, faults);
  if (dial.paging === "pagination") {
    return ok({ data: page, pagination: hasMore ? { more: true, next: place + limit } : { more: false } });
  }
  // The link names the vendor's host, whichever was asked.
  const link = (at: number): string => `${VENDOR}/conversations/list?page_token=${writeCursor(at)}`;
  return ok({ data: page, links: { self: link(place), ...(hasMore ? { next: link(place + limit) } : {}) } });
}

function disordered(page: readonly DriftObject[], faults: Faults): readonly DriftObject[] {
  const twice = faults.strikes("duplicate", "GET /conversations/list") ? [...page, ...page.slice(0, 1)] : page;
  return faults.strikes("reorder", "GET /conversations/list") ? twice.toReversed() : twice;
}

function listMessages({ store }: RouteContext, { query }: SimRequest, id: string): SimAnswer | null {
  const messages = store.messages.get(Number(id));
  if (messages === undefined) return null;
  const place = Number(query.get("next") ?? 0);
  const { data, hasMore } = offsetPage(messages, place, MESSAGES_PER_PAGE);
  const pagination = hasMore ? { more: true, next: place + MESSAGES_PER_PAGE } : { more: false };
  return ok({ data: { messages: data }, pagination });
}

function listMeetings({ store }: RouteContext, { query }: SimRequest): SimAnswer {
  const from = Number(query.get("min_start_time") ?? 0);
  const to = Number(query.get("max_start_time") ?? Number.MAX_SAFE_INTEGER);
  const rows = [...store.meetings.values()].filter(
    ({ slotStart }) => Number(slotStart) >= from && Number(slotStart) <= to,
  );
  return ok({ data: rows });
}

function listAccounts({ store, dial }: RouteContext, { query }: SimRequest): SimAnswer {
  const size = Number(query.get("size") ?? 10);
  if (!(size >= 1 && size <= 100)) return refusal(dial, 400, "validation_error", "size is 1 to 100");
  const index = Number(query.get("index") ?? 0);
  const { data, hasMore } = offsetPage([...store.accounts.values()], index, size);
  const next = hasMore ? { next: `${VENDOR}/accounts?index=${index + size}&size=${size}` } : {};
  return ok({ data: { accounts: data, ...next } });
}

function stats(store: DriftStore): object {
  const count = (status: string): number => store.latestFirst().filter((row) => row["status"] === status).length;
  return { conversationCount: { OPEN: count("open"), CLOSED: count("closed"), PENDING: count("pending") } };
}

function tokenInfo(request: SimRequest, { store, dial, token }: RouteContext): SimAnswer {
  const asked: unknown = JSON.parse(request.body.toString("utf8") || "{}");
  const given = (asked as { readonly access_token?: unknown }).access_token;
  if (typeof given !== "string") return refusal(dial, 400, "validation_error", "access_token is needed");
  return ok({
    access_token: given,
    authenticated_userid: `orgId:${store.orgId}`,
    credential_id: "simulated",
    token_type: "bearer",
    expires_in: given === token ? 0 : 7_200_000,
    created_at: 0,
    scope: SCOPES.filter((scope) => !dial.missingScopes.includes(scope)).join(" "),
    id: "simulated",
  });
}
