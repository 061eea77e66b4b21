import type { Listener } from "../../core/store/listener.ts";

/** What a process remembers of the database for a short while, so that many who ask at once cost what one does. */
export type Remembered<T> = {
  /** What is remembered under the key, else what `read` gives. Those who ask while it is read are given the same. */
  get(key: string, now: Date, read: () => Promise<T>): T | Promise<T>;
  /** Remembers nothing from before any more; what is being read just now is not remembered either. */
  readonly forget: () => void;
};

/** More is not remembered: who makes keys up fills no memory. */
const MOST = 1_000;

type Entry<T> = { readonly value: T; readonly at: Date; readonly readMs: number };

/**
 * Remembers for `forMs`, and forgets everything at every signal. While the line on which changes are announced is down, nothing is remembered.
 *
 * @param whileMs so old an answer may be that is given while a newer one is read, to who asks first after `forMs`; nobody then waits.
 * @param isKept whether an answer is one to remember: what is not there is asked for again.
 */
export function remembering<T>(
  listener: Listener,
  {
    forMs,
    whileMs = forMs,
    isKept,
  }: { readonly forMs: number; readonly whileMs?: number; readonly isKept: (value: T) => boolean },
): Remembered<T> {
  let entries = new Map<string, Entry<T>>();
  let reading = new Map<string, Promise<T>>();
  const forget = (): void => {
    entries = new Map();
    reading = new Map();
  };
  listener.subscribe(forget);
  const ageMs = (entry: Entry<T>, now: Date): number =>
    Math.max(performance.now() - entry.readMs, Math.abs(now.getTime() - entry.at.getTime()));

  const readNow = async (key: string, now: Date, read: () => Promise<T>): Promise<T> => {
    // What is said while it is read may already be about something newer.
    const [into, from] = [entries, reading];
    const readMs = performance.now();
    try {
      const value = await read();
      if (into.size >= MOST) into.clear();
      if (isKept(value)) into.set(key, { value, at: now, readMs });
      else into.delete(key);
      return value;
    } finally {
      from.delete(key);
    }
  };

  return {
    forget,
    get: (key, now, read) => {
      if (!listener.isHearing()) return read();
      const entry = entries.get(key);
      const oldMs = entry === undefined ? Infinity : ageMs(entry, now);
      if (entry !== undefined && oldMs < forMs) return entry.value;
      const begun = reading.get(key) ?? readNow(key, now, read);
      reading.set(key, begun);
      if (entry === undefined || oldMs >= whileMs) return begun;
      // Should it fail, whoever asks when the answer has become too old is told.
      begun.catch(() => undefined);
      return entry.value;
    },
  };
}
