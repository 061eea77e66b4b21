import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { plainJson } from "../../core/base/json.ts";
import { openReceiver } from "../../core/destination/settings.ts";
import { eventFilters, eventType } from "../../core/destination/subscription.ts";
import { PAUSED_BY } from "../../core/schema/tables/outbox.ts";
import { countReplay, type Replay } from "../../core/store/outbox/deliveries.ts";
import { assertAddresses } from "../../core/destination/check.ts";
import {
  changeReceiver,
  createReceiver,
  pauseReceiver,
  type Receiver,
  removeReceiver,
  replayReceiver,
  resumeReceiver,
  testReceiver,
} from "../../core/setup/receivers.ts";
import {
  type DeliveryRow,
  type Endpoint,
  findEndpoint,
  listDeliveries,
  listEndpoints,
  readDeliveryLog,
} from "../../core/store/outbox/endpoints.ts";
import { actorOf, grantOf } from "../auth/principal.ts";
import { webhooks } from "../destinations/webhooks/index.ts";
import { type WebhookSettings, webhookSettings } from "../destinations/webhooks/settings.ts";
import { newSecret, withNewSecret } from "../destinations/webhooks/sign.ts";
import { notFound } from "../web/problem.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, shortListQuery, shortPage, toPage } from "./pages.ts";

const instant = z.iso.datetime();

