import { fc } from "../../test/support/properties.ts";
import { expect, test } from "vitest";
import type { SendOutcome } from "../destination/define.ts";
import { isProbed, judge, type ReceiverState, type Verdict } from "./judge.ts";

const NOW = new Date("2026-03-02T10:00:00Z");
const H = 3_600_000;
const healthy: ReceiverState = {
  state: "active",
  pausedBy: null,
  stateReason: null,
  failuresInARow: 0,
  failingSince: null,
  notBefore: null,
};
const outcome = (statusCode: number | null, more: Partial<SendOutcome> = {}): SendOutcome => ({
  statusCode,
  durationMs: 1,
  error: statusCode !== null && statusCode < 300 ? null : "it failed",
  retryAfterS: null,
  wish: null,
  request: null,
  response: null,
  ...more,
});
const down = (failuresInARow: number, hours: number): ReceiverState => ({
  ...healthy,
  failuresInARow,
  failingSince: new Date(NOW.getTime() - hours * H),
});
const afterMs = ({ delivery }: Verdict): number =>
  delivery.state === "pending" ? delivery.nextAttemptAt.getTime() - NOW.getTime() : Number.NaN;

test("a success clears everything but a person's pause", () => {
  expect(judge(down(7, 3), 4, outcome(204), NOW, 0).receiver).toEqual(healthy);
  const failed = { ...down(40, 200), state: "paused", pausedBy: "failures", stateReason: "…" } as const;
  expect(judge(failed, 4, outcome(200), NOW, 0)).toMatchObject({ receiver: healthy, notice: "recovered" });
  const paused = { ...down(2, 1), state: "paused", pausedBy: "person", stateReason: "Paused by anna." } as const;
  expect(judge(paused, 0, outcome(200), NOW, 0).receiver).toMatchObject({ state: "paused", pausedBy: "person" });
});

test("the first failures count against the delivery, on the recommended schedule", () => {
  expect(afterMs(judge(healthy, 0, outcome(500), NOW, 0))).toBe(5_000);
  expect(afterMs(judge(down(1, 0), 1, outcome(null), NOW, 0))).toBe(300_000);
});

test("from the fifth in a row on, the receiver is asked one thing at a time after a tenth of the outage, and nothing counts", () => {
  const fifth = judge(down(4, 0), 3, outcome(500), NOW, 0);
  expect(isProbed(fifth.receiver)).toBe(true);
  expect(fifth.receiver.notBefore?.getTime()).toBe(NOW.getTime() + 60_000);
  const later = judge(down(9, 5), 9, outcome(null), NOW, 0);
  expect(later.delivery).toMatchObject({ state: "pending", triesUsed: 9 });
  expect(afterMs(later)).toBe(0.5 * H);
  // However long it lasts, an hour is the longest.
  expect(afterMs(judge(down(99, 90), 9, outcome(503), NOW, 0))).toBe(H);
});

test("a tenth try that fails while others arrive is the last", () => {
  expect(judge(down(1, 0), 9, outcome(422), NOW, 0)).toMatchObject({
    delivery: { state: "failed", triesUsed: 10 },
    receiver: { state: "active" },
  });
});

test("people are told after a day, and the receiver is paused after five, once", () => {
  expect(judge(down(30, 23), 0, outcome(500), NOW, 0).notice).toBeNull();
  expect(judge(down(30, 25), 0, outcome(500), NOW, 0).notice).toBe("failing");
  const paused = judge(down(90, 121), 0, outcome(500), NOW, 0);
  expect(paused).toMatchObject({ receiver: { state: "paused", pausedBy: "failures" }, notice: "paused" });
  expect(judge(paused.receiver, 0, outcome(500), NOW, 0).notice).not.toBe("paused");
});

test("whatever happens: an answer ends the attempt, a wait lies ahead, and a receiver's wish for time is kept", () => {
  const anyOutcome = fc
    .record({
      statusCode: fc.option(fc.integer({ min: 100, max: 599 })),
      retryAfterS: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
      wish: fc.constantFrom(null, "stop" as const, "drop" as const),
    })
    .map(({ statusCode, ...more }) => outcome(statusCode, more));
  fc.assert(
    fc.property(
      anyOutcome,
      fc.nat(12),
      fc.nat(400),
      fc.nat(9),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (sent, failures, hours, tries, random) => {
        const before = failures === 0 ? healthy : down(failures, hours);
        const verdict = judge(before, tries, sent, NOW, random);
        expect(verdict.delivery.state === "delivered").toBe(sent.error === null);
        expect((verdict.receiver.state === "paused") === (verdict.receiver.pausedBy !== null)).toBe(true);
        if (sent.error === null || verdict.delivery.state !== "pending" || verdict.receiver.pausedBy === "gone") return;
        expect(afterMs(verdict)).toBeGreaterThan(0);
        expect(afterMs(verdict)).toBeGreaterThanOrEqual(Math.min((sent.retryAfterS ?? 0) * 1000, 24 * H) - 1);
        expect(afterMs(verdict)).toBeLessThanOrEqual(30 * H);
      },
    ),
  );
});
