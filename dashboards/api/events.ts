import { z } from "zod";
import { EVENT_TYPES, EVENTS, eventSample, eventSchema } from "../../core/outbox/catalogue.ts";
import { listEvents } from "../../core/store/outbox/events.ts";
import { endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "./pages.ts";

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
    response: z.object({
      data: z.array(
        z.object({
          type: z.string(),
          title: z.string(),
          version: z.number().int().describe("Counts what was added to its schema"),
          schema: z.unknown().describe("JSON Schema of what a receiver gets"),
          sample: z.unknown(),
        }),
      ),
    }),
    run: () =>
      Promise.resolve({
        data: EVENT_TYPES.map((type) => {
          const { title, version } = EVENTS[type];
          return { type, title, version, schema: eventSchema(type), sample: eventSample(type) };
        }),
      }),
  }),
  endpoint({
    method: "get",
    path: "/events/{type}",
    access: { kind: "api", scope: "read" },
    tag: "Webhooks",
    summary: "The latest events of a type, newest first: for polling triggers and samples",
    params: { type: z.enum(EVENT_TYPES) },
    query: pageQuery,
    response: pageOf(event),
    run: async ({ params, query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([z.number().int()]));
      const rows = await listEvents(deps.store.db, params.type, query.limit + 1, position?.[0] ?? null);
      return toPage(
        rows,
        query.limit,
        (row) => [row.id],
        (row) => ({ id: row.eventId, type: row.type, timestamp: row.occurredAt.toISOString(), data: row.data }),
      );
    },
  }),
];
