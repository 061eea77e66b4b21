import { z } from "zod";
import { EVENT_TYPES } from "../../core/outbox/append.ts";
import { countReplay, type Replay } from "../../core/store/outbox/deliveries.ts";
import {
  createReceiver,
  pauseReceiver,
  type Receiver,
  removeReceiver,
  replayReceiver,
  resumeReceiver,
} from "../../core/setup/receivers.ts";
import {
  type DeliveryRow,
  type Endpoint,
  findEndpoint,
  listDeliveries,
  listEndpoints,
} from "../../core/store/outbox/endpoints.ts";
import { actorOf } from "../auth/principal.ts";
import { webhooks } from "../destinations/webhooks/index.ts";
import { assertWebhookUrl } from "../destinations/webhooks/send.ts";
import { newSecret } from "../destinations/webhooks/sign.ts";
import { notFound } from "../web/problem.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "./pages.ts";

const instant = z.iso.datetime();
const eventType = z.enum(["*", ...EVENT_TYPES]).describe("`*` stands for every type");

const webhookFields = {
  id: z.uuid(),
  url: z.string(),
  events: z.array(z.string()),
  ordered: z.boolean().describe("Whether what happens to one deal arrives in the order in which it happened"),
  description: z.string().nullable(),
  state: z.enum(["active", "paused"]),
  state_reason: z.string().nullable(),
  failures_in_a_row: z.number().int(),
  created_by: z.string(),
  created_at: instant,
};
const webhook = z.object(webhookFields).meta({ id: "Webhook" });
const delivery = z
  .object({
    id: z.number().int(),
    event_id: z.string().describe("The same on every attempt; sent as `webhook-id`"),
    type: z.string(),
    state: z.enum(["pending", "delivered", "failed"]),
    attempts_made: z.number().int(),
    next_attempt_at: instant.nullable().describe("Null when there will be none"),
    delivered_at: instant.nullable(),
    last_status_code: z.number().int().nullable(),
    last_error: z.string().nullable(),
  })
  .meta({ id: "Delivery" });

const access = { kind: "api", scope: "webhooks" } as const;
const tag = "Webhooks";
const dryRun = z.boolean().default(false).describe("Only say how many it would be");
const byId = { id: z.uuid() };

