import { sql } from "kysely";
import { TributaryError } from "../../base/errors.ts";
import type { Store, Tx } from "../db.ts";

/** How far a stream is normalised, and what its facts depend on besides the records. */
export type NormaliseMark = {
  readonly normalisedSeq: number;
  /** Records up to here had become facts before. */
  readonly replayToSeq: number;
  readonly firstLoadDoneAt: Date | null;
  readonly liveFrom: Date;
  readonly timeZone: string;
  readonly currency: string;
  readonly hasPipelineSettings: boolean;
  /** The transaction's own time. */
  readonly now: Date;
};

/** Facts of one connection are written by one transaction at a time; those of different connections side by side. */
export async function lockFacts(tx: Tx, connectionId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('tributary.facts'), hashtext(${connectionId}))`.execute(tx);
}

/** @throws TributaryError `normalise.no_stream` for a stream that nothing was ever pulled of, or of a connection that is gone. */
export async function readMark(tx: Tx, connectionId: string, stream: string): Promise<NormaliseMark> {
  const { rows } = await sql<NormaliseMark>`
    select s.normalised_seq as "normalisedSeq", s.replay_to_seq as "replayToSeq", s.first_load_done_at as "firstLoadDoneAt", c.live_from as "liveFrom",
      w.time_zone as "timeZone", w.currency, exists (select from settings where section = 'pipelines') as "hasPipelineSettings",
      now() as now
    from stream_states s join connections c on c.id = s.connection_id, workspace w
    where s.connection_id = ${connectionId} and s.stream = ${stream}
  `.execute(tx);
  const mark = rows[0];
  if (mark === undefined) throw noStream(connectionId, stream);
  return mark;
}

/** When what this transaction writes has landed; null: it is history, and was known when it happened. Asked as of earlier, it is not there. */
export async function setLanding(tx: Tx, landedAt: Date | null): Promise<void> {
  await sql`select set_config('tributary.landing', ${landedAt?.toISOString() ?? "-infinity"}, true)`.execute(tx);
}

function noStream(connectionId: string, stream: string): TributaryError {
  return new TributaryError({
    code: "normalise.no_stream",
    kind: "config",
    message: `Nothing was ever pulled of ${connectionId}/${stream}, or the connection was removed.`,
    mend: `Run: tributary sync ${connectionId} --stream ${stream}`,
  });
}

/** How the reason starts with which {@link moveMark} says that a stream is partial. */
export const NOT_NORMALISED = "Records could not be normalised";

/**
 * Records up to `seq` have become facts. With failures the stream says that it is not whole.
 *
 * @throws TributaryError `normalise.no_stream` when the connection was removed meanwhile: its facts go with it.
 */
export async function moveMark(
  tx: Tx,
  connectionId: string,
  stream: string,
  seq: number,
  failures: number,
): Promise<void> {
  const { numAffectedRows } = await sql`
    update stream_states set
      normalised_seq = greatest(normalised_seq, ${seq}),
      is_partial = is_partial or ${failures > 0},
      partial_reason = case when ${failures > 0} then ${`${NOT_NORMALISED}: see the log of the run (normalise.failed)`} else partial_reason end
    where connection_id = ${connectionId} and stream = ${stream}
  `.execute(tx);
  if (numAffectedRows === 0n) throw noStream(connectionId, stream);
}

/** Asks for a replay: everything that has landed is to become facts anew. */
export async function resetMark(store: Store, connectionId: string, stream: string): Promise<void> {
  await store.db.transaction().execute(async (tx) => {
    await lockFacts(tx, connectionId);
    await sql`
      update stream_states set
        normalised_seq = 0,
        replay_to_seq = greatest(replay_to_seq, normalised_seq),
        is_partial = is_partial and partial_reason not like ${`${NOT_NORMALISED}%`},
        partial_reason = case when partial_reason like ${`${NOT_NORMALISED}%`} then null else partial_reason end
      where connection_id = ${connectionId} and stream = ${stream}
    `.execute(tx);
  });
}

/** Asks for a replay of these streams of a connection: the next pull of each makes its facts anew first. */
export async function resetMarksOfStreams(tx: Tx, connectionId: string, streams: readonly string[]): Promise<void> {
  await sql`
    update stream_states set normalised_seq = 0, replay_to_seq = greatest(replay_to_seq, normalised_seq)
    where connection_id = ${connectionId} and stream = any(${[...streams]}::text[]) and normalised_seq > 0
  `.execute(tx);
}

/** Asks for a replay of every stream of a connection: the next pull of each makes its facts anew first. */
export async function resetMarksOf(tx: Tx, connectionId: string): Promise<void> {
  await sql`
    update stream_states set normalised_seq = 0, replay_to_seq = greatest(replay_to_seq, normalised_seq)
    where connection_id = ${connectionId} and normalised_seq > 0
  `.execute(tx);
}

/** Asks for a replay of every stream that gives facts: what the workspace counts by has changed. The next pull of each makes them anew first. */
export async function resetAllMarks(tx: Tx): Promise<void> {
  await sql`update stream_states set normalised_seq = 0 where normalised_seq > 0`.execute(tx);
}
