import nodeZendesk from "node-zendesk";
import { TributaryError } from "../../core/base/errors.ts";
import { fieldOf, isList, isObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { ClientContext } from "../../core/connector/define.ts";
import type { Http } from "../../core/connector/http.ts";
import { mismatch } from "../../core/connector/http-errors.ts";
import { classify } from "./errors.ts";
import { ACCOUNT, EXPORTS, readLimit, startingLimits } from "./limits.ts";
import { authorize, originOf, type ZendeskSettings } from "./settings.ts";

// The package is CommonJS that Node cannot see into: importing { createClient } type-checks and throws at run time.
const { createClient } = nodeZendesk;

export type Params = { readonly [name: string]: string | number | undefined };

/** Zendesk's calls as the streams use them. Paths start after `/api/v2/`. */
export type ZendeskClient = {
  /** Where the account is: `https://acme.zendesk.com`. */
  readonly origin: string;
  readonly subdomain: string;
  /** Whether the connection signs in by API token, which Zendesk is switching off. */
  signsInByToken(): Promise<boolean>;
  /** One answer, whole: with its cursors and side-loads. */
  get(path: string, params?: Params): Promise<JsonObject>;
  /** @returns the webhook with its id. */
  createWebhook(webhook: JsonObject): Promise<JsonObject>;
  deleteWebhook(webhookId: string): Promise<void>;
  signingSecretOf(webhookId: string): Promise<string | null>;
};

/** A page of 1,000 tickets with side-loads has been seen to take most of a minute. */
const TIMEOUT_MS = 90_000;

type LibraryRequest = { readonly method: string; readonly body?: string };

export function createZendeskClient(context: ClientContext<ZendeskSettings>): ZendeskClient {
  const { settings } = context;
  const origin = originOf(settings);
  const endpointUri = `${origin}/api/v2`;
  const request = createTransport(context, origin);
  const library = createClient({
    endpointUri,
    // Any text: the transport signs in with what the credentials are at that moment.
    oauth: true,
    token: "set by the transport",
    throwOriginalException: true,
    transportConfig: {
      transportFn: (uri: string, options: LibraryRequest) => request(uri, options),
      responseAdapter,
    },
  });

  return {
    origin,
    subdomain: settings.subdomain,
    async signsInByToken() {
      return typeof (await context.credentials.current())["api_token"] === "string";
    },
    async get(path, params = {}) {
      const url = new URL(`${endpointUri}/${path}`);
      for (const [name, value] of Object.entries(params)) {
        if (value !== undefined) url.searchParams.set(name, String(value));
      }
      // The one resource that gives answers whole; the others cut the envelope off, and the cursor with it. An absolute address is taken as
      // it is: no forced page size, no sticky side-loads, no `.json` added.
      const answer: unknown = await library.ticketexport.get(url.href);
      return resultOf(answer, "GET", path);
    },
    async createWebhook(webhook) {
      return resultOf(await library.webhooks.create({ webhook }), "POST", "webhooks");
    },
    async deleteWebhook(webhookId) {
      // What comes back is an Error that says there was no content.
      await library.webhooks.delete(encodeURIComponent(webhookId));
    },
    async signingSecretOf(webhookId) {
      const path = `webhooks/${encodeURIComponent(webhookId)}/signing_secret`;
      const result = resultOf(await library.webhooks.getSigningSecret(encodeURIComponent(webhookId)), "GET", path);
      const secret = fieldOf(fieldOf(result, "signing_secret"), "secret");
      return typeof secret === "string" ? secret : null;
    },
  };
}

/**
 * Carries the library's requests: by our HTTP, so that shared limits, retries, refreshed credentials and error kinds hold, and so that
 * every status that says no is thrown. Left to itself the library gives a 429, a 502 or a 504 out as a result and cuts lists short.
 */
function createTransport(
  { http, settings }: ClientContext<ZendeskSettings>,
  origin: string,
): (uri: string, request: LibraryRequest) => Promise<Json> {
  const common = {
    vendor: "zendesk",
    baseUrl: `${origin}/`,
    authorize,
    timeoutMs: TIMEOUT_MS,
    limits: startingLimits(settings),
    classify,
  };
  const account: Http = http({ ...common, bucketOf: () => ACCOUNT, readLimit });
  // Their answers carry the account's numbers, which say nothing about their own limit.
  const exports: Http = http({ ...common, bucketOf: () => EXPORTS, readLimit: () => null });
  return (uri, { method, body }) => {
    const url = new URL(uri);
    const isExport = url.pathname.includes("/incremental/");
    return (isExport ? exports : account).request<Json>({
      method: method === "POST" || method === "DELETE" ? method : "GET",
      // An address of another host stays absolute, and is refused there.
      path: url.origin === origin ? url.pathname.slice(1) : `${url.origin}${url.pathname}`,
      params: Object.fromEntries(url.searchParams),
      ...(body === undefined ? {} : { body: JSON.parse(body) as Json }),
    });
  };
}

/** What the library wants to see of an answer: by now it is JSON, and one that says yes. */
function responseAdapter(json: Json): object {
  return {
    json: () => Promise.resolve(json),
    status: 200,
    statusText: "OK",
    headers: { get: (name: string) => (name.toLowerCase() === "content-type" ? "application/json" : null) },
  };
}

/** The library puts an Error where a result belongs when there was no body: only an object is an answer. */
function resultOf(answer: unknown, method: string, path: string): JsonObject {
  const result = isObject(answer) ? answer["result"] : undefined;
  if (isObject(result) && !(result instanceof Error)) return result;
  throw mismatch("zendesk", method, path, "it is no object");
}

/** An id as text; null for what is none: absent, 0, or the webhooks' "0". Ids are integers below 2^53, or texts (webhooks, surveys). */
export function idText(value: Json | undefined): string | null {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return String(value);
  return typeof value === "string" && /^[A-Za-z0-9-]+$/.test(value) && value !== "0" ? value : null;
}

/** A record's id, which is what Zendesk knows it by. */
export function idOf(record: Json): string {
  const id = idText(fieldOf(record, "id"));
  if (id !== null) return id;
  throw new TributaryError({
    code: "zendesk.record_without_id",
    kind: "contract",
    message: "Zendesk sent a record without an id.",
    mend: "Report it: the connector expects an id on everything.",
  });
}

/** The objects of a list; anything else in it is passed over, and no list at all is a broken promise. */
export function rowsOf(answer: JsonObject, key: string, path: string): readonly JsonObject[] {
  const rows = answer[key];
  if (!isList(rows)) throw mismatch("zendesk", "GET", path, `${key}: not a list`);
  return rows.filter(isObject);
}
