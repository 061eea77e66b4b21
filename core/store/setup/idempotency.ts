import { sql } from "kysely";
import type { Json } from "../../base/json.ts";
import { storableJson } from "../client.ts";
import type { Db } from "../db.ts";

/** A key names one request of one caller: the same key with another request is a mistake of the caller. */
export type IdempotencyKey = { readonly caller: string; readonly key: string; readonly requestHash: Buffer };

/**
 * What a caller's claim on a key means:
 * - `new`          nobody has used it; the request may run and must end in {@link completeIdempotencyKey} or {@link releaseIdempotencyKey}.
 * - `done`         the request has run; this was the answer.
 * - `in_progress`  the same request is running now.
 * - `mismatch`     the key was used for another request.
 */
export type IdempotencyClaim =
  | { readonly state: "new" }
  | { readonly state: "done"; readonly status: number; readonly response: Json }
  | { readonly state: "in_progress" }
  | { readonly state: "mismatch" };

/** Answers are kept this long, so a client may try again for a day. */
const KEPT_MS = 24 * 60 * 60 * 1000;
/** A request that has not ended by then died with its process; the key is free again. */
const ABANDONED_MS = 5 * 60 * 1000;

export async function claimIdempotencyKey(db: Db, key: IdempotencyKey, now: Date): Promise<IdempotencyClaim> {
  const keptFrom = new Date(now.getTime() - KEPT_MS);
  const abandonedBefore = new Date(now.getTime() - ABANDONED_MS);
  // Two equal requests at the same instant meet at the primary key: one inserts, the other waits and finds the row.
  const { rows } = await sql`
    insert into idempotency_keys (caller, key, request_hash, created_at)
    values (${key.caller}, ${key.key}, ${key.requestHash}, ${now})
    on conflict (caller, key) do update
      set request_hash = excluded.request_hash, status = null, response = null, created_at = excluded.created_at
      where idempotency_keys.created_at < ${keptFrom}
        or (idempotency_keys.status is null and idempotency_keys.created_at < ${abandonedBefore})
    returning 1
  `.execute(db);
  if (rows.length > 0) return { state: "new" };
  const row = await db
    .selectFrom("idempotency_keys")
    .select(["request_hash", "status", "response"])
    .where("caller", "=", key.caller)
    .where("key", "=", key.key)
    .executeTakeFirst();
  // Gone between the two statements: it was released, and the caller may as well try again.
  if (row === undefined) return { state: "in_progress" };
  if (!row.request_hash.equals(key.requestHash)) return { state: "mismatch" };
  if (row.status === null) return { state: "in_progress" };
  return { state: "done", status: row.status, response: row.response };
}

/** Keeps the answer for whoever sends the request again. */
export async function completeIdempotencyKey(
  db: Db,
  key: IdempotencyKey,
  answer: { readonly status: number; readonly response: Json },
): Promise<void> {
  await db
    .updateTable("idempotency_keys")
    .set({ status: answer.status, response: storableJson(answer.response) })
    .where("caller", "=", key.caller)
    .where("key", "=", key.key)
    .execute();
}

/** The request failed and changed nothing: the key may be used again. */
export async function releaseIdempotencyKey(db: Db, key: IdempotencyKey): Promise<void> {
  await db
    .deleteFrom("idempotency_keys")
    .where("caller", "=", key.caller)
    .where("key", "=", key.key)
    .where("status", "is", null)
    .execute();
}

/** Forgets answers that nobody will ask for any more. */
export async function expireIdempotencyKeys(db: Db, now: Date): Promise<void> {
  await db
    .deleteFrom("idempotency_keys")
    .where("created_at", "<", new Date(now.getTime() - KEPT_MS))
    .execute();
}
