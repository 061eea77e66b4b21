import type { Measured } from "../../schema/canonical.ts";
import type { Db } from "../../store/db.ts";
import { readSources, type SourceRow, type SourceStream } from "../../store/pulls/freshness.ts";

/**
 * How a source stands, worst first:
 * - `stopped`  somebody has to act: the vendor refuses the sign-in, or it was paused.
 * - `unread`   it could not be read yet: what it has is in no number.
 * - `loading`  its first load is not done; numbers lack what is still to come.
 * - `stale`    it should have been read again by now.
 * - `partial`  something of it could not be read.
 * - `current`  as it should be.
 * - `ended`    its vendor is no more: it has told all it ever will, and does not grow old.
 */
export const SOURCE_STATES = ["stopped", "unread", "loading", "stale", "partial", "current", "ended"] as const;
export type SourceState = (typeof SOURCE_STATES)[number];

/** Why a source is not current. */
export const SOURCE_REASONS = [
  "needs_auth",
  "paused",
  "ended",
  "unread",
  "loading",
  "failing",
  "late",
  "held",
  "refused",
  "partial",
] as const;
export type SourceReason = (typeof SOURCE_REASONS)[number];

export type Source = {
  readonly connection: string;
  /** Of two that are called the same, with the connection's id. */
  readonly title: string;
  /** What it had changed up to this instant is in the numbers; null: its first load is not done. */
  readonly freshAsOf: Date | null;
  readonly state: SourceState;
  /** Null: it is current. */
  readonly reason: SourceReason | null;
  /** What the vendor or the file said, where something did. */
  readonly detail: string | null;
  /** Parts of it that could not be read, and records that may be gone. */
  readonly refused: number;
  readonly heldDeletions: number;
};

/** Late by two whole intervals and a minute: one that runs a little longer than usual does not make a screen cry. */
const staleAfterMs = (everyS: number): number => (3 * everyS + 60) * 1000;
const CRON_EVERY_S = 24 * 60 * 60;

/**
 * The sources that a number should be counted from, each with its own freshness: every connection that gives one of these, whether it ever
 * did or not. One that was paused before it gave anything is left out: somebody meant it.
 *
 * @param wanted null: all sources, whatever they give.
 * @param now an as-of question's instant: what was read after it does not make a source late.
 */
export async function readSourcesOf(db: Db, wanted: ReadonlySet<Measured> | null, now: Date): Promise<Source[]> {
  return sourcesOf(await readSources(db), wanted, now);
}

/** The same of rows that were read already. */
export function sourcesOf(rows: readonly SourceRow[], wanted: ReadonlySet<Measured> | null, now: Date): Source[] {
  return rows.flatMap((row) => {
    const streams = streamsFor(row, wanted);
    if (wanted !== null && streams.length === 0) return [];
    const hasNamesake = rows.some(({ id, title }) => id !== row.id && title === row.title);
    const source = judge(hasNamesake ? { ...row, title: `${row.title} (${row.id})` } : row, streams, now);
    const isMeant = row.state === "paused" || row.state === "ended";
    return wanted !== null && isMeant && source.freshAsOf === null ? [] : [source];
  });
}

/** The streams that give what is wanted; of a connection of which nobody has said what they give, all, where it has given some. */
function streamsFor(row: SourceRow, wanted: ReadonlySet<Measured> | null): readonly SourceStream[] {
  if (wanted === null) return row.streams;
  const { declared } = row;
  if (declared === null) return row.has.some((one) => wanted.has(one)) ? row.streams : [];
  return row.streams.filter(({ stream }) => declared.gives[stream]?.some((one) => wanted.has(one)) === true);
}

function judge(row: SourceRow, streams: readonly SourceStream[], now: Date): Source {
  const times = streams.map(({ freshAsOf }) => freshAsOf?.getTime() ?? null);
  const known = times.filter((time) => time !== null);
  const isWhole = known.length > 0 && known.length === times.length;
  const oldest = isWhole ? new Date(Math.min(...known, now.getTime())) : null;
  const [state, reason] = stateOf(row, streams, oldest, now);
  const problem = streams.find(({ isFailing }) => isFailing) ?? streams.find(({ isPartial }) => isPartial);
  return {
    connection: row.id,
    title: row.title,
    freshAsOf: oldest,
    state,
    reason,
    detail: reason === null ? null : (row.stateReason ?? problem?.failure ?? problem?.partialReason ?? null),
    refused: sum(streams, "refused"),
    heldDeletions: sum(streams, "heldDeletions"),
  };
}

function stateOf(
  row: SourceRow,
  streams: readonly SourceStream[],
  freshAsOf: Date | null,
  now: Date,
): readonly [SourceState, SourceReason | null] {
  switch (row.state) {
    case "needs_auth":
      return ["stopped", "needs_auth"];
    case "paused":
      return ["stopped", "paused"];
    case "ended":
      return ["ended", "ended"];
    case "active":
      break;
    default:
      row.state satisfies never;
  }
  const isFailing = streams.some((stream) => stream.isFailing);
  if (freshAsOf === null) return isFailing ? ["unread", "unread"] : ["loading", "loading"];
  if (now.getTime() - freshAsOf.getTime() > staleAfterMs(everyS(row))) return ["stale", isFailing ? "failing" : "late"];
  if (sum(streams, "heldDeletions") > 0) return ["partial", "held"];
  if (streams.some(({ isPartial }) => isPartial)) return ["partial", "partial"];
  return sum(streams, "refused") > 0 ? ["partial", "refused"] : ["current", null];
}

function everyS({ schedule, declared }: SourceRow): number {
  if (schedule !== null) return "everyS" in schedule ? schedule.everyS : CRON_EVERY_S;
  return declared?.everyS ?? UNDECLARED_EVERY_S;
}

/** As most connectors are. */
const UNDECLARED_EVERY_S = 300;

function sum(streams: readonly SourceStream[], field: "refused" | "heldDeletions"): number {
  return streams.reduce((total, stream) => total + stream[field], 0);
}

/**
 * How fresh numbers of these sources are: as the oldest. Null where one has not been read whole yet, or there is none. A source that waits for its
 * admin to sign in again counts: its numbers go stale, and that must show. One that was paused or has ended does not.
 */
export function freshAsOf(sources: readonly Source[]): Date | null {
  const living = sources.filter(({ state, reason }) => state !== "ended" && reason !== "paused");
  const times = living.map((source) => source.freshAsOf?.getTime() ?? null);
  const known = times.filter((time) => time !== null);
  return known.length === 0 || known.length < times.length ? null : new Date(Math.min(...known));
}

/** The worst state of the sources that have not ended. */
export function worstOf(sources: readonly Pick<Source, "state">[]): SourceState {
  return (
    SOURCE_STATES.find((state) => state !== "ended" && sources.some((source) => source.state === state)) ?? "current"
  );
}
