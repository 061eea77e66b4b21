import type { Day } from "../../base/time.ts";
import type { DealStatus } from "../../schema/canonical.ts";
import type { Range } from "../ask/period.ts";

/** A deal's way through a span as one leg: how it came into the open pipeline, and how it left it. Pure. */

/** A row of a deal's history. Instants are milliseconds of Unix time, -Infinity where the beginning is unknown. */
export type DealState = {
  readonly name: string | null;
  readonly url: string | null;
  readonly ordinal: number;
  readonly at: number;
  readonly status: DealStatus;
  readonly rep: string | null;
  readonly pipeline: string | null;
  readonly stage: string | null;
  readonly amount: number | null;
  readonly currency: string | null;
  readonly expected: Day | null;
  readonly deletedAt: number | null;
  readonly isMerged: boolean;
};

/** One end of a leg. `…Of`: the ordinal of the state that says its owner, its pipeline and stage, its amount. */
type End = {
  /** The day of this instant has the exchange rate. */
  readonly at: number;
  readonly ownerOf: number;
  readonly stateOf: number;
  readonly amountOf: number;
  readonly rep: string | null;
  readonly pipeline: string | null;
  /** Whether it is expected to close in the days that were asked for; true where none were. */
  readonly isExpected: boolean;
};

export type Entry = End & { readonly kind: "start" | "created" | "reopened" };
export type Exit = End & {
  readonly kind: "end" | "won" | "lost" | "deleted" | "merged";
  /** Why a win or loss is not in won_value or lost_value. */
  readonly exception: string | null;
};

export type Leg = {
  readonly id: string;
  readonly name: string | null;
  readonly url: string | null;
  readonly entry: Entry;
  readonly exit: Exit;
  readonly moves: readonly { readonly at: number; readonly what: string }[];
};

/**
 * A deal that was open at the beginning, or came in, and where it is at the end. Null: it was not part of the open pipeline at all.
 *
 *     open ───────────────► open          start … end
 *     open ──► won ──► open ► open        start … end: a close that was reopened is no move in the sums
 *     won  ──► open ──► lost              reopened … lost
 *              created ──► won            created … won
 *
 * @param states in order, as known; also those after the span, since a closed deal has its latest value.
 * @param span from just after `after` until `until`, inclusive.
 */
export function legsOf(
  id: string,
  states: readonly DealState[],
  span: { readonly after: number; readonly until: number },
  expectedIn: Range | null,
): Leg | null {
  const last = states.at(-1);
  if (last === undefined) return null;
  const deletedAt = last.deletedAt !== null && last.deletedAt <= span.until ? last.deletedAt : null;
  const until = deletedAt === null ? span.until : deletedAt;
  const at = (instant: number): DealState | undefined => states.findLast((state) => state.at <= instant);
  const [first, end] = [at(span.after), at(until)];
  if (end === undefined) return null;
  const isExpected = (state: DealState): boolean =>
    expectedIn === null ||
    (state.expected !== null &&
      (expectedIn.from === null || state.expected >= expectedIn.from) &&
      (expectedIn.to === null || state.expected <= expectedIn.to));
  const closing = end.status === "open" ? null : closingOf(states, end);
  // It had been closed before, and is closed the same way still.
  if (closing !== null && closing.at <= span.after) return null;
  const ends = (state: DealState, instant: number): End => ({
    at: instant,
    ownerOf: state.ordinal,
    stateOf: state.ordinal,
    amountOf: state.ordinal,
    rep: state.rep,
    pipeline: state.pipeline,
    isExpected: isExpected(state),
  });
  let entry: Entry;
  if (first?.status === "open") entry = { ...ends(first, span.after), kind: "start" };
  else {
    const came = states.find((state) => state.at > span.after && (first === undefined || state.status === "open"));
    const state = came !== undefined && came.at <= until ? came : closing;
    if (state === null) return null;
    entry = { ...ends(state, state.at), kind: first === undefined ? "created" : "reopened" };
  }
  const exit = exitOf();
  return { id, name: last.name, url: last.url, entry, exit, moves: movesOf(states, span.after, until) };

  function exitOf(): Exit {
    if (end === undefined || last === undefined) throw new Error("a deal without states has no leg");
    if (closing !== null) {
      // Credit is the owner's at the closing instant; pipeline and value are the latest known, as won_value has them.
      const open = states.findLast((state) => state.ordinal < closing.ordinal && state.status === "open");
      const ordinals = { stateOf: last.ordinal, amountOf: last.ordinal, pipeline: last.pipeline };
      const common = { ...ends(closing, closing.at), ...ordinals, isExpected: isExpected(open ?? closing) };
      const kind = closing.status === "won" ? "won" : "lost";
      const isUndone = states.some((state) => state.ordinal > end.ordinal && state.status !== end.status);
      const exception = deletedAt !== null ? "deleted_after_closing" : isUndone ? "reopened_since" : null;
      return { ...common, kind, exception };
    }
    if (deletedAt !== null) {
      return { ...ends(end, deletedAt), kind: last.isMerged ? "merged" : "deleted", exception: null };
    }
    return { ...ends(end, span.until), kind: "end", exception: null };
  }
}

/** The state with which the latest run of one outcome began. */
function closingOf(states: readonly DealState[], end: DealState): DealState {
  let closing = end;
  for (const state of states.toReversed()) {
    if (state.ordinal > end.ordinal) continue;
    if (state.status !== end.status) break;
    closing = state;
  }
  return closing;
}

function movesOf(
  states: readonly DealState[],
  after: number,
  until: number,
): readonly { readonly at: number; readonly what: string }[] {
  return states.flatMap((state, index) => {
    if (state.at <= after || state.at > until) return [];
    const before = states[index - 1];
    if (before === undefined) return [{ at: state.at, what: "created" }];
    const what: string[] = [];
    if (state.status !== before.status) what.push(state.status === "open" ? "reopened" : state.status);
    if (state.pipeline !== before.pipeline) what.push("pipeline");
    else if (state.stage !== before.stage) what.push("stage");
    if (state.amount !== before.amount || state.currency !== before.currency) what.push("value");
    if (state.rep !== before.rep) what.push("owner");
    if (state.expected !== before.expected) what.push("expected_close");
    return what.length === 0 ? [] : [{ at: state.at, what: what.join(", ") }];
  });
}