const webhookFields = {
  id: z.uuid(),
  url: z.string(),
  events: z.array(z.string()),
  filters: eventFilters,
  ordered: z.boolean().describe("Whether what happens to one deal arrives in the order in which it happened"),
  per_second: z.number().nullable().describe("At most so many; null: as many as it takes"),
  description: z.string().nullable(),
  state: z.enum(["active", "paused"]),
  paused_by: z
    .enum(PAUSED_BY)
    .nullable()
    .describe("`failures`: it is asked again by itself, and comes back with its first success"),
  state_reason: z.string().nullable(),
  failures_in_a_row: z.number().int(),
  failing_since: instant.nullable(),
  not_before: instant.nullable().describe("Nothing is sent before: it asked for time, or backs off"),
  created_by: z.string(),
  created_at: instant,
};
const webhook = z.object(webhookFields).meta({ id: "Webhook" });
const newWebhook = z
  .object({ ...webhookFields, secret: z.string().describe("`whsec_…`, for standardwebhooks.com's libraries") })
  .meta({ id: "NewWebhook" });
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
    summary:
      "Subscribe an address; the answer alone shows the signing secret. Asked again for the same, it answers with what there is, resumed",
    body: z.strictObject({
      url: z.string().max(2_000).describe("Where to send to: https, reachable from the internet"),
      events: z.array(eventType).min(1).max(50),
      filters: eventFilters.optional().describe("Of these events, only what fits"),
      ordered: z.boolean().default(false),
      per_second: z.number().positive().max(1_000).optional().describe("At most so many"),
      description: z.string().max(500).optional(),
    }),
    status: 201,
    response: newWebhook,
    isSecret: true,
    run: async ({ body }, call) => {
      const { store, secrets, options } = call.deps;
      assertAddresses(webhooks, body, options);
      const known = await subscribed(call, body);
      if (known !== null) return known;
      const secret = newSecret();
      const settings = plainJson({ ...body, secret });
      const deps = { db: store.db, secrets, grantId: grantOf(call.principal), ...options };
      return { ...present(await createReceiver(deps, actorOf(call.principal), webhooks, settings)), secret };
    },
  }),
  endpoint({
    method: "get",
    path: "/webhooks",
    access,
    tag,
    summary: "The subscribed addresses, oldest first",
    query: { ...shortListQuery, url: z.string().max(2_000).optional().describe("Only those that send there") },
    response: pageOf(webhook),
    run: async ({ query: { url, ...page } }, { deps }) => {
      const rows = await listEndpoints(deps.store.db, webhooks.key);
      const wanted = rows.filter(({ name }) => url === undefined || name === url);
      return shortPage(wanted, page, ({ id }) => id, present);
    },
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
    method: "patch",
    path: "/webhooks/{id}",
    access,
    tag,
    summary: "Change what it gets; its address and secret stay",
    params: byId,
    body: z
      .strictObject({
        events: z.array(eventType).min(1).max(50),
        filters: eventFilters,
        ordered: z.boolean(),
        per_second: z.number().positive().max(1_000).nullable(),
        description: z.string().max(500).nullable(),
      })
      .partial(),
    response: webhook,
    run: async ({ params, body }, call) => {
      const changed = Object.entries(body).map(([field, value]) => [field, value ?? undefined] as const);
      await change(call, params.id, (settings) => ({ ...settings, ...Object.fromEntries(changed) }), Object.keys(body));
      return present(await found(call, params.id));
    },
  }),
  endpoint({
    method: "post",
    path: "/webhooks/{id}/rotate",
    access,
    tag,
    summary: "Make a new signing secret; deliveries are signed with both until the old one has run out",
    params: byId,
    body: z.strictObject({
      grace_hours: z.number().min(0).max(168).default(24).describe("How long the old one goes on signing"),
    }),
    response: z.object({ secret: z.string(), former_until: instant }).meta({ id: "RotatedSecret" }),
    isSecret: true,
    run: async ({ params, body }, call) => {
      const graceMs = body.grace_hours * 3_600_000;
      const { secret } = await change(call, params.id, (settings) => withNewSecret(settings, call.now, graceMs), [
        "secret",
      ]);
      return { secret, former_until: new Date(call.now.getTime() + graceMs).toISOString() };
    },
  }),
  endpoint({
    method: "post",
    path: "/webhooks/{id}/test",
    access,
    tag,
    summary: "Send `endpoint.test` to it, now",
    params: byId,
    status: 202,
    response: z.object({ delivery: z.number().int().describe("Its attempts tell what came of it") }),
    run: async ({ params }, call) => ({
      delivery: await testReceiver(
        call.deps.store.db,
        actorOf(call.principal),
        await receiver(call, params.id),
        call.now,
      ),
    }),
  }),
  endpoint({
    method: "get",
    path: "/webhooks/{id}/deliveries/{delivery}/attempts",
    access,
    tag,
    summary: "What was sent and answered, attempt by attempt",
    params: { ...byId, delivery: z.coerce.number().int().positive() },
    response: z.object({
      event: z.object({ id: z.string(), type: z.string(), timestamp: instant, data: z.unknown() }),
      attempts: z.array(
        z.object({
          at: instant,
          duration_ms: z.number().int(),
          status_code: z.number().int().nullable(),
          error: z.string().nullable(),
          request: z.unknown().describe("Method, address and headers, without the signature"),
          response: z.unknown().describe("Status, some headers, and up to 20 kB of the body"),
        }),
      ),
    }),
    run: async ({ params }, call) => {
      await found(call, params.id);
      const log = await readDeliveryLog(call.deps.store.db, params.id, params.delivery);
      if (log === null) throw notFound("This webhook has no such delivery.");
      const { event, attempts } = log;
      return {
        event: { id: event.eventId, type: event.type, timestamp: event.occurredAt.toISOString(), data: event.data },
        attempts: attempts.map((one) => ({
          at: one.at.toISOString(),
          duration_ms: one.durationMs,
          status_code: one.statusCode,
          error: one.error,
          request: one.request,
          response: one.response,
        })),
      };
    },
  }),
  endpoint({
    method: "delete",
    path: "/webhooks/{id}",
    access,
    tag,
    summary: "Unsubscribe; what was still to be sent is dropped. What is gone already is no error",
    params: byId,
    status: 204,
    response: null,
    run: async ({ params }, call) => {
      const { db } = call.deps.store;
      const row = await findEndpoint(db, params.id);
      if (row?.destination !== webhooks.key) return;
      await removeReceiver(db, actorOf(call.principal), { ...row, destination: webhooks });
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

/**
 * The caller's webhook that sends just this to just there already, with its secret; null: there is none. An automation tool may ask twice, and whoever
 * may subscribe may also make a new secret: it shows nobody more than they could have. Somebody else's is theirs: it ends with what they were allowed.
 */
async function subscribed(
  call: Call,
  { url, events, filters = {}, ordered }: Pick<WebhookSettings, "url" | "events" | "filters" | "ordered">,
): Promise<z.input<typeof newWebhook> | null> {
  const { store, secrets } = call.deps;
  const sorted = (types: readonly string[]): readonly string[] => [...new Set(types)].toSorted();
  const row = (await listEndpoints(store.db, webhooks.key)).find(
    (one) =>
      one.name === url &&
      one.createdBy === actorOf(call.principal) &&
      one.isOrdered === ordered &&
      isDeepStrictEqual(sorted(one.eventTypes), sorted(events)) &&
      isDeepStrictEqual(eventFilters.parse(one.filters), filters),
  );
  if (row === undefined) return null;
  if (row.state === "paused" && row.pausedBy !== "person")
    await resumeReceiver(store.db, actorOf(call.principal), { ...row, destination: webhooks });
  // As webhooks' own schema has read it; below as well.
  const { secret } = openReceiver(webhooks, row.id, row.settings, secrets) as WebhookSettings;
  return { ...present(await found(call, row.id)), secret };
}

/** Changes a webhook's settings. @returns them as they are now, secrets opened. */
async function change(
  call: Call,
  id: string,
  to: (settings: WebhookSettings) => object,
  fields: readonly string[],
): Promise<WebhookSettings> {
  const { secrets, store } = call.deps;
  const old = await found(call, id);
  // Its own schema has just parsed them.
  const settings = plainJson(to(openReceiver(webhooks, id, old.settings, secrets) as WebhookSettings));
  const target = { ...old, destination: webhooks };
  await changeReceiver(
    { db: store.db, secrets, ...call.deps.options },
    actorOf(call.principal),
    target,
    settings,
    fields,
  );
  return webhookSettings.parse(settings);
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
    filters: eventFilters.parse(row.filters),
    ordered: row.isOrdered,
    per_second: row.perSecond,
    description: row.description,
    state: row.state,
    paused_by: row.pausedBy,
    state_reason: row.stateReason,
    failures_in_a_row: row.failuresInARow,
    failing_since: row.failingSince?.toISOString() ?? null,
    not_before: row.notBefore?.toISOString() ?? null,
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
