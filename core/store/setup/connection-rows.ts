import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { Day } from "../../base/time.ts";
import type { ConnectionState, Declared, Schedule } from "../../schema/tables/setup.ts";
import { announce } from "../channels.ts";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

/** Accounts as an admin sets them up. What changes is announced at the commit (core/store/channels.ts). */

/** Processes listen here to reload what runs when. The payload is the connection's id. */

/** An account as it is written. Credentials are sealed. */
export type ConnectionRow = {
  readonly id: string;
  readonly connector: string;
  readonly title: string;
  readonly settings: JsonObject;
  readonly credentials: string | null;
  readonly state: ConnectionState;
  readonly schedule: Schedule | null;
  readonly streams: readonly string[] | null;
  readonly backfillFrom: Day | null;
  /** The folder of the config file that declared the files in the settings; null: none did. */
  readonly filesFrom: string | null;
  /** What its connector says of it by these settings. */
  readonly declared: Declared | null;
};

const COLUMNS = [
  "id",
  "connector",
  "title",
  "settings",
  "credentials",
  "state",
  "schedule",
  "streams",
  "backfill_from as backfillFrom",
  "files_from as filesFrom",
  "declared",
] as const;

/** All accounts with their sealed credentials, by id. */
export async function listConnectionRows(db: Db | Tx): Promise<ConnectionRow[]> {
  return db.selectFrom("connections").select(COLUMNS).orderBy("id").execute();
}

/**
 * One account, locked until the transaction ends: neither another admin nor a token that is renewed meanwhile comes in between. Runs of the
 * connection can be written. Null when there is none.
 */
export async function lockConnectionRow(tx: Tx, id: string): Promise<ConnectionRow | null> {
  const query = tx.selectFrom("connections").select(COLUMNS).where("id", "=", id).forNoKeyUpdate();
  return (await query.executeTakeFirst()) ?? null;
}

export async function insertConnection(tx: Tx, row: ConnectionRow): Promise<void> {
  await tx
    .insertInto("connections")
    .values({
      ...columns(row),
      id: row.id,
      connector: row.connector,
      // 192 bits: the address of its inbound webhooks cannot be guessed.
      inbound_token: randomBytes(24).toString("base64url"),
    })
    .execute();
  await announceConnection(tx, row.id);
}

/**
 * Replaces an account's settings. Facts are made anew from the raw records when the connector's own settings changed, since those say how
 * records are read.
 */
export async function updateConnection(tx: Tx, row: ConnectionRow, hasNewSettings: boolean): Promise<void> {
  await tx
    .updateTable("connections")
    // What had stopped it may be mended by the change; a person's pause is in `state` itself.
    .set({ ...columns(row), state_code: null, state_reason: null, updated_at: sql<Date>`now()` })
    .where("id", "=", row.id)
    .execute();
  if (hasNewSettings)
    await tx.updateTable("stream_states").set({ normalised_seq: 0 }).where("connection_id", "=", row.id).execute();
  await announceConnection(tx, row.id);
}

function columns(row: ConnectionRow) {
  return {
    title: row.title,
    settings: storableJson(row.settings),
    credentials: row.credentials,
    state: row.state,
    schedule: row.schedule === null ? null : storableJson(row.schedule),
    streams: row.streams === null ? null : [...row.streams],
    backfill_from: row.backfillFrom,
    files_from: row.filesFrom,
    declared: row.declared === null ? null : storableJson(row.declared),
  };
}

/** Keeps what its connector says of it now; another version may say something else. */
export async function writeDeclared(db: Db, id: string, declared: Declared): Promise<void> {
  await db
    .updateTable("connections")
    .set({ declared: storableJson(declared) })
    .where("id", "=", id)
    .execute();
}

/** @returns false when there is no such connection. */
export async function setConnectionState(tx: Tx, id: string, state: "active" | "paused"): Promise<boolean> {
  const result = await tx
    .updateTable("connections")
    .set({ state, state_code: null, state_reason: null, updated_at: sql<Date>`now()` })
    .where("id", "=", id)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return false;
  await announceConnection(tx, id);
  return true;
}

export async function announceConnection(tx: Tx, id: string): Promise<void> {
  await announce(tx, "connections", id);
}
