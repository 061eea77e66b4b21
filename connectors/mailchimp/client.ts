import ApiClient from "@mailchimp/mailchimp_marketing/src/ApiClient.js";
import { TributaryError } from "../../core/base/errors.ts";
import { fieldOf, isObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { ClientContext } from "../../core/connector/define.ts";
import type { HttpOptions, LibraryCall, VendorAnswer } from "../../core/connector/http.ts";
import { apiAddress, givenAddress } from "./account.ts";
import { createRefusals } from "./errors.ts";
import type { MailchimpSettings } from "./settings.ts";

/** Query parameters under Mailchimp's own names. `fields` and `exclude_fields` are lists: the library throws over anything else. */
export type Query = {
  readonly [name: string]: string | number | readonly string[] | undefined;
  readonly fields?: readonly string[];
  readonly exclude_fields?: readonly string[];
};

/** A part of a list. `total`: how many rows match, whatever the part; null where Mailchimp did not say. */
export type ListPage = { readonly rows: readonly JsonObject[]; readonly total: number | null };

/** Mailchimp's calls as the streams use them. */
export type MailchimpClient = {
  /** `GET /`: whose credentials they are. */
  account(): Promise<JsonObject>;
  audiences(query: Query): Promise<ListPage>;
  members(listId: string, query: Query): Promise<ListPage>;
  member(listId: string, hash: string, query: Query): Promise<JsonObject>;
  campaigns(query: Query): Promise<ListPage>;
  campaign(id: string, query: Query): Promise<JsonObject>;
  reports(query: Query): Promise<ListPage>;
  report(id: string, query: Query): Promise<JsonObject>;
  /** Reports of the parts of an A/B test: they stand in no list. */
  subReports(campaignId: string, query: Query): Promise<ListPage>;
  opens(campaignId: string, query: Query): Promise<ListPage>;
  emailActivity(campaignId: string, query: Query): Promise<ListPage>;
  unsubscribes(campaignId: string, query: Query): Promise<ListPage>;
  unsubscribe(campaignId: string, hash: string, query: Query): Promise<JsonObject>;
  recipients(campaignId: string, query: Query): Promise<ListPage>;
  webhooks(listId: string): Promise<ListPage>;
  createWebhook(listId: string, body: JsonObject): Promise<JsonObject>;
  removeWebhook(listId: string, id: string): Promise<void>;
};

/**
 * Mailchimp ends a request itself after 120 s; one that we gave up earlier would go on holding one of the user's ten connections.
 * mailchimp.com/developer, "API limits".
 */
const TIMEOUT_MS = 125_000;

/** No quota is published; what counts is how many requests are open at once. The bucket is there for the pause after a refusal to be shared. */
const LIMITS: HttpOptions["limits"] = { account: { capacity: 100, refillPerS: 100 } };

type Answered = { readonly data: unknown; readonly response: { readonly headers: object; readonly text?: string } };

export function createMailchimpClient(context: ClientContext<MailchimpSettings>): MailchimpClient {
  const { settings, allowPrivateNetworks } = context;
  const given = settings.base_url === undefined ? null : givenAddress(settings.base_url, allowPrivateNetworks);
  const refusals = createRefusals();
  const options: HttpOptions = {
    vendor: "mailchimp",
    baseUrl: settings.login_url,
    authorize: ({ access_token: token }) => (typeof token === "string" ? { authorization: `OAuth ${token}` } : {}),
    timeoutMs: TIMEOUT_MS,
    bucketOf: () => "account",
    limits: LIMITS,
    readLimit: () => null,
    classify: refusals.classify,
  };
  const http = context.http(options);
  // Never the library's own: that one is shared by the whole process, and the key of one account would be sent for another.
  const api = new ApiClient();
  api.timeout = TIMEOUT_MS;
  let known: { readonly of: Json; readonly address: Promise<string> } | null = null;

  /** Asked for once for each token. */
  async function addressFor(): Promise<string> {
    if (given !== null) return given;
    const credentials = await context.credentials.current();
    const of = credentials["api_key"] ?? credentials["access_token"] ?? null;
    if (known?.of !== of) known = { of, address: apiAddress(credentials, http) };
    return known.address;
  }

  async function call(
    path: string,
    send: (api: ApiClient) => Promise<Answered>,
    method: LibraryCall<Json>["method"] = "GET",
  ): Promise<Json> {
    const address = await addressFor();
    const body = await http.call<Json>({
      method,
      path,
      async send(credentials) {
        api.basePath = address;
        // Without `server`: the library would put it in place of the first "server" anywhere in the address.
        api.setConfig(signIn(credentials));
        return bodyOf(await send(api));
      },
      answerOf,
    });
    refusals.passed();
    return body;
  }

  async function list(path: string, rows: string, send: (api: ApiClient) => Promise<Answered>): Promise<ListPage> {
    const body = await call(path, send);
    const found = fieldOf(body, rows);
    const total = fieldOf(body, "total_items");
    if (!Array.isArray(found)) throw unexpected(path, `${rows} is no list`);
    if (!found.every(isObject)) throw unexpected(path, `${rows} holds what is no object`);
    return { rows: found, total: typeof total === "number" ? total : null };
  }

  async function one(path: string, send: (api: ApiClient) => Promise<Answered>, method?: "POST"): Promise<JsonObject> {
    const body = await call(path, send, method);
    if (!isObject(body)) throw unexpected(path, "no object");
    return body;
  }

  return {
    account: () => one("/", ({ root }) => root.getRootWithHttpInfo({ exclude_fields: ["_links"] })),
    audiences: (query) => list("/lists", "lists", ({ lists }) => lists.getAllListsWithHttpInfo(query)),
    members: (id, query) =>
      list(`/lists/${id}/members`, "members", ({ lists }) => lists.getListMembersInfoWithHttpInfo(id, query)),
    // The hash is made of an address: it stays out of what is logged.
    member: (id, hash, query) =>
      one(`/lists/${id}/members/…`, ({ lists }) => lists.getListMemberWithHttpInfo(id, hash, query)),
    campaigns: (query) => list("/campaigns", "campaigns", ({ campaigns }) => campaigns.listWithHttpInfo(query)),
    campaign: (id, query) => one(`/campaigns/${id}`, ({ campaigns }) => campaigns.getWithHttpInfo(id, query)),
    reports: (query) => list("/reports", "reports", ({ reports }) => reports.getAllCampaignReportsWithHttpInfo(query)),
    report: (id, query) => one(`/reports/${id}`, ({ reports }) => reports.getCampaignReportWithHttpInfo(id, query)),
    subReports: (id, query) =>
      list(`/reports/${id}/sub-reports`, "reports", ({ reports }) =>
        reports.getSubReportsForCampaignWithHttpInfo(id, query),
      ),
    opens: (id, query) =>
      list(`/reports/${id}/open-details`, "members", ({ reports }) =>
        reports.getCampaignOpenDetailsWithHttpInfo(id, query),
      ),
    emailActivity: (id, query) =>
      list(`/reports/${id}/email-activity`, "emails", ({ reports }) =>
        reports.getEmailActivityForCampaignWithHttpInfo(id, query),
      ),
    unsubscribes: (id, query) =>
      list(`/reports/${id}/unsubscribed`, "unsubscribes", ({ reports }) =>
        reports.getUnsubscribedListForCampaignWithHttpInfo(id, query),
      ),
    unsubscribe: (id, hash, query) =>
      one(`/reports/${id}/unsubscribed/…`, ({ reports }) =>
        reports.getUnsubscribedListMemberWithHttpInfo(id, hash, query),
      ),
    recipients: (id, query) =>
      list(`/reports/${id}/sent-to`, "sent_to", ({ reports }) => reports.getCampaignRecipientsWithHttpInfo(id, query)),
    webhooks: (id) => list(`/lists/${id}/webhooks`, "webhooks", ({ lists }) => lists.getListWebhooksWithHttpInfo(id)),
    createWebhook: (id, body) =>
      one(`/lists/${id}/webhooks`, ({ lists }) => lists.createListWebhookWithHttpInfo(id, body), "POST"),
    async removeWebhook(id, webhookId) {
      const path = `/lists/${id}/webhooks/${webhookId}`;
      await call(path, ({ lists }) => lists.deleteListWebhookWithHttpInfo(id, webhookId), "DELETE");
    },
  };
}

function signIn({ api_key: apiKey, access_token: accessToken }: JsonObject): Parameters<ApiClient["setConfig"]>[0] {
  if (typeof apiKey === "string") return { apiKey };
  return typeof accessToken === "string" ? { accessToken } : {};
}

/** Of a status that says yes and a body that says nothing. */
class NotJson extends Error {
  readonly status = 200;
}

/** What was answered. The library gives the text in place of `{}`, and of anything that is no JSON. */
function bodyOf({ data }: Answered): Json {
  if (typeof data !== "string") return (data ?? null) as Json; // Parsed JSON, by the library.
  try {
    return JSON.parse(data) as Json;
  } catch {
    throw new NotJson("the answer is no JSON");
  }
}

/** What the library throws has the status and the answer; a broken connection, a time-out and broken JSON have neither. */
function answerOf(error: unknown): VendorAnswer | null {
  if (typeof error !== "object" || error === null) return null;
  const { status, response } = error as { readonly status?: unknown; readonly response?: unknown };
  if (typeof status !== "number") return null;
  const { headers, body, text } = (response ?? {}) as { headers?: object; body?: Json; text?: string };
  const isEmpty = body === null || body === undefined || (isObject(body) && Object.keys(body).length === 0);
  const named = Object.entries(headers ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return { status, headers: Object.fromEntries(named), body: isEmpty ? (text ?? "").slice(0, 2000) : body };
}

function unexpected(path: string, reason: string): TributaryError {
  return new TributaryError({
    code: "mailchimp.answer.unexpected",
    kind: "contract",
    message: `The answer to ${path} is not what Mailchimp documents: ${reason}.`,
    mend: "Report it with the run's number: Mailchimp's interface has changed, or something answers in its place.",
  });
}
