import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { Day } from "../../base/time.ts";
import type { ConnectionState, Schedule } from "../../schema/tables/setup.ts";
import type { Db, Tx } from "../db.ts";

/** An account of a tool. Credentials are not part of it; see {@link readCredentials}. */
export type Connection = {
  readonly id: string;
  readonly connector: string;
  readonly title: string;
  readonly settings: JsonObject;
  readonly state: ConnectionState;
  /** The code of the error that put it into its state; null where a person did. */
  readonly stateCode: string | null;
  readonly stateReason: string | null;
  readonly accountId: string | null;
  readonly accountName: string | null;
  readonly schedule: Schedule | null;
  /** Null: every stream of the connector. */
  readonly streams: readonly string[] | null;
  readonly backfillFrom: Day | null;
  readonly liveFrom: Date;
  /** The folder of the config file that declared the files in the settings; null: none did. */
  readonly filesFrom: string | null;
};

const COLUMNS = [
  "id",
  "connector",
  "title",
  "settings",
  "state",
  "state_code as stateCode",
  "state_reason as stateReason",
  "account_id as accountId",
  "account_name as accountName",
  "schedule",
  "streams",
  "backfill_from as backfillFrom",
  "live_from as liveFrom",
  "files_from as filesFrom",
] as const;

export async function readConnection(db: Db, connectionId: string): Promise<Connection | null> {
  return (await db.selectFrom("connections").select(COLUMNS).where("id", "=", connectionId).executeTakeFirst()) ?? null;
}

/** All of them, by id. */
export async function listConnections(db: Db): Promise<Connection[]> {
  return db.selectFrom("connections").select(COLUMNS).orderBy("id").execute();
}

/** Sealed; null where the connection has none, or there is no such connection. */
export async function readCredentials(db: Db, connectionId: string): Promise<string | null> {
  const row = await db
    .selectFrom("connections")
    .select("credentials")
    .where("id", "=", connectionId)
    .executeTakeFirst();
  return row?.credentials ?? null;
}

/** Sealed credentials, and the settings that say where they go, as they are at one moment. */
export type BoundCredentials = { readonly credentials: string | null; readonly settings: JsonObject };

const BOUND = ["credentials", "settings"] as const;

/** Null where there is no such connection. */
export async function readBoundCredentials(db: Db, connectionId: string): Promise<BoundCredentials | null> {
  return (await db.selectFrom("connections").select(BOUND).where("id", "=", connectionId).executeTakeFirst()) ?? null;
}

/**
 * The same, with the row locked until the transaction ends, so that one worker at a time can renew them. The lock lets runs of the
 * connection be written meanwhile.
 */
export async function lockBoundCredentials(tx: Tx, connectionId: string): Promise<BoundCredentials | null> {
  const row = tx.selectFrom("connections").select(BOUND).where("id", "=", connectionId).forNoKeyUpdate();
  return (await row.executeTakeFirst()) ?? null;
}

export async function writeCredentials(db: Db, connectionId: string, sealed: string | null): Promise<void> {
  await db
    .updateTable("connections")
    .set({ credentials: sealed, updated_at: sql<Date>`now()` })
    .where("id", "=", connectionId)
    .execute();
}

/** What a webhook of the connection has to prove: the token in its address, and the secret (sealed) it is signed with. */
export async function readInbound(
  db: Db,
  connectionId: string,
): Promise<{ readonly connector: string; readonly token: string; readonly secret: string | null } | null> {
  const row = await db
    .selectFrom("connections")
    .select(["connector", "inbound_token as token", "inbound_secret as secret"])
    .where("id", "=", connectionId)
    .executeTakeFirst();
  return row ?? null;
}

/** What the vendor signs the connection's webhooks with from now on, sealed. @returns false when there is no such connection. */
export async function writeInboundSecret(db: Db, connectionId: string, sealed: string): Promise<boolean> {
  const update = db.updateTable("connections").set({ inbound_secret: sealed }).where("id", "=", connectionId);
  return (await update.executeTakeFirst()).numUpdatedRows > 0n;
}

/** Stops an active connection until somebody signs in again. One that a person has paused stays as it is. */
export async function markNeedsAuth(
  db: Db,
  connectionId: string,
  reason: { readonly code: string; readonly text: string },
): Promise<void> {
  await db
    .updateTable("connections")
    .set({ state: "needs_auth", state_code: reason.code, state_reason: reason.text, updated_at: sql<Date>`now()` })
    .where("id", "=", connectionId)
    .where("state", "=", "active")
    .execute();
}

/** The vendor has ended its service: nothing is asked of it any more, what was pulled stays. */
export async function markEnded(
  db: Db,
  connectionId: string,
  reason: { readonly code: string; readonly text: string },
): Promise<void> {
  await db
    .updateTable("connections")
    .set({ state: "ended", state_code: reason.code, state_reason: reason.text, updated_at: sql<Date>`now()` })
    .where("id", "=", connectionId)
    .where("state", "in", ["active", "needs_auth"])
    .execute();
}

/** What the vendor calls the account. */
export async function nameAccount(
  db: Db,
  connectionId: string,
  account: { readonly id: string; readonly name: string },
): Promise<void> {
  await db
    .updateTable("connections")
    .set({ account_id: account.id, account_name: account.name })
    .where("id", "=", connectionId)
    .execute();
}

/** The vendor lets us in again; also one that was taken to have ended. */
export async function markAuthorised(db: Db, connectionId: string): Promise<void> {
  await db
    .updateTable("connections")
    .set({ state: "active", state_code: null, state_reason: null, updated_at: sql<Date>`now()` })
    .where("id", "=", connectionId)
    .where("state", "in", ["needs_auth", "ended"])
    .execute();
}
