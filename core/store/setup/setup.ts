import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { Day } from "../../base/time.ts";
import type { ConnectionState, Schedule } from "../../schema/tables.ts";
import type { Db, Tx } from "../db.ts";
import type { NewEndpoint } from "../outbox/endpoints.ts";

/** Writes what an admin sets up: the workspace, and accounts. What changes is announced on {@link CONNECTIONS_CHANNEL} at the commit. */

/** Processes listen here to reload what runs when. The payload is the connection's id. */
export const CONNECTIONS_CHANNEL = "tributary_connections";

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
};

/** All accounts with their sealed credentials, by id. */
export async function listConnectionRows(db: Db | Tx): Promise<ConnectionRow[]> {
  return db
    .selectFrom("connections")
    .select([
      "id",
      "connector",
      "title",
      "settings",
      "credentials",
      "state",
      "schedule",
      "streams",
      "backfill_from as backfillFrom",
    ])
    .orderBy("id")
    .execute();
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
    settings: JSON.stringify(row.settings),
    credentials: row.credentials,
    state: row.state,
    schedule: row.schedule === null ? null : JSON.stringify(row.schedule),
    streams: row.streams === null ? null : [...row.streams],
    backfill_from: row.backfillFrom,
  };
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

/** Every table with rows that were pulled from a connection; what hangs on `connections` itself goes by cascade. */
const PULLED = [
  "raw_records",
  "raw_versions",
  "labels",
  "team_memberships",
  "identities",
  "deal_observations",
  "deal_changes",
  "deals",
  "stages",
  "pipelines",
  "activities",
  "tickets",
  "conversations",
  "campaigns",
  "web_traffic",
  "spend",
  "goals",
] as const;

/** Tables whose rows are made one with rows of other connections. */
const MERGED = ["reps", "teams", "people", "companies"] as const;

/**
 * Removes an account with everything that was pulled from it. Rows of other connections that had been merged into one of its rows stand
 * for themselves again; core/identity relates them anew.
 *
 * @returns false when there is no such connection.
 */
export async function deleteConnection(tx: Tx, id: string): Promise<boolean> {
  const result = await tx.deleteFrom("connections").where("id", "=", id).executeTakeFirst();
  if (result.numDeletedRows === 0n) return false;
  for (const table of PULLED) await sql`delete from ${sql.table(table)} where connection_id = ${id}`.execute(tx);
  for (const table of MERGED) {
    const ours = sql`select own.id from ${sql.table(table)} own where own.connection_id = ${id}`;
    await sql`update ${sql.table(table)} set merged_into = null where merged_into in (${ours})`.execute(tx);
    await sql`delete from identity_links where from_id in (${ours}) or into_id in (${ours})`.execute(tx);
    await sql`delete from ${sql.table(table)} where connection_id = ${id}`.execute(tx);
  }
  await announceConnection(tx, id);
  return true;
}

async function announceConnection(tx: Tx, id: string): Promise<void> {
  await sql`select pg_notify(${CONNECTIONS_CHANNEL}, ${id})`.execute(tx);
}

/** Changes an endpoint in place: it keeps its id, and with it what is still to be delivered. */
export async function updateEndpoint(tx: Tx, endpoint: NewEndpoint): Promise<void> {
  await tx
    .updateTable("webhook_endpoints")
    .set({
      event_types: [...endpoint.eventTypes],
      is_ordered: endpoint.isOrdered,
      description: endpoint.description,
      secret: endpoint.secret,
    })
    .where("id", "=", endpoint.id)
    .execute();
}

/** Every stored section of the config file. */
export async function listSections(db: Db | Tx): Promise<{ readonly section: string; readonly value: object }[]> {
  return db.selectFrom("settings").select(["section", "value"]).orderBy("section").execute();
}

/** The workspace's own row. Fields as in the table. */
export type WorkspaceRow = {
  readonly name: string;
  readonly time_zone: string;
  readonly week_start: number;
  readonly currency: string;
  readonly locale: string;
  readonly business_hours: JsonObject;
};

export async function readWorkspaceRow(db: Db | Tx): Promise<WorkspaceRow> {
  const row = await db
    .selectFrom("workspace")
    .select(["name", "time_zone", "week_start", "currency", "locale", "business_hours"])
    .executeTakeFirstOrThrow();
  return { ...row, business_hours: row.business_hours as JsonObject };
}

export async function updateWorkspace(tx: Tx, row: WorkspaceRow): Promise<void> {
  await tx
    .updateTable("workspace")
    .set({ ...row, business_hours: JSON.stringify(row.business_hours) })
    .execute();
}

export type ExchangeRate = { readonly day: Day; readonly currency: string; readonly rate: number };

/** By currency, then day. */
export async function listExchangeRates(db: Db | Tx): Promise<ExchangeRate[]> {
  return db
    .selectFrom("exchange_rates")
    .select(["day", "currency", "rate"])
    .orderBy("currency")
    .orderBy("day")
    .execute();
}

export async function replaceExchangeRates(tx: Tx, rates: readonly ExchangeRate[]): Promise<void> {
  await tx.deleteFrom("exchange_rates").execute();
  await sql`
    insert into exchange_rates (day, currency, rate)
    select * from unnest(
      ${rates.map((one) => one.day)}::date[], ${rates.map((one) => one.currency)}::text[], ${rates.map((one) => one.rate)}::numeric[])
  `.execute(tx);
}
