import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../core/base/json.ts";
import type { NormaliseContext, NormaliseResult } from "../../core/connector/define.ts";
import type { ActivityFact } from "../../core/schema/facts.ts";
import { idAt } from "./client.ts";
import { repFacts } from "./normalise.ts";
import { callFacts } from "./normalise-calls.ts";
import type { GongSettings } from "./settings.ts";

const context: NormaliseContext<GongSettings> = {
  connectionId: "gong-main",
  stream: "calls",
  externalId: "7782342274025937895",
  settings: { base_url: "https://api.gong.io", relist_days: 14, transcripts: false, requests_per_second: 2.8 },
  timeZone: "Europe/Berlin",
  currency: "EUR",
};

const metaData = {
  id: "7782342274025937895",
  url: "https://us-1.app.gong.io/call?id=7782342274025937895",
  title: "Halden <> Mira",
  scheduled: "2026-03-02T14:00:00-07:00",
  started: "2026-03-02T14:03:37.041977-07:00",
  duration: 2159,
  primaryUserId: "234599484848423",
  direction: "Conference",
  system: "Zoom",
  scope: "External",
  calendarEventId: "abcde@google.com",
  meetingUrl: "https://zoom.example/j/123",
  isPrivate: false,
};
const host = {
  id: "1",
  userId: "234599484848423",
  emailAddress: "Mira@Fernhill.example",
  name: "Mira",
  affiliation: "Internal",
};
const quiet = { id: "2", emailAddress: "Jo@halden.example", name: "Jo", affiliation: "External" };
const talker = {
  id: "3",
  emailAddress: "ann@halden.example",
  phoneNumber: "+12015550101",
  name: "Ann",
  affiliation: "External",
};
const interaction = {
  speakers: [
    { id: "1", talkTime: 900 },
    { id: "2", talkTime: 60 },
    { id: "3", talkTime: 1100 },
  ],
  interactionStats: [
    { name: "Talk Ratio", value: 0.43 },
    { name: "Longest Monologue", value: 125 },
    { name: "Interactivity", value: 6.2 },
    { name: "Patience", value: 0.92 },
  ],
  questions: { companyCount: 14, nonCompanyCount: 5 },
};

function facts(call: JsonObject): NormaliseResult {
  return callFacts(call, context);
}

function activity(call: JsonObject): ActivityFact {
  const found = facts(call).facts.find((fact) => fact.kind === "activity");
  if (found === undefined) throw new RangeError("no activity");
  return found;
}

describe("a web meeting", () => {
  const call = { metaData, parties: [host, quiet, talker], interaction };

  it("is one activity, of who spoke most outside, dated by when it began and not by when it was to begin", () => {
    expect(activity(call)).toMatchObject({
      type: "meeting",
      direction: null,
      occurredAt: { instant: new Date("2026-03-02T21:03:37.041Z") },
      durationS: 2159,
      subject: "Halden <> Mira",
      rep: "234599484848423",
      person: "ann@halden.example",
      url: metaData.url,
    });
  });

  it("carries how it went", () => {
    expect(activity(call).attributes).toMatchObject({
      talk_ratio: 0.43,
      longest_monologue_s: 125,
      longest_customer_story_s: null,
      interactivity: 6.2,
      patience: 0.92,
      questions_asked: 14,
      questions_received: 5,
      guests: 2,
    });
  });

  it("names everyone from outside as a person, and nobody of ours", () => {
    const people = facts(call).facts.filter((fact) => fact.kind === "person");
    expect(people.map((person) => [person.externalId, person.isMention, person.phones])).toEqual([
      ["ann@halden.example", true, ["+12015550101"]],
      ["jo@halden.example", true, []],
    ]);
  });

  it("is matched by its calendar event, and not by a room that the rep's other meetings share", () => {
    expect(activity(call).matchKeys).toEqual(["abcde@google.com"]);
    expect(activity(call).attributes["meeting_url"]).toBe("https://zoom.example/j/123");
  });

  it("is matched by the dialer's id as well, and not by a deal, which has many calls", () => {
    const objects = [
      { objectType: "Account", objectId: "001A" },
      { objectType: "Opportunity", objectId: "006B" },
    ];
    const dialled = {
      ...call,
      metaData: { ...metaData, clientUniqueId: "pbx-17" },
      context: [{ system: "Salesforce", objects }],
    };
    expect(activity(dialled).matchKeys).toEqual(["abcde@google.com", "pbx-17"]);
    expect(activity(dialled)).toMatchObject({
      company: "salesforce 001A",
      deal: null,
      attributes: { crm_deal: "006B" },
    });
    expect(facts(dialled).facts).toContainEqual(
      expect.objectContaining({ kind: "company", otherIds: [{ system: "salesforce", id: "001A" }], isMention: true }),
    );
  });

  it("that is private keeps its title in Gong", () => {
    expect(activity({ ...call, metaData: { ...metaData, isPrivate: true } }).subject).toBeNull();
  });
});

