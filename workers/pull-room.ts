import { TributaryError } from "../core/base/errors.ts";
import type { Clock } from "../core/base/clock.ts";

/**
 * Who may use a process's places for pulls. They are shared by all connections, so a slow one must not take them all while others wait:
 *
 * - Of one connection's streams so many are pulled at once; the rest waits its turn.
 * - Connections whose vendor was slow or did not answer the last time share half of the places.
 * - A pull that has gone on for long gives its place up between two pages, and goes on from there in its turn.
 *
 * None of this holds while nobody else waits.
 */
export type PullRoom = {
  /**
   * Begins a pull. A pull that has to wait takes up no place while it does.
   *
   * @throws TributaryError `land.gives_way`, kind `rate_limited`: the job is to come back.
   */
  enter(connectionId: string): Promise<Stay>;
};

export type Stay = {
  /** Asked after each page. Null: go on. */
  givesWay(): Promise<TributaryError | null>;
  /** Ends it. @param isSlow the vendor did not answer, or not well. */
  leave(isSlow: boolean): void;
};

export type PullRoomOptions = {
  readonly places: number;
  readonly clock: Clock;
  /** Whether a pull of another connection waits for a place. */
  readonly isAwaited: (connectionId: string) => Promise<boolean>;
};

const LONG_MS = 20_000;
const COMES_BACK_MS = 1_000;

export function createPullRoom({ places, clock, isAwaited }: PullRoomOptions): PullRoom {
  const share = Math.max(1, Math.ceil(places / 3));
  const slowShare = Math.max(1, Math.floor(places / 2));
  const running = new Map<string, number>();
  const slow = new Set<string>();

  const ofSlow = (): number => [...running].reduce((sum, [id, count]) => (slow.has(id) ? sum + count : sum), 0);
  const isFull = (id: string): boolean => (running.get(id) ?? 0) >= share || (slow.has(id) && ofSlow() >= slowShare);

  return {
    async enter(connectionId) {
      if (isFull(connectionId) && (await isAwaited(connectionId))) throw givesWay(connectionId, clock.now());
      running.set(connectionId, (running.get(connectionId) ?? 0) + 1);
      const startedMs = clock.now().getTime();
      return {
        async givesWay() {
          const isLong = clock.now().getTime() - startedMs >= LONG_MS;
          return isLong && (await isAwaited(connectionId)) ? givesWay(connectionId, clock.now()) : null;
        },
        leave(isSlow) {
          const left = (running.get(connectionId) ?? 1) - 1;
          if (left === 0) running.delete(connectionId);
          else running.set(connectionId, left);
          if (isSlow) slow.add(connectionId);
          else slow.delete(connectionId);
        },
      };
    },
  };
}

export function givesWay(connectionId: string, now: Date): TributaryError {
  return new TributaryError({
    code: "land.gives_way",
    kind: "rate_limited",
    message: `Pulls of other connections wait, so ${connectionId} goes on in its turn.`,
    mend: "Nothing to do: it goes on by itself from its last page.",
    retryAt: new Date(now.getTime() + COMES_BACK_MS),
  });
}
