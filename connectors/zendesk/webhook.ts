import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { failedWith, TributaryError } from "../../core/base/errors.ts";
import { fieldOf, isObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { InboundRequest, InboundWebhook, StreamPart } from "../../core/connector/define.ts";
import { idText, type ZendeskClient } from "./client.ts";
import { latestComments } from "./comments.ts";
import { NOT_FOUND } from "./errors.ts";
import { listAll } from "./lists.ts";
import { organizationContent, ticketContent, TICKET_SIDE_LOADS, userContent } from "./streams.ts";
import { zendeskInstant } from "./time.ts";
import { isKeyOf } from "../../core/base/keys.ts";

const SENT_AT = "x-zendesk-webhook-signature-timestamp";

/** Our rule against replays; the vendor sets none. */
const MAX_AGE_MS = 5 * 60_000;

/** So long before it was sent lies what a delivery tells of, with all of the vendor's retries; the exports bring what is older. */
const MAX_LAG_MS = 60 * 60_000;

/** Events after which a ticket has a new comment. */
const WITH_COMMENT = new Set(["created", "comment_added"].map((event) => `zen:event-type:ticket.${event}`));

/** Everything about a ticket that we keep. developer.zendesk.com, "Ticket events". */
export const SUBSCRIBED: readonly string[] = [
  "created",
  "status_changed",
  "agent_assignment_changed",
  "group_assignment_changed",
  "comment_added",
  "priority_changed",
  "requester_changed",
  "organization_changed",
  "subject_changed",
  "type_changed",
  "tags_changed",
  "merged",
  "marked_as_spam",
  "soft_deleted",
  "undeleted",
  "permanently_deleted",
].map((event) => `zen:event-type:ticket.${event}`);

const id = z.union([z.string().regex(/^[1-9]\d{0,15}$/), z.int().positive().transform(String)]);
const eventDelivery = z.object({
  type: z.string().regex(/^zen:event-type:/),
  id: z.string().optional(),
  detail: z.object({ id }),
});
/** Sent by a trigger or automation: its body is whatever the admin wrote; the ticket's id has to stand in one of these places. */
const triggerDelivery = z.union([
  z.object({ ticket_id: id }).transform((body) => body.ticket_id),
  z.object({ ticket: z.object({ id }) }).transform((body) => body.ticket.id),
]);

/**
 * A delivery says that something has changed; what it carries is neither whole nor in the form of the API (ids as texts, statuses in
 * capitals), so the record is fetched. Deliveries may be lost or come twice: the exports stay the truth.
 */
export const zendeskWebhook: InboundWebhook<ZendeskClient> = {
  verify(request, secret, now) {
    const timestamp = request.headers[SENT_AT] ?? "";
    const given = Buffer.from(request.headers["x-zendesk-webhook-signature"] ?? "", "utf8");
    // Over the bytes as they came: bodies are pretty-printed, and written anew they would be others.
    const mac = createHmac("sha256", secret ?? "")
      .update(timestamp)
      .update(request.body)
      .digest("base64");
    const expected = Buffer.from(mac, "utf8");
    if (!secret || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new TributaryError({
        code: "zendesk.webhook.signature_invalid",
        kind: "auth",
        message: "A webhook delivery does not carry the signature that the webhook's signing secret gives.",
        mend: "If Zendesk sent it, copy the webhook's signing secret from Admin Center, or subscribe anew.",
      });
    }
    const sentAt = zendeskInstant(timestamp);
    if (sentAt === null || Math.abs(now.getTime() - sentAt.getTime()) > MAX_AGE_MS) {
      throw new TributaryError({
        code: "zendesk.webhook.too_old",
        kind: "auth",
        message: "A webhook delivery was signed more than five minutes away from now.",
        mend: "Check this machine's clock; a delivery that someone recorded and sent again is rightly refused.",
      });
    }
  },

  /** One event may be delivered by several invocations; a trigger's free body has no id of its own. */
  dedupeKey(request) {
    const event = eventDelivery.safeParse(bodyOf(request));
    const invocation = request.headers["x-zendesk-webhook-invocation-id"];
    return (
      (event.success ? event.data.id : undefined) ??
      invocation ??
      createHash("sha256").update(request.body).digest("hex")
    );
  },

  async parts(request, client) {
    const body = bodyOf(request);
    const event = eventDelivery.safeParse(body);
    if (event.success) {
      const subject = /^zen:event-type:(ticket|user|organization)\./.exec(event.data.type)?.[1];
      if (subject === undefined || !isKeyOf(FETCHED, subject)) return [];
      const commentsSince = WITH_COMMENT.has(event.data.type) ? oldestTold(request) : null;
      return fetched(client, subject, event.data.detail.id, commentsSince);
    }
    const trigger = triggerDelivery.safeParse(body);
    if (trigger.success) return fetched(client, "ticket", trigger.data, oldestTold(request));
    throw new TributaryError({
      code: "zendesk.webhook.unreadable",
      kind: "contract",
      message: "A webhook delivery names nothing that has changed.",
      mend: 'Let the trigger\'s body hold the ticket\'s id: {"ticket_id": "{{ticket.id}}"}.',
    });
  },

  /** An earlier webhook of the same address goes first: its deliveries would be signed with a secret that is no longer kept. */
  async subscribe(client, url) {
    for (const known of await listAll(client, "webhooks", "webhooks")) {
      const id = idText(known["id"]);
      if (known["endpoint"] === url && id !== null) await client.deleteWebhook(id);
    }
    const webhook = await client.createWebhook({
      name: "Tributary",
      status: "active",
      endpoint: url,
      http_method: "POST",
      request_format: "json",
      subscriptions: SUBSCRIBED,
    });
    const webhookId = idText(webhook["id"]);
    const secret = webhookId === null ? null : await client.signingSecretOf(webhookId);
    if (secret !== null) return { secret };
    throw new TributaryError({
      code: "zendesk.webhook.no_secret",
      kind: "contract",
      message: "Zendesk made the webhook and does not show its signing secret.",
      mend: "Copy the secret from Admin Center → Apps and integrations → Webhooks and enter it for this connection.",
    });
  },
};

const FETCHED = {
  ticket: { stream: "tickets", path: "tickets", include: TICKET_SIDE_LOADS, toContent: ticketContent },
  user: { stream: "users", path: "users", include: undefined, toContent: userContent },
  organization: { stream: "organizations", path: "organizations", include: undefined, toContent: organizationContent },
} as const;

/**
 * The record as the stream's own pages would give it; one that is not there any more is a deletion.
 *
 * @param commentsSince of a ticket, with what was said in it since then; null: without.
 */
async function fetched(
  client: ZendeskClient,
  subject: keyof typeof FETCHED,
  externalId: string,
  commentsSince: Date | null,
): Promise<readonly StreamPart[]> {
  const { stream, path, include, toContent } = FETCHED[subject];
  try {
    const answer = await client.get(`${path}/${externalId}.json`, { include });
    const record = asObject(fieldOf(answer, subject));
    const whole = subject === "ticket" ? await withMetrics(client, record, externalId) : record;
    const comments = commentsSince === null ? [] : await latestComments(client, record, commentsSince);
    return [{ stream, ...toContent([whole], answer) }, ...comments];
  } catch (error) {
    if (failedWith(error, NOT_FOUND)) return [{ stream, records: [], deleted: [externalId] }];
    throw error;
  }
}

/** The earliest that a delivery may tell of. Its signed time is there: without one it would not have been accepted. */
function oldestTold(request: InboundRequest): Date | null {
  const sentAt = zendeskInstant(request.headers[SENT_AT]);
  return sentAt === null ? null : new Date(sentAt.getTime() - MAX_LAG_MS);
}

/** Whether a single ticket takes the side-load of metric sets is not documented: without it, they are asked for apart. */
async function withMetrics(client: ZendeskClient, ticket: JsonObject, ticketId: string): Promise<JsonObject> {
  if ("metric_set" in ticket) return ticket;
  const answer = await client.get(`tickets/${ticketId}/metrics.json`);
  return { ...ticket, metric_set: answer["ticket_metric"] ?? null };
}

function asObject(value: Json): JsonObject {
  if (isObject(value)) return value;
  throw new TributaryError({
    code: "zendesk.record_without_id",
    kind: "contract",
    message: "Zendesk answered a request for one record with something else.",
    mend: "Report it: the connector expects the record under its name.",
  });
}

function bodyOf(request: InboundRequest): unknown {
  try {
    return JSON.parse(request.body.toString("utf8"));
  } catch {
    return null;
  }
}
