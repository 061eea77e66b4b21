import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits for a condition, asking every few milliseconds. For what has no event to wait for.
 *
 * @throws when it does not come true in time; a generous time, because it only bounds a failure.
 */
export async function until(isTrue: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`still not true after ${withinMs} ms: ${isTrue.toString()}`);
    await delay(10);
  }
}
