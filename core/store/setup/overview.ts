import { sql } from "kysely";
import type { Json, JsonObject } from "../../base/json.ts";
import type { Day } from "../../base/time.ts";
import type { ConnectionState, RunKind, RunState, RunTrigger, Schedule } from "../../schema/tables.ts";
import type { Db } from "../db.ts";

/** What people look at: accounts, how far they are, and what happened. Reads only; nothing here holds a secret. */
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
      failuresInARow: row.failures_in_a_row,
    });
  }
  return byConnection;
}

export type RunOverview = {
  readonly id: number;
  readonly connectionId: string;
  readonly stream: string;
  readonly kind: RunKind;
  readonly trigger: RunTrigger;
  readonly state: RunState;
  readonly counts: {
    readonly pages: number;
    readonly fetched: number;
    readonly added: number;
    readonly changed: number;
    readonly unchanged: number;
    readonly deleted: number;
    readonly facts: number;
    readonly skipped: number;
  };
  /** Of `total`, null when the vendor does not say how many there are. */
  readonly progress: { readonly done: number; readonly total: number | null } | null;
  readonly error: {
    readonly code: string;
    readonly kind: string | null;
    readonly message: string | null;
    readonly mend: string | null;
  } | null;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
};

export type RunFilter = {
  readonly connectionId: string | null;
  readonly stream: string | null;
  readonly state: RunState | null;
};

/** Runs, newest first, `before` exclusive. */
export async function listRunOverviews(
  db: Db,
  filter: RunFilter,
  page: { readonly limit: number; readonly before: number | null },
): Promise<RunOverview[]> {
  let query = db.selectFrom("runs").selectAll().orderBy("id", "desc").limit(page.limit);
  if (filter.connectionId !== null) query = query.where("connection_id", "=", filter.connectionId);
  if (filter.stream !== null) query = query.where("stream", "=", filter.stream);
  if (filter.state !== null) query = query.where("state", "=", filter.state);
  if (page.before !== null) query = query.where("id", "<", page.before);
  return (await query.execute()).map(runFromRow);
}

export async function findRunOverview(db: Db, id: number): Promise<RunOverview | null> {
  const row = await db.selectFrom("runs").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : runFromRow(row);
}

/** The latest run of each stream of each connection, by connection id. */
export async function latestRuns(db: Db): Promise<Map<string, RunOverview[]>> {
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .distinctOn(["connection_id", "stream"])
    .orderBy("connection_id")
    .orderBy("stream")
    .orderBy("id", "desc")
    .execute();
  const byConnection = new Map<string, RunOverview[]>();
  for (const row of rows) {
    const list = byConnection.get(row.connection_id) ?? [];
    byConnection.set(row.connection_id, list);
    list.push(runFromRow(row));
  }
  return byConnection;
}

function runFromRow(row: {
  id: number;
  connection_id: string;
  stream: string;
  kind: RunKind;
  trigger: RunTrigger;
  state: RunState;
  pages: number;
  fetched: number;
  added: number;
  changed: number;
  unchanged: number;
  deleted: number;
  facts: number;
  skipped: number;
  progress_done: number | null;
  progress_total: number | null;
  error_code: string | null;
  error_kind: string | null;
  error_message: string | null;
  error_mend: string | null;
  started_at: Date;
  finished_at: Date | null;
}): RunOverview {
  const { pages, fetched, added, changed, unchanged, deleted, facts, skipped } = row;
  return {
    id: row.id,
    connectionId: row.connection_id,
    stream: row.stream,
    kind: row.kind,
    trigger: row.trigger,
    state: row.state,
    counts: { pages, fetched, added, changed, unchanged, deleted, facts, skipped },
    progress: row.progress_done === null ? null : { done: row.progress_done, total: row.progress_total },
    error:
      row.error_code === null
        ? null
        : { code: row.error_code, kind: row.error_kind, message: row.error_message, mend: row.error_mend },
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

export type RunLogLine = {
  readonly id: number;
  readonly at: Date;
  readonly level: "info" | "warn" | "error";
  readonly code: string | null;
  readonly message: string;
  readonly data: Json;
};

/** A run's log lines, oldest first, `after` exclusive. */
export async function listRunLog(
  db: Db,
  runId: number,
  page: { readonly limit: number; readonly after: number },
): Promise<RunLogLine[]> {
  return await db
    .selectFrom("run_logs")
    .select(["id", "at", "level", "code", "message", "data"])
    .where("run_id", "=", runId)
    .where("id", ">", page.after)
    .orderBy("id")
    .limit(page.limit)
    .execute();
}

/** How fresh each connection's data is: what its slowest active stream has seen, and what is wrong with it. */
export type ConnectionFreshness = {
  readonly connectionId: string;
  readonly title: string;
  readonly connector: string;
  readonly state: ConnectionState;
  /** Null: some stream has not finished its first load. */
  readonly freshAsOf: Date | null;
  readonly isPartial: boolean;
  readonly isFailing: boolean;
  /** How often it is pulled, where the connection says so itself. */
  readonly everyS: number | null;
  readonly hasCron: boolean;
};

export async function readFreshness(db: Db): Promise<ConnectionFreshness[]> {
  const { rows } = await sql<{
    id: string;
    title: string;
    connector: string;
    state: ConnectionState;
    fresh_as_of: Date | null;
    is_unloaded: boolean | null;
    is_partial: boolean | null;
    is_failing: boolean | null;
    schedule: Schedule | null;
  }>`
    select c.id, c.title, c.connector, c.state, c.schedule,
      min(s.fresh_as_of) as fresh_as_of,
      bool_or(s.fresh_as_of is null) as is_unloaded,
      bool_or(s.is_partial) as is_partial,
      bool_or(s.failures_in_a_row > 0) as is_failing
    from connections c left join stream_states s on s.connection_id = c.id
      and (c.streams is null or s.stream = any (c.streams))
    group by c.id
    order by c.title, c.id
  `.execute(db);
  return rows.map((row) => ({
    connectionId: row.id,
    title: row.title,
    connector: row.connector,
    state: row.state,
    freshAsOf: row.is_unloaded === false ? row.fresh_as_of : null,
    isPartial: row.is_partial === true,
    isFailing: row.is_failing === true,
    everyS: row.schedule !== null && "everyS" in row.schedule ? row.schedule.everyS : null,
    hasCron: row.schedule !== null && "cron" in row.schedule,
  }));
}

/** What Prometheus is told, counted at the moment of the scrape. */
export type Counts = {
  readonly runs: readonly {
    readonly connection: string;
    readonly stream: string;
    readonly state: RunState;
    readonly count: number;
  }[];
  readonly streams: readonly {
    readonly connection: string;
    readonly stream: string;
    readonly landed: number;
    readonly freshAsOf: Date | null;
  }[];
  readonly deliveries: readonly { readonly state: string; readonly count: number }[];
};

export async function readCounts(db: Db): Promise<Counts> {
  const [runs, streams, deliveries] = await Promise.all([
    db
      .selectFrom("runs")
      .select(["connection_id as connection", "stream", "state", sql<number>`count(*)`.as("count")])
      .groupBy(["connection_id", "stream", "state"])
      .execute(),
    db
      .selectFrom("stream_states")
      .select(["connection_id as connection", "stream", "landed_seq as landed", "fresh_as_of as freshAsOf"])
      .execute(),
    db
      .selectFrom("deliveries")
      .select(["state", sql<number>`count(*)`.as("count")])
      .groupBy("state")
      .execute(),
  ]);
  return { runs, streams, deliveries };
}
