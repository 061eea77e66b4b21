import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../core/base/json.ts";
import type { Fact } from "../../core/schema/facts.ts";
import { idText } from "./client.ts";
import { eventFacts, surveyFacts } from "./normalise-touches.ts";
import { companyFacts, teamFacts, ticketFacts, userFacts, type Normaliser } from "./normalise.ts";
import { zendeskSettings } from "./settings.ts";

const settings = zendeskSettings.parse({ subdomain: "acme" });

function facts(normaliser: Normaliser, record: Json, externalId = "7"): readonly Fact[] {
  const context = { connectionId: "c", stream: "s", externalId, settings, timeZone: "UTC", currency: "USD" };
  return normaliser(record, context).facts;
}

function ticket(fields: JsonObject = {}): JsonObject {
  return { id: 7, created_at: "2026-11-18T08:00:00Z", status: "open", subject: "Seats", ...fields };
}

function ticketFact(fields: JsonObject): Fact | undefined {
  return facts(ticketFacts, ticket(fields)).find((fact) => fact.kind === "ticket");
}

describe("a ticket", () => {
  it("counts the first reply in seconds for messaging, in minutes else, and not at all before it", () => {
    const seconds = { reply_time_in_seconds: { calendar: 95 }, reply_time_in_minutes: { calendar: 2 } };
    // 08:00:00 + 95 s; 08:00 + 47 min.
    expect(ticketFact({ metric_set: seconds })).toMatchObject({
      firstReplyAt: { instant: new Date("2026-11-18T08:01:35Z") },
    });
    expect(ticketFact({ metric_set: { reply_time_in_minutes: { calendar: 47 } } })).toMatchObject({
      firstReplyAt: { instant: new Date("2026-11-18T08:47:00Z") },
    });
    expect(ticketFact({ metric_set: { reply_time_in_minutes: { calendar: null } } })).toMatchObject({
      firstReplyAt: null,
    });
  });

  it("that was opened again is not solved, and one that was closed is solved when it was solved", () => {
    const metrics = { metric_set: { solved_at: "2026-11-18T09:00:00Z", reopens: 1 } };
    expect(ticketFact({ ...metrics, status: "open" })).toMatchObject({ solvedAt: null, reopens: 1 });
    expect(ticketFact({ ...metrics, status: "closed" })).toMatchObject({
      solvedAt: { instant: new Date("2026-11-18T09:00:00Z") },
    });
  });

  it("that lost a merge has neither a reply nor a solution", () => {
    const metrics = { solved_at: "2026-11-18T09:00:00Z", reply_time_in_minutes: { calendar: 3 } };
    expect(ticketFact({ status: "closed", tags: ["closed_by_merge"], metric_set: metrics })).toMatchObject({
      firstReplyAt: null,
      solvedAt: null,
      attributes: { is_merged: true },
    });
  });

  it("that every new account has makes no facts", () => {
    expect(facts(ticketFacts, ticket({ via: { channel: "sample_ticket" } }))).toEqual([]);
  });

  it("of an agent's own has no customer", () => {
    const requester = { id: 5, name: "Priya", email: "p@acme.example", role: "agent" };
    expect(facts(ticketFacts, ticket({ requester_id: 5, requester }))).toMatchObject([
      { kind: "ticket", person: null },
    ]);
  });

  it.each([
    ["mail", "email"],
    [4, "email"],
    [29, "chat"],
    [34, "voice"],
    ["whatsapp", "whatsapp"],
  ])("that came by %s came by %s", (channel, expected) => {
    expect(ticketFact({ via: { channel } })).toMatchObject({ channel: expected });
  });

  it.each([
    ["good", "good"],
    ["bad", "bad"],
    ["offered", null],
    ["unoffered", null],
  ])("rated %s counts as %s", (score, satisfaction) => {
    expect(ticketFact({ satisfaction_rating: { score } })).toMatchObject({ satisfaction });
  });

  it("with a field of another type is listed, with the place and without its content", () => {
    const context = {
      connectionId: "c",
      stream: "tickets",
      externalId: "7",
      settings,
      timeZone: "UTC",
      currency: "USD",
    };
    const { facts: none, skipped } = ticketFacts(ticket({ subject: 17 }), context);
    expect(none).toEqual([]);
    expect(skipped).toMatchObject([{ code: "zendesk.record_unreadable", at: "7" }]);
    expect(skipped[0]?.reason).toMatch(/^subject: /);
  });
});

