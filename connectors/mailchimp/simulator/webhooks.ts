import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { longId, NOT_FOUND, problem, type Row, shortId } from "./format.ts";
import type { Told } from "./store.ts";

const flags = z.record(z.string(), z.boolean());
const wanted = z.object({
  url: z.url(),
  events: flags.default({}),
  sources: flags.default({}),
  signing_enabled: z.boolean().default(false),
});

type Hook = z.infer<typeof wanted> & { readonly id: string; readonly listId: string; readonly secret: string };

export type Webhooks = {
  list(listId: string): readonly Row[];
  /** Looks first whether somebody is there. */
  create(listId: string, request: SimRequest): Promise<SimAnswer>;
  remove(listId: string, id: string): SimAnswer;
  deliver(told: Told): void;
  /** Every delivery that is under way has ended. */
  settled(): Promise<void>;
  stop(): void;
  /** Chance of a second delivery, how long the first retry waits, and whether this account can sign at all. */
  dial: { duplicate: number; retryMs: number; attempts: number; canSign: boolean };
};

const VALIDATOR = { "user-agent": "MailChimp.com WebHook Validator" };

export function createWebhooks(options: {
  readonly now: () => Date;
  readonly chance: (probability: number) => boolean;
}): Webhooks {
  const hooks = new Map<string, Hook>();
  const underway = new Set<Promise<void>>();
  const stopped = new AbortController();
  const dial = { duplicate: 0, retryMs: 1000, attempts: 8, canSign: true };
  let made = 0;

  function rowOf(hook: Hook): Row {
    const { id, url, events, sources, listId, signing_enabled } = hook;
    return { id, url, events, sources, signing_enabled, list_id: listId };
  }

  async function send(hook: Hook, body: string): Promise<void> {
    for (let attempt = 0; attempt < dial.attempts && hooks.has(hook.id); attempt += 1) {
      if (await isTaken(hook, body)) return;
      await sleep(dial.retryMs * 2 ** attempt, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (stopped.signal.aborted) return;
    }
  }

  async function isTaken(hook: Hook, body: string): Promise<boolean> {
    const t = Math.floor(options.now().getTime() / 1000);
    const v1 = createHmac("sha256", hook.secret).update(`${t}.${body}`).digest("hex");
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      ...(hook.signing_enabled ? { "x-mailchimp-signature": `t=${t},v1=${v1}` } : {}),
    };
    try {
      const answer = await fetch(hook.url, { method: "POST", headers, body, signal: stopped.signal });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }

  function start(hook: Hook, body: string): void {
    const work = send(hook, body).finally(() => underway.delete(work));
    underway.add(work);
  }

  return {
    dial,
    list: (listId) => [...hooks.values()].filter((hook) => hook.listId === listId).map(rowOf),
    async create(listId, request) {
      const parsed = wanted.safeParse(JSON.parse(request.body.toString("utf8") || "{}"));
      if (!parsed.success) return problem(400, "Invalid Resource", z.prettifyError(parsed.error));
      const { url, signing_enabled } = parsed.data;
      if ([...hooks.values()].some((hook) => hook.listId === listId && hook.url === url))
        return problem(400, "Invalid Resource", "Sorry, you can't set up multiple WebHooks for one URL");
      const seen = await fetch(url, { headers: VALIDATOR, signal: stopped.signal }).catch(() => null);
      if (seen?.ok !== true) return problem(400, "Invalid Resource", "We couldn't get a 200 from that URL.");
      made += 1;
      const id = shortId("webhook", `${listId} ${made}`);
      const isSigned = signing_enabled && dial.canSign;
      const hook = { ...parsed.data, signing_enabled: isSigned, id, listId, secret: longId("secret", id) };
      hooks.set(id, hook);
      // The one time that it is told.
      return {
        status: 200,
        body: { ...rowOf(hook), ...(isSigned ? { signing_secret: hook.secret } : {}), _links: [] },
      };
    },
    remove(listId, id) {
      if (hooks.get(id)?.listId !== listId) return NOT_FOUND();
      hooks.delete(id);
      return { status: 204 };
    },
    deliver(told) {
      const body = formOf(told);
      for (const hook of hooks.values()) {
        if (hook.listId !== told.listId || hook.events[told.type] !== true) continue;
        start(hook, body);
        if (options.chance(dial.duplicate)) start(hook, body);
      }
    },
    async settled() {
      while (underway.size > 0) await Promise.all(underway);
    },
    stop: () => stopped.abort(),
  };
}

/** `data[merges][FNAME]=Sam` and so on, percent-encoded. */
function formOf({ type, firedAt, data }: Told): string {
  const form = new URLSearchParams({ type, fired_at: firedAt });
  const add = (name: string, value: unknown): void => {
    if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) add(`${name}[${key}]`, inner);
    else form.append(name, value === null || value === undefined ? "" : String(value as string | number));
  };
  add("data", data);
  return form.toString();
}
