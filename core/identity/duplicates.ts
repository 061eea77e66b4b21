import type { Tx } from "../store/db.ts";
import { bestAssignment, type Candidate } from "./assignment.ts";
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
const BY_LIKENESS = ["call.same_time", "meeting.same_time", "call.same_phone", "email.same_subject"];
const RULES = [...BY_KEY, ...BY_LIKENESS];

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
 * @param pairs every pair that a rule makes among them, both ways round, in any order.
 */
export function marksOf(order: readonly string[], pairs: readonly TouchPair[]): DuplicateMark[] {
  const sorted = pairs.filter((pair) => pair.a < pair.b).toSorted(bySureness);
  const groups = groupsOf(sorted);
  const pairsOf = new Map<string, TouchPair[]>();
  for (const pair of sorted) {
    if (groups.of(pair.a) !== groups.of(pair.b)) continue;
    for (const id of [pair.a, pair.b]) {
      const own = pairsOf.get(id);
      if (own === undefined) pairsOf.set(id, [pair]);
      else own.push(pair);
    }
  }
  const firsts = new Map<Group, string>();
  return order.map((id) => {
    const own = pairsOf.get(id);
    if (own === undefined) return { id, of: null, rule: null };
    const group = groups.of(id);
    const first = firsts.get(group);
    if (first === undefined) {
      firsts.set(group, id);
      return { id, of: null, rule: null };
    }
    const withFirst = own.find((pair) => pair.a === first || pair.b === first);
    return { id, of: first, rule: (withFirst ?? own[0])?.rule ?? null };
  });
}

/**
 * Which activities are one touch. Keys say for sure. Where only time or subject speak, a touch has at most one double in each other
 * connection, and none where a key has given it one: two short calls after one another stay two in both tools. Rule by rule, the surest
 * first, and of two connections at a time, everything that could go together is judged as a whole (`assigned`).
 *
 * Nothing that could still go together is left: a touch that is alone in its connection's place stood free when the two connections were judged.
 */
function groupsOf(sorted: readonly TouchPair[]): Groups {
  const groups = new Groups();
  const places = new Map<string, TouchPair[]>();
  for (const pair of sorted) {
    if (BY_KEY.includes(pair.rule)) {
      groups.join(pair);
      continue;
    }
    const place = [pair.connectionA, pair.connectionB].toSorted(compare).join(" ");
    const there = places.get(place);
    if (there === undefined) places.set(place, [pair]);
    else there.push(pair);
  }
  const inOrder = [...places].toSorted(([x], [y]) => compare(x, y)).map(([, there]) => there);
  for (const rule of BY_LIKENESS)
    for (const there of inOrder)
      if (there.some((pair) => pair.rule === rule)) for (const pair of assigned(groups, there, rule)) groups.join(pair);
  return groups;
}

/**
 * The pairs that hold between two connections by one rule: as many as can be, then as many as can be of the less sure rules after them,
 * then the nearest in time. Nearness counts by its square, so that two calls of which both tools tell with one delay stay side by side.
 *
 * @param there every pair of the two connections, the surest first.
 */
function assigned(groups: Groups, there: readonly TouchPair[], rule: string): TouchPair[] {
  const open = new Map<string, TouchPair>();
  const numbers = new Map<Group, number>();
  const numberOf = (group: Group): number => {
    const known = numbers.get(group) ?? numbers.size;
    numbers.set(group, known);
    return known;
  };
  const first = there[0];
  for (const pair of there) {
    if (RULES.indexOf(pair.rule) < RULES.indexOf(rule) || !groups.mayJoin(pair)) continue;
    const [a, b] = [numberOf(groups.of(pair.a)), numberOf(groups.of(pair.b))];
    const key = pair.connectionA === first?.connectionA ? `${a} ${b}` : `${b} ${a}`;
    // The surest and nearest of several between two groups.
    if (!open.has(key)) open.set(key, pair);
  }
  const found: TouchPair[] = [];
  for (const part of partsOf([...open].map(([key, pair]) => ({ sides: key.split(" "), pair })))) {
    const candidates = part.map(({ sides: [left, right], pair }): Candidate & { readonly pair: TouchPair } => ({
      left: Number(left),
      right: Number(right),
      worth: worthOf(pair, rule),
      pair,
    }));
    const made = candidates.length === 1 ? candidates : bestAssignment(candidates);
    for (const { pair } of made) if (pair.rule === rule) found.push(pair);
  }
  return found;
}

type Open = { readonly sides: readonly string[]; readonly pair: TouchPair };

/** What hangs together, each part by itself: what is decided of one does not depend on what else is looked at. */
function partsOf(open: readonly Open[]): Open[][] {
  const parts = new Map<string, Open[]>();
  for (const one of open) {
    const [left, right] = [`left ${one.sides[0]}`, `right ${one.sides[1]}`];
    const [a, b] = [parts.get(left), parts.get(right)];
    const part = a ?? b ?? [];
    part.push(one);
    parts.set(left, part);
    parts.set(right, part);
    if (a === undefined || b === undefined || a === b) continue;
    for (const other of b) {
      a.push(other);
      for (const [at, side] of other.sides.entries()) parts.set(`${at === 0 ? "left" : "right"} ${side}`, a);
    }
  }
  return [...new Set(parts.values())].map((part) => part.toSorted((x, y) => bySureness(x.pair, y.pair)));
}

/** Far above the sum of all that is worth less: squares of microseconds of a day, and then the tie-breakers of millions of pairs. */
const SURE = 1n << 200n;
const LESS_SURE = 1n << 160n;
const TIE_BITS = 60n;

/**
 * What a pair is worth, so that no number of less sure or nearer ones outweighs a surer one. Of two answers that are as near, a number made
 * of the ids decides, so that there is one best answer only, whatever else there is to choose from.
 */
function worthOf(pair: TouchPair, rule: string): bigint {
  const gapUs = BigInt(Math.round(pair.gapS * 1e6));
  return (pair.rule === rule ? SURE : LESS_SURE) - ((gapUs ** 2n) << TIE_BITS) + BigInt(numberOfText(pair.a + pair.b));
}

/** FNV-1a, 32 bits: spreads well and needs no more than that. */
function numberOfText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function bySureness(x: TouchPair, y: TouchPair): number {
  return RULES.indexOf(x.rule) - RULES.indexOf(y.rule) || x.gapS - y.gapS || compare(x.a + x.b, y.a + y.b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

type Group = { readonly ids: string[]; readonly connections: Set<string> };

class Groups {
  readonly #of = new Map<string, Group>();

  of(id: string): Group {
    let group = this.#of.get(id);
    if (group === undefined) this.#of.set(id, (group = { ids: [id], connections: new Set() }));
    return group;
  }

  /** Whether the pair would bring no two touches of one connection together. */
  mayJoin({ a, b, connectionA, connectionB }: TouchPair): boolean {
    const [one, other] = [this.of(a), this.of(b)];
    one.connections.add(connectionA);
    other.connections.add(connectionB);
    return one !== other && ![...other.connections].some((connection) => one.connections.has(connection));
  }

  join({ a, b, connectionA, connectionB }: TouchPair): void {
    const [one, other] = [this.of(a), this.of(b)];
    for (const connection of [connectionA, connectionB, ...other.connections]) one.connections.add(connection);
    if (one === other) return;
    for (const id of other.ids) {
      one.ids.push(id);
      this.#of.set(id, one);
    }
  }
}
