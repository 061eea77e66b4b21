import type { JsonObject } from "../../base/json.ts";
import type { Db } from "../db.ts";
import { storableJson } from "../client.ts";

/** What the OAuth server keeps between two requests: codes, tokens, sign-ins under way. Of what a bearer shows, only the SHA-256. */
export type RecordKey = { readonly model: string; readonly idHash: Buffer };

export async function upsertRecord(
  db: Db,
  key: RecordKey,
  record: { readonly grantId: string | null; readonly payload: JsonObject; readonly expiresAt: Date },
): Promise<void> {
  const values = {
    grant_id: record.grantId,
    payload: storableJson(record.payload),
    expires_at: record.expiresAt,
  };
  await db
    .insertInto("oauth_records")
    .values({ model: key.model, id_hash: key.idHash, ...values })
    .onConflict((conflict) => conflict.columns(["model", "id_hash"]).doUpdateSet(values))
    .execute();
}

export async function findRecord(
  db: Db,
  key: RecordKey,
): Promise<{ readonly payload: JsonObject; readonly consumedAt: Date | null } | null> {
  const row = await db
    .selectFrom("oauth_records")
    .select(["payload", "consumed_at as consumedAt"])
    .where("model", "=", key.model)
    .where("id_hash", "=", key.idHash)
    .executeTakeFirst();
  return row ?? null;
}

/** The first use counts. */
export async function consumeRecord(db: Db, key: RecordKey, now: Date): Promise<void> {
  await db
    .updateTable("oauth_records")
    .set({ consumed_at: now })
    .where("model", "=", key.model)
    .where("id_hash", "=", key.idHash)
    .where("consumed_at", "is", null)
    .execute();
}

export async function deleteRecord(db: Db, key: RecordKey): Promise<void> {
  await db.deleteFrom("oauth_records").where("model", "=", key.model).where("id_hash", "=", key.idHash).execute();
}

export async function deleteRecordsOf(db: Db, model: string, grantId: string): Promise<void> {
  await db.deleteFrom("oauth_records").where("model", "=", model).where("grant_id", "=", grantId).execute();
}

/** Somebody who agreed has so long until the app asks for its token. */
const UNUSED_MS = 24 * 60 * 60 * 1000;

/** Forgets what is over, and what was allowed to apps that never came for it. */
export async function expireRecords(db: Db, now: Date): Promise<void> {
  await db.deleteFrom("oauth_records").where("expires_at", "<=", now).execute();
  await db
    .deleteFrom("oauth_grants")
    .where("last_used_at", "is", null)
    .where("created_at", "<", new Date(now.getTime() - UNUSED_MS))
    .where((eb) => {
      const records = eb.selectFrom("oauth_records").select("model");
      return eb.not(eb.exists(records.whereRef("oauth_records.grant_id", "=", "oauth_grants.id")));
    })
    .execute();
}
