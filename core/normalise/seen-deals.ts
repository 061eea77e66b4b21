import type { ChangeObservation, DealObservation, FoldState, SnapshotObservation } from "./deal-observations.ts";

/**
 * What the records without a time of their own show of a deal, put together reading by reading. Pure.
 *
 *   leads.csv     open, owner Ann ─────────────────────────────┐ read on the 1st: open, owner Ann
 *   closed.csv                 won, value 100, closed the 11th ┴ read on the 12th: won, value 100, owner Ann
 *
 * - Of each field the record of the lowest precedence counts that has a value; a record that says "none" counts where no other has one.
 * - A win or loss counts before "open", and one with a date before one without; its stage comes with it.
 * - What only a record said that the source has taken back is said no more. Where no record is left the deal is gone, and nothing changes.
 * - What was loaded at set-up was not seen to change: of those readings only the last one is kept.
 */

/** A snapshot; of one without a time of its own, what it was seen to change since the reading before. */
export type Shown = Omit<SnapshotObservation, "record" | "precedence"> & {
  readonly moved: ReadonlySet<keyof FoldState>;
};
export type Seen = ChangeObservation | Shown;

const NOTHING: ReadonlySet<keyof FoldState> = new Set();

export function asSeen(observations: readonly DealObservation[]): readonly Seen[] {
  const seen: Seen[] = [];
  const undated: SnapshotObservation[] = [];
  for (const one of observations) {
    if (one.kind === "snapshot" && one.isAtFetch) undated.push(one);
    else seen.push(one.kind === "change" ? one : { ...one, moved: NOTHING });
  }
  if (undated.length > 1)
    undated.sort((a, b) => a.at - b.at || a.seq - b.seq || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const newest = new Map<string, SnapshotObservation>();
  let before: Shown | null = null;
  for (const [position, one] of undated.entries()) {
    const isGone = one.isGone === true;
    if (isGone) newest.delete(one.record);
    else newest.set(one.record, one);
    const next = undated[position + 1];
    // What goes at the same time goes together: a deal that is gone as a whole did not change before.
    const isFollowed = isGone && next?.isGone === true && next.at === one.at;
    if (newest.size === 0 || isFollowed) continue;
    const isAlone = newest.size === 1 && !isGone;
    const said: Shown = isAlone ? { ...one, moved: NOTHING } : together(one, [...newest.values()]);
    const shown: Shown = isGone ? { ...said, state: withdrawn(before?.state ?? {}, said.state) } : said;
    const wasSeen: boolean = one.knownAt > -Infinity;
    if (before !== null && !wasSeen && before.knownAt === -Infinity) seen.pop();
    before = { ...shown, moved: before === null || !wasSeen ? NOTHING : moves(before.state, shown.state) };
    seen.push(before);
  }
  return seen;
}

/** The fields that both readings speak of, and differently. */
function moves(before: Partial<FoldState>, after: Partial<FoldState>): ReadonlySet<keyof FoldState> {
  const moved = new Set<keyof FoldState>();
  for (const field of fieldsOf(after))
    if (before[field] !== undefined && before[field] !== after[field]) moved.add(field);
  return moved;
}

/** What may be nothing, and is where nobody says it any more. */
const WITHDRAWN = ["amount_minor", "currency", "rep_id", "probability", "expected_close_on"] as const;

function withdrawn(before: Partial<FoldState>, now: Partial<FoldState>): Partial<FoldState> {
  const lost = WITHDRAWN.filter((field) => now[field] === undefined && (before[field] ?? null) !== null);
  return { ...now, ...Object.fromEntries(lost.map((field) => [field, null])) };
}

function fieldsOf(state: Partial<FoldState>): readonly (keyof FoldState)[] {
  // A partial state holds nothing but its own fields.
  return Object.keys(state) as (keyof FoldState)[];
}

/** The records' newest readings as one, of the time of the last. */
function together(last: SnapshotObservation, records: readonly SnapshotObservation[]): Shown {
  const ranked = [...records].sort((a, b) => a.precedence - b.precedence || b.seq - a.seq || (a.key < b.key ? 1 : -1));
  const state: { -readonly [name in keyof FoldState]?: unknown } = {};
  for (const { state: said } of ranked)
    for (const field of fieldsOf(said))
      if (state[field] === undefined || state[field] === null) state[field] = said[field];
  const telling = ranked.toSorted((a, b) => outcomeRank(a) - outcomeRank(b))[0] ?? last;
  if (telling.state.status !== undefined && telling.state.status !== "open")
    for (const field of ["status", "stage_id", "pipeline_id", "probability"] as const)
      if (telling.state[field] !== undefined && telling.state[field] !== null) state[field] = telling.state[field];
  const created = ranked.find((one) => one.createdAt !== null) ?? last;
  const { key, at, isDay, knownAt, seq, isAtFetch } = last;
  return {
    kind: "snapshot",
    key,
    at,
    isDay,
    knownAt,
    seq,
    isAtFetch,
    // Each field was taken from the same field of a partial state.
    state: state as Partial<FoldState>,
    createdAt: created.createdAt,
    createdIsDay: created.createdIsDay,
    closedAt: telling.closedAt,
    closedIsDay: telling.closedIsDay,
    moved: NOTHING,
  };
}

function outcomeRank({ state, closedAt }: SnapshotObservation): number {
  if (state.status === undefined) return 3;
  if (state.status === "open") return 2;
  return closedAt === null ? 1 : 0;
}
