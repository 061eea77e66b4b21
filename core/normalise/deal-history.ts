import type { Json, JsonObject } from "../base/json.ts";
import type { Copy } from "../store/copy.ts";
import type { Tx } from "../store/db.ts";
import {
  type ChangeRow,
  deleteObservations,
  insertObservations,
  type ObservationRow,
  readChanges,
  readObservations,
  replaceChanges,
  updateObservations,
} from "../store/facts/deals.ts";
import { type AnswerRows, dealsOfPipelines, readStageShapes, writeAnswers } from "../store/facts/deal-answers.ts";
import { dealAnswers } from "./deal-answers.ts";
import { type DealObservation, FOLD_FIELDS, type FoldState } from "./deal-observations.ts";
import { foldDeal, type FoldedChange } from "./fold-deal.ts";

/** Takes in what a batch has witnessed of deals, and writes their histories anew where they came out different. */

/** What the batch says. */
export type Witnessing = {
  readonly connectionId: string;
  readonly observations: readonly ObservationRow[];
  /** Records that may have been observed before, with the version this batch has looked at. What they no longer give is forgotten. */
  readonly seenBefore: readonly { readonly recordId: string; readonly seq: number; readonly isCurrent: boolean }[];
  /** Records that the source no longer has: their changes are taken back; their snapshots were true when they were taken. */
  readonly deletedRecordIds: readonly string[];
  /** The batch had become facts before: what questions read is made anew even where the history comes out as it is. */
  readonly isReplay: boolean;
};

export type RewrittenDeal = {
  readonly dealId: string;
  readonly before: readonly ChangeRow[];
  readonly after: readonly ChangeRow[];
};

export async function recordHistory(tx: Tx, copy: Copy, witnessing: Witnessing): Promise<readonly RewrittenDeal[]> {
  const { connectionId, observations, seenBefore, deletedRecordIds } = witnessing;
  const recordIds = [...seenBefore.map((record) => record.recordId), ...deletedRecordIds];
  if (observations.length === 0 && recordIds.length === 0) return [];
  const dealIds = [...new Set(observations.map((one) => one.dealId))];
  const stored = await readObservations(tx, dealIds, recordIds);
  const plan = planObservations(stored, witnessing);
  await deleteObservations(tx, plan.gone);
  await updateObservations(tx, connectionId, plan.changed);
  await insertObservations(copy, connectionId, plan.added);
  const touched = new Set([...plan.gone, ...plan.changed, ...plan.added].map((one) => one.dealId));
  if (witnessing.isReplay) await writeKnown(tx, copy, connectionId, await readChanges(tx, dealIds));
  if (touched.size === 0) return [];
  // A deal of which only a taken-back change was read needs its other observations, too.
  const missing = [...touched].filter((id) => !dealIds.includes(id));
  const more = missing.length === 0 ? [] : await readObservations(tx, missing, []);
  return refold(tx, copy, connectionId, byDeal(touched, plan.kept, more), new Set(stored.map((one) => one.dealId)));
}

type Plan = {
  readonly added: readonly ObservationRow[];
  readonly changed: readonly ObservationRow[];
  readonly gone: readonly ObservationRow[];
  /** Everything that holds after the plan, of the deals that the batch observed. */
  readonly kept: ReadonlyMap<string, ObservationRow>;
};

function planObservations(stored: readonly ObservationRow[], witnessing: Witnessing): Plan {
  const kept = new Map(stored.map((row) => [identity(row), row]));
  const added = new Map<string, ObservationRow>();
  const changed = new Map<string, ObservationRow>();
  for (const row of witnessing.observations) {
    const id = identity(row);
    const known = kept.get(id);
    if (known === undefined || added.has(id)) added.set(id, row);
    else if (!isSame(known, row)) changed.set(id, row);
    kept.set(id, row);
  }
  const given = new Set(witnessing.observations.map(identity));
  const versions = new Map(witnessing.seenBefore.map((record) => [record.recordId + record.seq, record]));
  const current = new Set(witnessing.seenBefore.filter((record) => record.isCurrent).map((record) => record.recordId));
  const deleted = new Set(witnessing.deletedRecordIds);
  const gone: ObservationRow[] = [];
  for (const row of stored) {
    const isForgotten =
      row.kind === "change"
        ? deleted.has(row.recordId) || current.has(row.recordId)
        : versions.has(row.recordId + row.seq);
    if (!isForgotten || (given.has(identity(row)) && !(row.kind === "change" && deleted.has(row.recordId)))) continue;
    gone.push(row);
    kept.delete(identity(row));
  }
  return { added: [...added.values()], changed: [...changed.values()], gone, kept };
}

