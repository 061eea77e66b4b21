/** From what was known of a rule's subjects, and what is seen of them now, to what is told. Pure. */

/** A subject as it is seen now. `isMet` may depend on where it was: that is what keeps it from being told again and again. */
export type Seen<About> = {
  readonly subject: string;
  readonly isMet: (was: boolean) => boolean;
  readonly about: About;
};

export type Steps<About> = {
  /** Subjects that have come over the threshold. */
  readonly told: readonly About[];
  /** Subjects whose side is another than it was, or new. */
  readonly kept: readonly { readonly subject: string; readonly isMet: boolean }[];
  /** Subjects that are not there any more. */
  readonly gone: readonly string[];
};

/**
 * What changes. A rule that is new begins with things as they are: nothing is told of what was so before anybody asked.
 *
 * @param before by subject; null: the rule is new.
 */
export function stepsOf<About>(
  before: ReadonlyMap<string, boolean> | null,
  seen: readonly Seen<About>[],
): Steps<About> {
  const told: About[] = [];
  const kept: { subject: string; isMet: boolean }[] = [];
  for (const { subject, isMet, about } of seen) {
    const was = before?.get(subject);
    const is = isMet(was ?? false);
    if (is && was !== true && before !== null) told.push(about);
    if (is !== was) kept.push({ subject, isMet: is });
  }
  const there = new Set(seen.map(({ subject }) => subject));
  const gone = [...(before?.keys() ?? [])].filter((subject) => !there.has(subject));
  return { told, kept, gone };
}

/** Whether a value is over its threshold; once it was, it has to go back by the margin. No value: as it was. */
export function isOver(
  value: number | null,
  was: boolean,
  {
    risesTo,
    fallsTo,
    margin,
  }: { readonly risesTo: number | null; readonly fallsTo: number | null; readonly margin: number },
): boolean {
  if (value === null) return was;
  if (risesTo !== null) return was ? value > risesTo - margin || value >= risesTo : value >= risesTo;
  if (fallsTo !== null) return was ? value < fallsTo + margin || value <= fallsTo : value <= fallsTo;
  return false;
}

/** Ranks of the first of a leaderboard, by rep. */
export type Ranks = { readonly [rep: string]: number };

/** An order that was told, and another one that may be told once it has stood for long enough. */
export type Order = { readonly told: Ranks; readonly next: { readonly ranks: Ranks; readonly since: string } | null };

/** @returns the order to keep, and whether it is told now. A new period begins with the order that it has. */
export function orderOf(
  before: Order | null,
  now: Ranks,
  at: Date,
  forMinutes: number,
): { readonly order: Order; readonly isTold: boolean } {
  if (before === null) return { order: { told: now, next: null }, isTold: false };
  if (isSame(before.told, now)) return { order: { told: now, next: null }, isTold: false };
  const since = before.next !== null && isSame(before.next.ranks, now) ? before.next.since : at.toISOString();
  const hasStood = at.getTime() - new Date(since).getTime() >= forMinutes * 60_000;
  return hasStood
    ? { order: { told: now, next: null }, isTold: true }
    : { order: { told: before.told, next: { ranks: now, since } }, isTold: false };
}

function isSame(a: Ranks, b: Ranks): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}

/** Whether a number has moved by so many percent of what it was. From 0 any move is one. */
export function hasMoved(from: number, to: number, percent: number): boolean {
  return from === 0 ? to !== 0 : Math.abs(to - from) / Math.abs(from) >= percent / 100;
}
