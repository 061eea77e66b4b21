import type { BucketLimit, ObservedLimit } from "../core/connector/http.ts";
import type { Limiter } from "../core/connector/limits.ts";
import type { Store } from "../core/store/db.ts";
import { blockBucket, takeTokens } from "../core/store/pulls/rate-limits.ts";

/**
 * Tokens of large buckets are fetched a few at a time, to save round trips. What is not used within this time is given up, so that a worker
 * never acts on what was true before another one was told to wait. (Giving up tokens only makes us slower than allowed.)
 */
const HOLD_MS = 200;
const MOST_HELD = 8;

type Bucket = {
  held: number;
  heldUntilMs: number;
  /** What the vendor says that the bucket holds, where it does. */
  limit: number | null;
  /** What the vendor last said is left, until the shared bucket knows. */
  remaining: number | null;
  /** Tokens that are being fetched: whoever else wants one waits for these. Gives how long to wait when there were none. */
  fetching: Promise<number> | null;
  /** The size that was last asked with, for when an answer says that the bucket is empty. */
  size: BucketLimit;
};

/** The rate limiter of each connection, shared through the database with every other worker. */
export function createLimiters(store: Store): (connectionId: string) => Limiter {
  const limiters = new Map<string, Limiter>();
  return (connectionId) => {
    const known = limiters.get(connectionId);
    if (known !== undefined) return known;
    const limiter = createLimiter(store, connectionId);
    limiters.set(connectionId, limiter);
    return limiter;
  };
}

function createLimiter(store: Store, connectionId: string): Limiter {
  const buckets = new Map<string, Bucket>();

  function bucketOf(name: string, declared: BucketLimit): Bucket {
    const bucket = buckets.get(name) ?? {
      held: 0,
      heldUntilMs: 0,
      limit: null,
      remaining: null,
      fetching: null,
      size: declared,
    };
    buckets.set(name, bucket);
    bucket.size = sizeOf(declared, bucket.limit);
    return bucket;
  }

  async function fetchTokens(name: string, bucket: Bucket): Promise<number> {
    const { size, remaining } = bucket;
    bucket.remaining = null;
    const want = Math.min(MOST_HELD, Math.max(1, Math.floor(size.capacity / 20)));
    const { granted, waitMs } = await takeTokens(store.db, connectionId, name, { want, size, remaining });
    bucket.held = granted;
    bucket.heldUntilMs = performance.now() + HOLD_MS;
    return waitMs;
  }

  return {
    async take(name, declared) {
      const bucket = bucketOf(name, declared);
      for (;;) {
        if (bucket.held > 0 && performance.now() < bucket.heldUntilMs) {
          bucket.held -= 1;
          return 0;
        }
        bucket.fetching ??= fetchTokens(name, bucket).finally(() => {
          bucket.fetching = null;
        });
        const waitMs = await bucket.fetching;
        if (waitMs > 0) return waitMs;
      }
    },

    async observe(name, observed: ObservedLimit) {
      const bucket = buckets.get(name);
      if (bucket === undefined) return;
      bucket.limit = observed.limit ?? bucket.limit;
      if (observed.remaining === null) return;
      // Tokens at hand have not been used yet, and the vendor does not know of them.
      bucket.remaining = Math.min(bucket.remaining ?? Infinity, Math.max(0, observed.remaining - bucket.held));
      if (observed.remaining > 0) return;
      bucket.held = 0;
      const waitMs = (observed.resetS ?? 1 / bucket.size.refillPerS) * 1000;
      await blockBucket(store.db, connectionId, name, bucket.size, waitMs);
    },

    async block(name, declared, waitMs) {
      const bucket = bucketOf(name, declared);
      bucket.held = 0;
      await blockBucket(store.db, connectionId, name, bucket.size, waitMs);
    },
  };
}

/** The vendor's number, over the window that was declared: 100 per 10 s becomes 200 per 10 s. */
function sizeOf(declared: BucketLimit, limit: number | null): BucketLimit {
  if (limit === null || limit < 1 || limit === declared.capacity) return declared;
  return { capacity: limit, refillPerS: (declared.refillPerS * limit) / declared.capacity };
}
