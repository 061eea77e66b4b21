/** Token buckets as vendors keep them: by group of endpoints, for each key and for all keys together. */
export type BucketState = {
  readonly isAllowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the bucket is full again, with fractions. */
  readonly resetS: number;
};

export type Buckets = {
  /** Takes one token of each bucket, or of none; tells the state of the one that is closest to empty. */
  take(names: readonly { readonly name: string; readonly perSecond: number }[]): BucketState;
};

/** Real seconds, not the simulated clock: whoever is told to wait waits for real. */
export function createBuckets(nowMs: () => number = () => performance.now()): Buckets {
  const buckets = new Map<string, { tokens: number; at: number }>();

  function refilled(name: string, perSecond: number): { tokens: number; at: number } {
    const now = nowMs();
    const bucket = buckets.get(name) ?? { tokens: perSecond, at: now };
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    buckets.set(name, bucket);
    return bucket;
  }

  return {
    take(names) {
      const states = names.map(({ name, perSecond }) => ({ perSecond, bucket: refilled(name, perSecond) }));
      const isAllowed = states.every(({ bucket }) => bucket.tokens >= 1);
      if (isAllowed) for (const { bucket } of states) bucket.tokens -= 1;
      const [tightest] = states.toSorted((a, b) => a.bucket.tokens / a.perSecond - b.bucket.tokens / b.perSecond);
      if (tightest === undefined) return { isAllowed, limit: 0, remaining: 0, resetS: 0 };
      const { perSecond, bucket } = tightest;
      const remaining = Math.max(0, Math.floor(bucket.tokens));
      return { isAllowed, limit: perSecond, remaining, resetS: (perSecond - bucket.tokens) / perSecond };
    },
  };
}
