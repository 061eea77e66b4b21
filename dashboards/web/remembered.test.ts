import { expect, test } from "vitest";
import type { Listener, Signal } from "../../core/store/listener.ts";
import { type Remembered, remembering } from "./remembered.ts";

const START_MS = Date.parse("2026-03-02T09:00:00Z");

/** Something that is asked for, and how often it has been read. */
function asked(options: { readonly forMs: number; readonly whileMs?: number }) {
  const hearers: ((signal: Signal) => void)[] = [];
  const line = { isUp: true };
  const listener: Listener = {
    subscribe: (hear) => {
      hearers.push(hear);
      return () => undefined;
    },
    isHearing: () => line.isUp,
    start: async () => {},
    stop: async () => {},
  };
  const remembered: Remembered<number | null> = remembering(listener, {
    ...options,
    isKept: (value) => value !== null,
  });
  let reads = 0;
  return {
    line,
    forget: remembered.forget,
    tell: () => hearers.forEach((hear) => hear({ kind: "notice", channel: "setup" })),
    get: async (atMs = 0, value?: null) =>
      remembered.get("one", new Date(START_MS + atMs), async () => {
        reads += 1;
        return value === null ? null : reads;
      }),
  };
}

test("many who ask at once cost what one does", async () => {
  const one = asked({ forMs: 1_000 });
  expect(await Promise.all([one.get(), one.get(), one.get()])).toEqual([1, 1, 1]);
  expect(await one.get(999)).toBe(1);
  expect(await one.get(1_000)).toBe(2);
});

test("what was remembered is forgotten when a change is announced, also while it is being read", async () => {
  const one = asked({ forMs: 60_000 });
  const early = one.get();
  one.tell();
  expect(await early).toBe(1);
  expect(await one.get()).toBe(2);
  one.tell();
  expect(await one.get()).toBe(3);
});

test("who changes something forgets at once, before the change is announced", async () => {
  const one = asked({ forMs: 60_000 });
  expect(await one.get()).toBe(1);
  one.forget();
  expect(await one.get()).toBe(2);
});

test("nothing is remembered while changes cannot be heard", async () => {
  const one = asked({ forMs: 60_000 });
  expect(await one.get()).toBe(1);
  one.line.isUp = false;
  expect(await one.get()).toBe(2);
});

test("an old answer is given while a newer one is read, and a very old one to nobody", async () => {
  const one = asked({ forMs: 1_000, whileMs: 10_000 });
  expect(await one.get()).toBe(1);
  expect(await one.get(2_000)).toBe(1);
  expect(await one.get(2_000)).toBe(2);
  expect(await one.get(12_000)).toBe(3);
});

test("what is not there is asked for again", async () => {
  const one = asked({ forMs: 60_000 });
  expect(await one.get(0, null)).toBeNull();
  expect(await one.get()).toBe(2);
});
