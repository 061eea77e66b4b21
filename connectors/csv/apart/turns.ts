/** Places for what takes memory or room on the disk; who finds none free waits. */
export type Turns = {
  /**
   * Waits for a place.
   *
   * @returns gives it back; again does nothing.
   * @throws the signal's reason.
   */
  readonly take: (signal: AbortSignal) => Promise<() => void>;
};

export function createTurns(places: number): Turns {
  let taken = 0;
  const waiting: (() => void)[] = [];
  const waitTurn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const go = (): void => {
        signal.removeEventListener("abort", go);
        const at = waiting.indexOf(go);
        if (at >= 0) waiting.splice(at, 1);
        resolve();
      };
      waiting.push(go);
      signal.addEventListener("abort", go, { once: true });
    });
  return {
    async take(signal) {
      signal.throwIfAborted();
      while (taken >= places) {
        await waitTurn(signal);
        signal.throwIfAborted();
      }
      taken += 1;
      let isBack = false;
      return () => {
        if (isBack) return;
        isBack = true;
        taken -= 1;
        waiting[0]?.();
      };
    },
  };
}
