import type { Tx } from "../store/db.ts";
import {
  type DuplicateMark,
  findTouchPairs,
  markTouches,
  type TouchPair,
  touchesInWinningOrder,
  withMarked,
} from "../store/identity/duplicates.ts";

/**
 * One touch counts once: of activities that are the same one, all but the first have `duplicate_of` naming it, and `duplicate_rule` by what.
 *
 *   same_connection.match_key   the same meeting in two calendars of one account, the same mail in two mailboxes
 *   meeting.calendar_key        a meeting and its recording: one iCalendar UID
 *   email.message_id            a mail in two tools: one RFC 5322 message id
 *   touch.match_key             anything else that two tools give one key
 *   call.same_time              a call in two tools: same rep, same person, at the same time
 *   meeting.same_time           a meeting and its recording: likewise
 *   call.same_phone             a call in two tools: same rep, people with one number, at the same time
 *   email.same_subject          a mail in two tools: same person, subject and direction within hours
 *
 * What counts is the one of a tool that keeps deals (the CRM), then the earliest, then the lowest id; never which one arrived first.
 */
const BY_KEY = ["same_connection.match_key", "meeting.calendar_key", "email.message_id", "touch.match_key"];
const RULES = [...BY_KEY, "call.same_time", "meeting.same_time", "call.same_phone", "email.same_subject"];

/** So many are looked at together: their pairs are held in memory. */
const CHUNK = 5_000;

/** Marks doubles anew around the touched activities. @returns how many rows were changed. */
export async function markDuplicates(tx: Tx, touched: readonly string[]): Promise<number> {
  let changed = 0;
  for (let at = 0; at < touched.length; at += CHUNK) changed += await markAround(tx, touched.slice(at, at + CHUNK));
  return changed;
}

async function markAround(tx: Tx, touched: readonly string[]): Promise<number> {
  // Everything that hangs together with a touched one is judged together, so that the outcome is that of looking at all at once.
  const known = new Set<string>();
  const pairs: TouchPair[] = [];
  let frontier = await withMarked(tx, touched);
  while (frontier.length > 0) {
    for (const id of frontier) known.add(id);
    const found = await findTouchPairs(tx, frontier);
    for (const pair of found) pairs.push(pair);
    const next = [...new Set(found.map((pair) => pair.b))].filter((id) => !known.has(id));
    frontier = next.length === 0 ? [] : await withMarked(tx, next);
    frontier = frontier.filter((id) => !known.has(id));
  }
  const order = await touchesInWinningOrder(tx, [...known]);
  return markTouches(tx, marksOf(order, pairs));
}

/**
 * What the activities are marked as.
 *
 * @param order every activity, in the order in which they win.
 * @param pairs every pair that a rule makes among them, both ways round.
 */
export function marksOf(order: readonly string[], pairs: readonly TouchPair[]): DuplicateMark[] {
  const joined = joinedBy(acceptedPairs(pairs));
  const pairsOf = new Map<string, TouchPair[]>();
  for (const pair of joined.pairs)
    for (const id of [pair.a, pair.b]) pairsOf.set(id, [...(pairsOf.get(id) ?? []), pair]);
  const firsts = new Map<Set<string>, string>();
  return order.map((id) => {
    const group = joined.groups.get(id);
    if (group === undefined) return { id, of: null, rule: null };
    const first = firsts.get(group);
    if (first === undefined) {
      firsts.set(group, id);
      return { id, of: null, rule: null };
    }
    const own = pairsOf.get(id) ?? [];
    const withFirst = own.find((pair) => pair.a === first || pair.b === first);
    return { id, of: first, rule: (withFirst ?? own[0])?.rule ?? null };
  });
}

/**
 * The pairs that hold, the surest first. Keys say for sure. Where only time or subject speak, each touch has at most one double in another
 * connection, the nearest, and only where it is that one's nearest, too: two short calls after one another stay two in both tools.
 */
function acceptedPairs(pairs: readonly TouchPair[]): TouchPair[] {
  const sorted = pairs.toSorted(bySureness);
  const nearest = new Map<string, string>();
  for (const pair of sorted) {
    const place = `${pair.a}|${pair.connectionB}`;
    if (!nearest.has(place)) nearest.set(place, pair.b);
  }
  return sorted.filter(
    (pair) =>
      pair.a < pair.b &&
      (isByKey(pair) ||
        (nearest.get(`${pair.a}|${pair.connectionB}`) === pair.b &&
          nearest.get(`${pair.b}|${pair.connectionA}`) === pair.a)),
  );
}

function bySureness(x: TouchPair, y: TouchPair): number {
  return (
    RULES.indexOf(x.rule) - RULES.indexOf(y.rule) ||
    x.gapS - y.gapS ||
    compare(x.a < x.b ? x.a + x.b : x.b + x.a, y.a < y.b ? y.a + y.b : y.b + y.a)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isByKey(pair: TouchPair): boolean {
  return BY_KEY.includes(pair.rule);
}

/** The groups that pairs make. One that would bring together two touches of one connection only by their time does not count. */
function joinedBy(accepted: readonly TouchPair[]): {
  readonly groups: ReadonlyMap<string, Set<string>>;
  readonly pairs: readonly TouchPair[];
} {
  const groups = new Map<string, Set<string>>();
  const connections = new Map<Set<string>, Set<string>>();
  const groupOf = (id: string, connection: string): Set<string> => {
    let group = groups.get(id);
    if (group === undefined) {
      groups.set(id, (group = new Set([id])));
      connections.set(group, new Set([connection]));
    }
    return group;
  };
  const counted: TouchPair[] = [];
  for (const pair of accepted) {
    const [a, b] = [groupOf(pair.a, pair.connectionA), groupOf(pair.b, pair.connectionB)];
    if (a !== b) {
      // Every group has its connections from the moment it is made.
      const [ofA, ofB] = [connections.get(a) as Set<string>, connections.get(b) as Set<string>];
      if (!isByKey(pair) && [...ofB].some((connection) => ofA.has(connection))) continue;
      for (const connection of ofB) ofA.add(connection);
      for (const id of b) {
        a.add(id);
        groups.set(id, a);
      }
    }
    counted.push(pair);
  }
  return { groups, pairs: counted };
}
