import { expect, test } from "vitest";
import { nextAttemptAt } from "./retry.ts";

const NOW = new Date("2026-03-02T10:00:00Z");
const after = (date: Date | null): number | null => (date === null ? null : (date.getTime() - NOW.getTime()) / 1000);

test("waits 5 s, 5 min, 30 min, 2 h … after each failure, and gives up after the tenth attempt", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((made) => after(nextAttemptAt(made, NOW, null, 0)));
  expect(waits).toEqual([5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, null]);
});

test("Retry-After lengthens a wait and never shortens one", () => {
  expect(after(nextAttemptAt(1, NOW, 60, 0))).toBe(60);
  expect(after(nextAttemptAt(2, NOW, 60, 0))).toBe(300);
});

test("a receiver cannot put a delivery off for longer than a day", () => {
  expect(after(nextAttemptAt(1, NOW, 10_000_000, 0))).toBe(86_400);
});

test("jitter adds at most a tenth", () => {
  expect(after(nextAttemptAt(2, NOW, null, 1))).toBe(330);
});
