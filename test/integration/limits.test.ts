import { describe, expect, test } from "vitest";
import type { BucketLimit } from "../../core/connector/http.ts";
import type { Limiter } from "../../core/connector/limits.ts";
import { openStore } from "../../core/store/db.ts";
import { blockBucket, takeTokens } from "../../core/store/pulls/rate-limits.ts";
import { createLimiters } from "../../workers/limiter.ts";
import { testDatabase, testDatabaseTarget } from "../support/database.ts";
import { addConnection } from "../support/engine.ts";

const store = await testDatabase();
await addConnection(store, "c");

/** So slow to fill that nothing is added while a test runs. */
const frozen = (capacity: number): BucketLimit => ({ capacity, refillPerS: 1e-6 });

const takes = async (limiter: Limiter, bucket: string, limit: BucketLimit, times: number): Promise<number> => {
  const waits = await Promise.all(Array.from({ length: times }, () => limiter.take(bucket, limit)));
  return waits.filter((waitMs) => waitMs === 0).length;
};

/** Two hubs' worth of limiters on one database: nothing is shared but that. */
const workers = () => [createLimiters(store)("c"), createLimiters(store)("c")] as const;

describe("a shared bucket", () => {
  test("gives no more than it holds to all workers together, however they crowd", async () => {
    const [one, two] = workers();
    const granted = await Promise.all([takes(one, "small", frozen(10), 30), takes(two, "small", frozen(10), 30)]);
    expect(granted[0] + granted[1]).toBe(10);
  });

  test("gives no more than it holds when tokens are fetched several at a time", async () => {
    const [one, two] = workers();
    const granted = await Promise.all([takes(one, "large", frozen(100), 150), takes(two, "large", frozen(100), 150)]);
    expect(granted[0] + granted[1]).toBeLessThanOrEqual(100);
    expect(granted[0] + granted[1]).toBeGreaterThan(80);
  });

  test("says how long to wait for the next token", async () => {
    const size = { capacity: 1, refillPerS: 0.5 };
    expect((await takeTokens(store.db, "c", "slow", { want: 1, size, remaining: null })).granted).toBe(1);
    const { granted, waitMs } = await takeTokens(store.db, "c", "slow", { want: 1, size, remaining: null });
    expect(granted).toBe(0);
    expect(waitMs).toBeGreaterThan(1000);
    expect(waitMs).toBeLessThanOrEqual(2000);
  });

  test("fills again with time", async () => {
    const size = { capacity: 1, refillPerS: 50 };
    const limiter = createLimiters(store)("c");
    expect(await limiter.take("filling", size)).toBe(0);
    await expect.poll(() => limiter.take("filling", size)).toBe(0);
  });

  test("is believed to hold less when the vendor says so, by every worker", async () => {
    const [one, two] = workers();
    await one.take("told", frozen(10));
    await one.observe("told", { limit: 10, remaining: 2, resetS: 60 });
    expect(await takes(one, "told", frozen(10), 1)).toBe(1);
    expect(await takes(two, "told", frozen(10), 5)).toBe(1);
  });

  test("takes the vendor's word for how much it can hold", async () => {
    const limiter = createLimiters(store)("c");
    await limiter.take("grown", { capacity: 10, refillPerS: 1 });
    await limiter.observe("grown", { limit: 20, remaining: null, resetS: null });
    await limiter.take("grown", { capacity: 10, refillPerS: 1 });
    const row = await store.db
      .selectFrom("rate_limits")
      .select(["capacity", "refill_per_s"])
      .where("bucket", "=", "grown")
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ capacity: 20, refill_per_s: 2 });
  });
});

describe("a vendor's no", () => {
  test("holds for every worker at once, also for tokens they had at hand", async () => {
    const [one, two] = workers();
    await one.take("refused", frozen(100));
    await one.block("refused", frozen(100), 60_000);
    for (const limiter of [one, two]) {
      const waitMs = await limiter.take("refused", frozen(100));
      expect(waitMs).toBeGreaterThan(55_000);
      expect(waitMs).toBeLessThanOrEqual(60_000);
    }
  });

  test("comes by header as well: nothing left means wait for the reset", async () => {
    const [one, two] = workers();
    await one.take("empty", frozen(100));
    await one.observe("empty", { limit: 100, remaining: 0, resetS: 30 });
    expect(await two.take("empty", frozen(100))).toBeGreaterThan(25_000);
  });

  test("is not cut short by a shorter one, and ends by itself", async () => {
    const size = { capacity: 5, refillPerS: 5 };
    await blockBucket(store.db, "c", "twice", size, 60_000);
    await blockBucket(store.db, "c", "twice", size, 10);
    expect((await takeTokens(store.db, "c", "twice", { want: 1, size, remaining: null })).waitMs).toBeGreaterThan(
      50_000,
    );
    await blockBucket(store.db, "c", "short", size, 20);
    const limiter = createLimiters(store)("c");
    await expect.poll(() => limiter.take("short", size)).toBe(0);
  });
});

test("buckets of different connections have nothing to do with each other", async () => {
  await addConnection(store, "d");
  const of = createLimiters(store);
  expect(await takes(of("c"), "mine", frozen(3), 5)).toBe(3);
  expect(await takes(of("d"), "mine", frozen(3), 5)).toBe(3);
});

test("a database that goes away is an error, not a free pass", async () => {
  const gone = openStore(await testDatabaseTarget());
  const limiter = createLimiters(gone)("c");
  await gone.close();
  await expect(limiter.take("any", frozen(1))).rejects.toThrow("Cannot use a pool after calling end");
});