describe("a call by phone", () => {
  const phone = { id: "4", phoneNumber: "+1 (201) 555-0101", name: "Ann", affiliation: "External" };

  it("goes out or comes in, and knows somebody by the number alone", () => {
    for (const [direction, ours] of [
      ["Outbound", "outbound"],
      ["Inbound", "inbound"],
    ] as const) {
      const call = { metaData: { ...metaData, direction, calendarEventId: null }, parties: [host, phone] };
      expect(activity(call)).toMatchObject({ type: "call", direction: ours, person: "+12015550101", matchKeys: [] });
    }
  });

  it("says its outcome by the dialer's word first", () => {
    const content = { callOutcome: { name: "Connected" } };
    const byPhone = { ...metaData, direction: "Outbound", calendarEventId: null };
    const call = { metaData: byPhone, parties: [host, phone], content };
    expect(activity(call)).toMatchObject({ outcome: "answered", disposition: "Connected" });
    const dialled = { ...byPhone, sdrDisposition: "Left voicemail" };
    expect(activity({ ...call, metaData: dialled })).toMatchObject({
      outcome: "voicemail",
      disposition: "Left voicemail",
    });
  });
});

describe("what is no touch of a customer", () => {
  it("a call among colleagues gives no facts", () => {
    expect(facts({ metaData: { ...metaData, scope: "Internal" }, parties: [host] })).toEqual({
      facts: [],
      skipped: [],
    });
  });

  it("a call whose guests left neither address nor number has nobody", () => {
    const nameless = { id: "5", name: "Someone", affiliation: "Unknown" };
    expect(activity({ metaData, parties: [host, nameless] }).person).toBeNull();
  });
});

describe("ids", () => {
  it("of 20 digits stay text", () => {
    expect(idAt({ metaData: { id: "18446744073709551615" } }, "metaData", "id")).toBe("18446744073709551615");
  });

  it("that come as numbers too large to be exact are refused, since two of them would be one", () => {
    const rounded = JSON.parse('{"id": 7693221800038890052}') as JsonObject;
    expect(() => idAt(rounded, "id")).toThrow(expect.objectContaining({ code: "gong.record.no_id", kind: "contract" }));
  });
});

it("a user is a rep, with the address in lower case, active or not", () => {
  const user = { id: "9", emailAddress: "Mira@Fernhill.example", firstName: "Mira", lastName: "Sol", active: false };
  expect(repFacts(user, context).facts).toEqual([
    expect.objectContaining({ kind: "rep", name: "Mira Sol", email: "mira@fernhill.example", isActive: false }),
  ]);
});

it("a field of another type is listed with its place, not thrown", () => {
  expect(facts({ metaData: { ...metaData, duration: "long" } })).toEqual({
    facts: [],
    skipped: [
      {
        code: "gong.record.unreadable",
        at: context.externalId,
        reason: expect.stringMatching(/^metaData\.duration/) as string,
      },
    ],
  });
});
