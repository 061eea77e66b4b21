import type pg from "pg";
import type { Log } from "../../../core/base/log.ts";
import type { Store } from "../../../core/store/db.ts";

/** KPI values that changed (a small JSON object), and events that were written. Sent in the transaction that changed them. */
export const LIVE_CHANNELS = ["tributary_live", "tributary_outbox"] as const;
export type LiveChannel = (typeof LIVE_CHANNELS)[number];

/**
 * What happened: something was said on a channel, or the line was cut for a while and whatever was said then is lost: look again.
 */
export type LiveSignal = { readonly kind: "notice"; readonly channel: LiveChannel } | { readonly kind: "resync" };

export type Listener = {
  /** @returns how to stop hearing. */
  subscribe(hear: (signal: LiveSignal) => void): () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
};

const RETRY_MS = { first: 250, most: 10_000 };

/**
 * Hears what any process says to the screens, through PostgreSQL itself, so that it does not matter which process a screen is
 * connected to. Holds one database connection of its own for as long as it runs.
 *
 *     start ──► connected ──(line cut)──► waiting ──► connected + "resync" ──► … ──► stopped
 */
export function createListener(store: Store, log: Log): Listener {
  const hearers = new Set<(signal: LiveSignal) => void>();
  let client: pg.Client | null = null;
  let retry: NodeJS.Timeout | null = null;
  let isStopped = false;
  let retryMs = RETRY_MS.first;

  const tell = (signal: LiveSignal): void => {
    for (const hear of hearers) hear(signal);
  };

  const connect = async (): Promise<void> => {
    // A pooled connection would be counted among those that queries wait for.
    const next = store.newClient();
    next.on("notification", ({ channel }) => {
      const known = LIVE_CHANNELS.find((name) => name === channel);
      if (known !== undefined) tell({ kind: "notice", channel: known });
    });
    next.on("error", (error) => lost(next, error));
    next.on("end", () => lost(next, null));
    await next.connect();
    for (const channel of LIVE_CHANNELS) await next.query(`listen ${channel}`);
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
    log.warn({ err: error }, "The line for live updates was cut; screens look again when it is back.");
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
