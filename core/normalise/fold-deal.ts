import type { DealDoubt, DealStatus } from "../schema/canonical.ts";
import { type ChangeObservation, type DealObservation, FOLD_FIELDS, type FoldState } from "./deal-observations.ts";
import { asSeen, type Seen, type Shown } from "./seen-deals.ts";

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
 * - A snapshot speaks only of the fields that it has. One without a time of its own (a row of a spreadsheet) says how things were at some
 *   time, so it never outranks what is dated: a witnessed change, or a closing date. Only what it was seen to change from one reading to
 *   the next is dated, by the reading.
 * - A closing date that lies after the snapshot which shows the deal closed, or before {@link EARLIEST}, was never true: the deal closed
 *   when it was first seen closed (doubt `odd_closing_date`).
 * - A deal that came closed without a closing date closed nobody knows when: it is closed from the first instant that does not contradict
 *   what is known (doubt `no_closing_date`), and is in no dated period. Where it was seen open before, it closed when it was seen closed.
 * - What a field was at first is what the first witness says it was before; else what the first snapshot shows.
 * - All times are milliseconds of Unix time; -Infinity is "nobody knows when", known at -Infinity is "known when it happened".
 */

export type FoldedChange = {
  readonly heldFrom: number;
  /** Exclusive; Infinity for the latest. */
  readonly heldTo: number;
  readonly isDay: boolean;
  readonly knownAt: number;
  /** Why its time is not what the source says. With `no_closing_date`, `heldFrom` is not when it closed. */
  readonly doubt: DealDoubt | null;
  /** The columns that differ from the row before; `created` for the first. */
  readonly changed: readonly string[];
  readonly state: FoldState;
  /** The key of the observation that showed it. */
  readonly evidence: string;
};

/** What a field is of which nothing was ever said. */
const UNSAID: FoldState = {
  status: "open",
  pipeline_id: null,
  stage_id: null,
  amount_minor: null,
  currency: null,
  value_period: "one_time",
  rep_id: null,
  probability: null,
  expected_close_on: null,
};

/** A calendar day may be an hour longer than this where clocks change. */
const DAY_MS = 25 * 3_600_000;

/** Dates before 1971 come from empty cells and zeros (1899-12-30, 1904, 1970-01-01), not from deals. */
export const EARLIEST = Date.UTC(1971, 0, 1);

/** @returns rows in the order of time, contiguous, neighbours differing; none while no snapshot is there (the state is not whole then). */
export function foldDeal(observations: readonly DealObservation[]): FoldedChange[] {
  const seen = asSeen(observations);
  const created = creation(seen);
  if (created === null) return [];
  const ordered = inOrder(seen, created.at);
  const draft = walk(ordered, created.at);
  const first = draft[0];
  if (first === undefined) return [];
  first.heldFrom = begin(created, draft[1]);
  first.isDay = created.isDay && first.heldFrom === created.at;
  if (created.isOdd && first.heldFrom === created.at) first.doubt ??= "odd_creation_date";
  return finish(draft, ordered);
}

type Draft = {
  heldFrom: number;
  isDay: boolean;
  doubt: DealDoubt | null;
  readonly state: FoldState;
  readonly changed: readonly string[];
  readonly evidence: string;
  /** Where in the order the evidence stands: what shows the same from here to the next row knew it as well. */
  readonly position: number;
};

/** `isOdd`: it is said to have been created later than it was first shown. */
type Creation = { readonly at: number; readonly isDay: boolean; readonly isOdd: boolean };

/**
 * When the deal was created, as the newest snapshot that says so has it; no later than it was first shown. Null: there is no snapshot.
 */
function creation(seen: readonly Seen[]): Creation | null {
  let newest: Shown | null = null;
  let firstShown = Infinity;
  for (const one of seen) {
    if (one.kind === "change") continue;
    firstShown = Math.min(firstShown, one.at);
    if (one.createdAt !== null && (newest === null || compareTimes(one, newest) > 0)) newest = one;
  }
  if (firstShown === Infinity) return null;
  const at = newest?.createdAt ?? -Infinity;
  if (at < EARLIEST) return { at: -Infinity, isDay: false, isOdd: false };
  if (at > firstShown) return { at: firstShown, isDay: false, isOdd: true };
  return { at, isDay: newest?.createdIsDay ?? false, isOdd: false };
}

/**
 * The deal begins when it was created. Where a change is said to be older than that, it begins with the change: a row cannot hold before
 * the deal does. (Only the day of the change may be known: then it is no older as long as the deal was created on that day.)
 */
function begin(created: Creation, second: Draft | undefined): number {
  if (second === undefined || second.doubt === "no_closing_date" || second.heldFrom >= created.at) return created.at;
  const isSameDay = second.isDay && created.at - second.heldFrom < DAY_MS;
  return isSameDay ? created.at : second.heldFrom;
}

