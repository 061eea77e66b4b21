import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { Day } from "../../base/time.ts";
import type { ConnectionState, Schedule } from "../../schema/tables/setup.ts";
import type { Db } from "../db.ts";

/** An account as people look at it, with how far its streams are. Nothing here holds a secret. */
export type ConnectionOverview = {
  readonly id: string;
  readonly connector: string;
  readonly title: string;
  readonly settings: JsonObject;
  readonly hasCredentials: boolean;
  readonly state: ConnectionState;
  readonly stateCode: string | null;
  readonly stateReason: string | null;
  readonly accountId: string | null;
  readonly accountName: string | null;
  readonly schedule: Schedule | null;
  readonly streams: readonly string[] | null;
  readonly backfillFrom: Day | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly streamStates: readonly StreamOverview[];
};

export type StreamOverview = {
  readonly stream: string;
  readonly records: number;
  readonly waiting: number;
  readonly isRunning: boolean;
  readonly isFirstLoadDone: boolean;
  readonly freshAsOf: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly isPartial: boolean;
  readonly partialReason: string | null;
  /** Records that the source no longer lists and that were not taken for deleted. */
  readonly heldDeletions: number;
  /** Parts of the source that could not be read. */
  readonly refused: number;
  readonly failuresInARow: number;
};

/** Connections by id, `after` exclusive. */
export async function listConnectionOverviews(
  db: Db,
  page: { readonly limit: number; readonly after: string | null },
): Promise<ConnectionOverview[]> {
  return await readConnections(db, page, null);
}

export async function findConnectionOverview(db: Db, id: string): Promise<ConnectionOverview | null> {
  return (await readConnections(db, { limit: 1, after: null }, id))[0] ?? null;
}

async function readConnections(
  db: Db,
  page: { readonly limit: number; readonly after: string | null },
  id: string | null,
): Promise<ConnectionOverview[]> {
  let query = db
    .selectFrom("connections")
    .select([
      "id",
      "connector",
      "title",
      "settings",
      sql<boolean>`credentials is not null`.as("has_credentials"),
      "state",
      "state_code",
      "state_reason",
      "account_id",
      "account_name",
      "schedule",
      "streams",
      "backfill_from",
      "created_at",
      "updated_at",
    ])
    .orderBy("id")
    .limit(page.limit);
  if (id !== null) query = query.where("id", "=", id);
  if (page.after !== null) query = query.where("id", ">", page.after);
  const rows = await query.execute();
  const streams = await readStreams(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({
    id: row.id,
    connector: row.connector,
    title: row.title,
    settings: row.settings,
    hasCredentials: row.has_credentials,
    state: row.state,
    stateCode: row.state_code,
    stateReason: row.state_reason,
    accountId: row.account_id,
    accountName: row.account_name,
    schedule: row.schedule,
    streams: row.streams,
    backfillFrom: row.backfill_from,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    streamStates: streams.get(row.id) ?? [],
  }));
}

async function readStreams(db: Db, connectionIds: readonly string[]): Promise<Map<string, StreamOverview[]>> {
  const byConnection = new Map<string, StreamOverview[]>();
  if (connectionIds.length === 0) return byConnection;
  const rows = await db
    .selectFrom("stream_states")
    .selectAll()
    .where("connection_id", "in", [...connectionIds])
    .orderBy("stream")
    .execute();
  for (const row of rows) {
    const list = byConnection.get(row.connection_id) ?? [];
    byConnection.set(row.connection_id, list);
    list.push({
      stream: row.stream,
      records: row.landed_seq,
      waiting: row.landed_seq - row.normalised_seq,
      isRunning: row.running_run_id !== null,
      isFirstLoadDone: row.first_load_done_at !== null,
      freshAsOf: row.fresh_as_of,
      lastSuccessAt: row.last_success_at,
      isPartial: row.is_partial,
      partialReason: row.partial_reason,
      heldDeletions: row.held_deletions,
      refused: row.refused,
      failuresInARow: row.failures_in_a_row,
    });
  }
  return byConnection;
}
