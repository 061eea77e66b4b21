import { createHmac } from "node:crypto";
import { fieldOf, type Json } from "../../../core/base/json.ts";
import type { IntercomObject } from "./store.ts";
import { WORKSPACE } from "./translate.ts";

export type Webhooks = {
  /** As an admin does in the Developer Hub: the address is validated, and gets a ping. */
  subscribe(url: string): Promise<void>;
  send(topic: string, item: IntercomObject): void;
  /** Every delivery that is under way has ended. */
  settled(): Promise<void>;
  stop(): void;
};

/** What a new part of a conversation is told as. A closing is an admin's also where the bot has done it. */
export function topicOf(part: IntercomObject): string {
  if (part["part_type"] === "close") return "conversation.admin.closed";
  switch (fieldOf((part["author"] ?? null) as Json, "type")) {
    case "admin":
      return "conversation.admin.replied";
    case "bot":
      return "conversation.operator.replied";
    default:
      return "conversation.user.replied";
  }
}

export function createWebhooks(options: { readonly clientSecret: string; readonly now: () => Date }): Webhooks {
  const urls = new Set<string>();
  const underway = new Set<Promise<void>>();
  const stopped = new AbortController();
  let sent = 0;

  function notification(topic: string, item: IntercomObject | null): string {
    sent += 1;
    const at = Math.floor(options.now().getTime() / 1000);
    return JSON.stringify({
      type: "notification_event",
      id: topic === "ping" ? null : `notif_${at}_${sent}`,
      topic,
      app_id: WORKSPACE.id_code,
      created_at: at,
      delivery_attempts: 1,
      first_sent_at: at,
      data: {
        type: "notification_event_data",
        item: item ?? { type: "ping", message: "something something interzen" },
      },
    });
  }

  async function post(url: string, body: string): Promise<void> {
    const signature = createHmac("sha1", options.clientSecret).update(body).digest("hex");
    const headers = {
      "content-type": "application/json",
      "user-agent": "intercom-parrot-service-client/1.0",
      "x-hub-signature": `sha1=${signature}`,
    };
    try {
      const answer = await fetch(url, { method: "POST", headers, body, signal: stopped.signal });
      await answer.arrayBuffer();
    } catch {
      // One retry after about a minute is said to come (unverified): it does not here.
    }
  }

  function start(url: string, body: string): void {
    const work = post(url, body).finally(() => underway.delete(work));
    underway.add(work);
  }

  return {
    async subscribe(url) {
      const answer = await fetch(url, { method: "HEAD", signal: stopped.signal });
      if (!answer.ok) throw new Error(`The address answers a HEAD with ${answer.status}.`);
      urls.add(url);
      start(url, notification("ping", null));
    },
    send(topic, item) {
      const body = notification(topic, item);
      for (const url of urls) start(url, body);
    },
    settled: async () => void (await Promise.all(underway)),
    stop: () => stopped.abort(),
  };
}
