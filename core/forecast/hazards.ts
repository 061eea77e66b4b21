import type { KnownDeal, Stay } from "./deals.ts";

/**
 * How deals in a stage fare day by day: Aalen-Johansen over days since they entered it, with being won, being lost and going to another
 * stage as competing ends, and what follows there counted on. Deals that are still there are censored; of stays that began before the days
 * looked at only the rest is seen (left truncation).
 *
 *     P ─┬─ day 0, 1, 2 …   won │ lost │ to Q ── day 0, 1, 2 … of Q   won │ lost │ …
 */

/** Older than this nobody is told apart from. */
const MOST_DAYS = 1500;

type Counts = {
  readonly atRisk: Float64Array;
  readonly won: Float64Array;
  readonly left: Float64Array;
  /** By the stage that was gone to. */
  readonly moved: Map<string, Float64Array>;
};

export type Hazards = {
  /** How many were watched in the stage at an age. */
  readonly watched: (stage: string, age: number) => number;
  /** How likely a deal that has been in the stage for `age` days is won within the next `days`. */
  readonly chance: (stage: string, age: number, days: number) => number;
  /** How likely one that enters the stage is won by the end of its day number `days`. */
  readonly fromEntry: (stage: string, days: number) => number;
};

/** @param since only what happened from this day on counts. @param day the last that is known. @param horizon the longest that is asked for. */
export function hazardsOf(stays: readonly Stay[], since: number, day: number, horizon: number): Hazards {
  const counts = countsOf(stays, since, day);
  const entry = entryChances(counts, horizon);
  const watched = (stage: string, age: number): number => counts.get(stage)?.atRisk[age + 1] ?? 0;
  // Many deals are of one stage and one age.
  const worked = new Map<number, Map<string, Map<number, number>>>();
  const chance = (stage: string, age: number, days: number): number => {
    const own = counts.get(stage);
    if (own === undefined) return 0;
    let stages = worked.get(days);
    if (stages === undefined) worked.set(days, (stages = new Map<string, Map<number, number>>()));
    let ages = stages.get(stage);
    if (ages === undefined) stages.set(stage, (ages = new Map<number, number>()));
    let found = ages.get(age);
    if (found === undefined) ages.set(age, (found = follow(own, entry, age + 1, days - 1)));
    return found;
  };
  return { watched, chance, fromEntry: (stage, days) => entry.get(stage)?.[Math.min(days, horizon)] ?? 0 };
}

function countsOf(stays: readonly Stay[], since: number, day: number): Map<string, Counts> {
  const all = new Map<string, Counts>();
  for (const { stage, from, to, next } of stays) {
    const end = Math.min((to ?? day) - from, MOST_DAYS - 1);
    const begin = Math.max(0, since - from);
    if (end < begin) continue;
    let counts = all.get(stage);
    if (counts === undefined) {
      const [atRisk, won, left] = [
        new Float64Array(MOST_DAYS + 1),
        new Float64Array(MOST_DAYS),
        new Float64Array(MOST_DAYS),
      ];
      all.set(stage, (counts = { atRisk, won, left, moved: new Map() }));
    }
    // As differences; summed up below.
    counts.atRisk[begin] = (counts.atRisk[begin] ?? 0) + 1;
    counts.atRisk[end + 1] = (counts.atRisk[end + 1] ?? 0) - 1;
    if (next === null || to === null || to - from >= MOST_DAYS) continue;
    counts.left[end] = (counts.left[end] ?? 0) + 1;
    if (next === "won") counts.won[end] = (counts.won[end] ?? 0) + 1;
    else if (next !== "lost") {
      let moved = counts.moved.get(next);
      if (moved === undefined) counts.moved.set(next, (moved = new Float64Array(MOST_DAYS)));
      moved[end] = (moved[end] ?? 0) + 1;
    }
  }
  for (const { atRisk } of all.values())
    for (let age = 1; age <= MOST_DAYS; age += 1) atRisk[age] = (atRisk[age] ?? 0) + (atRisk[age - 1] ?? 0);
  return all;
}

/** What a day's moves within one day lead to is settled by so many rounds: as many stages as a deal passes in a day. */
const ROUNDS = 4;

function entryChances(counts: ReadonlyMap<string, Counts>, horizon: number): Map<string, Float64Array> {
  const chances = new Map([...counts.keys()].map((stage) => [stage, new Float64Array(horizon + 1)]));
  const hasMoves = [...counts.values()].some((one) => one.moved.size > 0);
  for (let days = 0; days <= horizon; days += 1)
    for (let round = 0; round < (hasMoves ? ROUNDS : 1); round += 1)
      for (const [stage, own] of counts) {
        const chance = chances.get(stage);
        if (chance !== undefined) chance[days] = follow(own, chances, 0, days);
      }
  return chances;
}

/** The chance of being won on one of the ages from `age` to `age + days`, given that it is there at the first of them. */
function follow(own: Counts, entry: ReadonlyMap<string, Float64Array>, age: number, days: number): number {
  let [there, chance] = [1, 0];
  for (let k = 0; k <= days && there > 0; k += 1) {
    const atRisk = own.atRisk[age + k] ?? 0;
    if (atRisk <= 0) continue;
    const share = there / atRisk;
    const left = own.left[age + k] ?? 0;
    if (left === 0) continue;
    chance += share * (own.won[age + k] ?? 0);
    for (const [stage, moved] of own.moved) {
      const count = moved[age + k] ?? 0;
      if (count > 0) chance += share * count * (entry.get(stage)?.[days - k] ?? 0);
    }
    there -= share * left;
  }
  return Math.min(1, chance);
}

/** A deal's whole life as one stay, in its pipeline. */
export function wholeLife({ created, closed, now }: KnownDeal): Stay {
  return { stage: now.pipeline ?? "", from: created, to: closed, next: closed === null ? null : now.status };
}

/** Spans to look back, the shortest first: what happened of late says most, where enough happened. */
const SPANS = [91, 182, 365];
const ENOUGH_WINS = 200;

/** From which day on what happened counts: the shortest span with enough wins, else everything. */
export function recentSince(known: readonly KnownDeal[], day: number): number {
  const wins = known.flatMap(({ closed, now }) => (now.status === "won" && closed !== null ? [closed] : []));
  const span = SPANS.find((days) => wins.filter((at) => at > day - days).length >= ENOUGH_WINS);
  return span === undefined ? -Infinity : day - span;
}
