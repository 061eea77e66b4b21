import type { Json } from "../../base/json.ts";
import type { RunKind, RunState, RunTrigger } from "../../schema/tables/pulls.ts";
import type { Db } from "../db.ts";

/** A run as people look at it. */
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
