import type { AnyConnector } from "../../../core/connector/define.ts";
import { type ConnectionFreshness, readFreshness } from "../../../core/store/pulls/freshness.ts";
import type { ServerDeps } from "../../web/deps.ts";

/**
 * How a connection stands, worst first:
 * - `stopped`  somebody has to act: paused, ended, or the vendor refuses the sign-in.
 * - `loading`  its first load is not done; numbers lack what is still to come.
 * - `stale`    it should have been read again by now.
 * - `partial`  something of it could not be read.
 * - `current`  as it should be.
 */
export const FRESHNESS_STATES = ["stopped", "loading", "stale", "partial", "current"] as const;
export type FreshnessState = (typeof FRESHNESS_STATES)[number];

export type SourceFreshness = {
  readonly connectionId: string;
  readonly title: string;
  readonly freshAsOf: Date | null;
  readonly state: FreshnessState;
  /** Why it is not current, in words; null when it is. */
  readonly reason: string | null;
};

export type Freshness = {
  readonly sources: readonly SourceFreshness[];
  /** What all sources that have not ended had changed up to this instant is in the numbers; null: one has not been read whole. */
  readonly asOf: Date | null;
  /** The worst of the sources that have not ended. */
  readonly state: FreshnessState;
};

/** Late by two whole intervals and a minute: one that runs a little longer than usual does not make a screen cry. */
const staleAfterMs = (everyS: number): number => (3 * everyS + 60) * 1000;
const CRON_EVERY_S = 24 * 60 * 60;

export async function currentFreshness(deps: ServerDeps): Promise<Freshness> {
  const now = deps.clock.now();
  const rows = await readFreshness(deps.store.db);
  const sources = rows.map((row) => {
    const connector = deps.connectors.find(({ key }) => key === row.connector);
    return judge(row, connector, now);
  });
  // What an ended source has told is all it will ever tell: it does not go stale, and keeps no screen from being current.
  const ended = new Set(rows.filter((row) => row.state === "ended").map((row) => row.connectionId));
  const living = sources.filter((source) => !ended.has(source.connectionId));
  const times = living.map((source) => source.freshAsOf?.getTime() ?? null);
  const known = times.filter((time) => time !== null);
  return {
    sources,
    asOf: known.length === 0 || known.length < times.length ? null : new Date(Math.min(...known)),
    state: FRESHNESS_STATES.find((state) => living.some((source) => source.state === state)) ?? "current",
  };
}

function judge(row: ConnectionFreshness, connector: AnyConnector | undefined, now: Date): SourceFreshness {
  const everyS = row.everyS ?? (row.hasCron ? CRON_EVERY_S : (connector?.everyS ?? CRON_EVERY_S));
  const [state, reason] = stateOf(row, staleAfterMs(everyS), now);
  return { connectionId: row.connectionId, title: row.title, freshAsOf: row.freshAsOf, state, reason };
}

function stateOf(row: ConnectionFreshness, staleMs: number, now: Date): readonly [FreshnessState, string | null] {
  switch (row.state) {
    case "needs_auth":
      return ["stopped", "needs a new sign-in"];
    case "paused":
      return ["stopped", "is paused"];
    case "ended":
      return ["stopped", "has ended"];
    case "active":
      break;
    default:
      row.state satisfies never;
  }
  if (row.freshAsOf === null) return ["loading", "is still loading"];
  if (now.getTime() - row.freshAsOf.getTime() > staleMs) return ["stale", row.isFailing ? "is failing" : "is late"];
  if (row.isPartial) return ["partial", "is incomplete"];
  return ["current", null];
}
