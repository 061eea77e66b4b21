import { hash } from "node:crypto";

/**
 * The ids that a pull has met, each with a number (which file it stood in, or which row), to find keys that occur twice. 64 bits of a hash and
 * the number, in an open table: 24 to 48 bytes an id where a Map of texts takes over 100. At a million rows the chance that two different ids
 * look equal is 1 in 37 million.
 */
export type SeenIds = {
  /** The number last kept for the id; null: it is new. */
  get(id: string): number | null;
  /** @param value a whole number from 0 to 2³² − 1. */
  set(id: string, value: number): void;
};

const WORDS = 3;

export function createSeenIds(): SeenIds {
  let slots = new Uint32Array(WORDS * 1024);
  let count = 0;

  /** Where the id is, or would be. */
  const find = (table: Uint32Array, high: number, low: number): number => {
    const places = table.length / WORDS;
    for (let place = low & (places - 1); ; place = (place + 1) & (places - 1)) {
      const at = place * WORDS;
      if ((table[at] === 0 && table[at + 1] === 0) || (table[at] === high && table[at + 1] === low)) return at;
    }
  };
  const write = (table: Uint32Array, at: number, high: number, low: number, value: number): void => {
    table[at] = high;
    table[at + 1] = low;
    table[at + 2] = value;
  };

  const grow = (): void => {
    const larger = new Uint32Array(slots.length * 2);
    for (let at = 0; at < slots.length; at += WORDS) {
      const [high = 0, low = 0, value = 0] = slots.subarray(at, at + WORDS);
      if (high !== 0 || low !== 0) write(larger, find(larger, high, low), high, low, value);
    }
    slots = larger;
  };

  // The two halves of the last id looked for: it is mostly set next.
  let [lastId, lastHigh, lastLow] = ["", 0, 0];
  const locate = (id: string): number => {
    if (id !== lastId || lastHigh === 0) {
      const digest = hash("sha1", id, "buffer");
      // Two zeros mark a free slot.
      [lastId, lastHigh, lastLow] = [id, digest.readUInt32LE(0) || 1, digest.readUInt32LE(4)];
    }
    return find(slots, lastHigh, lastLow);
  };

  return {
    get: (id) => {
      const at = locate(id);
      return slots[at] === 0 && slots[at + 1] === 0 ? null : (slots[at + 2] ?? 0);
    },
    set: (id, value) => {
      const at = locate(id);
      if (slots[at] === 0 && slots[at + 1] === 0) count += 1;
      write(slots, at, lastHigh, lastLow, value);
      if (count * 2 > slots.length / WORDS) grow();
    },
  };
}
