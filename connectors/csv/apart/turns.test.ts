import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const { signal } = new AbortController();
const isWaiting = async (turn: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([turn, new Promise((resolve) => setImmediate(resolve, "waits"))])) === "waits";

test("there are so many places and no more, and each that is given back goes to one who waits", async () => {
  const turns = createTurns(2);
  const [first] = [await turns.take(signal), await turns.take(signal)];
  const [third, fourth] = [turns.take(signal), turns.take(signal)];
  expect(await isWaiting(third)).toBe(true);
  first?.();
  // Given back once, however often it is said.
  first?.();
  const leave = await third;
  expect(await isWaiting(fourth)).toBe(true);
  leave();
  await fourth;
});

test("whoever does not want to wait any more goes, and takes no place", async () => {
  const turns = createTurns(1);
  const leave = await turns.take(signal);
  const gone = new AbortController();
  const [left, next] = [turns.take(gone.signal), turns.take(signal)];
  gone.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  leave();
  (await next)();
  (await turns.take(signal))();
});
