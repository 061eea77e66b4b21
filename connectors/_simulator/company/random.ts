/**
 * A seeded source of chance. Each part of the company draws from a fork of its own, so that a change in one part leaves the others as
 * they were.
 */
export type Random = {
  /** Evenly from [0, 1). */
  next(): number;
  /** An integer, both ends inclusive. */
  int(from: number, to: number): number;
  /** Evenly from [from, to). */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** One of the keys, by weight. Weights need not add up to 1; at least one is above 0. */
  weighted<K extends string>(weights: { readonly [key in K]: number }): K;
  /** Log-normal with this median; `sigma` is the spread of the logarithm. */
  logNormal(median: number, sigma: number): number;
  /** Another source, independent of this one and of how much was drawn from it. */
  fork(name: string): Random;
};

/** @param seed any text; equal texts give equal sequences in every process. */
export function createRandom(seed: string): Random {
  let state = hash(seed);

  // mulberry32: 32 bits of state are plenty for a story, and it is the shortest generator that passes for random here.
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Box-Muller. 1 - next() keeps the logarithm away from 0. */
  function normal(): number {
    return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  }

  function pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(next() * list.length)];
    if (found === undefined) throw new RangeError("There is nothing to pick from.");
    return found;
  }

  return {
    next,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => next() < probability,
    pick,
    weighted: <K extends string>(weights: { readonly [key in K]: number }) => pickWeighted(weights, next()),
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
    fork: (name) => createRandom(`${seed}/${name}`),
  };
}

function pickWeighted<K extends string>(weights: { readonly [key in K]: number }, at: number): K {
  // Object.entries forgets the keys' type; they are K by construction.
  const entries = Object.entries(weights) as [K, number][];
  let left = at * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [key, weight] of entries) {
    left -= weight;
    if (left < 0) return key;
  }
  const last = entries.at(-1);
  if (last === undefined) throw new RangeError("There is nothing to pick from.");
  return last[0];
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value;
}
