import {
  type ForecastDeal,
  isOpen,
  knownAt,
  type KnownDeal,
  type SettledDeals,
  type SliceName,
  sliceOf,
} from "./deals.ts";
import { type Hazards, hazardsOf, recentSince, wholeLife } from "./hazards.ts";

/** What all methods build on: the deals as they were known on a day, and how deals had fared until then. */
export type Ground = {
  readonly day: number;
  readonly known: readonly KnownDeal[];
  readonly since: number;
  /** Of all deals, by stage; and by pipeline, over their whole lives. */
  readonly stages: Hazards;
  readonly lives: Hazards;
};

/** A part of the deals, with how those of the part had fared. */
export type Slice = {
  readonly ground: Ground;
  readonly known: readonly KnownDeal[];
  readonly open: readonly KnownDeal[];
  readonly wins: readonly KnownDeal[];
  readonly own: { readonly stages: Hazards; readonly lives: Hazards };
  /** What has been worked out of it once: several methods ask for the same. */
  readonly worked: {
    /** By horizon, of each deal. */
    readonly chances: Map<number, Map<KnownDeal, number>>;
    readonly winsOfNew: Map<number, number>;
    readonly clumping: Map<number, number>;
    winValues: readonly number[] | null;
  };
};

export type SliceKey = { readonly by: SliceName; readonly key: string | null };

/** @param horizon the longest number of days that will be asked for. */
export function groundOf(deals: readonly ForecastDeal[], day: number, horizon: number, settled?: SettledDeals): Ground {
  const known = knownAt(deals, day, settled);
  const since = recentSince(known, day);
  return { day, known, since, ...fareOf(known, since, day, horizon) };
}

function fareOf(known: readonly KnownDeal[], since: number, day: number, horizon: number): Slice["own"] {
  return {
    stages: hazardsOf(
      known.flatMap(({ stays }) => stays),
      since,
      day,
      horizon,
    ),
    lives: hazardsOf(known.map(wholeLife), since, day, horizon),
  };
}

/** The deals of a slice; null: all of them. */
export function sliceIn(ground: Ground, slice: SliceKey | null, horizon: number): Slice {
  const known = slice === null ? ground.known : ground.known.filter((one) => sliceOf(one, slice.by) === slice.key);
  const own = slice === null ? ground : fareOf(known, ground.since, ground.day, horizon);
  const wins = known.filter((one) => one.now.status === "won" && one.closed !== null);
  const worked = { chances: new Map(), winsOfNew: new Map(), clumping: new Map(), winValues: null };
  return { ground, known, open: known.filter(isOpen), wins, own, worked };
}

/** So many deals of its own are as good as what the larger whole says. */
const SHRINK = 20;

function shrunk(own: number, n: number, rest: number): number {
  return (n * own + SHRINK * rest) / (n + SHRINK);
}

/** How likely an open deal is won within the days: by its stage and the days in it, of the slice, of all, and of its pipeline by its age. */
export function chanceOf(slice: Slice, known: KnownDeal, days: number): number {
  const all = slice.worked.chances;
  let worked = all.get(days);
  if (worked === undefined) all.set(days, (worked = new Map<KnownDeal, number>()));
  let chance = worked.get(known);
  if (chance === undefined) worked.set(known, (chance = workOut(slice, known, days)));
  return chance;
}

function workOut(slice: Slice, known: KnownDeal, days: number): number {
  const { ground, own } = slice;
  const stay = known.stays.at(-1);
  const pipeline = known.now.pipeline ?? "";
  const age = ground.day - known.created;
  const byAge = ground.lives.chance(pipeline, age, days);
  if (stay === undefined) return byAge;
  const since = ground.day - stay.from;
  const watched = ground.stages.watched(stay.stage, since);
  const ofAll = shrunk(ground.stages.chance(stay.stage, since, days), watched, byAge);
  if (own === ground) return ofAll;
  return shrunk(own.stages.chance(stay.stage, since, days), own.stages.watched(stay.stage, since), ofAll);
}

/** How far back the rate of new deals is taken from. */
const CREATION_DAYS = 182;

/** How many deals that are not there yet are expected to be won within the days: those created each day, for what is left of the days. */
export function winsOfNew(slice: Slice, days: number): number {
  let wins = slice.worked.winsOfNew.get(days);
  if (wins === undefined) slice.worked.winsOfNew.set(days, (wins = countNew(slice, days)));
  return wins;
}

function countNew(slice: Slice, days: number): number {
  const { ground, known, own } = slice;
  const first = known.reduce((least, { created }) => Math.min(least, created), Infinity);
  const span = Math.min(CREATION_DAYS, ground.day - first + 1);
  if (!(span > 0)) return 0;
  const recent = known.filter(({ created }) => created > ground.day - span);
  const counts = new Map<string, number>();
  for (const { now } of recent) counts.set(now.pipeline ?? "", (counts.get(now.pipeline ?? "") ?? 0) + 1);
  let wins = 0;
  for (const [pipeline, count] of counts)
    for (let left = 0; left < days; left += 1) {
      const all = ground.lives.fromEntry(pipeline, left);
      wins +=
        (count / span) *
        (own === ground ? all : shrunk(own.lives.fromEntry(pipeline, left), own.lives.watched(pipeline, 0), all));
    }
  return wins;
}

/** How much more wins vary from stretch to stretch than chance alone would have it: 1 or more. */
export function clumping(slice: Slice, days: number): number {
  let found = slice.worked.clumping.get(days);
  if (found === undefined) slice.worked.clumping.set(days, (found = varies(slice, days)));
  return found;
}

function varies(slice: Slice, days: number): number {
  const closed = slice.wins.flatMap(({ closed: at }) => (at === null ? [] : [at]));
  const first = closed.reduce((least, at) => Math.min(least, at), Infinity);
  const { day } = slice.ground;
  // Stretches as long as what is forecast say most, where there are enough of them.
  const length = days > 0 && day - first + 1 >= days * 6 ? days : Math.max(7, Math.floor((day - first + 1) / 6));
  const stretches = Math.floor((day - first + 1) / length);
  if (!(stretches >= 4)) return 2;
  const counts = Array.from({ length: stretches }, () => 0);
  for (const at of closed) {
    const index = Math.floor((day - at) / length);
    if (index < stretches) counts[index] = (counts[index] ?? 0) + 1;
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / stretches;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (stretches - 1);
  return mean === 0 ? 1 : Math.max(1, variance / mean);
}

/** What a win of the slice is worth: those with a value of the last year, of all time where these are few. Empty when none has one. */
export function winValues(slice: Slice): readonly number[] {
  return (slice.worked.winValues ??= valuesOf(slice));
}

function valuesOf({ wins, ground }: Slice): readonly number[] {
  const valued = wins.filter((one) => one.now.value !== null);
  const recent = valued.filter(({ closed }) => (closed ?? 0) > ground.day - 365);
  return (recent.length >= 20 ? recent : valued).flatMap(({ now }) => now.value ?? []);
}
