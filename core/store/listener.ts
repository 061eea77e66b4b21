import type pg from "pg";
import type { Log } from "../base/log.ts";
import { type Channel, CHANNELS } from "./channels.ts";
import type { Store } from "./db.ts";

/**
 * What happened: something was said on a channel, or the line was cut for a while and whatever was said then is lost: look again.
 */
export type Signal = { readonly kind: "notice"; readonly channel: Channel } | { readonly kind: "resync" };

export type Listener = {
  /** @returns how to stop hearing. */
  subscribe(hear: (signal: Signal) => void): () => void;
  /** Whether the line stands: what is said now is heard. */
  isHearing(): boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
};

const RETRY_MS = { first: 250, most: 10_000 };

/**
 * Hears what any process announces on these channels. Holds one database connection of its own for as long as it runs.
 *
 *     start ──► connected ──(line cut)──► waiting ──► connected + "resync" ──► … ──► stopped
 */
export function createListener(store: Store, channels: readonly Channel[], log: Log): Listener {
  const hearers = new Set<(signal: Signal) => void>();
  let client: pg.Client | null = null;
  let retry: NodeJS.Timeout | null = null;
  let isStopped = false;
  let retryMs = RETRY_MS.first;

  const tell = (signal: Signal): void => {
    for (const hear of hearers) hear(signal);
  };

  const connect = async (): Promise<void> => {
    // A pooled connection would be counted among those that queries wait for.
    const next = store.newClient();
    next.on("notification", ({ channel }) => {
      const known = channels.find((name) => CHANNELS[name] === channel);
      if (known !== undefined) tell({ kind: "notice", channel: known });
    });
    next.on("error", (error) => lost(next, error));
    next.on("end", () => lost(next, null));
    await next.connect();
    for (const channel of channels) await next.query(`listen ${CHANNELS[channel]}`);
    if (isStopped) {
      await next.end();
      return;
    }
    client = next;
    retryMs = RETRY_MS.first;
  };

  const lost = (which: pg.Client, error: Error | null): void => {
    if (client !== which) return;
    client = null;
    if (isStopped) return;
    log.warn(
      { err: error },
      "the line on which changes are announced was cut; what changed meanwhile is looked up when it is back",
    );
    scheduleRetry();
  };

  const scheduleRetry = (): void => {
    retry = setTimeout(() => {
      connect().then(
        () => tell({ kind: "resync" }),
        () => {
          retryMs = Math.min(retryMs * 2, RETRY_MS.most);
          if (!isStopped) scheduleRetry();
        },
      );
    }, retryMs);
  };

  return {
    subscribe: (hear) => {
      hearers.add(hear);
      return () => void hearers.delete(hear);
    },
    isHearing: () => client !== null,
    start: connect,
    stop: async () => {
      isStopped = true;
      if (retry !== null) clearTimeout(retry);
      const last = client;
      client = null;
      await last?.end();
    },
  };
}
