import { expect, test } from "vitest";
import { TributaryError } from "../../core/base/errors.ts";
import { patiently } from "./patience.ts";

const busy = new TributaryError({
  code: "acme.http.unreachable",
  kind: "rate_limited",
  message: "No answer.",
  mend: "Wait.",
});
const wrong = new TributaryError({ code: "acme.key", kind: "auth", message: "No such key.", mend: "Enter another." });

test("what may work next time is said and tried until it does, once the source has been given its time", async () => {
  const said: string[] = [];
  let tries = 0;
  const work = (): Promise<string> => {
    tries += 1;
    return tries < 3 ? Promise.reject(busy) : Promise.resolve("done");
  };
  const pauses: number[] = [];
  const pause = (ms: number): Promise<void> => {
    pauses.push(ms);
    return Promise.resolve();
  };
  const signal = new AbortController().signal;
  expect(await patiently("sheets", work, { say: (text) => said.push(text), signal, pause })).toBe("done");
  expect(said).toEqual(["sheets: No answer. Trying again in 1 s.", "sheets: No answer. Trying again in 2 s."]);
  expect(pauses).toEqual([1_000, 2_000]);
});

test("what does not pass by itself is thrown at once, and Ctrl-C ends the waiting", async () => {
  const stop = new AbortController();
  const frame = { say: () => undefined, signal: stop.signal };
  await expect(patiently("close", () => Promise.reject(wrong), frame)).rejects.toBe(wrong);
  const pause = (): Promise<void> => {
    stop.abort(new Error("interrupted"));
    return Promise.resolve();
  };
  await expect(patiently("close", () => Promise.reject(busy), { ...frame, pause })).rejects.toThrow("interrupted");
});
