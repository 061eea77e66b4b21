import type { BucketLimit, ObservedLimit } from "./http.ts";

/**
 * The rate limits of one connection, as they are shared by every worker on every machine.
 *
 * A bucket holds tokens; a request takes one. What the vendor's headers say corrects it downwards at once: other programs may be using
 * the same account.
 */
export type Limiter = {
  /**
   * Asks for a token.
   *
   * @param limit what the bucket holds while the vendor's headers have not said otherwise.
   * @returns 0: taken, go. Else how many milliseconds to wait before asking again; nothing was taken.
   */
  take(bucket: string, limit: BucketLimit): Promise<number>;
  /** Tells what an answer's headers said. Costs nothing unless the bucket is empty. */
  observe(bucket: string, observed: ObservedLimit): Promise<void>;
  /** The vendor has refused (429): nobody takes from the bucket for `waitMs`. */
  block(bucket: string, limit: BucketLimit, waitMs: number): Promise<void>;
};

/** Limits nothing: for a single request outside the engine, and for tests. */
export const unlimited: Limiter = {
  take: () => Promise.resolve(0),
  observe: () => Promise.resolve(),
  block: () => Promise.resolve(),
};