function identity(row: ObservationRow): string {
  return `${row.dealId}|${row.key}`;
}

function isSame(a: ObservationRow, b: ObservationRow): boolean {
  return (
    a.recordId === b.recordId &&
    a.kind === b.kind &&
    a.at === b.at &&
    a.isDay === b.isDay &&
    a.knownAt === b.knownAt &&
    a.seq === b.seq &&
    isSameObject(a.before, b.before) &&
    isSameObject(a.after, b.after)
  );
}

/** Of flat objects; jsonb keeps no order of keys. */
function isSameObject(a: JsonObject, b: JsonObject): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function byDeal(
  touched: ReadonlySet<string>,
  kept: ReadonlyMap<string, ObservationRow>,
  more: readonly ObservationRow[],
): Map<string, ObservationRow[]> {
  const all = new Map<string, ObservationRow[]>([...touched].map((id) => [id, []]));
  const known = new Map(kept);
  for (const row of more) known.set(identity(row), row);
  for (const row of known.values()) all.get(row.dealId)?.push(row);
  return all;
}

async function refold(
  tx: Tx,
  copy: Copy,
  connectionId: string,
  deals: ReadonlyMap<string, readonly ObservationRow[]>,
  knownDeals: ReadonlySet<string>,
): Promise<RewrittenDeal[]> {
  const histories = [...deals].map(([dealId, observations]): [string, ChangeRow[]] => [
    dealId,
    foldDeal(observations.map(toObservation)).map((change, ordinal) => toRow(dealId, ordinal, change)),
  ]);
  return rewriteHistories(tx, copy, connectionId, new Map(histories), knownDeals);
}

/**
 * Brings the stored histories of deals, and what questions read of them, to those given.
 *
 * @param knownDeals those that may have a history already.
 * @returns the deals whose history is another than before.
 */
export async function rewriteHistories(
  tx: Tx,
  copy: Copy,
  connectionId: string,
  histories: ReadonlyMap<string, readonly ChangeRow[]>,
  knownDeals: ReadonlySet<string>,
): Promise<RewrittenDeal[]> {
  const stored = await readChanges(
    tx,
    [...histories.keys()].filter((id) => knownDeals.has(id)),
  );
  const ends: { dealId: string; fromOrdinal: number; isNew: boolean }[] = [];
  const rows: ChangeRow[] = [];
  const rewritten: RewrittenDeal[] = [];
  for (const [dealId, after] of histories) {
    const before = stored.get(dealId) ?? [];
    const fromOrdinal = firstDifference(before, after);
    if (fromOrdinal === null) continue;
    ends.push({ dealId, fromOrdinal, isNew: before.length === 0 });
    rows.push(...after.slice(fromOrdinal));
    rewritten.push({ dealId, before, after });
  }
  await replaceChanges(tx, copy, connectionId, ends, rows);
  await writeRewritten(tx, copy, connectionId, rewritten);
  return rewritten;
}

async function writeRewritten(
  tx: Tx,
  copy: Copy,
  connectionId: string,
  rewritten: readonly RewrittenDeal[],
): Promise<void> {
  const stages = await readStageShapes(tx, stagesOf(rewritten.map((deal) => deal.after)));
  const fresh = rewritten.filter((deal) => deal.before.length === 0);
  const known = rewritten.filter((deal) => deal.before.length > 0);
  await writeAnswers(tx, copy, connectionId, answersOf(fresh, stages), {
    dealIds: known.map((deal) => deal.dealId),
    rows: answersOf(known, stages),
  });
}

function answersOf(deals: readonly { readonly after: readonly ChangeRow[] }[], stages: Stages): AnswerRows {
  const all: AnswerRows = { closings: [], entries: [], stays: [] };
  for (const { after } of deals) {
    const { closings, entries, stays } = dealAnswers(after, stages);
    all.closings.push(...closings);
    all.entries.push(...entries);
    all.stays.push(...stays);
  }
  return all;
}

type Stages = Awaited<ReturnType<typeof readStageShapes>>;

