import { expect, it } from "vitest";
import { entryText, localText } from "./record-words.ts";

const oslo = { at: new Date("2026-10-20T23:03:00Z"), isDay: false, timeZone: "Europe/Oslo" };

it("says what happened, when by the workspace's clock, and whose it was", () => {
  expect(entryText({ event: "won", stage: "Close" }, oslo, "Ann")).toBe(
    "won on 21 Oct 2026, 01:03, out of Close; Ann’s",
  );
  expect(entryText({ event: "entered", stage: "Demo", from: "New" }, oslo, null)).toBe(
    "moved to Demo from New on 21 Oct 2026, 01:03",
  );
  expect(entryText({ event: "held", status: "open", stage: "Demo" }, oslo, "Ann")).toBe(
    "open in Demo on 21 Oct 2026, 01:03; Ann’s",
  );
  const call = { event: "activity", status: "call", direction: "outbound", outcome: "no_answer" };
  expect(entryText(call, oslo, null)).toBe("call, outbound on 21 Oct 2026, 01:03: no answer");
  expect(entryText(null, oslo, null)).toBe("dated 21 Oct 2026, 01:03");
});

it("says the time by the clock that the workspace's people read", () => {
  const evening = { ...oslo, at: new Date("2026-11-30T20:45:00Z") };
  const by = (locale: string): string => entryText({ event: "won" }, { ...evening, locale }, null);
  expect([by("en-US"), by("en-GB"), by("de"), by("no locale")]).toEqual([
    "won on 30 Nov 2026, 9:45 PM",
    "won on 30 Nov 2026, 21:45",
    "won on 30 Nov 2026, 21:45",
    "won on 30 Nov 2026, 21:45",
  ]);
});

it("says a day where only that is known, and that nobody knows where nothing is", () => {
  const day = { ...oslo, at: new Date("2026-10-20T22:00:00Z"), isDay: true };
  expect(entryText({ event: "lost" }, day, null)).toBe("lost on 21 Oct 2026");
  expect(entryText({ event: "won" }, { ...oslo, at: null }, null)).toBe("won, nobody knows when");
  expect(localText(day)).toBe("2026-10-21");
  expect(localText(oslo)).toBe("2026-10-21T01:03:00+02:00");
  expect(localText({ ...oslo, at: null })).toBeNull();
});
