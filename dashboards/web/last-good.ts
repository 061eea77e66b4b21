import { recognise } from "../../core/store/failures.ts";

/** What was answered last, for when the database cannot be asked: an answer of then is worth more than none, if it says so. */
export type LastGood<T> = {
  /** Nothing of before is given any more. */
  readonly forget: () => void;
  /**
   * What `read` gives; where that fails because the database does not answer, what it gave last.
   *
   * @returns `since`: when the value was read; null: now.
   * @throws what `read` throws, where nothing is known or something else is wrong.
   */
  through(
    key: string,
    now: Date,
    read: () => T | Promise<T>,
  ): Promise<{ readonly value: T; readonly since: Date | null }>;
};

/** More is not kept: who makes keys up fills no memory. */
const MOST = 1_000;

/** @param isKept whether an answer is worth keeping; another one takes what was kept away. */
export function lastGood<T>(isKept: (value: T) => boolean): LastGood<T> {
  const known = new Map<string, { readonly value: T; readonly at: Date }>();
  return {
    forget: () => known.clear(),
    through: async (key, now, read) => {
      try {
        const value = await read();
        known.delete(key);
        if (isKept(value)) {
          // The oldest goes first.
          const [oldest] = known.size >= MOST ? known.keys() : [];
          if (oldest !== undefined) known.delete(oldest);
          known.set(key, { value, at: now });
        }
        return { value, since: null };
      } catch (error) {
        const last = known.get(key);
        if (last === undefined || recognise(error).kind !== "transient") throw error;
        return { value: last.value, since: last.at };
      }
    },
  };
}
