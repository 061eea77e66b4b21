import { sql } from "kysely";
import type { Json } from "../../base/json.ts";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";
import { NOT_NORMALISED } from "../facts/facts-marks.ts";
import type { RunError } from "./runs.ts";

/** How far a stream is. */
export type StreamState = {
  readonly stream: string;
  readonly checkpoint: Json;
  readonly landedSeq: number;
  readonly normalisedSeq: number;
  readonly runningRunId: number | null;
  readonly firstLoadDoneAt: Date | null;
};

/** Makes the rows that are missing, of a connection that is there. Safe to call from many processes at once. */
export async function ensureStreams(db: Db, connectionId: string, streams: readonly string[]): Promise<void> {
  await sql`
    insert into stream_states (connection_id, stream)
    select id, unnest(${[...streams]}::text[]) from connections where id = ${connectionId}
    on conflict do nothing
  `.execute(db);
}

/** The state of one stream, or null where it was never pulled. */
export async function readStream(db: Db, connectionId: string, stream: string): Promise<StreamState | null> {
  return (await select(db, connectionId, [stream]))[0] ?? null;
}

/**
 * Holds the streams until the transaction ends, against everything else that holds them: landings, and runs that begin or end. Always in the
 * same order, so that no two wait for each other in a circle. Rows that are missing are made, unless the connection is gone.
 *
 * Their rows are not locked: what makes facts writes to them as well, and would wait for a whole landing. Whoever writes to a stream's row
 * and to its run's does so at the end of its transaction, to the run's first.
 */
export async function lockStreams(
  tx: Tx,
  connectionId: string,
  streams: readonly string[],
): Promise<Map<string, StreamState>> {
  if (streams.length === 0) return new Map();
  const names = streams.toSorted().map((stream) => `tributary.land/${connectionId}/${stream}`);
  await sql`select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest(${names}::text[]) name`.execute(tx);
  // A statement of its own: it has to see what was committed until the lock was granted.
  let found = await select(tx, connectionId, streams);
  if (found.length < streams.length) {
    await ensureStreams(tx, connectionId, streams);
    found = await select(tx, connectionId, streams);
  }
  return new Map(found.map((state) => [state.stream, state]));
}

async function select(db: Db, connectionId: string, streams: readonly string[]): Promise<StreamState[]> {
  return db
    .selectFrom("stream_states")
    .select([
      "stream",
      "checkpoint",
      "landed_seq as landedSeq",
      "normalised_seq as normalisedSeq",
      "running_run_id as runningRunId",
      "first_load_done_at as firstLoadDoneAt",
    ])
    .where("connection_id", "=", connectionId)
    .where("stream", "in", streams)
    .execute();
}

/** Moves a stream's mark, and its checkpoint where one is given. */
export async function advanceStream(
  tx: Tx,
  connectionId: string,
  stream: string,
  moved: { readonly landedSeq: number; readonly checkpoint?: Json },
): Promise<void> {
  const checkpoint = moved.checkpoint === undefined ? {} : { checkpoint: toCheckpointColumn(moved.checkpoint) };
  await tx
    .updateTable("stream_states")
    .set({ landed_seq: moved.landedSeq, ...checkpoint })
    .where("connection_id", "=", connectionId)
    .where("stream", "=", stream)
    .execute();
}

/** No checkpoint is SQL's null, not JSON's. */
function toCheckpointColumn(checkpoint: Json): string | null {
  return checkpoint === null ? null : storableJson(checkpoint);
}

/**
 * The pull that is complete: what the stream is fresh as of, and that it is whole again. It is not yet where a full pull was asked of it
 * meanwhile ({@link oweFullPulls}), or where records that came in this run could not be made facts of.
 */
