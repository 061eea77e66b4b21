/** So many rows are remembered: more than a page or two, which is as far as a list that moves shows a row again. */
const MOST = 2000;

/** What a run has read lately, by keys that name a row and its version: whatever a list shows twice is asked for once. */
export class Seen {
  readonly #keys = new Set<string>();

  isNew(key: string): boolean {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    if (this.#keys.size > MOST) this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      return;
    }
  }
}
