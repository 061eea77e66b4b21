import type { DealStatus, ValuePeriod } from "../schema/canonical.ts";
import type { Day } from "../base/time.ts";

/**
 * The history of one deal, folded from everything that was witnessed of it. Pure, and a function of the set of observations alone: in
 * which order they arrived does not matter, and folding again gives the same rows.
 *
 *   created        change P→Q        change Q→M                 snapshot: won, closed on the 11th
 *      │               │                 │                            │
 *      ├──── P ────────┼────── Q ────────┼───── M ──────┬─────────────┴─── won ───►
 *      │               │                 │              └ the 11th: not witnessed, placed where the snapshot says that it closed
 *
 * - A witnessed change holds from the instant it names.
 * - A snapshot that shows something else than the changes up to its time proves a change that nobody witnessed. It is placed at the
 *   snapshot's closing time when it is one into won or lost, else at the snapshot's own time; never before what is known to be earlier.
 *   When the witness of that change arrives later, the snapshot proves nothing any more, and the row moves to its exact time.
 * - What a field was at first is what the first witness says it was before; else what the first snapshot shows.
 * - All times are milliseconds of Unix time; -Infinity is "nobody knows when", known at -Infinity is "known when it happened".
 */

/** Columns of `deals` that can change, with their names there. Refs are ids of ours. */
export type FoldState = {
  readonly status: DealStatus;
  readonly pipeline_id: string | null;
  readonly stage_id: string | null;
  readonly amount_minor: number | null;
  readonly currency: string | null;
  readonly value_period: ValuePeriod;
  readonly rep_id: string | null;
  readonly probability: number | null;
  readonly expected_close_on: Day | null;
};

type Witnessed = {
  /** Identifies the observation; the same for the same evidence, however often it is seen. */
  readonly key: string;
  /** A snapshot's source time (or, where the source says none, when it was fetched); a change's own time. */
  readonly at: number;
  readonly isDay: boolean;
  readonly knownAt: number;
  /** The source's own order, for what has the same time. */
  readonly seq: number;
};

export type ChangeObservation = Witnessed & {
  readonly kind: "change";
  readonly before: Partial<FoldState>;
  readonly after: Partial<FoldState>;
};

export type SnapshotObservation = Witnessed & {
  readonly kind: "snapshot";
  readonly state: FoldState;
  /** Whether `at` is only when we fetched it, because the source does not say when it changed. */
  readonly isAtFetch: boolean;
  readonly createdAt: number | null;
  readonly createdIsDay: boolean;
  readonly closedAt: number | null;
  readonly closedIsDay: boolean;
};

export type DealObservation = ChangeObservation | SnapshotObservation;

export type FoldedChange = {
  readonly heldFrom: number;
  /** Exclusive; Infinity for the latest. */
  readonly heldTo: number;
  readonly isDay: boolean;
  readonly knownAt: number;
  /** The columns that differ from the row before; `created` for the first. */
  readonly changed: readonly string[];
  readonly state: FoldState;
  /** The key of the observation that showed it. */
  readonly evidence: string;
};

export const FOLD_FIELDS = [
  "status",
  "pipeline_id",
  "stage_id",
  "amount_minor",
  "currency",
  "value_period",
  "rep_id",
  "probability",
  "expected_close_on",
] as const satisfies readonly (keyof FoldState)[];

/** A calendar day may be an hour longer than this where clocks change. */
const DAY_MS = 25 * 3_600_000;

/** @returns rows in the order of time, contiguous, neighbours differing; none while no snapshot is there (the state is not whole then). */
export function foldDeal(observations: readonly DealObservation[]): FoldedChange[] {
  const latest = newestSnapshot(observations);
  if (latest === null) return [];
  const created = newestCreation(observations);
  const ordered = inOrder(observations, created.at);
  const draft = walk(ordered);
  const first = draft[0];
  if (first === undefined) return [];
  first.heldFrom = begin(created, draft[1]);
  first.isDay = created.isDay && first.heldFrom === created.at;
  return finish(draft, ordered);
}

type Draft = {
  heldFrom: number;
  isDay: boolean;
  readonly state: FoldState;
  readonly changed: readonly string[];
  readonly evidence: string;
  /** Where in the order the evidence stands: what shows the same from here to the next row knew it as well. */
  readonly position: number;
};

function newestSnapshot(observations: readonly DealObservation[]): SnapshotObservation | null {
  let newest: SnapshotObservation | null = null;
  for (const one of observations)
    if (one.kind === "snapshot" && (newest === null || compareTimes(one, newest) > 0)) newest = one;
  return newest;
}

