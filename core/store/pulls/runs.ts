import { sql } from "kysely";
import type { ErrorKind } from "../../base/errors.ts";
import type { Json } from "../../base/json.ts";
import type { RunKind, RunState, RunTrigger } from "../../schema/tables/pulls.ts";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

export type Run = {
  readonly id: number;
  readonly connectionId: string;
  readonly stream: string;
  readonly kind: RunKind;
  readonly trigger: RunTrigger;
  readonly state: RunState;
  readonly since: Date | null;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly counts: RunCounts;
  readonly progress: { readonly done: number | null; readonly total: number | null };
  readonly error: RunError | null;
};

export type RunCounts = {
  readonly pages: number;
  /** Records that came, of every stream that the pages spoke of. */
  readonly fetched: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly facts: number;
  readonly skipped: number;
};

export type RunError = {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly mend: string;
};

export type RunStart = {
  readonly connectionId: string;
  readonly stream: string;
  readonly kind: RunKind;
  readonly trigger: RunTrigger;
  readonly since: Date | null;
  readonly startedAt: Date;
};

export async function insertRun(db: Db, run: RunStart): Promise<number> {
  const { id } = await db
    .insertInto("runs")
    .values({
      connection_id: run.connectionId,
      stream: run.stream,
      kind: run.kind,
      trigger: run.trigger,
      since: run.since,
      started_at: run.startedAt,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** A run that waited for the vendor goes on under its own number. */
export async function resumeRun(db: Db, runId: number): Promise<void> {
  await db
    .updateTable("runs")
    .set({
      state: "running",
      finished_at: null,
      error_code: null,
      error_kind: null,
      error_message: null,
      error_mend: null,
    })
    .where("id", "=", runId)
    .execute();
}

/** Locks a run's row until the transaction ends, for whoever goes on to write to its stream's row; see {@link lockStreams} for the order. */
export async function lockRun(tx: Tx, runId: number): Promise<void> {
  await tx.selectFrom("runs").select("id").where("id", "=", runId).forNoKeyUpdate().execute();
}

/** The newest run of a stream (of a kind that pulls), or null. */
export async function latestRun(db: Db, connectionId: string, stream: string): Promise<Run | null> {
  const row = await runs(db)
    .where("connection_id", "=", connectionId)
    .where("stream", "=", stream)
    .where("kind", "in", ["pull", "full", "inbound"])
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : toRun(row);
}

export async function readRun(db: Db, runId: number): Promise<Run | null> {
  const row = await runs(db).where("id", "=", runId).executeTakeFirst();
  return row === undefined ? null : toRun(row);
}

/**
 * When the reading from the start that a run completes began: in that run, or in the first of those before it that were cut off after a page
 * of theirs had landed.
 */
export async function fullPullBegan(db: Db, connectionId: string, stream: string, runId: number): Promise<Date> {
  const { rows } = await sql<{ began: Date }>`
    select min(started_at) as began from runs
    where connection_id = ${connectionId} and stream = ${stream} and id <= ${runId} and kind = 'full' and (pages > 0 or id = ${runId})
      and id > coalesce((
        select max(id) from runs
        where connection_id = ${connectionId} and stream = ${stream} and kind in ('pull', 'full') and state = 'succeeded'
      ), 0)
  `.execute(db);
  const began = rows[0]?.began;
  if (began === undefined) throw new Error(`there is no run ${runId}`);
  return began;
}

/** Runs of the stream that say they are running, while nobody holds the stream: their process is gone. */
export async function interruptStaleRuns(db: Db, connectionId: string, stream: string, now: Date): Promise<void> {
  await db
    .updateTable("runs")
    .set({ state: "interrupted", finished_at: now })
    .where("connection_id", "=", connectionId)
    .where("stream", "=", stream)
    .where("state", "=", "running")
    .where("kind", "in", ["pull", "full", "inbound"])
    .execute();
}

export type RunProgress = Partial<RunCounts> & {
  readonly progress?: { readonly done: number; readonly total: number | null } | null;
};

/** Adds to the run's counts; the progress, where one is given, replaces the last. @returns false when there is no such run (any more). */
export async function addToRun(db: Db, runId: number, by: RunProgress): Promise<boolean> {
  const progress = by.progress ?? null;
  const { numAffectedRows } = await sql`
    update runs set
      pages = pages + ${by.pages ?? 0},
      fetched = fetched + ${by.fetched ?? 0},
      added = added + ${by.added ?? 0},
      changed = changed + ${by.changed ?? 0},
      unchanged = unchanged + ${by.unchanged ?? 0},
      deleted = deleted + ${by.deleted ?? 0},
      facts = facts + ${by.facts ?? 0},
      skipped = skipped + ${by.skipped ?? 0},
      progress_done = case when ${progress !== null} then ${progress?.done ?? null}::bigint else progress_done end,
      progress_total = case when ${progress !== null} then ${progress?.total ?? null}::bigint else progress_total end
    where id = ${runId}
  `.execute(db);
  return numAffectedRows === 1n;
}

export async function finishRun(
  db: Db,
  runId: number,
  end: { readonly state: RunState; readonly finishedAt: Date; readonly error: RunError | null },
): Promise<void> {
  await db
    .updateTable("runs")
    .set({
      state: end.state,
      finished_at: end.finishedAt,
      error_code: end.error?.code ?? null,
      error_kind: end.error?.kind ?? null,
      error_message: end.error?.message ?? null,
      error_mend: end.error?.mend ?? null,
    })
    .where("id", "=", runId)
    .execute();
}

export type RunLine = {
  readonly at: Date;
  readonly level: "info" | "warn" | "error";
  readonly code: string | null;
  readonly message: string;
  readonly data: Json;
};

export async function appendRunLines(db: Db, runId: number, lines: readonly RunLine[]): Promise<void> {
  if (lines.length === 0) return;
  await db
    .insertInto("run_logs")
    .values(
      lines.map((line) => ({
        run_id: runId,
        at: line.at,
        level: line.level,
        code: line.code,
        message: line.message,
        data: line.data === null ? null : storableJson(line.data),
      })),
    )
    .execute();
}

/** When the first of the runs began that have all failed since the stream was last pulled well; null when none has failed since. */
export async function failingSince(db: Db, connectionId: string, stream: string): Promise<Date | null> {
  const row = await db
    .selectFrom("runs")
    .select((eb) => eb.fn.min("started_at").as("since"))
    .where("connection_id", "=", connectionId)
    .where("stream", "=", stream)
    .where("state", "=", "failed")
    .where((eb) =>
      eb(
        "id",
        ">",
        eb.fn.coalesce(
          eb
            .selectFrom("runs as good")
            .select((one) => one.fn.max("good.id").as("id"))
            .where("good.connection_id", "=", connectionId)
            .where("good.stream", "=", stream)
            .where("good.state", "=", "succeeded"),
          eb.lit(0),
        ),
      ),
    )
    .executeTakeFirst();
  return row?.since ?? null;
}

/** The lines of a run, oldest first. */
export async function readRunLines(db: Db, runId: number, limit: number): Promise<RunLine[]> {
  return db
    .selectFrom("run_logs")
    .select(["at", "level", "code", "message", "data"])
    .where("run_id", "=", runId)
    .orderBy("id")
    .limit(limit)
    .execute();
}

function runs(db: Db | Tx) {
  return db.selectFrom("runs").selectAll();
}

function toRun(row: Awaited<ReturnType<ReturnType<typeof runs>["executeTakeFirstOrThrow"]>>): Run {
  const error =
    row.error_code === null
      ? null
      : {
          code: row.error_code,
          // Written by finishRun from an ErrorKind, and by nobody else.
          kind: row.error_kind as ErrorKind,
          message: row.error_message ?? "",
          mend: row.error_mend ?? "",
        };
  return {
    id: row.id,
    connectionId: row.connection_id,
    stream: row.stream,
    kind: row.kind,
    trigger: row.trigger,
    state: row.state,
    since: row.since,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    counts: {
      pages: row.pages,
      fetched: row.fetched,
      added: row.added,
      changed: row.changed,
      unchanged: row.unchanged,
      deleted: row.deleted,
      facts: row.facts,
      skipped: row.skipped,
    },
    progress: { done: row.progress_done, total: row.progress_total },
    error,
  };
}
