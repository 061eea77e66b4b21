import { z } from "zod";
import type { Clock } from "../../core/base/clock.ts";
import { failedWith, TributaryError } from "../../core/base/errors.ts";
import { fieldOf, type Json, type JsonObject } from "../../core/base/json.ts";
import type { Day } from "../../core/base/time.ts";
import type { ClientContext } from "../../core/connector/define.ts";
import type { Http, HttpRequest } from "../../core/connector/http.ts";
import { classify, CURSOR_REFUSED, NOTHING_FOUND } from "./errors.ts";
import { authorize, baseUrlOf, type GongSettings } from "./settings.ts";

/** Days as Gong counts them; `to` is not among them. */
export type Days = { readonly from: Day; readonly to: Day };

export type ListPage = {
  readonly rows: readonly JsonObject[];
  /** Where the next page begins; null: this was the last one. */
  readonly cursor: string | null;
  /** How many there are by Gong's own word, those that it is still working on included; null where it does not say. */
  readonly total: number | null;
};

export const NO_ROWS: ListPage = { rows: [], cursor: null, total: 0 };

/** Gong's calls as the streams use them. An empty list is an empty page, not an error. */
export type GongClient = {
  readonly clock: Clock;
  users(cursor: string | null): Promise<ListPage>;
  /** Calls with parties and statistics, by the day of their start; of web conferences, of their scheduled start. In UTC. */
  calls(days: Days, cursor: string | null): Promise<ListPage>;
  /** The same of single calls; those that are gone, or not to be seen, are left out. */
  callsById(ids: readonly string[]): Promise<readonly JsonObject[]>;
  /** How many calls there are before an instant. */
  countCalls(before: Date): Promise<number>;
  transcripts(days: Days, cursor: string | null): Promise<ListPage>;
  /** What users did, by user and then by day, in the company's time zone. Only of days that are over. */
  activity(days: Days, cursor: string | null): Promise<ListPage>;
  scorecards(): Promise<ListPage>;
  /** Scorecards that were filled in, by the day of the review. */
  reviews(days: Days, cursor: string | null): Promise<ListPage>;
  workspaces(): Promise<ListPage>;
  /** Where the account answers. */
  address(): Promise<URL>;
};

/**
 * What is asked for of each call. No `media`: its address is signed anew for every answer, so that each call would look changed each time
 * (estuary/connectors, source-gong). No summaries, highlights or comments: they are what people said, and nothing here needs it.
 */
const CALL_FIELDS = {
  context: "Basic",
  exposedFields: {
    parties: true,
    content: { callOutcome: true, topics: true },
    interaction: { speakers: true, personInteractionStats: true, questions: true },
    media: false,
  },
} as const;

const records = z.looseObject({ totalRecords: z.int().nullish(), cursor: z.string().nullish() }).nullish();
const row = z.custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value));

/** Lists over long stretches have been slow: two minutes is what Gong's own gateway is said to allow (unverified). */
const TIMEOUT_MS = 120_000;
const BUCKET = "account";
/** Before Gong was founded. */
const BEGINNING = "2000-01-01T00:00:00Z";

type Question = Pick<HttpRequest, "method" | "params" | "body"> & { readonly path: string };