type Creation = { readonly at: number; readonly isDay: boolean };

/** When the deal was created, as the newest snapshot that says so has it. */
function newestCreation(observations: readonly DealObservation[]): Creation {
  let newest: SnapshotObservation | null = null;
  for (const one of observations)
    if (one.kind === "snapshot" && one.createdAt !== null && (newest === null || compareTimes(one, newest) > 0))
      newest = one;
  return { at: newest?.createdAt ?? -Infinity, isDay: newest?.createdIsDay ?? false };
}

/**
 * The deal begins when it was created. Where a change is said to be older than that, it begins with the change: a row cannot hold before
 * the deal does. (Only the day of the change may be known: then it is no older as long as the deal was created on that day.)
 */
function begin(created: Creation, second: Draft | undefined): number {
  if (second === undefined || second.heldFrom >= created.at) return created.at;
  const isSameDay = second.isDay && created.at - second.heldFrom < DAY_MS;
  return isSameDay ? created.at : second.heldFrom;
}

function compareTimes(a: DealObservation, b: DealObservation): number {
  return a.at - b.at || a.seq - b.seq || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

/** By time; of the same time changes before snapshots (a snapshot shows what came of them), changes as they follow from one another. */
function inOrder(observations: readonly DealObservation[], createdAt: number): DealObservation[] {
  if (observations.length === 1) return [...observations];
  const sorted = [...observations].sort(
    (a, b) => a.at - b.at || Number(a.kind === "snapshot") - Number(b.kind === "snapshot") || compareTimes(a, b),
  );
  const ordered: DealObservation[] = [];
  let state: Partial<FoldState> = initialState(sorted, createdAt);
  for (let start = 0; start < sorted.length;) {
    const head = sorted[start];
    if (head === undefined) break;
    if (head.kind === "snapshot") {
      ordered.push(head);
      state = head.state;
      start += 1;
      continue;
    }
    const tied: ChangeObservation[] = [];
    for (let next = sorted[start]; next?.kind === "change" && next.at === head.at; next = sorted[start]) {
      tied.push(next);
      start += 1;
    }
    for (const change of chain(tied, state)) {
      ordered.push(change);
      state = { ...state, ...change.after };
    }
  }
  return ordered;
}

/** Changes of one instant (or of one day) so that each begins where the one before it ended, as far as they say so; else in the source's order. */
function chain(tied: ChangeObservation[], state: Partial<FoldState>): ChangeObservation[] {
  if (tied.length < 2) return tied;
  const left = [...tied];
  const ordered: ChangeObservation[] = [];
  let current = state;
  while (left.length > 0) {
    const fitting = left.findIndex((change) => agrees(change.before, current));
    const [next] = left.splice(Math.max(fitting, 0), 1);
    if (next === undefined) break;
    ordered.push(next);
    current = { ...current, ...next.after };
  }
  return ordered;
}

function agrees(said: Partial<FoldState>, state: Partial<FoldState>): boolean {
  return FOLD_FIELDS.every((field) => said[field] === undefined || said[field] === state[field]);
}

/** What the deal was at first, field by field: see the rules at the top. */
function initialState(ordered: readonly DealObservation[], createdAt: number): FoldState {
  const state: Partial<Record<keyof FoldState, FoldState[keyof FoldState]>> = {};
  for (const field of FOLD_FIELDS) state[field] = initialValue(field, ordered, createdAt);
  // Every field has been set from an observation's own field, or to the null or "open" that initialValue knows to fit.
  return state as FoldState;
}

function initialValue<F extends keyof FoldState>(
  field: F,
  ordered: readonly DealObservation[],
  createdAt: number,
): FoldState[F] | "open" | null {
  for (const one of ordered) {
    if (one.kind === "snapshot") {
      const cameClosed = one.state.status !== "open" && one.closedAt !== null && !hasWitness("status", ordered, one);
      if (cameClosed && field === "status") return "open";
      // 0 or 1 because it is closed; what it was while the deal was open, nobody saw.
      if (cameClosed && field === "probability") return null;
      return one.state[field];
    }
    if (one.before[field] !== undefined) return one.before[field];
    const after = one.after[field];
    if (after === undefined) continue;
    if (one.at <= createdAt) return after;
    // It changed into this, so it was something else before; of the other fields a change only says what they were at the time.
    if (field === "status") return "open";
    return field === "stage_id" ? null : after;
  }
  throw new Error("a deal without a snapshot is not folded");
}

/** Whether a change before `until` speaks of the field. */
function hasWitness(field: keyof FoldState, ordered: readonly DealObservation[], until: DealObservation): boolean {
  for (const one of ordered) {
    if (one === until) return false;
    if (one.kind === "change" && (one.before[field] !== undefined || one.after[field] !== undefined)) return true;
  }
  return false;
}

function walk(ordered: readonly DealObservation[]): Draft[] {
  const created = newestCreation(ordered);
  let state = initialState(ordered, created.at);
  const rows: Draft[] = [
    { heldFrom: -Infinity, isDay: false, state, changed: ["created"], evidence: ordered[0]?.key ?? "", position: 0 },
  ];
  /** The last instant at which the source itself showed the state as it stands. */
  let seenAt = -Infinity;
  ordered.forEach((one, position) => {
    const next = one.kind === "change" ? { ...state, ...one.after } : one.state;
    const changed = FOLD_FIELDS.filter((field) => next[field] !== state[field]);
    if (changed.length > 0) {
      const lastRowAt = rows[rows.length - 1]?.heldFrom ?? -Infinity;
      const { at, isDay } = placeOf(one, state, ordered, position, seenAt);
      rows.push({ heldFrom: Math.max(at, lastRowAt), isDay, state: next, changed, evidence: one.key, position });
      state = next;
    }
    if (one.kind === "change" || !one.isAtFetch) seenAt = one.at;
  });
  return rows;
}

type Place = { readonly at: number; readonly isDay: boolean };

/** When the change that an observation shows took place. */
function placeOf(
  one: DealObservation,
  state: FoldState,
  ordered: readonly DealObservation[],
  position: number,
  seenAt: number,
): Place {
  if (one.kind === "change" || one.state.status === "open" || one.state.status === state.status) return one;
  const closing = closingTime(one, ordered, position);
  if (closing.at === null) return { at: one.at, isDay: false };
  // What was fetched without a time of its own says nothing about when; the closing time that somebody typed in is the better witness.
  const latestPossible = one.isAtFetch ? Infinity : one.at;
  return { at: Math.max(Math.min(closing.at, latestPossible), seenAt), isDay: closing.isDay };
}

/** The closing time, as the newest snapshot has it that shows the deal closed in the same way without a break: it may have been corrected. */
function closingTime(
  one: SnapshotObservation,
  ordered: readonly DealObservation[],
  position: number,
): { at: number | null; isDay: boolean } {
  let closing = { at: one.closedAt, isDay: one.closedIsDay };
  for (let index = position + 1; index < ordered.length; index += 1) {
    const later = ordered[index];
    if (later === undefined) break;
    const status = later.kind === "snapshot" ? later.state.status : later.after.status;
    if (status !== undefined && status !== one.state.status) break;
    if (later.kind === "snapshot" && later.closedAt !== null)
      closing = { at: later.closedAt, isDay: later.closedIsDay };
  }
  return closing;
}

function finish(rows: readonly Draft[], ordered: readonly DealObservation[]): FoldedChange[] {
  return rows.map((row, index) => {
    const next = rows[index + 1];
    const heldFrom = Math.max(row.heldFrom, rows[0]?.heldFrom ?? -Infinity);
    return {
      heldFrom,
      heldTo: next === undefined ? Infinity : Math.max(next.heldFrom, rows[0]?.heldFrom ?? -Infinity),
      isDay: row.isDay,
      knownAt: Math.max(
        heldFrom,
        earliestKnown(row, index === 0 ? ordered.length : (next?.position ?? ordered.length), ordered),
      ),
      changed: row.changed,
      state: row.state,
      evidence: row.evidence,
    };
  });
}

/** When the first observation was known that shows what the row shows. For the first row: any, since each proves that the deal is there. */
function earliestKnown(row: Draft, end: number, ordered: readonly DealObservation[]): number {
  let earliest = Infinity;
  for (let index = row.position; index < end; index += 1) {
    const one = ordered[index];
    if (one === undefined || one.knownAt >= earliest) continue;
    const shown: Partial<FoldState> = one.kind === "snapshot" ? one.state : one.after;
    const showsIt =
      row.position === index ||
      row.changed[0] === "created" ||
      row.changed.every((field) => isSame(field, shown, row.state));
    if (showsIt) earliest = one.knownAt;
  }
  return earliest;
}

function isSame(field: string, shown: Partial<FoldState>, state: FoldState): boolean {
  // `changed` of every row but the first holds names of FOLD_FIELDS.
  const name = field as keyof FoldState;
  return shown[name] === state[name];
}
