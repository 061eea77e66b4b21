import { z } from "zod";
import { failedWith } from "../../core/base/errors.ts";
import { isObject, type JsonObject } from "../../core/base/json.ts";
import type { ClientContext, PullContext } from "../../core/connector/define.ts";
import type { Http } from "../../core/connector/http.ts";
import { classify, REFUSED } from "./errors.ts";
import { bucketOf, readLimit, startingLimits } from "./limits.ts";
import { authorize, baseUrlOf, type IntercomSettings } from "./settings.ts";

export type Rows = {
  readonly rows: readonly JsonObject[];
  readonly next: string | null;
  readonly total: number | null;
};

export type Filter = {
  readonly field: string;
  readonly operator: "=" | ">" | "<";
  readonly value: string | number;
};
export type Query = Filter | { readonly operator: "AND" | "OR"; readonly value: readonly Query[] };

export type Search = {
  readonly query: Query;
  readonly order: "ascending" | "descending";
  readonly perPage: number;
  readonly cursor: string | null;
};

/** Intercom's calls as the streams use them. Times are Unix seconds, ids text. */
export type IntercomClient = {
  me(): Promise<JsonObject>;
  admins(): Promise<readonly JsonObject[]>;
  teams(): Promise<readonly JsonObject[]>;
  /** By `updated_at`, without parts. */
  searchConversations(search: Search): Promise<Rows>;
  /** With its parts: the 500 newest of them. */
  conversation(id: string): Promise<JsonObject>;
  /** By `updated_at`. Dates of contacts are compared by calendar days of the workspace. */
  searchContacts(search: Search): Promise<Rows | "cursor_refused">;
  contact(id: string): Promise<JsonObject>;
  /** From page 1 on. Ends with `intercom.companies.page_limit` beyond 10,000. */
  companies(page: number, perPage: number): Promise<Rows & { readonly isLast: boolean }>;
  /** All of them, however many; one reader of a workspace at a time. */
  scrollCompanies(param: string | null): Promise<Rows>;
  company(id: string): Promise<JsonObject>;
};

/** What a stream is pulled with. */
export type IntercomPull = PullContext<IntercomSettings, IntercomClient>;

const object = z.custom<JsonObject>(isObject, "an object");
const rows = z.array(object);
const pages = z
  .looseObject({
    /** Null on the last page; an address where pages have numbers. */
    next: z.union([z.looseObject({ starting_after: z.string().nullish() }), z.string()]).nullish(),
    total_pages: z.number().nullish(),
  })
  .nullish();
const total = z.number().nullish();
const conversationList = z.looseObject({ conversations: rows, pages, total_count: total });
const dataList = z.looseObject({ data: rows, pages, total_count: total });
const scrollList = z.looseObject({ data: rows, scroll_param: z.string().nullish(), total_count: total });
const adminList = z.looseObject({ admins: rows });
const teamList = z.looseObject({ teams: rows });

const TIMEOUT_MS = 60_000;

export function createIntercomClient({ http, settings }: ClientContext<IntercomSettings>): IntercomClient {
  const api: Http = http({
    vendor: "intercom",
    baseUrl: baseUrlOf(settings),
    authorize,
    timeoutMs: TIMEOUT_MS,
    bucketOf,
    limits: startingLimits(settings.requests_per_minute),
    readLimit,
    classify,
  });
  const get = (path: string, params = {}): Promise<JsonObject> => api.request({ path, params, schema: object });

  return {
    me: () => get("me"),
    admins: async () => (await api.request({ path: "admins", schema: adminList })).admins,
    teams: async () => (await api.request({ path: "teams", schema: teamList })).teams,
    async searchConversations(search) {
      const path = "conversations/search";
      const body = searchBody(search);
      const found = await api.request({ method: "POST", path, body, isSafe: true, schema: conversationList });
      return { rows: found.conversations, next: cursorOf(found.pages), total: found.total_count ?? null };
    },
    conversation: (id) => get(`conversations/${encodeURIComponent(id)}`, { display_as: "plaintext" }),
    async searchContacts(search) {
      const body = searchBody(search);
      try {
        const path = "contacts/search";
        const found = await api.request({ method: "POST", path, body, isSafe: true, schema: dataList });
        return { rows: found.data, next: cursorOf(found.pages), total: found.total_count ?? null };
      } catch (error) {
        if (search.cursor !== null && failedWith(error, REFUSED)) return "cursor_refused";
        throw error;
      }
    },
    contact: (id) => get(`contacts/${encodeURIComponent(id)}`),
    async companies(page, perPage) {
      const params = { page, per_page: perPage };
      const path = "companies/list";
      const found = await api.request({ method: "POST", path, params, isSafe: true, schema: dataList });
      const isLast = found.data.length === 0 || page >= (found.pages?.total_pages ?? page);
      return { rows: found.data, next: null, total: found.total_count ?? null, isLast };
    },
    async scrollCompanies(param) {
      const params = param === null ? {} : { scroll_param: param };
      const found = await api.request({ path: "companies/scroll", params, schema: scrollList });
      return { rows: found.data, next: found.scroll_param ?? null, total: found.total_count ?? null };
    },
    company: (id) => get(`companies/${encodeURIComponent(id)}`),
  };
}

function searchBody({ query, order, perPage, cursor }: Search): JsonObject {
  return {
    query: jsonOf(query),
    // Not in the vendor's description of the search; every connector of the field relies on it.
    sort: { field: "updated_at", order },
    pagination: { per_page: perPage, ...(cursor === null ? {} : { starting_after: cursor }) },
  };
}

function jsonOf(query: Query): JsonObject {
  if ("field" in query) return { ...query };
  return { operator: query.operator, value: query.value.map(jsonOf) };
}

function cursorOf(found: z.infer<typeof pages>): string | null {
  const next = found?.next;
  return typeof next === "object" && next !== null ? (next.starting_after ?? null) : null;
}
