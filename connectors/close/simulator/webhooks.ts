import { createHash, createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { ok, refusal } from "./answers.ts";
import { closeId, naiveTime } from "./format.ts";
import type { CloseObject } from "./objects.ts";
import type { CloseEvent } from "./store.ts";

const subscription = z.object({
  url: z.url(),
  verify_ssl: z.boolean().default(true),
  events: z
    .array(z.object({ object_type: z.string(), action: z.string(), extra_filter: z.unknown().optional() }))
    .min(1),
});
const changes = subscription.partial().extend({ status: z.enum(["active", "paused"]).optional() });

const MOST_SUBSCRIPTIONS = 40;

export type Webhooks = {
  list(): SimAnswer;
  get(id: string): SimAnswer;
  create(request: SimRequest): SimAnswer;
  update(id: string, request: SimRequest): SimAnswer;
  remove(id: string): SimAnswer;
  /** Tells every subscriber of an event's kind. */
  deliver(event: CloseEvent): void;
  /** Every delivery that is under way has ended. */
  settled(): Promise<void>;
  stop(): void;
  /** How it goes wrong: chance of a second delivery, of one that comes late, and how long the first retry waits. */
  dial: { duplicate: number; reorder: number; retryMs: number; attempts: number; failuresToPause: number };
};

export function createWebhooks(options: {
  readonly organizationId: string;
  readonly userId: string;
  readonly now: () => Date;
  readonly chance: (probability: number) => boolean;
}): Webhooks {
  const subscriptions = new Map<string, CloseObject & { status: string }>();
  let made = 0;
  const failures = new Map<string, number>();
  const underway = new Set<Promise<void>>();
  const stopped = new AbortController();
  const dial = { duplicate: 0, reorder: 0, retryMs: 1000, attempts: 10, failuresToPause: 50 };

  async function send(id: string, event: CloseEvent): Promise<void> {
    for (let attempt = 0; attempt < dial.attempts; attempt += 1) {
      const target = subscriptions.get(id);
      if (target === undefined || target.status !== "active" || stopped.signal.aborted) return;
      if (await isTaken(target, event)) return void failures.delete(id);
      const failed = (failures.get(id) ?? 0) + 1;
      failures.set(id, failed);
      if (failed >= dial.failuresToPause) return pause(id);
      await sleep(dial.retryMs * 2 ** attempt, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }

  async function isTaken(target: CloseObject, event: CloseEvent): Promise<boolean> {
    const body = JSON.stringify({ event, subscription_id: target.id });
    const timestamp = String(Math.floor(options.now().getTime() / 1000));
    const key = Buffer.from(String(target["signature_key"]), "hex");
    const headers = {
      "content-type": "application/json",
      "close-sig-timestamp": timestamp,
      "close-sig-hash": createHmac("sha256", key).update(timestamp).update(body).digest("hex"),
    };
    try {
      const answer = await fetch(String(target["url"]), { method: "POST", headers, body, signal: stopped.signal });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }

  function pause(id: string): void {
    const found = subscriptions.get(id);
    if (found !== undefined) subscriptions.set(id, { ...found, status: "paused", pause_reason: "failing" });
  }

  function start(id: string, event: CloseEvent): void {
    const work = send(id, event).finally(() => underway.delete(work));
    underway.add(work);
  }

  const held: { id: string; event: CloseEvent }[] = [];

  return {
    dial,
    list: () => ok({ data: [...subscriptions.values()], has_more: false }),
    get(id) {
      const found = subscriptions.get(id);
      return found === undefined ? refusal(404, "Not found") : ok(found);
    },
    create(request) {
      const parsed = subscription.safeParse(JSON.parse(request.body.toString("utf8") || "{}"));
      if (!parsed.success)
        return { status: 400, body: { errors: [], "field-errors": { url: z.prettifyError(parsed.error) } } };
      if (subscriptions.size >= MOST_SUBSCRIPTIONS) return refusal(400, "Too many webhook subscriptions");
      const id = closeId("whsub", String(made));
      made += 1;
      const time = naiveTime(options.now());
      const subscribed = {
        ...parsed.data,
        id,
        status: "active",
        organization_id: options.organizationId,
        signature_key: createHash("sha256").update(`signature ${id}`).digest("hex"),
        counters: {},
        health_status: "healthy",
        latest_error: null,
        pause_reason: null,
        recent_consecutive_fail_buckets_cnt: 0,
        created_by: options.userId,
        updated_by: options.userId,
        date_created: time,
        date_updated: time,
      };
      subscriptions.set(id, subscribed);
      return { status: 201, headers: { location: `/api/v1/webhook/${id}/` }, body: subscribed };
    },
    update(id, request) {
      const found = subscriptions.get(id);
      if (found === undefined) return refusal(404, "Not found");
      const parsed = changes.safeParse(JSON.parse(request.body.toString("utf8") || "{}"));
      if (!parsed.success) return refusal(400, z.prettifyError(parsed.error));
      const status = parsed.data.status ?? found.status;
      const updated = { ...found, ...parsed.data, status, pause_reason: null, date_updated: naiveTime(options.now()) };
      if (status === "active") failures.delete(id);
      subscriptions.set(id, updated);
      return ok(updated);
    },
    remove(id) {
      return subscriptions.delete(id) ? ok({}) : refusal(404, "Not found");
    },
    deliver(event) {
      for (const target of subscriptions.values()) {
        const wanted = target["events"] as readonly { readonly object_type: string; readonly action: string }[];
        if (target.status !== "active") continue;
        if (!wanted.some((one) => one.object_type === event.object_type && one.action === event.action)) continue;
        if (options.chance(dial.reorder)) {
          held.push({ id: target.id, event });
          continue;
        }
        start(target.id, event);
        if (options.chance(dial.duplicate)) start(target.id, event);
        // What was held back comes after what followed it.
        for (const late of held.splice(0)) start(late.id, late.event);
      }
    },
    async settled() {
      for (const late of held.splice(0)) start(late.id, late.event);
      await Promise.all(underway);
    },
    stop: () => stopped.abort(),
  };
}
