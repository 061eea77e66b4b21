import { createHmac, hash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { type Fields, isoTime, notFound, ok, refusal, ulid } from "./format.ts";
import type { Row } from "./store.ts";

const creation = z.object({
  webhook: z.object({
    name: z.string().min(1),
    status: z.enum(["active", "inactive"]),
    endpoint: z.url(),
    http_method: z.literal("POST"),
    request_format: z.literal("json"),
    subscriptions: z.array(
      z.string().regex(/^(zen:event-type:(ticket|user|organization)\.\w+|conditional_ticket_events)$/),
    ),
  }),
});

type Webhook = z.infer<typeof creation>["webhook"] & { readonly id: string; readonly secret: string };

export type TicketEvent = {
  /** `status_changed` */
  readonly name: string;
  readonly ticket: Row;
  /** What of it changed, from what to what; or the new comment. */
  readonly says: Fields;
  readonly at: Date;
};

export type Webhooks = {
  /** `webhooks…` of the API. */
  answer(path: string, request: SimRequest): SimAnswer;
  /** Tells everyone who asked for this kind of event. */
  deliver(event: TicketEvent): void;
  /** Every delivery that is under way has ended. */
  settled(): Promise<void>;
  stop(): void;
  /** How it goes wrong: chance of a second delivery, of one that comes late, and how long a retry waits. */
  dial: { duplicate: number; reorder: number; retryMs: number; attempts: number };
};

export function createWebhooks(options: {
  readonly accountId: number;
  readonly now: () => Date;
  readonly chance: (probability: number) => boolean;
}): Webhooks {
  const webhooks = new Map<string, Webhook>();
  let made = 0;
  const underway = new Set<Promise<void>>();
  const stopped = new AbortController();
  const dial = { duplicate: 0, reorder: 0, retryMs: 1000, attempts: 4 };
  const held: { readonly webhook: Webhook; readonly body: string }[] = [];

  function create(request: SimRequest): SimAnswer {
    const parsed = creation.safeParse(JSON.parse(request.body.toString("utf8") || "{}"));
    if (!parsed.success) return refusal(422, "RecordInvalid", z.prettifyError(parsed.error));
    const id = ulid(`webhook ${made}`);
    made += 1;
    const webhook = { ...parsed.data.webhook, id, secret: hash("sha256", `secret ${id}`, "base64url") };
    webhooks.set(id, webhook);
    return { status: 201, body: { webhook: shown(webhook) } };
  }

  function shown(webhook: Webhook): object {
    const time = isoTime(options.now());
    return { ...webhook, secret: undefined, created_at: time, updated_at: time };
  }

  async function send({ endpoint, secret, id }: Webhook, body: string): Promise<void> {
    const invocation = ulid(randomUUID());
    for (let attempt = 0; attempt < dial.attempts && !stopped.signal.aborted; attempt += 1) {
      const timestamp = isoTime(options.now());
      const headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Zendesk Webhook",
        "x-zendesk-account-id": String(options.accountId),
        "x-zendesk-webhook-id": id,
        "x-zendesk-webhook-invocation-id": invocation,
        "x-zendesk-webhook-signature-timestamp": timestamp,
        "x-zendesk-webhook-signature": createHmac("sha256", secret)
          .update(timestamp + body)
          .digest("base64"),
      };
      try {
        const answer = await fetch(endpoint, { method: "POST", headers, body, signal: stopped.signal });
        await answer.arrayBuffer();
        if (![409, 429, 503].includes(answer.status)) return;
      } catch {
        // Nobody there: tried again like a time-out.
      }
      await sleep(dial.retryMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }

  function start(webhook: Webhook, body: string): void {
    const work = send(webhook, body).finally(() => underway.delete(work));
    underway.add(work);
  }

  return {
    dial,
    answer(path, request) {
      const [, id, secret] = /^webhooks(?:\/([^/]+)(\/signing_secret)?)?$/.exec(path) ?? [];
      if (id === undefined) {
        if (request.method === "POST") return create(request);
        const meta = { has_more: false, after_cursor: null, before_cursor: null };
        return ok({ webhooks: [...webhooks.values()].map(shown), meta, links: { prev: null, next: null } });
      }
      const found = webhooks.get(id);
      if (found === undefined) return notFound();
      if (request.method === "DELETE") return (webhooks.delete(id), { status: 204 });
      if (secret === undefined) return ok({ webhook: shown(found) });
      return ok({ signing_secret: { secret: found.secret, algorithm: "SHA256" } });
    },
    deliver(event) {
      const body = JSON.stringify(envelope(event, options.accountId), null, 2);
      for (const webhook of webhooks.values()) {
        if (webhook.status !== "active") continue;
        if (!webhook.subscriptions.includes(`zen:event-type:ticket.${event.name}`)) continue;
        if (options.chance(dial.reorder)) {
          held.push({ webhook, body });
          continue;
        }
        start(webhook, body);
        if (options.chance(dial.duplicate)) start(webhook, body);
        // What was held back comes after what followed it.
        for (const late of held.splice(0)) start(late.webhook, late.body);
      }
    },
    async settled() {
      for (const late of held.splice(0)) start(late.webhook, late.body);
      await Promise.all(underway);
    },
    stop: () => stopped.abort(),
  };
}

/** Ids as texts, nobody as "0", statuses in capitals: another form than the API's. */
export function envelope({ name, ticket, says, at }: TicketEvent, accountId: number): object {
  const idText = (field: string): string => {
    const id = ticket[field];
    return typeof id === "number" ? String(id) : "0";
  };
  return {
    type: `zen:event-type:ticket.${name}`,
    account_id: accountId,
    id: randomUUID(),
    time: at.toISOString().replace("Z", "221Z"),
    zendesk_event_version: "2022-11-06",
    subject: `zen:ticket:${ticket.id}`,
    detail: {
      id: String(ticket.id),
      actor_id: idText("assignee_id"),
      assignee_id: idText("assignee_id"),
      brand_id: idText("brand_id"),
      created_at: ticket["created_at"],
      custom_status: idText("custom_status_id"),
      description: ticket["description"],
      external_id: null,
      form_id: idText("ticket_form_id"),
      group_id: idText("group_id"),
      is_public: true,
      organization_id: idText("organization_id"),
      priority: String(ticket["priority"]).toUpperCase(),
      requester_id: idText("requester_id"),
      status: String(ticket["status"]).toUpperCase(),
      subject: ticket["subject"],
      submitter_id: idText("submitter_id"),
      tags: ticket["tags"],
      type: "QUESTION",
      updated_at: ticket["updated_at"],
      via: { channel: "mail" },
    },
    event: { ...says, meta: { sequence: { id: ulid(randomUUID()), position: 1 } } },
  };
}
