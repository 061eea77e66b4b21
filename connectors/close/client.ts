import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { fieldOf, isObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { ClientContext } from "../../core/connector/define.ts";
import type { Http, HttpRequest } from "../../core/connector/http.ts";
import { classify } from "./errors.ts";
import { bucketOf, readLimit, startingLimits } from "./limits.ts";
import { authorize, type CloseSettings } from "./settings.ts";
import { closeInstant, filterTime } from "./time.ts";

export type Params = NonNullable<HttpRequest["params"]>;

/** A row as Close sent it; only its id is certain. */
export type CloseRow = JsonObject & { readonly id: string };

export type ListPage = { readonly data: readonly CloseRow[]; readonly hasMore: boolean; readonly envelope: JsonObject };
export type EventPage = { readonly data: readonly CloseRow[]; readonly next: string | null };
export type SearchPage = { readonly data: readonly CloseRow[]; readonly cursor: string | null };

export type SearchQuery = {
  readonly objectType: "lead" | "contact";
  readonly fields: readonly string[];
  /** Inclusive; null: from the beginning. */
  readonly updatedFrom: Date | null;
  readonly limit: number;
  readonly cursor: string | null;
};

export type Account = {
  readonly id: string;
  readonly name: string;
  /** Nothing but imported or synced history is older. */
  readonly startedAt: Date;
  /** `GET /me/` as it came. */
  readonly me: JsonObject;
};

/** Close's calls as the streams use them. Paths have no leading slash and end in one, as every documented path does. */
export type CloseClient = {
  /** One page of an offset-paged list. */
  list(path: string, params: Params): Promise<ListPage>;
  /**
   * Every row of a short list.
   *
   * @param limit rows a page; null for lists that are documented without paging and come whole.
   */
  listAll(path: string, limit: number | null, params?: Params): Promise<readonly CloseRow[]>;
  /** One object. */
  get(path: string, params?: Params): Promise<JsonObject>;
  /** A page of the event log, newest first. */
  events(params: Params): Promise<EventPage>;
  /** Leads or contacts by `date_updated`, oldest first. */
  search(query: SearchQuery): Promise<SearchPage>;
  /** A POST that only reads (a report). */
  ask(path: string, body: JsonObject): Promise<JsonObject>;
  subscribe(url: string, events: readonly { object_type: string; action: string }[]): Promise<JsonObject>;
  unsubscribe(subscriptionId: string): Promise<void>;
  /** The organization that the credentials belong to; read once for a client. */
  account(): Promise<Account>;
  /** Of the opportunity and shared custom fields, read once for a client: name → id. */
  fieldIdsByName(): Promise<ReadonlyMap<string, string>>;
};

const object = z.custom<JsonObject>(isObject, "an object");
const row = z.custom<CloseRow>((value) => isObject(value) && typeof value["id"] === "string", "an object with an id");
const listAnswer = z.looseObject({ data: z.array(row), has_more: z.boolean().default(false) });
const eventAnswer = z.object({ data: z.array(row), cursor_next: z.string().nullish() });
const searchAnswer = z.object({ data: z.array(row), cursor: z.string().nullish() });

const meAnswer = z.looseObject({
  organizations: z
    .array(z.looseObject({ id: z.string(), name: z.string().nullish(), date_created: z.string().nullish() }))
    .min(1),
});

/** Close began in January 2013; nothing of an account is older. */
const CLOSE_BEGAN = new Date("2013-01-01T00:00:00Z");

/** Read time-outs of 5 and 10 s broke on heavy pages, 30 s did not. singer-io/tap-closeio. */
const TIMEOUT_MS = 30_000;

export function createCloseClient({ http, settings }: ClientContext<CloseSettings>): CloseClient {
  const api: Http = http({
    vendor: "close",
    baseUrl: settings.base_url.endsWith("/") ? settings.base_url : `${settings.base_url}/`,
    authorize,
    timeoutMs: TIMEOUT_MS,
    bucketOf,
    limits: startingLimits(settings.requests_per_second),
    readLimit,
    classify,
  });
  let account: Promise<Account> | null = null;
  let fieldIds: Promise<ReadonlyMap<string, string>> | null = null;

  async function list(path: string, params: Params): Promise<ListPage> {
    const answer = await api.request({ path, params, schema: listAnswer });
    const { data, has_more: hasMore, ...envelope } = answer;
    // What came as JSON.
    return { data, hasMore, envelope: envelope as JsonObject };
  }

  async function listAll(path: string, limit: number | null, params: Params = {}): Promise<readonly CloseRow[]> {
    if (limit === null) return (await list(path, params)).data;
    const rows: CloseRow[] = [];
    for (;;) {
      const page = await list(path, { ...params, _limit: limit, _skip: rows.length });
      rows.push(...page.data);
      if (!page.hasMore || page.data.length === 0) return rows;
    }
  }

  return {
    list,
    listAll,
    get: (path, params = {}) => api.request({ path, params, schema: object }),
    async events(params) {
      const answer = await api.request({ path: "event/", params, schema: eventAnswer });
      return { data: answer.data, next: answer.cursor_next ?? null };
    },
    async search(query) {
      const body = searchBody(query);
      const answer = await api.request({
        method: "POST",
        path: "data/search/",
        body,
        isSafe: true,
        schema: searchAnswer,
      });
      return { data: answer.data, cursor: answer.cursor ?? null };
    },
    ask: (path, body) => api.request({ method: "POST", path, body, isSafe: true, schema: object }),
    subscribe: (url, events) =>
      api.request({ method: "POST", path: "webhook/", body: { url, events, verify_ssl: true }, schema: object }),
    async unsubscribe(id) {
      await api.request({ method: "DELETE", path: `webhook/${encodeURIComponent(id)}/` });
    },
    account() {
      account ??= api.request({ path: "me/", schema: meAnswer }).then(accountOf);
      return account;
    },
    fieldIdsByName() {
      fieldIds ??= readFieldIds(listAll);
      return fieldIds;
    },
  };
}

function accountOf(me: z.infer<typeof meAnswer>): Account {
  const organization = me.organizations[0];
  if (organization === undefined) throw new RangeError("the schema asks for one organization at least");
  return {
    id: organization.id,
    name: organization.name ?? organization.id,
    startedAt: closeInstant(organization.date_created) ?? CLOSE_BEGAN,
    me: me as JsonObject, // It came as JSON.
  };
}

async function readFieldIds(listAll: CloseClient["listAll"]): Promise<ReadonlyMap<string, string>> {
  const byName = new Map<string, string>();
  for (const [path, limit] of [
    ["custom_field/shared/", null],
    ["custom_field/opportunity/", 100],
  ] as const) {
    for (const field of await listAll(path, limit)) {
      if (typeof field["name"] === "string") byName.set(field["name"], field.id);
    }
  }
  return byName;
}

/** developer.close.com, "Advanced Filtering"; `sort` as Airbyte's connector sends it. */
function searchBody({ objectType, fields, updatedFrom, limit, cursor }: SearchQuery): JsonObject {
  const field = { type: "regular_field", object_type: objectType, field_name: "date_updated" };
  const isObjectType = { type: "object_type", object_type: objectType };
  const isUpdated = {
    type: "field_condition",
    field,
    condition: {
      type: "moment_range",
      on_or_after: { type: "fixed_utc", value: updatedFrom === null ? null : filterTime(updatedFrom) },
    },
  };
  return {
    query: { type: "and", negate: false, queries: updatedFrom === null ? [isObjectType] : [isObjectType, isUpdated] },
    _fields: { [objectType]: [...fields] },
    sort: [{ direction: "asc", field }],
    results_limit: null,
    _limit: limit,
    cursor,
  };
}

/** A record's id, which is what Close knows it by. */
export function idOf(record: Json): string {
  const id = fieldOf(record, "id");
  if (typeof id === "string") return id;
  throw new TributaryError({
    code: "close.record.no_id",
    kind: "contract",
    message: "Close sent a record without an id.",
    mend: "Report it: the connector expects an id on everything.",
  });
}
