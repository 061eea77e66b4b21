import type { DriftObject } from "./store.ts";

export type Webhooks = {
  /** As an admin does in the app's page: there is no request for it. */
  subscribe(url: string): void;
  send(type: string, data: DriftObject): void;
  /** Every delivery that is under way has ended. */
  settled(): Promise<void>;
  stop(): void;
};

/** Deliveries carry the shared token twice and no signature. */
export function createWebhooks(options: { readonly orgId: number; readonly verificationToken: string }): Webhooks {
  const urls = new Set<string>();
  const underway = new Set<Promise<void>>();
  const stopped = new AbortController();

  async function post(url: string, body: string): Promise<void> {
    const headers = { "content-type": "application/json", "x-verification-token": options.verificationToken };
    try {
      const answer = await fetch(url, { method: "POST", headers, body, signal: stopped.signal });
      await answer.arrayBuffer();
    } catch {
      // Whether Drift tries again is not documented: it does not here.
    }
  }

  return {
    subscribe: (url) => void urls.add(url),
    send(type, data) {
      const body = JSON.stringify({ type, token: options.verificationToken, orgId: options.orgId, data });
      for (const url of urls) {
        const work = post(url, body).finally(() => underway.delete(work));
        underway.add(work);
      }
    },
    settled: async () => void (await Promise.all(underway)),
    stop: () => stopped.abort(),
  };
}