export function createGongClient({ http, settings, credentials, clock }: ClientContext<GongSettings>): GongClient {
  let opened: Promise<{ readonly api: Http; readonly baseUrl: string }> | null = null;

  /** The account's address may have come with the token, so it is known only when the credentials are. */
  function open(): NonNullable<typeof opened> {
    opened ??= credentials.current().then((current) => {
      const baseUrl = baseUrlOf(settings, current);
      const perSecond = settings.requests_per_second;
      return {
        baseUrl,
        api: http({
          vendor: "gong",
          baseUrl,
          authorize,
          timeoutMs: TIMEOUT_MS,
          bucketOf: () => BUCKET,
          limits: { [BUCKET]: { capacity: Math.max(1, Math.floor(perSecond)), refillPerS: perSecond } },
          // Gong's answers say nothing of the limit but a 429's `retry-after`.
          readLimit: () => null,
          classify,
        }),
      };
    });
    return opened;
  }

  async function list(key: string, question: Question): Promise<ListPage> {
    const { api } = await open();
    const schema = z.looseObject({ records, [key]: z.array(row).nullish() });
    try {
      // Every POST here only reads.
      const answer = await api.request<Readonly<Record<string, unknown>>>({ ...question, isSafe: true, schema });
      const rows = (answer[key] ?? []) as readonly JsonObject[]; // As the schema has just read it.
      const about = answer["records"] as z.infer<typeof records>;
      return { rows, cursor: about?.cursor || null, total: about?.totalRecords ?? null };
    } catch (error) {
      if (failedWith(error, NOTHING_FOUND)) return NO_ROWS;
      throw error;
    }
  }

  /** The cursor of a POST stands in its body, beside the filter: in the address it is passed over, and every page is the first. */
  function post(key: string, path: string, filter: JsonObject, more: JsonObject = {}): Promise<ListPage> {
    return list(key, { method: "POST", path, body: { ...more, filter } });
  }

  return {
    clock,
    users: (cursor) => list("users", { path: "v2/users", params: cursor === null ? {} : { cursor } }),
    calls: (days, cursor) =>
      post("calls", "v2/calls/extensive", instants(days), { ...at(cursor), contentSelector: CALL_FIELDS }),
    async callsById(callIds) {
      const { rows } = await post(
        "calls",
        "v2/calls/extensive",
        { callIds: [...callIds] },
        { contentSelector: CALL_FIELDS },
      );
      return rows;
    },
    async countCalls(before) {
      const params = { fromDateTime: BEGINNING, toDateTime: before.toISOString() };
      return (await list("calls", { path: "v2/calls", params })).total ?? 0;
    },
    transcripts: (days, cursor) => post("callTranscripts", "v2/calls/transcript", instants(days), at(cursor)),
    activity: (days, cursor) =>
      post(
        "usersDetailedActivities",
        "v2/stats/activity/day-by-day",
        { fromDate: days.from, toDate: days.to },
        at(cursor),
      ),
    scorecards: () => list("scorecards", { path: "v2/settings/scorecards" }),
    reviews: (days, cursor) =>
      post(
        "answeredScorecards",
        "v2/stats/activity/scorecards",
        { reviewFromDate: days.from, reviewToDate: days.to },
        at(cursor),
      ),
    workspaces: () => list("workspaces", { path: "v2/workspaces" }),
    address: async () => new URL((await open()).baseUrl),
  };
}

function at(cursor: string | null): JsonObject {
  return cursor === null ? {} : { cursor };
}

function instants({ from, to }: Days): JsonObject {
  return { fromDateTime: `${from}T00:00:00Z`, toDateTime: `${to}T00:00:00Z` };
}

export function isCursorRefused(error: unknown): boolean {
  return failedWith(error, CURSOR_REFUSED);
}

/** The value at a path of any record, null when there is none. */
export function valueAt(record: Json, ...path: readonly string[]): Json {
  let value = record;
  for (const name of path) {
    value = fieldOf(value, name);
  }
  return value;
}

/**
 * An id of Gong's: up to 20 digits, as text. As a number it has lost its last digits when it arrives here, and two calls would be one.
 *
 * @throws TributaryError `gong.record.no_id`
 */
export function idAt(record: Json, ...path: readonly string[]): string {
  const id = valueAt(record, ...path);
  if (typeof id === "string" && id !== "") return id;
  if (typeof id === "number" && Number.isSafeInteger(id)) return String(id);
  throw new TributaryError({
    code: "gong.record.no_id",
    kind: "contract",
    message: `Gong sent a record whose ${path.join(".")} is no id${typeof id === "number" ? ", but a number that is too large to be exact" : ""}.`,
    mend: "Report it: the connector expects ids as text on everything.",
  });
}
