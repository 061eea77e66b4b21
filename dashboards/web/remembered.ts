import type { Listener } from "../../core/store/listener.ts";

/** What a process remembers of the database for a short while, so that many who ask at once cost what one does. */
export type Remembered<T> = {
  /** What is remembered under the key, else what `read` gives. Those who ask while it is read are given the same. */
  get(key: string, now: Date, read: () => Promise<T>): T | Promise<T>;
};

/** Things under more keys than this are not remembered: who makes keys up fills no memory. */
const MOST = 1_000;

type Entry<T> = { readonly value: T; readonly at: Date; readonly readMs: number };

/**
 * Remembers for `forMs`, and forgets everything at every signal. While the line on which changes are announced is down, nothing is remembered.
 *
 * @param isKept whether an answer is one to remember: what is not there is asked for again.
 */
export function remembering<T>(
  listener: Listener,
  { forMs, isKept }: { readonly forMs: number; readonly isKept: (value: T) => boolean },
): Remembered<T> {
  let entries = new Map<string, Entry<T>>();
  let reading = new Map<string, Promise<T>>();
  listener.subscribe(() => {
    entries = new Map();
    reading = new Map();
  });
  const isFresh = (entry: Entry<T>, now: Date): boolean =>
    performance.now() - entry.readMs < forMs && Math.abs(now.getTime() - entry.at.getTime()) < forMs;

  const readNow = async (key: string, now: Date, read: () => Promise<T>): Promise<T> => {
    // What is said while it is read may already be about something newer.
    const [into, from] = [entries, reading];
    const readMs = performance.now();
    try {
      const value = await read();
      if (isKept(value) && into.size < MOST) into.set(key, { value, at: now, readMs });
      return value;
    } finally {
      from.delete(key);
    }
  };

  return {
    get: (key, now, read) => {
      if (!listener.isHearing()) return read();
      const entry = entries.get(key);
      if (entry !== undefined && isFresh(entry, now)) return entry.value;
      const running = reading.get(key);
      if (running !== undefined) return running;
      entries.delete(key);
      const begun = readNow(key, now, read);
      reading.set(key, begun);
      return begun;
    },
  };
}