function compareTimes(a: Seen, b: Seen): number {
  return a.at - b.at || a.seq - b.seq || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

/** By time; of the same time changes before snapshots (a snapshot shows what came of them), changes as they follow from one another. */
function inOrder(seen: readonly Seen[], createdAt: number): readonly Seen[] {
  if (seen.length === 1) return seen;
  const sorted = [...seen].sort(
    (a, b) => a.at - b.at || Number(a.kind === "snapshot") - Number(b.kind === "snapshot") || compareTimes(a, b),
  );
  const ordered: Seen[] = [];
  let state: Partial<FoldState> = initialState(sorted, createdAt);
  for (let start = 0; start < sorted.length;) {
    const head = sorted[start];
    if (head === undefined) break;
    if (head.kind === "snapshot") {
      ordered.push(head);
      state = { ...state, ...head.state };
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
function initialState(ordered: readonly Seen[], createdAt: number): FoldState {
  const state: Partial<Record<keyof FoldState, FoldState[keyof FoldState]>> = {};
  for (const field of FOLD_FIELDS) state[field] = initialValue(field, ordered, createdAt);
  // Every field has been set from an observation's own field, or to the null or "open" that initialValue knows to fit.
  return state as FoldState;
}

function initialValue<F extends keyof FoldState>(
  field: F,
  ordered: readonly Seen[],
  createdAt: number,
): FoldState[F] | "open" | null {
  for (const [position, one] of ordered.entries()) {
    if (one.kind === "snapshot") {
      const shown = one.state[field];
      if (shown === undefined) continue;
      if ((field === "status" || field === "probability") && cameClosed(one, ordered, position))
        // The probability is 0 or 1 because it is closed; what it was while the deal was open, nobody saw.
        return field === "status" ? "open" : null;
      return shown;
    }
    if (one.before[field] !== undefined) return one.before[field];
    const after = one.after[field];
    if (after === undefined) continue;
    // A win that is dated before the creation keeps its date: the deal began open, no later than then.
    if (field === "status" && after !== "open" && one.at < createdAt) return "open";
    if (one.at <= createdAt) return after;
    // It changed into this, so it was something else before; of the other fields a change only says what they were at the time.
    if (field === "status") return "open";
    return field === "stage_id" ? null : after;
  }
  return UNSAID[field];
}

/** Whether the deal closed at a time that is known, and this is the first that is heard of it. */
function cameClosed(one: Shown, ordered: readonly Seen[], position: number): boolean {
  const { status } = one.state;
  if (status === undefined || status === "open" || hasWitness("status", ordered, one)) return false;
  return closingTime(one, ordered, position).at !== null;
}

/** Whether a change before `until` speaks of the field. */
function hasWitness(field: keyof FoldState, ordered: readonly Seen[], until: Seen): boolean {
  for (const one of ordered) {
    if (one === until) return false;
    if (one.kind === "change" && (one.before[field] !== undefined || one.after[field] !== undefined)) return true;
  }
  return false;
}

/** Whether the deal came won or lost, and nothing says since when. */
function initialDoubt({ status }: FoldState, ordered: readonly Seen[]): DealDoubt | null {
  if (status === "open") return null;
  for (const one of ordered) {
    if (one.kind === "snapshot" && one.state.status !== undefined) return "no_closing_date";
    if (one.kind === "change" && one.before.status !== undefined) return "no_closing_date";
    if (one.kind === "change" && one.after.status !== undefined) return one.isMisdated ? "odd_closing_date" : null;
  }
  return null;
}

/** What of the deal's past is dated so far. */
type Dated = {
  readonly fields: Set<keyof FoldState>;
  /** When the status was last said, by a change or by a snapshot with a time of its own. */
  statusAt: number;
  /** Whether anything dated has ever spoken of a win or loss. */
  speaksOfClosing: boolean;
};

function walk(ordered: readonly Seen[], createdAt: number): Draft[] {
  let state = initialState(ordered, createdAt);
  const rows: Draft[] = [
    {
      heldFrom: -Infinity,
      isDay: false,
      doubt: initialDoubt(state, ordered),
      state,
      changed: ["created"],
      evidence: ordered[0]?.key ?? "",
      position: 0,
    },
  ];
  const dated: Dated = { fields: new Set(), statusAt: -Infinity, speaksOfClosing: false };
  /** The last instant at which the source itself showed the state as it stands. */
  let seenAt = -Infinity;
  for (const [position, one] of ordered.entries()) {
    const said = one.kind === "change" ? one.after : whatCounts(one, dated, ordered, position);
    const next = { ...state, ...said };
    const changed = FOLD_FIELDS.filter((field) => next[field] !== state[field]);
    if (changed.length > 0) {
      const lastRowAt = rows[rows.length - 1]?.heldFrom ?? -Infinity;
      const { at, isDay, doubt } = placeOf(one, next.status, state, ordered, position, seenAt);
      const heldFrom = Math.max(at, lastRowAt);
      rows.push({ heldFrom, isDay, doubt, state: next, changed, evidence: one.key, position });
      state = next;
    }
    note(one, dated);
    if (one.kind === "change" || !one.isAtFetch) seenAt = one.at;
  }
  return rows;
}

/** Takes down what a witness has dated. */
function note(one: Seen, dated: Dated): void {
  const speaksOf = one.kind === "change" ? [one.before, one.after] : [one.state];
  for (const said of speaksOf)
    for (const field of FOLD_FIELDS) {
      if (said[field] === undefined) continue;
      if (one.kind === "snapshot" && one.isAtFetch && !one.moved.has(field)) continue;
      dated.fields.add(field);
      if (field !== "status") continue;
      dated.statusAt = one.at;
      if (said.status !== "open") dated.speaksOfClosing = true;
    }
}

/** The fields of a snapshot that say something against what is dated already. */
function whatCounts(one: Shown, dated: Dated, ordered: readonly Seen[], position: number): Partial<FoldState> {
  if (!one.isAtFetch) return one.state;
  const closes = closesNow(one, dated, ordered, position);
  const counts: { -readonly [name in keyof FoldState]?: unknown } = {};
  for (const field of FOLD_FIELDS) {
    if (one.state[field] === undefined) continue;
    const isOfOutcome =
      field === "status" || field === "stage_id" || field === "pipeline_id" || field === "probability";
    const isClosed = one.state.status !== undefined && one.state.status !== "open";
    const isHeard =
      one.moved.has(field) || (isOfOutcome && isClosed ? closes || isUndated(field, dated) : isUndated(field, dated));
    if (isHeard && !(field === "status" && isClosed && !closes)) counts[field] = one.state[field];
  }
  // Each field was taken from the same field of a partial state.
  return counts as Partial<FoldState>;
}

function isUndated(field: keyof FoldState, dated: Dated): boolean {
  return !dated.fields.has(field);
}

/** Whether a row that shows the deal closed is to be believed, beside what is dated. */
function closesNow(one: Shown, dated: Dated, ordered: readonly Seen[], position: number): boolean {
  const { status } = one.state;
  if (status === undefined || status === "open") return false;
  if (one.moved.has("status")) return true;
  const closing = closingTime(one, ordered, position);
  if (closing.at === null || isOdd(closing.at, one.at)) return !dated.speaksOfClosing;
  return (closing.isDay ? closing.at + DAY_MS : closing.at) >= dated.statusAt;
}

type Place = { readonly at: number; readonly isDay: boolean; readonly doubt: DealDoubt | null };

/** When the change that an observation shows took place. */
function placeOf(
  one: Seen,
  status: DealStatus,
  state: FoldState,
  ordered: readonly Seen[],
  position: number,
  seenAt: number,
): Place {
  const isClosing = status !== "open" && status !== state.status;
  if (one.kind === "change")
    return { at: one.at, isDay: one.isDay, doubt: isClosing && one.isMisdated ? "odd_closing_date" : null };
  if (!isClosing) return { at: one.at, isDay: false, doubt: null };
  const closing = closingTime(one, ordered, position);
  if (closing.at === null)
    return wasSeenOpen(ordered, position)
      ? { at: one.at, isDay: false, doubt: null }
      : { at: -Infinity, isDay: false, doubt: "no_closing_date" };
  if (isOdd(closing.at, one.at)) return { at: Math.max(one.at, seenAt), isDay: false, doubt: "odd_closing_date" };
  return { at: Math.max(closing.at, seenAt), isDay: closing.isDay, doubt: null };
}

/** A deal cannot have closed after it was seen closed. */
function isOdd(closedAt: number, shownClosedAt: number): boolean {
  return closedAt > shownClosedAt || closedAt < EARLIEST;
}

/** Whether the hub itself had seen the deal open: in a snapshot, or in a change that came after the first load. */
function wasSeenOpen(ordered: readonly Seen[], position: number): boolean {
  for (let index = 0; index < position; index += 1) {
    const one = ordered[index];
    if (one?.kind === "snapshot" && one.state.status === "open") return true;
    if (one?.kind === "change" && one.after.status === "open" && one.knownAt > -Infinity) return true;
  }
  return false;
}

/** The closing time, as the newest snapshot has it that shows the deal closed in the same way without a break: it may have been corrected. */
function closingTime(one: Shown, ordered: readonly Seen[], position: number): { at: number | null; isDay: boolean } {
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

function finish(rows: readonly Draft[], ordered: readonly Seen[]): FoldedChange[] {
  const beginning = rows[0]?.heldFrom ?? -Infinity;
  return rows.map((row, index) => {
    const next = rows[index + 1];
    const heldFrom = Math.max(row.heldFrom, beginning);
    const end = index === 0 ? ordered.length : (next?.position ?? ordered.length);
    return {
      heldFrom,
      heldTo: next === undefined ? Infinity : Math.max(next.heldFrom, beginning),
      isDay: row.isDay,
      knownAt: Math.max(heldFrom, earliestKnown(row, end, ordered)),
      doubt: row.doubt,
      changed: row.changed,
      state: row.state,
      evidence: row.evidence,
    };
  });
}

/** When the first observation was known that shows what the row shows. For the first row: any, since each proves that the deal is there. */
function earliestKnown(row: Draft, end: number, ordered: readonly Seen[]): number {
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