function stagesOf(histories: Iterable<readonly ChangeRow[]>): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const history of histories)
    for (const { state } of history) if (typeof state["stage_id"] === "string") ids.add(state["stage_id"]);
  return ids;
}

/** Brings what questions read of deals to what their stored histories say. */
async function writeKnown(
  tx: Tx,
  copy: Copy,
  connectionId: string,
  histories: ReadonlyMap<string, readonly ChangeRow[]>,
): Promise<void> {
  const stages = await readStageShapes(tx, stagesOf(histories.values()));
  const rows = answersOf(
    [...histories.values()].map((after) => ({ after })),
    stages,
  );
  await writeAnswers(
    tx,
    copy,
    connectionId,
    { closings: [], entries: [], stays: [] },
    { dealIds: [...histories.keys()], rows },
  );
}

/** So many deals are gone over by one statement. */
const CHUNK = 2_000;

/** What follows for deals when stages of theirs have come, moved or gone: what they entered and passed may be something else. */
export async function answerAgain(
  tx: Tx,
  copy: Copy,
  connectionId: string,
  stageIds: readonly string[],
): Promise<void> {
  const dealIds = await dealsOfPipelines(tx, connectionId, stageIds);
  for (let at = 0; at < dealIds.length; at += CHUNK)
    await writeKnown(tx, copy, connectionId, await readChanges(tx, dealIds.slice(at, at + CHUNK)));
}

function firstDifference(before: readonly ChangeRow[], after: readonly ChangeRow[]): number | null {
  for (let ordinal = 0; ordinal < Math.max(before.length, after.length); ordinal += 1) {
    const [a, b] = [before[ordinal], after[ordinal]];
    if (a === undefined || b === undefined || !isSameRow(a, b)) return ordinal;
  }
  return null;
}

function isSameRow(a: ChangeRow, b: ChangeRow): boolean {
  return (
    a.heldFrom === b.heldFrom &&
    a.heldTo === b.heldTo &&
    a.isDay === b.isDay &&
    a.knownAt === b.knownAt &&
    a.doubt === b.doubt &&
    a.evidence === b.evidence &&
    a.changed.length === b.changed.length &&
    a.changed.every((name, index) => name === b.changed[index]) &&
    FOLD_FIELDS.every((field) => (a.state[field] ?? null) === (b.state[field] ?? null))
  );
}

function toRow(dealId: string, ordinal: number, change: FoldedChange): ChangeRow {
  const { heldFrom, heldTo, isDay, knownAt, doubt, changed, state, evidence } = change;
  return { dealId, ordinal, heldFrom, heldTo, isDay, knownAt, doubt, changed, state, evidence };
}

/** What a snapshot's `after` holds: the state as far as the source speaks of it, and what else the deal says of its time. */
export type SnapshotSaid = Partial<FoldState> & {
  readonly is_at_fetch: boolean;
  /** Absent: 0. */
  readonly precedence?: number;
  /** The record was taken back, while others may go on speaking of the deal. */
  readonly is_gone?: true;
  readonly created_at: number | null;
  readonly created_is_day: boolean;
  readonly closed_at: number | null;
  readonly closed_is_day: boolean;
};

function toObservation(row: ObservationRow): DealObservation {
  const { key, at, isDay, knownAt, seq } = row;
  if (row.kind === "change")
    return {
      kind: "change",
      key,
      at,
      isDay,
      knownAt,
      seq,
      before: stateIn(row.before),
      after: stateIn(row.after),
      isMisdated: row.after["is_misdated"] === true,
    };
  // `after` was written by collect.ts, and by nobody else.
  const said = row.after as SnapshotSaid;
  return {
    kind: "snapshot",
    key,
    record: row.recordId,
    precedence: said.precedence ?? 0,
    at,
    isDay,
    knownAt,
    seq,
    state: stateIn(row.after),
    isAtFetch: said.is_at_fetch,
    isGone: said.is_gone === true,
    createdAt: said.created_at,
    createdIsDay: said.created_is_day,
    closedAt: said.closed_at,
    closedIsDay: said.closed_is_day,
  };
}

/** `before` and `after` were written by collect.ts under the names of {@link FOLD_FIELDS}. */
function stateIn(said: JsonObject): Partial<FoldState> {
  const state: { [field: string]: Json } = {};
  for (const field of FOLD_FIELDS) if (said[field] !== undefined) state[field] = said[field];
  return state;
}
