/** Random numbers that a seed repeats: a forecast asked for twice is the same. */
export type Random = {
  /** Uniform from 0 to below 1. */
  readonly next: () => number;
  /** Whole, from 0 to below `limit`. */
  readonly below: (limit: number) => number;
  readonly poisson: (mean: number) => number;
  /** Standard normal. */
  readonly normal: () => number;
};

/** xoshiro128** (D. Blackman, S. Vigna), its state drawn from the seed's text by a mixing hash (FNV-1a, then murmur3's finaliser). */
export function createRandom(seed: string): Random {
  let hash = 0x811c9dc5;
  for (let at = 0; at < seed.length; at += 1) hash = Math.imul(hash ^ seed.charCodeAt(at), 0x01000193);
  const mixed = (): number => {
    hash = (hash + 0x9e3779b9) | 0;
    let z = hash;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let [a, b, c, d] = [mixed(), mixed(), mixed(), mixed() | 1];
  const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
  const next = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    normal,
    below: (limit) => Math.floor(next() * limit),
    poisson: (mean) => {
      // Beyond this the normal is as good, and the product below would run out of digits.
      if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
      const limit = Math.exp(-mean);
      let [count, product] = [0, next()];
      while (product > limit) {
        count += 1;
        product *= next();
      }
      return count;
    },
  };
}
