import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLog } from "./log.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function lines(): { readonly said: { readonly [field: string]: unknown }[]; readonly to: Writable } {
  const said: { readonly [field: string]: unknown }[] = [];
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      said.push(JSON.parse(chunk.toString()) as { [field: string]: unknown });
      done();
    },
  });
  return { said, to };
}

test("says an equal warning once, then how often it came; other lines are said as they come", () => {
  const { said, to } = lines();
  const log = createLog("info", to);
  for (let n = 0; n < 4_000; n += 1)
    log.child({ job: n }).warn({ err: new Error("connect ECONNREFUSED") }, "the queue reports an error");
  log.warn({ err: new Error("another") }, "the queue reports an error");
  log.child({ connection: "close-main" }).warn("is failing");
  log.child({ connection: "gong-main" }).warn("is failing");
  for (let n = 0; n < 3; n += 1) log.info("pulled");
  expect(said.map(({ msg }) => msg)).toEqual([
    "the queue reports an error",
    "the queue reports an error",
    "is failing",
    "is failing",
    "pulled",
    "pulled",
    "pulled",
  ]);
  vi.advanceTimersByTime(60_000);
  expect(said.slice(7)).toEqual([
    expect.objectContaining({ level: 40, msg: "the queue reports an error", repeated: 3_999 }),
  ]);
  log.warn({ err: new Error("connect ECONNREFUSED") }, "the queue reports an error");
  expect(said).toHaveLength(9);
});
