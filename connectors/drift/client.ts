import { z } from "zod";
import { failedWith } from "../../core/base/errors.ts";
import { isObject, type JsonObject } from "../../core/base/json.ts";
import type { ClientContext, PullContext } from "../../core/connector/define.ts";
import type { Http } from "../../core/connector/http.ts";
import { classify, REFUSED } from "./errors.ts";
import { authorize, type DriftSettings } from "./settings.ts";

export type RowPage = { readonly rows: readonly JsonObject[]; readonly next: string | null };

/**
 * Drift's calls as the streams use them. Ids are the numbers that Drift gives, as text (a webhook delivery may hold anything in their place);
 * times are Unix milliseconds.
 */
export type DriftClient = {
  /** A page of conversations, latest change first, without their messages. */
  conversations(cursor: string | null): Promise<RowPage | "cursor_refused">;
  conversation(id: string): Promise<JsonObject>;
  /** All of them, oldest page first. */
  messages(conversationId: string): Promise<readonly JsonObject[]>;
  contact(id: string): Promise<JsonObject>;
  /** People and bots, all at once. */
  users(): Promise<readonly JsonObject[]>;
  accounts(index: string): Promise<RowPage>;
  /** Booked meetings that start from `from` to `to`. */
  meetings(from: Date, to: Date): Promise<readonly JsonObject[]>;
  stats(): Promise<JsonObject>;
  /** Whose token it is, and what it may do. */
  tokenInfo(): Promise<JsonObject>;
};

/** What a stream is pulled with. */
export type DriftPull = PullContext<DriftSettings, DriftClient>;

const object = z.custom<JsonObject>(isObject, "an object");
const rows = z.array(object);
const one = z.looseObject({ data: object });
const many = z.looseObject({ data: rows });
/** Newer accounts get `links.next`, older ones `pagination`; `next` is a number or a text. */
const more = {
  links: z.looseObject({ next: z.string().nullish() }).nullish(),
  pagination: z
    .looseObject({ more: z.boolean().nullish(), next: z.union([z.string(), z.number()]).nullish() })
    .nullish(),
};
const conversationPage = z.looseObject({ data: rows, ...more });
const messagePage = z.looseObject({ data: z.looseObject({ messages: rows }), ...more });
const accountPage = z.looseObject({ data: z.looseObject({ accounts: rows, next: z.string().nullish() }) });

/** Both documented maxima: 100 on the newer page, 50 on the older one. */
const CONVERSATIONS_PER_PAGE = 50;
/** The older description allows 65, the newer page 100. */
export const ACCOUNTS_PER_PAGE = 65;
/** Open, closed, pending. */
const STATUSES = ["1", "2", "3"];
const TIMEOUT_MS = 30_000;
const BUCKET = "api";

export function createDriftClient({ http, settings, credentials }: ClientContext<DriftSettings>): DriftClient {
  const perSecond = settings.requests_per_second;
  const api: Http = http({
    vendor: "drift",
    baseUrl: settings.base_url.endsWith("/") ? settings.base_url : `${settings.base_url}/`,
    authorize,
    timeoutMs: TIMEOUT_MS,
    bucketOf: () => BUCKET,
    limits: { [BUCKET]: { capacity: Math.max(1, Math.floor(perSecond)), refillPerS: perSecond } },
    // Drift has no headers that say what is left.
    readLimit: () => null,
    classify,
  });

  return {
    async conversations(cursor) {
      const place = cursor === null ? { page_token: "" } : readPlace(cursor);
      const params = { limit: CONVERSATIONS_PER_PAGE, statusId: STATUSES, ...place };
      try {
        const page = await api.request({ path: "conversations/list", params, schema: conversationPage });
        return { rows: page.data, next: page.data.length === 0 ? null : nextPlace(page, cursor) };
      } catch (error) {
        if (cursor !== null && failedWith(error, REFUSED)) return "cursor_refused";
        throw error;
      }
    },
    conversation: async (id) =>
      (await api.request({ path: `conversations/${encodeURIComponent(id)}`, schema: one })).data,
    async messages(conversationId) {
      const all: JsonObject[] = [];
      for (let cursor: string | null = null; ;) {
        const params = cursor === null ? {} : readPlace(cursor);
        const path = `conversations/${encodeURIComponent(conversationId)}/messages`;
        const page: z.infer<typeof messagePage> = await api.request({ path, params, schema: messagePage });
        all.push(...page.data.messages);
        cursor = page.data.messages.length === 0 ? null : nextPlace(page, cursor);
        if (cursor === null) return all;
      }
    },
    contact: async (id) => (await api.request({ path: `contacts/${encodeURIComponent(id)}`, schema: one })).data,
    users: async () => (await api.request({ path: "users/list", schema: many })).data,
    async accounts(index) {
      const params = { index, size: ACCOUNTS_PER_PAGE };
      const { accounts, next } = (await api.request({ path: "accounts", params, schema: accountPage })).data;
      const following = next ? parameterOf(next, "index") : null;
      return { rows: accounts, next: accounts.length === 0 || following === index ? null : following };
    },
    async meetings(from, to) {
      const params = { min_start_time: from.getTime(), max_start_time: to.getTime() };
      return (await api.request({ path: "users/meetings/org", params, schema: many })).data;
    },
    stats: () => api.request({ path: "conversations/stats", schema: object }),
    async tokenInfo() {
      const { access_token: token } = await credentials.current();
      const body = { access_token: token ?? "" };
      return api.request({ method: "POST", path: "app/token_info", body, isSafe: true, schema: object });
    },
  };
}

type Place = { readonly page_token: string } | { readonly next: string };

/** A cursor is the query that leads to the next page: `page_token=…` or `next=…`. */
function readPlace(cursor: string): Place {
  const query = new URLSearchParams(cursor);
  const token = query.get("page_token");
  return token === null ? { next: query.get("next") ?? "" } : { page_token: token };
}

/**
 * Only the token of a link is used: Drift's pages show links on either of its two hosts, whichever was asked. A page that leads to itself is
 * the last.
 */
function nextPlace(
  { links, pagination }: Pick<z.infer<typeof conversationPage>, "links" | "pagination">,
  cursor: string | null,
): string | null {
  const next = placeOf(links?.next, pagination);
  return next === cursor ? null : next;
}

function placeOf(
  link: string | null | undefined,
  pagination: z.infer<typeof conversationPage>["pagination"],
): string | null {
  if (link) {
    const token = parameterOf(link, "page_token");
    const next = parameterOf(link, "next");
    if (token !== null) return new URLSearchParams({ page_token: token }).toString();
    return next === null ? null : new URLSearchParams({ next }).toString();
  }
  if (pagination?.more !== true || pagination.next === null || pagination.next === undefined) return null;
  return new URLSearchParams({ next: String(pagination.next) }).toString();
}

function parameterOf(link: string, name: string): string | null {
  const base = "https://driftapi.com";
  return URL.canParse(link, base) ? new URL(link, base).searchParams.get(name) : null;
}
