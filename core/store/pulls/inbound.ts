import { sql } from "kysely";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

/** What a vendor's webhook has brought. */
export type Delivery = {
  readonly id: number;
  readonly receivedAt: Date;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
};

/** @returns false when the same delivery is already there. */
export async function insertDelivery(
  db: Db,
  connectionId: string,
  delivery: { readonly dedupeKey: string } & Pick<Delivery, "receivedAt" | "headers" | "body">,
): Promise<boolean> {
  const row = await db
    .insertInto("inbound_deliveries")
    .values({
      connection_id: connectionId,
      dedupe_key: delivery.dedupeKey,
      received_at: delivery.receivedAt,
      headers: storableJson(delivery.headers),
      body: delivery.body,
    })
    .onConflict((conflict) => conflict.columns(["connection_id", "dedupe_key"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** The body under a key; null: there is none, or it is no longer kept. */
export async function readDeliveryBody(db: Db, connectionId: string, dedupeKey: string): Promise<Buffer | null> {
  const row = await db
    .selectFrom("inbound_deliveries")
    .select("body")
    .where("connection_id", "=", connectionId)
    .where("dedupe_key", "=", dedupeKey)
    .executeTakeFirst();
  return row?.body ?? null;
}

/** What has not been taken in yet, oldest first. */
export async function waitingDeliveries(db: Db, connectionId: string, limit: number): Promise<Delivery[]> {
  return db
    .selectFrom("inbound_deliveries")
    .select(["id", "received_at as receivedAt", "headers", "body"])
    .where("connection_id", "=", connectionId)
    .where("processed_at", "is", null)
    .orderBy("id")
    .limit(limit)
    .execute();
}

/** When the vendor last delivered something, as far back as deliveries are kept; null: not since then. */
export async function lastDeliveryAt(db: Db, connectionId: string): Promise<Date | null> {
  const row = await db
    .selectFrom("inbound_deliveries")
    .select("received_at")
    .where("connection_id", "=", connectionId)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.received_at ?? null;
}

export async function markTakenIn(tx: Tx, ids: readonly number[], now: Date): Promise<void> {
  await tx
    .updateTable("inbound_deliveries")
    .set({ processed_at: now })
    .where(sql<boolean>`id = any(${[...ids]}::bigint[])`)
    .execute();
}
