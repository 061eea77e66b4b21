import { describe, expect, it, test } from "vitest";
import { outcomeOf, OUTCOMES } from "./outcomes.ts";

describe("what people and tools call how an activity ended", () => {
  it.each([
    ["No show", "meeting", "no_show"],
    ["didn’t show up", "meeting", "no_show"],
    ["No-Show / rescheduled", "meeting", "no_show"],
    ["Rescheduled by customer", "meeting", "rescheduled"],
    ["Meeting booked", "meeting", "scheduled"],
    ["Completed", "meeting", "held"],
    ["CANCELED", "meeting", "cancelled"],
    ["Left voicemail", "call", "voicemail"],
    ["left message", "call", "voicemail"],
    ["VM", "call", "voicemail"],
    ["NO_ANSWER", "call", "no_answer"],
    ["Not reached", "call", "no_answer"],
    ["not connected", "call", "no_answer"],
    ["Wrong number", "call", "wrong_number"],
    ["wrong_number", "call", "wrong_number"],
    ["Busy", "call", "busy"],
    ["FAILED", "call", "failed"],
    ["Connected", "call", "answered"],
    ["Gatekeeper", "call", "answered"],
    ["Not interested", "call", "answered"],
    ["Meeting scheduled", "call", "answered"],
    ["Bounced (hard)", "email", "bounced"],
    ["Replied", "email", "replied"],
    ["delivered", "sms", "delivered"],
    ["done", "task", "done"],
  ] as const)("%s of a %s is %s", (words, type, outcome) => {
    expect(outcomeOf(words, type)).toBe(outcome);
  });

  it.each([
    ["completed", "call"],
    ["Follow up next week", "email"],
    ["Blue", "meeting"],
    ["", "call"],
    [null, "call"],
  ] as const)("%s of a %s says none", (words, type) => {
    expect(outcomeOf(words, type)).toBeNull();
  });

  test("the vocabulary's own words mean themselves, for every type", () => {
    for (const outcome of OUTCOMES)
      expect(outcomeOf(outcome.toUpperCase().replaceAll("_", " "), "custom")).toBe(outcome);
  });
});