export async function markStreamPulled(
  tx: Tx,
  connectionId: string,
  stream: string,
  pull: { readonly runId: number; readonly startedAt: Date; readonly finishedAt: Date },
): Promise<void> {
  const staysPartial = sql`(is_partial and (
    held_deletions > 0
    or exists (
      select from runs r
      where r.connection_id = ${connectionId} and r.stream = ${stream} and r.id > ${pull.runId} and r.kind = 'full' and r.state = 'interrupted'
    )
    or (
      partial_reason like ${`${NOT_NORMALISED}%`}
      and exists (select from run_logs l where l.run_id = ${pull.runId} and l.code = 'normalise.failed')
    )
  ))`;
  await sql`
    update stream_states set
      running_run_id = null,
      first_load_done_at = coalesce(first_load_done_at, ${pull.finishedAt}),
      fresh_as_of = greatest(fresh_as_of, ${pull.startedAt}),
      last_success_at = ${pull.finishedAt},
      is_partial = ${staysPartial},
      partial_reason = case when ${staysPartial} then partial_reason end,
      failures_in_a_row = 0
    where connection_id = ${connectionId} and stream = ${stream}
  `.execute(tx);
}

/** The pull that ended early. `failure` null: it was stopped or has to wait, which is no failure of the stream. */
export async function markStreamStopped(
  tx: Tx,
  connectionId: string,
  stream: string,
  runId: number,
  failure: { readonly partialReason: string | null } | null,
): Promise<void> {
  const partialReason = failure?.partialReason ?? null;
  await sql`
    update stream_states set
      running_run_id = null,
      failures_in_a_row = failures_in_a_row + ${failure === null ? 0 : 1},
      accepts_deletions = accepts_deletions and ${failure === null},
      is_partial = is_partial or ${partialReason !== null},
      partial_reason = coalesce(${partialReason}, partial_reason)
    where connection_id = ${connectionId} and stream = ${stream} and running_run_id = ${runId}
  `.execute(tx);
}

/** Notes, with the pages of a listing, why it may be damaged. The first reason stays until a listing begins anew. */
export async function noteListingDoubt(
  tx: Tx,
  connectionId: string,
  stream: string,
  doubt: string | null,
  isStart: boolean,
): Promise<void> {
  if (doubt === null && !isStart) return;
  await sql`
    update stream_states set listing_doubt = coalesce(case when not ${isStart} then listing_doubt end, ${doubt})
    where connection_id = ${connectionId} and stream = ${stream} and (${doubt}::text is not null or listing_doubt is not null)
  `.execute(tx);
}

/** What is to be known of a listing at its end: why it may be damaged, and whether what it does not list is meant to go all the same. */
export async function readListingDoubt(
  tx: Tx,
  connectionId: string,
  stream: string,
): Promise<{ readonly doubt: string | null; readonly isAccepted: boolean }> {
  const row = await tx
    .selectFrom("stream_states")
    .select(["listing_doubt as doubt", "accepts_deletions as isAccepted"])
    .where("connection_id", "=", connectionId)
    .where("stream", "=", stream)
    .executeTakeFirst();
  return row ?? { doubt: null, isAccepted: false };
}

/** Notes what a listing did not list and was not taken for deleted, and why: the stream says that it is partial. 0: nothing is held back any more. */
export async function noteHeldDeletions(
  tx: Tx,
  connectionId: string,
  stream: string,
  held: { readonly count: number; readonly reason: string | null },
): Promise<void> {
  await sql`
    update stream_states set held_deletions = ${held.count}, accepts_deletions = false, is_partial = is_partial or ${held.count > 0},
      partial_reason = coalesce(${held.reason}, partial_reason)
    where connection_id = ${connectionId} and stream = ${stream} and (held_deletions > 0 or accepts_deletions or ${held.count > 0})
  `.execute(tx);
}

/** Notes how much of the source the reading of all of it could not read; with `isStart` false, what a reading that goes on adds to it. */
export async function noteRefused(
  db: Db,
  connectionId: string,
  stream: string,
  refused: number,
  isStart: boolean,
): Promise<void> {
  await sql`
    update stream_states set refused = case when ${isStart} then 0 else refused end + ${refused}
    where connection_id = ${connectionId} and stream = ${stream}
  `.execute(db);
}

