import { z } from "zod";
import { eventFilters } from "../../core/destination/subscription.ts";
import { EVENT_TYPES, EVENTS, eventSample, eventSchema } from "../../core/outbox/catalogue.ts";
import { listEvents } from "../../core/store/outbox/events.ts";
import { invalidRequest } from "../web/problem.ts";
import { endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, shortListQuery, shortPage, toPage } from "./pages.ts";

const event = z
  .object({
    id: z.string().describe("Stable; the `webhook-id` under which it is delivered"),
    type: z.string(),
    timestamp: z.iso.datetime().describe("When it happened"),
    data: z.unknown(),
  })
  .meta({ id: "Event" });

export const eventEndpoints = [
  endpoint({
    method: "get",
    path: "/event-types",
    access: { kind: "api", scope: "read" },
    tag: "Webhooks",
    summary: "Every event there is: what it means, its JSON Schema, and one of its kind",
    query: shortListQuery,
    response: pageOf(
      z.object({
        type: z.string(),
        title: z.string(),
        version: z.number().int().describe("Counts what was added to its `data`"),
        schema: z.unknown().describe("JSON Schema of what a receiver gets"),
        sample: z.unknown(),
      }),
    ),
    run: ({ query }) =>
      Promise.resolve(
        shortPage(
          EVENT_TYPES,
          query,
          (type) => type,
          (type) => {
            const { title, version } = EVENTS[type];
            return { type, title, version, schema: eventSchema(type), sample: eventSample(type) };
          },
        ),
      ),
  }),
  endpoint({
    method: "get",
    path: "/events/{type}",
    access: { kind: "api", scope: "read" },
    tag: "Webhooks",
    summary: "The latest events of a type, newest first: for polling triggers and samples",
    params: { type: z.enum(EVENT_TYPES) },
    query: {
      ...pageQuery,
      filters: z
        .string()
        .max(5_000)
        .optional()
        .describe('Only what a webhook with these `filters` would get, as JSON: `{"pipelines": ["New Business"]}`'),
    },
    response: pageOf(event),
    run: async ({ params, query }, { deps }) => {
      const before = decodeCursor(query.cursor, z.tuple([z.number().int()]))?.[0] ?? null;
      const page = { limit: query.limit + 1, before };
      const rows = await listEvents(deps.store.db, params.type, filtersOf(query.filters), page);
      return toPage(
        rows,
        query.limit,
        (row) => [row.id],
        (row) => ({ id: row.eventId, type: row.type, timestamp: row.occurredAt.toISOString(), data: row.data }),
      );
    },
  }),
];

/** @throws TributaryError `request.invalid` */
function filtersOf(said: string | undefined): z.output<typeof eventFilters> {
  if (said === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(said);
  } catch {
    throw invalidRequest("query `filters`: is no JSON");
  }
  const read = eventFilters.safeParse(value);
  if (read.success) return read.data;
  throw invalidRequest(
    read.error.issues.map((issue) => `query \`${["filters", ...issue.path].join(".")}\`: ${issue.message}`).join("; "),
  );
}
