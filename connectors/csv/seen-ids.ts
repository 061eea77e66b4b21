import { createHash } from "node:crypto";

/**
 * The ids that a pull has met, to find keys that occur twice. 64 bits of a hash each, in an open table of numbers: 16 to 32 bytes an
 * id where a Set of texts takes over 100. At a million rows the chance that two different ids look equal is 1 in 37 million.
 */
export type SeenIds = {
  /** Whether the id is new; from now on it is not. */
  add(id: string): boolean;
};

export function createSeenIds(): SeenIds {
  let slots = new Uint32Array(2 * 1024);
  let count = 0;

  const insert = (table: Uint32Array, high: number, low: number): boolean => {
    const mask = table.length / 2 - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 2;
      if (table[at] === 0 && table[at + 1] === 0) {
        table[at] = high;
        table[at + 1] = low;
        return true;
      }
      if (table[at] === high && table[at + 1] === low) return false;
    }
  };

  const grow = (): void => {
    const larger = new Uint32Array(slots.length * 2);
    for (let at = 0; at < slots.length; at += 2) {
      const high = slots[at] ?? 0;
      const low = slots[at + 1] ?? 0;
      if (high !== 0 || low !== 0) insert(larger, high, low);
    }
    slots = larger;
  };

  return {
    add: (id) => {
      const hash = createHash("sha1").update(id).digest();
      // Two zeros mark a free slot.
      const isNew = insert(slots, hash.readUInt32LE(0) || 1, hash.readUInt32LE(4));
      if (isNew) count += 1;
      if (count * 4 > slots.length) grow();
      return isNew;
    },
  };
}