it("agents and admins are reps, everyone else a person; e-mails are lower case", () => {
  const user = { id: 7, name: "Dana", email: "Dana@Northwind.example", phone: "+12025550111", active: true };
  expect(facts(userFacts, { ...user, role: "end-user", organization_id: 3 })).toMatchObject([
    { kind: "person", emails: ["dana@northwind.example"], phones: ["+12025550111"], company: "3" },
  ]);
  expect(facts(userFacts, { ...user, role: "agent" })).toMatchObject([{ kind: "rep", isActive: true }]);
  expect(facts(userFacts, { ...user, role: "admin", suspended: true })).toMatchObject([
    { kind: "rep", isActive: false },
  ]);
});

it("an organization's domains are host names, each once", () => {
  const domain_names = ["www.Northwind.example", "northwind.example", "not a domain", "ops@northwind.example"];
  expect(facts(companyFacts, { id: 7, name: "Northwind", domain_names })).toMatchObject([
    { kind: "company", domains: ["northwind.example"] },
  ]);
});

it("a group is a team of those who are in it", () => {
  expect(facts(teamFacts, { id: 7, name: "Support", memberships: [{ user_id: 1 }, { user_id: null }] })).toMatchObject([
    { kind: "team", name: "Support", members: ["1"] },
  ]);
});

describe("a public comment", () => {
  const comment = { id: 9, event_type: "Comment", public: true, author_id: 5, created_at: "2026-11-18T08:49:02Z" };
  const event = { id: 8, ticket_id: 7, child_events: [comment] };

  it.each([
    ["chat", "chat"],
    ["native_messaging", "chat"],
    ["facebook", "social"],
    ["whatsapp", "whatsapp"],
    ["sms", "sms"],
    ["email", "email"],
    ["web", "email"],
    ["api", "email"],
  ])("in a ticket by %s is a touch by %s", (channel, type) => {
    const record = { ...event, ticket: { channel }, author_roles: { "5": "agent" } };
    expect(facts(eventFacts, record)).toMatchObject([{ type, direction: "outbound", externalId: "comment:9" }]);
  });

  it("of an author who is gone is the requester's where the ticket says so, and has no direction else", () => {
    const of = (ticketContext: JsonObject | null): readonly Fact[] =>
      facts(eventFacts, { ...event, ticket: ticketContext, author_roles: { "5": null } });
    expect(of({ requester_id: 5 })).toMatchObject([{ direction: "inbound", person: "5" }]);
    expect(of({ assignee_id: 5 })).toMatchObject([{ direction: "outbound", rep: "5" }]);
    expect(of(null)).toMatchObject([{ direction: null, person: null, rep: null }]);
  });
});

it("a survey on a five-point scale is good from four on", () => {
  const outcomes = [1, 2, 3, 4, 5].map((rating) => {
    const answers = [{ type: "rating_scale", rating, created_at: "2026-11-19T06:00:12.000Z" }];
    const [fact] = facts(surveyFacts, { id: "01K", responder_id: 5, subject_zrns: ["zen:ticket:7"], answers });
    return fact?.kind === "activity" ? fact.outcome : null;
  });
  expect(outcomes).toEqual(["negative", "negative", "negative", "positive", "positive"]);
});

it('nobody is null, 0 or "0"', () => {
  expect([null, 0, "0", "", undefined, 1.5, "../me"].map(idText)).toEqual(Array<null>(7).fill(null));
  expect([9_007_199_254_740_991, "35436"].map(idText)).toEqual(["9007199254740991", "35436"]);
});
