import { sql } from "kysely";
import type { Db } from "../db.ts";

/**
 * Shared token buckets. PostgreSQL is their home in Redis mode, too: a hub always has it, so there is one code path to trust; all workers
 * measure time by its clock; and the vendors' limits (tens of requests a second) are far below what a row can be updated.
 *
 * A bucket that is lost in a crash costs at most a 429, so these statements do not wait for the disk (`synchronous_commit`).
 */
export type BucketTake = {
  /** Tokens that were taken: 0 to `want`. */
  readonly granted: number;
  /** When none were: milliseconds until there may be one. */
  readonly waitMs: number;
};

export type BucketSize = { readonly capacity: number; readonly refillPerS: number };

/**
 * Takes up to `want` tokens.
 *
 * @param size what the bucket holds and how fast it fills, as this caller knows it best.
 * @param remaining what the vendor has just said is left, which caps what we think is left; null: nothing said.
 */
export async function takeTokens(
  db: Db,
  connectionId: string,
  bucket: string,
  request: { readonly want: number; readonly size: BucketSize; readonly remaining: number | null },
): Promise<BucketTake> {
  const { want, size, remaining } = request;
  const take = (): Promise<BucketTake | null> => updateBucket(db, connectionId, bucket, want, size, remaining);
  const taken = await take();
  if (taken !== null) return taken;
  await sql`
    insert into rate_limits (connection_id, bucket, tokens, capacity, refill_per_s, updated_at)
    values (${connectionId}, ${bucket}, ${size.capacity}, ${size.capacity}, ${size.refillPerS}, clock_timestamp())
    on conflict do nothing
  `.execute(db);
  return (await take()) ?? { granted: 0, waitMs: 1000 };
}

async function updateBucket(
  db: Db,
  connectionId: string,
  bucket: string,
  want: number,
  size: BucketSize,
  remaining: number | null,
): Promise<BucketTake | null> {
  const { rows } = await sql<{ granted: number; available: number; blockedMs: number }>`
    with session as (select set_config('synchronous_commit', 'off', true)),
    held as (
      select
        greatest(0, extract(epoch from blocked_until - clock_timestamp()) * 1000)::float8 as blocked_ms,
        least(
          ${size.capacity}::float8,
          ${remaining}::float8,
          tokens + refill_per_s * greatest(0, extract(epoch from clock_timestamp() - updated_at)::float8)
        ) as available
      from rate_limits, session
      where connection_id = ${connectionId} and bucket = ${bucket}
      for update of rate_limits
    ),
    taken as (
      select *, case when blocked_ms > 0 then 0 else least(floor(greatest(available, 0)), ${want}::float8) end as granted
      from held
    )
    update rate_limits r set
      tokens = available - granted,
      capacity = ${size.capacity},
      refill_per_s = ${size.refillPerS},
      -- While blocked, it lies in the future: the bucket fills from there on.
      updated_at = greatest(r.updated_at, clock_timestamp())
    from taken
    where r.connection_id = ${connectionId} and r.bucket = ${bucket}
    returning granted, available, blocked_ms as "blockedMs"
  `.execute(db);
  const row = rows[0];
  if (row === undefined) return null;
  const untilNextMs = ((1 - row.available) / size.refillPerS) * 1000;
  return { granted: row.granted, waitMs: row.granted > 0 ? 0 : Math.max(1, row.blockedMs, untilNextMs) };
}

/** Nobody takes from the bucket for `waitMs`; after that it fills from one token on. A longer block stays. */
export async function blockBucket(
  db: Db,
  connectionId: string,
  bucket: string,
  size: BucketSize,
  waitMs: number,
): Promise<void> {
  await sql`
    insert into rate_limits as r (connection_id, bucket, tokens, capacity, refill_per_s, updated_at, blocked_until)
    select ${connectionId}, ${bucket}, 1, ${size.capacity}, ${size.refillPerS}, until, until
    from (select clock_timestamp() + ${waitMs}::float8 * interval '1 millisecond' as until) u
    on conflict (connection_id, bucket) do update set
      tokens = least(r.tokens, 1),
      updated_at = greatest(r.updated_at, excluded.updated_at),
      blocked_until = greatest(r.blocked_until, excluded.blocked_until)
  `.execute(db);
}
