import { createHash } from "node:crypto";
import { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import { dayOf } from "../../../core/base/time.ts";
import type { Faults } from "../../_simulator/faults.ts";
import { readCursor, writeCursor } from "../../_simulator/paging.ts";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { activityOf } from "./activity.ts";
import type { GongStore, SimCall } from "./store.ts";

export const PAGE_SIZE = 100;

/** What a request may do, by the scopes that Gong names. */
const ROUTES: { readonly [route: string]: { readonly scope: string; readonly answer: Route } } = {
  "GET /v2/users": { scope: "api:users:read", answer: users },
  "GET /v2/calls": { scope: "api:calls:read:basic", answer: basicCalls },
  "POST /v2/calls/extensive": { scope: "api:calls:read:extensive", answer: extensiveCalls },
  "POST /v2/calls/transcript": { scope: "api:calls:read:transcript", answer: transcripts },
  "POST /v2/stats/activity/day-by-day": { scope: "api:stats:user-actions:detailed", answer: activity },
  "POST /v2/stats/activity/scorecards": { scope: "api:stats:scorecards", answer: reviews },
  "GET /v2/settings/scorecards": { scope: "api:settings:scorecards:read", answer: scorecards },
  "GET /v2/workspaces": { scope: "api:workspaces:read", answer: workspaces },
};

export type RouteContext = {
  readonly store: GongStore;
  readonly faults: Faults;
  readonly now: Date;
  /** Scopes that the credentials lack. */
  readonly denied: ReadonlySet<string>;
  readonly cursorLifeMs: number;
  /** Fields that a call's or another record's document has beyond what Gong's has, by id. */
  readonly spoiled: ReadonlyMap<string, JsonObject>;
  readonly requestId: string;
};

type Route = (request: SimRequest, context: RouteContext) => SimAnswer;

export function answerRoute(request: SimRequest, context: RouteContext): SimAnswer {
  const route = ROUTES[`${request.method} ${request.path}`];
  if (route === undefined) return refusal(404, context, "Not found");
  if (context.denied.has(route.scope)) return refusal(403, context, `The required scope is missing: ${route.scope}`);
  return route.answer(request, context);
}

export function refusal(status: number, { requestId }: Pick<RouteContext, "requestId">, error: string): SimAnswer {
  return { status, body: { requestId, errors: [error] } };
}

const day = z.iso.date();
const instant = z.iso.datetime({ offset: true });
const cursorField = z.string().optional();
const callsBody = z.object({
  cursor: cursorField,
  filter: z.object({
    fromDateTime: instant.optional(),
    toDateTime: instant.optional(),
    callIds: z.array(z.string()).optional(),
  }),
  contentSelector: z
    .object({
      context: z.enum(["None", "Basic", "Extended"]).default("None"),
      exposedFields: z
        .object({
          parties: z.boolean().default(false),
          content: z.record(z.string(), z.boolean()).default({}),
          interaction: z.record(z.string(), z.boolean()).default({}),
          media: z.boolean().default(false),
        })
        .prefault({}),
    })
    .prefault({}),
});
const activityBody = z.object({ cursor: cursorField, filter: z.object({ fromDate: day, toDate: day }) });
const reviewsBody = z.object({
  cursor: cursorField,
  filter: z.object({ reviewFromDate: day.optional(), reviewToDate: day.optional() }),
});

function users(request: SimRequest, context: RouteContext): SimAnswer {
  const rows = [...context.store.users].map(([id, document]) => ({ id, document }));
  return paged("users", rows, request.query.get("cursor"), "users", context);
}

function basicCalls(request: SimRequest, context: RouteContext): SimAnswer {
  const [from, to] = [request.query.get("fromDateTime"), request.query.get("toDateTime")];
  if (!instant.safeParse(from).success || !instant.safeParse(to).success) {
    return refusal(400, context, "fromDateTime and toDateTime are required");
  }
  const rows = callsBetween(context, from, to).map((call) => ({ id: call.id, document: call.document["metaData"] }));
  return paged("calls", rows, request.query.get("cursor"), "calls", context, knownBetween(context, from, to));
}

function extensiveCalls(request: SimRequest, context: RouteContext): SimAnswer {
  const parsed = callsBody.safeParse(bodyOf(request));
  if (!parsed.success) return refusal(400, context, z.prettifyError(parsed.error));
  const { filter, cursor, contentSelector } = parsed.data;
  const { fromDateTime: from, toDateTime: to, callIds } = filter;
  const wanted = callIds === undefined ? null : new Set(callIds);
  const rows = callsBetween(context, from, to)
    .filter((call) => wanted === null || wanted.has(call.id))
    .map((call) => ({ id: call.id, document: exposed(call, contentSelector, context) }));
  const known = wanted === null ? knownBetween(context, from, to) : rows.length;
  return paged("calls", rows, cursor ?? null, "calls", context, known, filter);
}

function exposed(
  call: SimCall,
  { context: crm, exposedFields: fields }: z.infer<typeof callsBody>["contentSelector"],
  context: RouteContext,
): JsonObject {
  const { metaData, parties, content, interaction } = call.document;
  const stats = fields.interaction;
  return {
    metaData: metaData ?? {},
    ...(crm === "None" ? {} : { context: [] }),
    ...(fields.parties ? { parties: parties ?? [] } : {}),
    content: picked(content, fields.content),
    interaction: picked(interaction, { ...stats, interactionStats: stats["personInteractionStats"] === true }),
    collaboration: {},
    ...(fields.media ? { media: { audioUrl: signedUrl(call.id, context) } } : {}),
  };
}

/** Only what was asked for; the rest is left out without a word. */
function picked(from: JsonObject[string] | undefined, fields: { readonly [name: string]: boolean }): JsonObject {
  const entries = Object.entries((from ?? {}) as JsonObject);
  return Object.fromEntries(entries.filter(([name]) => fields[name] === true));
}

/** Signed anew for every answer. */
export function signedUrl(callId: string, { requestId }: Pick<RouteContext, "requestId">): string {
  const signature = createHash("sha256").update(`${callId} ${requestId}`).digest("hex");
  return `https://media.example/${callId}.mp3?X-Amz-Expires=28799&X-Amz-Signature=${signature}`;
}

function transcripts(request: SimRequest, context: RouteContext): SimAnswer {
  const parsed = callsBody.safeParse(bodyOf(request));
  if (!parsed.success) return refusal(400, context, z.prettifyError(parsed.error));
  const { filter, cursor } = parsed.data;
  const rows = callsBetween(context, filter.fromDateTime, filter.toDateTime).map((call) => ({
    id: call.id,
    document: {
      callId: call.id,
      transcript: [
        {
          speakerId: null,
          topic: null,
          sentences: [{ start: 160, end: 2400, text: "Hello, thank you for taking the time today." }],
        },
      ],
    },
  }));
  return paged("callTranscripts", rows, cursor ?? null, "transcripts", context, rows.length, filter);
}

function activity(request: SimRequest, context: RouteContext): SimAnswer {
  const parsed = activityBody.safeParse(bodyOf(request));
  if (!parsed.success) return refusal(400, context, z.prettifyError(parsed.error));
  const { filter, cursor } = parsed.data;
  if (filter.toDate > dayOf(context.now, context.store.timeZone)) {
    return refusal(400, context, "toDate should not exceed the current day");
  }
  const rows = activityOf(context.store, context.now, filter.fromDate, filter.toDate);
  return paged("usersDetailedActivities", rows, cursor ?? null, "user activities", context, rows.length, filter);
}

function reviews(request: SimRequest, context: RouteContext): SimAnswer {
  const parsed = reviewsBody.safeParse(bodyOf(request));
  if (!parsed.success) return refusal(400, context, z.prettifyError(parsed.error));
  const { filter, cursor } = parsed.data;
  const rows = [...context.store.reviews.values()].filter(
    (review) => review.day >= (filter.reviewFromDate ?? "") && review.day < (filter.reviewToDate ?? "9999"),
  );
  // This text ends in a full stop, that of calls does not.
  return paged("answeredScorecards", rows, cursor ?? null, "answered scorecards", context, rows.length, filter);
}

/** A list without a filter is never a 404. */
function scorecards(_request: SimRequest, { store, requestId, spoiled }: RouteContext): SimAnswer {
  const rows = [...store.scorecards].map(([id, document]) => ({ ...document, ...spoiled.get(id) }));
  return { status: 200, body: { requestId, scorecards: rows } };
}

function workspaces(_request: SimRequest, { store, requestId }: RouteContext): SimAnswer {
  return { status: 200, body: { requestId, workspaces: [{ ...store.workspace, description: null }] } };
}

type From = string | null | undefined;

function isBetween(call: SimCall, from: From, to: From): boolean {
  return (!from || call.listedMs >= Date.parse(from)) && (!to || call.listedMs < Date.parse(to));
}

function callsBetween({ store, now }: RouteContext, from: From, to: From): readonly SimCall[] {
  return store.listed(now).filter((call) => isBetween(call, from, to));
}

/** Counted as soon as it is known, listed when it has been analysed. */
function knownBetween({ store }: RouteContext, from: From, to: From): number {
  return [...store.calls.values()].filter((call) => isBetween(call, from, to)).length;
}

type Row = { readonly id: string; readonly document: JsonObject | JsonObject[string] | undefined };

function paged(
  key: string,
  rows: readonly Row[],
  cursor: string | null,
  noun: string,
  context: RouteContext,
  known = rows.length,
  filter: object = {},
): SimAnswer {
  if (rows.length === 0) {
    const stop = noun === "answered scorecards" ? "." : "";
    return refusal(404, context, `No ${noun} found corresponding to the provided filters${stop}`);
  }
  const place = cursor === null ? { after: null, nth: 0 } : placeOf(cursor, filter, context);
  if (place === null) return refusal(400, context, "The provided cursor is not valid or has expired");
  const from = place.after === null ? 0 : rows.findIndex((row) => row.id === place.after) + 1;
  const page = rows.slice(from, from + PAGE_SIZE);
  const last = page.at(-1);
  const hasMore = last !== undefined && from + PAGE_SIZE < rows.length;
  const next = { after: last?.id, nth: place.nth + 1, filter, atMs: context.now.getTime() };
  return {
    status: 200,
    body: {
      requestId: context.requestId,
      records: {
        totalRecords: known,
        currentPageSize: page.length,
        currentPageNumber: place.nth,
        ...(hasMore ? { cursor: writeCursor(next) } : {}),
      },
      [key]: disordered(
        page.map((row) => spoiledOf(row, context)),
        context,
      ),
    },
  };
}

const cursorSchema = z.object({
  after: z.string(),
  nth: z.int(),
  filter: z.record(z.string(), z.unknown()),
  atMs: z.number(),
});

/** Good with the filter that it came with, and for some time. */
function placeOf(
  cursor: string,
  filter: object,
  { now, cursorLifeMs }: RouteContext,
): { readonly after: string | null; readonly nth: number } | null {
  const read = cursorSchema.safeParse(readCursor(cursor));
  if (!read.success || JSON.stringify(read.data.filter) !== JSON.stringify(filter)) return null;
  return now.getTime() - read.data.atMs > cursorLifeMs ? null : read.data;
}

function spoiledOf({ id, document }: Row, { spoiled }: RouteContext): JsonObject {
  const whole = (document ?? {}) as JsonObject; // Documents are objects: the store holds no others.
  const { metaData, ...more } = spoiled.get(id) ?? {};
  if (metaData === undefined) return { ...whole, ...more };
  return { ...whole, ...more, metaData: { ...(whole["metaData"] as JsonObject), ...(metaData as JsonObject) } };
}

function disordered(page: readonly JsonObject[], { faults }: RouteContext): readonly JsonObject[] {
  const [first] = page;
  const rows = faults.strikes("duplicate", "list") && first !== undefined ? [...page, first] : page;
  return faults.strikes("reorder", "list") ? rows.toReversed() : rows;
}

function bodyOf(request: SimRequest): unknown {
  try {
    return JSON.parse(request.body.toString("utf8")) as unknown;
  } catch {
    return null;
  }
}
