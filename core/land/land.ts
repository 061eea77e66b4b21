import { TributaryError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { type Copy, copyTransaction } from "../store/copy.ts";
import type { Store, Tx } from "../store/db.ts";
import {
  deleteRaw,
  insertRaw,
  insertVersions,
  NO_HASH,
  noteListed,
  type RawChange,
  type RawDeletion,
  type RawWrite,
  type StoredMark,
  readMarks,
  updateRaw,
} from "../store/pulls/raw.ts";
import { addToRun } from "../store/pulls/runs.ts";
import { advanceStream, lockStreams, noteListingDoubt, type StreamState } from "../store/pulls/streams.ts";
import { type Candidate, gather, isBuriedUnseen, judge, type LandPart } from "./batch.ts";
import { owe, type Resync } from "./resync.ts";
import { screened } from "./screen.ts";

/** Pages that land together. */
export type Batch = {
  readonly connectionId: string;
  readonly runId: number;
  readonly parts: readonly LandPart[];
  /** The stream that is pulled, with where to go on. Null for what came by webhook: it moves no checkpoint. */
  readonly pulled: PulledStream | null;
  /** Holes that the pulled stream has found in others. */
  readonly resyncs?: readonly Resync[];
  readonly pages: number;
  readonly progress: { readonly done: number; readonly total: number | null } | null;
};

export type PulledStream = {
  readonly stream: string;
  readonly checkpoint: Json;
  /** Set where the stream learns of deletions by absence. `problemIds`: listed, though they could not be read. `doubt`: why it may be damaged. */
  readonly listing: {
    readonly isStart: boolean;
    readonly problemIds: readonly string[];
    readonly doubt: string | null;
  } | null;
};

export type Landed = {
  readonly counts: LandedCounts;
  /** What changed, per stream, in the order of `seq`. Streams without a change are not there. */
  readonly changes: ReadonlyMap<string, readonly RawChange[]>;
};

export type LandedCounts = {
  readonly fetched: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly deleted: number;
};

/**
 * Lands a batch in one transaction: records, deletions, checkpoint, listing and the run's counts move together or not at all.
 *
 * @param alsoInTransaction runs last in the same transaction.
 * @throws TributaryError `land.fenced` when another run has taken the pulled stream over; nothing was written then.
 */
export async function landBatch(
  store: Store,
  batch: Batch,
  learnedAt: Date,
  alsoInTransaction?: (tx: Tx) => Promise<void>,
): Promise<Landed> {
  const byStream = groupByStream({ ...batch, parts: await screened(store.db, batch.connectionId, batch.parts) });
  const gathered = [...byStream].map(([stream, parts]) => ({ stream, parts, candidates: gather(parts, learnedAt) }));
  return copyTransaction(store, async (tx, copy) => {
    const resyncs = batch.resyncs ?? [];
    const touched = new Set([...byStream.keys(), ...resyncs.flatMap(({ streams }) => streams)]);
    const states = await lockStreams(tx, batch.connectionId, [...touched]);
    checkFence(batch, states);
    const landed: LandedStream[] = [];
    for (const { stream, parts, candidates } of gathered) {
      const state = stateOf(batch, states, stream);
      const keepsVersions = parts[0]?.stream.keepsVersions ?? false;
      const plan = await landStream(tx, copy, { batch, state, candidates, keepsVersions, learnedAt });
      await noteListing(tx, batch, stream, candidates);
      landed.push({ state, plan });
    }
    const fetched = batch.parts.reduce((sum, part) => sum + part.versions.length, 0);
    const counts = landed.reduce((sum, { plan }) => addCounts(sum, plan.counts), { ...NOTHING, fetched });
    if (!(await addToRun(tx, batch.runId, { ...counts, pages: batch.pages, progress: batch.progress })))
      throw fencedBatch(batch);
    if (batch.pulled !== null)
      for (const resync of resyncs)
        await owe(tx, batch.connectionId, resync, { stream: batch.pulled.stream, runId: batch.runId }, learnedAt);
    for (const { state, plan } of landed) await finishStream(tx, batch, state, plan.changes.length);
    await alsoInTransaction?.(tx);
    const changed = landed.filter(({ plan }) => plan.changes.length > 0);
    return { counts, changes: new Map(changed.map(({ state, plan }) => [state.stream, plan.changes])) };
  });
}

type LandedStream = { readonly state: StreamState; readonly plan: StreamPlan };

const NOTHING: LandedCounts = { fetched: 0, added: 0, changed: 0, unchanged: 0, deleted: 0 };

function addCounts(a: LandedCounts, b: LandedCounts): LandedCounts {
  return {
    fetched: a.fetched + b.fetched,
    added: a.added + b.added,
    changed: a.changed + b.changed,
    unchanged: a.unchanged + b.unchanged,
    deleted: a.deleted + b.deleted,
  };
}

function groupByStream(batch: Batch): Map<string, LandPart[]> {
  const byStream = new Map<string, LandPart[]>();
  if (batch.pulled !== null) byStream.set(batch.pulled.stream, []);
  for (const part of batch.parts) {
    const parts = byStream.get(part.stream.name);
    if (parts === undefined) byStream.set(part.stream.name, [part]);
    else parts.push(part);
  }
  return byStream;
}

/** A stream has no state only where its connection is gone. */
function stateOf(batch: Batch, states: ReadonlyMap<string, StreamState>, stream: string): StreamState {
  const state = states.get(stream);
  if (state === undefined) throw fencedBatch(batch);
  return state;
}

function checkFence(batch: Batch, states: ReadonlyMap<string, StreamState>): void {
  if (batch.pulled === null) return;
  const { runningRunId } = stateOf(batch, states, batch.pulled.stream);
  if (runningRunId !== batch.runId) throw fencedBatch(batch);
}

function fencedBatch({ connectionId, pulled, runId }: Batch): TributaryError {
  return fenced(connectionId, pulled?.stream ?? "inbound", runId);
}

/** What a run says that finds its stream in other hands. It has to end without a further word. */
export function fenced(connectionId: string, stream: string, runId: number): TributaryError {
  return new TributaryError({
    code: "land.fenced",
    kind: "transient",
    message: `Run ${runId} no longer holds ${connectionId}/${stream}: another run has taken it over, or the connection was removed.`,
    mend: "Nothing to do: the other run goes on from the last page that landed.",
  });
}

type StreamPlan = { readonly counts: LandedCounts; readonly changes: readonly RawChange[] };

/** Judges what came of one stream against what is stored, and writes it. */
async function landStream(
  tx: Tx,
  copy: Copy,
  input: {
    readonly batch: Batch;
    readonly state: StreamState;
    readonly candidates: ReadonlyMap<string, Candidate>;
    readonly keepsVersions: boolean;
    readonly learnedAt: Date;
  },
): Promise<StreamPlan> {
  const { batch, state, candidates, keepsVersions, learnedAt } = input;
  const { connectionId } = batch;
  // Nothing has ever landed: there is nothing to compare with.
  const stored =
    state.landedSeq === 0
      ? new Map<string, StoredMark>()
      : await readMarks(tx, connectionId, state.stream, [...candidates.keys()]);
  const plan = planWrites(candidates, stored, state.landedSeq, learnedAt);
  await insertRaw(copy, connectionId, state.stream, plan.inserts);
  await updateRaw(tx, connectionId, state.stream, plan.updates);
  const gone = await deleteRaw(tx, connectionId, state.stream, plan.deletions);
  if (keepsVersions) {
    const versions = [...plan.inserts, ...plan.updates].filter((write) => write.deletedAt === null);
    await insertVersions(copy, connectionId, state.stream, versions);
  }
  if (gone.size === 0) return plan;
  // What a deletion brought along is not stored, so no fact is made of it either: a replay would not have it.
  return { ...plan, changes: plan.changes.map((change) => ({ ...change, ...gone.get(change.externalId) })) };
}

type Writes = StreamPlan & {
  readonly inserts: readonly RawWrite[];
  readonly updates: readonly RawWrite[];
  readonly deletions: readonly RawDeletion[];
};

function planWrites(
  candidates: ReadonlyMap<string, Candidate>,
  stored: Awaited<ReturnType<typeof readMarks>>,
  afterSeq: number,
  learnedAt: Date,
): Writes {
  const inserts: RawWrite[] = [];
  const updates: RawWrite[] = [];
  const deletions: RawDeletion[] = [];
  const changes: RawChange[] = [];
  const counts = { fetched: 0, added: 0, changed: 0, unchanged: 0, deleted: 0 };
  for (const candidate of candidates.values()) {
    const mark = stored.get(candidate.externalId);
    const verdict = judge(candidate, mark);
    const seq = afterSeq + changes.length + 1;
    const { externalId } = candidate;
    switch (verdict) {
      case "keep":
        if (candidate.version !== null) counts.unchanged += 1;
        continue;
      case "add":
      case "bury":
        inserts.push(toWrite(candidate, seq, learnedAt));
        if (verdict === "add") counts.added += 1;
        break;
      case "change":
        updates.push(toWrite(candidate, seq, learnedAt));
        counts.changed += 1;
        break;
      case "restore":
        updates.push(toWrite(candidate, seq, learnedAt));
        if (mark !== undefined && isBuriedUnseen(mark)) counts.added += 1;
        else counts.changed += 1;
        break;
      case "delete":
        deletions.push({ externalId, seq, fetchedAt: learnedAt, deletedAt: candidate.deletion?.at ?? learnedAt });
        counts.deleted += 1;
        break;
    }
    changes.push(toChange(candidate, seq, learnedAt, mark === undefined));
  }
  return { inserts, updates, deletions, changes, counts };
}

function toWrite({ externalId, version, deletion }: Candidate, seq: number, learnedAt: Date): RawWrite {
  return {
    externalId,
    seq,
    json: version?.json ?? "null",
    hash: version?.hash ?? NO_HASH,
    sourceTime: version?.sourceTime ?? null,
    fetchedAt: deletion === null && version !== null ? version.fetchedAt : learnedAt,
    deletedAt: deletion?.at ?? null,
  };
}

function toChange(
  { externalId, version, deletion }: Candidate,
  seq: number,
  learnedAt: Date,
  isNew: boolean,
): RawChange {
  return {
    externalId,
    seq,
    payload: version?.payload ?? null,
    sourceTime: version?.sourceTime ?? null,
    fetchedAt: deletion === null && version !== null ? version.fetchedAt : learnedAt,
    deletedAt: deletion?.at ?? null,
    isNew,
    isSuperseded: false,
  };
}

/** Where the stream learns of deletions by absence: what is there. */
async function noteListing(
  tx: Tx,
  { connectionId, pulled }: Batch,
  stream: string,
  candidates: ReadonlyMap<string, Candidate>,
): Promise<void> {
  if (pulled?.stream !== stream || pulled.listing === null) return;
  const ids = [...candidates.values()].filter((candidate) => candidate.version !== null).map((c) => c.externalId);
  const { isStart, problemIds, doubt } = pulled.listing;
  await noteListed(tx, connectionId, stream, [...ids, ...problemIds], isStart);
  await noteListingDoubt(tx, connectionId, stream, doubt, isStart);
}

async function finishStream(
  tx: Tx,
  { connectionId, pulled }: Batch,
  { stream, landedSeq: before }: StreamState,
  changes: number,
): Promise<void> {
  const landedSeq = before + changes;
  if (pulled?.stream === stream)
    await advanceStream(tx, connectionId, stream, { landedSeq, checkpoint: pulled.checkpoint });
  else if (changes > 0) await advanceStream(tx, connectionId, stream, { landedSeq });
}