export const webhookEndpoints = [
  endpoint({
    method: "post",
    path: "/webhooks",
    access,
    tag,
    summary: "Subscribe an address; the answer alone shows the signing secret",
    body: z.strictObject({
      url: z.string().max(2_000).describe("Where to send to: https, reachable from the internet"),
      events: z.array(eventType).min(1).max(50),
      ordered: z.boolean().default(false),
      description: z.string().max(500).optional(),
    }),
    status: 201,
    response: z
      .object({ ...webhookFields, secret: z.string().describe("`whsec_…`, for standardwebhooks.com's libraries") })
      .meta({ id: "NewWebhook" }),
    isSecret: true,
    run: async ({ body }, call) => {
      const { store, secrets, options } = call.deps;
      assertWebhookUrl(body.url, options);
      const secret = newSecret();
      const { description, ...others } = body;
      const settings = { ...others, secret, ...(description === undefined ? {} : { description }) };
      const deps = { db: store.db, secrets };
      return { ...present(await createReceiver(deps, actorOf(call.principal), webhooks, settings)), secret };
    },
  }),
  endpoint({
    method: "get",
    path: "/webhooks",
    access,
    tag,
    summary: "The subscribed addresses, oldest first",
    response: z.object({ data: z.array(webhook) }),
    run: async (_input, { deps }) => ({ data: (await listEndpoints(deps.store.db, webhooks.key)).map(present) }),
  }),
  endpoint({
    method: "get",
    path: "/webhooks/{id}",
    access,
    tag,
    summary: "One subscribed address",
    params: byId,
    response: webhook,
    run: async ({ params }, call) => present(await found(call, params.id)),
  }),
  endpoint({
    method: "delete",
    path: "/webhooks/{id}",
    access,
    tag,
    summary: "Unsubscribe; what was still to be sent is dropped",
    params: byId,
    status: 204,
    response: null,
    run: async ({ params }, call) => {
      await removeReceiver(call.deps.store.db, actorOf(call.principal), await receiver(call, params.id));
    },
  }),
  endpoint({
    method: "post",
    path: "/webhooks/{id}/pause",
    access,
    tag,
    summary: "Stop sending; what happens meanwhile waits",
    params: byId,
    response: webhook,
    run: async ({ params }, call) => {
      await pauseReceiver(call.deps.store.db, actorOf(call.principal), await receiver(call, params.id));
      return present(await found(call, params.id));
    },
  }),
  endpoint({
    method: "post",
    path: "/webhooks/{id}/resume",
    access,
    tag,
    summary: "Send again, beginning with what waited",
    params: byId,
    response: webhook,
    run: async ({ params }, call) => {
      await resumeReceiver(call.deps.store.db, actorOf(call.principal), await receiver(call, params.id));
      return present(await found(call, params.id));
    },
  }),
  endpoint({
    method: "get",
    path: "/webhooks/{id}/deliveries",
    access,
    tag,
    summary: "What was or will be sent, newest first",
    params: byId,
    query: pageQuery,
    response: pageOf(delivery),
    run: async ({ params, query }, call) => {
      await found(call, params.id);
      const position = decodeCursor(query.cursor, z.tuple([z.number().int()]));
      const rows = await listDeliveries(call.deps.store.db, params.id, query.limit + 1, position?.[0] ?? null);
      return toPage(rows, query.limit, (row) => [row.id], presentDelivery);
    },
  }),
  endpoint({
    method: "post",
    path: "/webhooks/{id}/replay",
    access,
    tag,
    summary: "Send again: one delivery, what happened in a time, or all that was given up",
    params: byId,
    body: z.union([
      z.strictObject({ delivery: z.number().int().positive() }),
      z.strictObject({
        since: instant.describe("What happened from then on"),
        until: instant.optional().describe("And before then"),
        failed: z.boolean().default(false).describe("Of these, only what was given up"),
        dry_run: dryRun,
      }),
      z.strictObject({ failed: z.literal(true).describe("All that was given up"), dry_run: dryRun }),
    ]),
    response: z.object({ deliveries: z.number().int().describe("How many are due again, or would be") }),
    run: async ({ params, body }, call) => {
      const { db } = call.deps.store;
      const target = await receiver(call, params.id);
      if ("dry_run" in body && body.dry_run) return { deliveries: await countReplay(db, params.id, replayOf(body)) };
      const deliveries = await replayReceiver(db, actorOf(call.principal), target, replayOf(body), call.now);
      if (deliveries === 0 && "delivery" in body) throw notFound("This webhook has no such delivery.");
      return { deliveries };
    },
  }),
];

type ReplayBody =
  | { readonly delivery: number }
  | { readonly since: string; readonly until?: string | undefined; readonly failed: boolean }
  | { readonly failed: true };

function replayOf(body: ReplayBody): Replay {
  if ("delivery" in body) return { deliveryId: body.delivery };
  if (!("since" in body)) return { onlyFailed: true };
  const { since, until, failed } = body;
  return { since: new Date(since), until: until === undefined ? null : new Date(until), onlyFailed: failed };
}

async function found(call: Call, id: string): Promise<Endpoint> {
  const row = await findEndpoint(call.deps.store.db, id);
  if (row?.destination !== webhooks.key) throw notFound("There is no webhook with this id.");
  return row;
}

async function receiver(call: Call, id: string): Promise<Receiver> {
  return { ...(await found(call, id)), destination: webhooks };
}

function present(row: Endpoint): z.input<typeof webhook> {
  return {
    id: row.id,
    url: row.name,
    events: [...row.eventTypes],
    ordered: row.isOrdered,
    description: row.description,
    state: row.state,
    state_reason: row.stateReason,
    failures_in_a_row: row.failuresInARow,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
  };
}

function presentDelivery(row: DeliveryRow): z.input<typeof delivery> {
  return {
    id: row.id,
    event_id: row.eventId,
    type: row.type,
    state: row.state,
    attempts_made: row.attemptsMade,
    next_attempt_at: row.nextAttemptAt?.toISOString() ?? null,
    delivered_at: row.deliveredAt?.toISOString() ?? null,
    last_status_code: row.lastStatusCode,
    last_error: row.lastError,
  };
}