/**
 * Notes that what the next listing of the streams does not list is meant to go: of those in which deletions are held back, and of
 * `listed`. It holds for one listing, or until a pull fails.
 *
 * @returns the streams that have to be listed for it.
 */
export async function acceptDeletions(
  tx: Tx,
  connectionId: string,
  streams: readonly string[],
  listed: readonly string[],
): Promise<string[]> {
  if (streams.length === 0) return [];
  await ensureStreams(tx, connectionId, listed);
  const rows = await tx
    .updateTable("stream_states")
    .set({ accepts_deletions: true })
    .where("connection_id", "=", connectionId)
    .where("stream", "in", [...streams])
    .where((or) => or.or([or("held_deletions", ">", 0), or("stream", "=", sql<string>`any(${[...listed]}::text[])`)]))
    .returning("stream")
    .execute();
  return rows.map((row) => row.stream);
}

/** What is missing from each stream of a connection. */
export type Incomplete = {
  readonly stream: string;
  readonly partialReason: string | null;
  readonly heldDeletions: number;
  readonly refused: number;
};

export async function readIncomplete(db: Db, connectionId: string): Promise<readonly Incomplete[]> {
  return db
    .selectFrom("stream_states")
    .select(["stream", "partial_reason as partialReason", "held_deletions as heldDeletions", "refused"])
    .where("connection_id", "=", connectionId)
    .where((or) => or.or([or("is_partial", "=", true), or("refused", ">", 0)]))
    .orderBy("stream")
    .execute();
}

/** Says which run may write from now on. A page of any other is refused. */
export async function setRunningRun(tx: Tx, connectionId: string, stream: string, runId: number): Promise<void> {
  await tx
    .updateTable("stream_states")
    .set({ running_run_id: runId })
    .where("connection_id", "=", connectionId)
    .where("stream", "=", stream)
    .execute();
}

/**
 * Marks streams partial and notes for each that a full pull is owed: a run that was interrupted before its first page. The streams must be
 * locked. Said again for the same reason before the stream that says so was pulled to its end, it is the same wish.
 *
 * @returns the streams that owe one from now on.
 */
export async function oweFullPulls(
  tx: Tx,
  connectionId: string,
  streams: readonly string[],
  wish: { readonly error: RunError; readonly saidBy: string; readonly now: Date },
): Promise<string[]> {
  const { error, saidBy, now } = wish;
  const { rows } = await sql<{ stream: string }>`
    insert into runs
      (connection_id, stream, kind, trigger, state, started_at, finished_at, error_code, error_kind, error_message, error_mend)
    select ${connectionId}, s.stream, 'full', 'schedule', 'interrupted', ${now}, ${now}, ${error.code}, ${error.kind}, ${error.message},
      ${error.mend}
    from unnest(${[...streams]}::text[]) with ordinality s (stream, n)
    where not exists (
      select from runs r
      where r.connection_id = ${connectionId} and r.stream = s.stream and r.error_code = ${error.code} and r.error_message = ${error.message}
        and r.started_at > coalesce(
          (select last_success_at from stream_states where connection_id = ${connectionId} and stream = ${saidBy}), '-infinity'
        )
    )
    order by s.n
    returning stream
  `.execute(tx);
  const owing = rows.map((row) => row.stream);
  await sql`
    update stream_states set is_partial = true, partial_reason = ${error.message}
    where connection_id = ${connectionId} and stream = any(${owing}::text[])
  `.execute(tx);
  // A run that waits for the vendor goes on as the full pull.
  await sql`
    update runs set state = 'interrupted', finished_at = ${now}
    where connection_id = ${connectionId} and stream = any(${owing}::text[]) and state = 'waiting' and kind in ('pull', 'full')
  `.execute(tx);
  return owing;
}
