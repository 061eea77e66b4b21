import { fc } from "../../test/support/properties.ts";
import { describe, expect, it } from "vitest";
import type { Json } from "../../core/base/json.ts";
import type { ActivityFact, DealFact, Fact } from "../../core/schema/facts.ts";
import { close } from "./index.ts";
import type { CloseSettings } from "./settings.ts";

const settings = close.settings.parse({
  lost_reason_field: "cf_reason",
  deal_attributes: { product: "cf_product" },
}) as CloseSettings;

function normalise(stream: string, record: Json): { facts: readonly Fact[]; skipped: readonly { reason: string }[] } {
  const declared = close.streams[stream];
  if (declared === undefined) throw new RangeError(`no stream ${stream}`);
  const context = { connectionId: "c", stream, externalId: "x1", settings, timeZone: "Europe/Oslo", currency: "EUR" };
  return declared.normalise(record, context);
}

const DEAL = {
  id: "oppo_1",
  lead_id: "lead_1",
  lead_name: "Halden Metering AS",
  contact_id: "cont_1",
  user_id: "user_1",
  status_id: "stat_proposal",
  status_type: "active",
  pipeline_id: "pipe_1",
  value: 184_00,
  value_period: "monthly",
  value_currency: "NOK",
  confidence: 60,
  date_won: "2026-04-15",
  date_lost: null,
  date_created: "2026-02-11T13:05:22.410000+00:00",
  date_updated: "2026-03-02T09:15:04.120000+00:00",
  "custom.cf_product": "Meter",
  "custom.cf_reason": "Price",
};

function deal(fields: { readonly [name: string]: Json }): DealFact {
  const [fact] = normalise("opportunities", { ...DEAL, ...fields }).facts;
  if (fact?.kind !== "deal") throw new RangeError("no deal");
  return fact;
}

describe("opportunities", () => {
  it("keeps minor units, period and currency as they are, and reads confidence as a share", () => {
    expect(deal({})).toMatchObject({ amountMinor: 184_00, valuePeriod: "monthly", currency: "NOK", probability: 0.6 });
  });

  it("reads date_won as the expected close while the deal is open", () => {
    expect(deal({})).toMatchObject({ status: "open", expectedCloseOn: "2026-04-15", closedAt: null });
  });

  it("reads date_won as the day it was won once it is won", () => {
    expect(deal({ status_type: "won" })).toMatchObject({
      status: "won",
      expectedCloseOn: null,
      closedAt: { day: "2026-04-15" },
    });
  });

  it("a reopened deal that kept its date_won is open", () => {
    const reopened = deal({ status_type: "active", date_won: "2026-01-10" });
    expect(reopened).toMatchObject({ status: "open", closedAt: null, expectedCloseOn: "2026-01-10" });
  });

  it("closes a lost deal at date_lost, with the mapped reason; an open one has no reason", () => {
    const lost = deal({ status_type: "lost", date_lost: "2026-03-01T10:00:00+00:00" });
    expect(lost).toMatchObject({ closedAt: { instant: new Date("2026-03-01T10:00:00Z") }, lostReason: "Price" });
    expect(deal({}).lostReason).toBeNull();
  });

  it("a deal without a value has none, which is not 0", () => {
    expect(deal({ value: null }).amountMinor).toBeNull();
  });

  it("takes further dimensions from the custom fields that the settings name", () => {
    expect(deal({}).attributes).toEqual({ product: "Meter" });
  });

  it("takes the workspace's currency where the deal names none", () => {
    expect(deal({ value_currency: null }).currency).toBe("EUR");
  });
});

describe("stage moves", () => {
  const MOVE = {
    id: "acti_1",
    opportunity_id: "oppo_1",
    user_id: "user_2",
    old_status_id: "stat_a",
    old_status_type: "active",
    old_pipeline_id: "pipe_1",
    new_status_id: "stat_w",
    new_status_type: "won",
    new_pipeline_id: "pipe_1",
    opportunity_value: 5_00,
    opportunity_value_period: "annual",
    opportunity_value_currency: "USD",
    opportunity_confidence: 100,
    date_created: "2026-03-02T09:15:04.098000+00:00",
    activity_at: "2026-03-02T09:15:04.098000+00:00",
  };

  it("tell stage, pipeline and status before and after, and the value after", () => {
    expect(normalise("opportunity_status_changes", MOVE).facts).toEqual([
      {
        kind: "deal_change",
        externalId: "acti_1",
        deal: "oppo_1",
        changedAt: { instant: new Date("2026-03-02T09:15:04.098Z") },
        before: { status: "open", stage: "stat_a", pipeline: "pipe_1" },
        after: {
          status: "won",
          stage: "stat_w",
          pipeline: "pipe_1",
          amountMinor: 5_00,
          currency: "USD",
          valuePeriod: "annual",
          probability: 1,
        },
      },
    ]);
  });

  it("do not speak of the owner: their user is who moved it", () => {
    const [fact] = normalise("opportunity_status_changes", MOVE).facts;
    expect(fact?.kind === "deal_change" && "rep" in fact.after).toBe(false);
  });
});

const TOUCH = {
  id: "acti_1",
  lead_id: "lead_1",
  contact_id: "cont_1",
  user_id: "user_1",
  activity_at: "2026-03-02T08:58:40.201000+00:00",
  date_created: "2026-03-02T08:58:40.201000+00:00",
};

function touch(stream: string, fields: { readonly [name: string]: Json }): ActivityFact | null {
  const [fact] = normalise(stream, { ...TOUCH, ...fields }).facts;
  return fact?.kind === "activity" ? fact : null;
}

describe("activities", () => {
  it("a call has direction, talk time and the user's outcome before the telephone's", () => {
    const call = {
      direction: "outbound",
      status: "completed",
      disposition: "answered",
      duration: 431,
      outcome_id: "outcome_1",
    };
    expect(touch("calls", call)).toMatchObject({
      type: "call",
      direction: "outbound",
      durationS: 431,
      outcome: "answered",
      disposition: "outcome_1",
    });
    expect(touch("calls", { ...call, outcome_id: null })?.disposition).toBe("answered");
  });

  it("a missed call that nobody took belongs to nobody", () => {
    const missed = { direction: "inbound", status: "no-answer", duration: 0, user_id: null, created_by: null };
    expect(touch("calls", missed)).toMatchObject({ rep: null, durationS: 0, direction: "inbound" });
  });

  it("mail counts when it was sent or came in; drafts, scheduled and failed mail do not", () => {
    const count = (direction: string | null, status: string): boolean =>
      touch("emails", { direction, status }) !== null;
    expect(count("outgoing", "sent")).toBe(true);
    expect(count("incoming", "inbox")).toBe(true);
    for (const status of ["draft", "scheduled", "outbox", "error"]) expect(count("outgoing", status)).toBe(false);
    expect(count(null, "draft")).toBe(false);
  });

  it("mail and SMS name their directions differently and mean the same", () => {
    expect(touch("emails", { direction: "incoming", status: "inbox" })?.direction).toBe("inbound");
    expect(touch("sms", { direction: "inbound", status: "inbox" })?.direction).toBe("inbound");
    expect(touch("whatsapp_messages", { direction: "outgoing" })?.direction).toBe("outbound");
  });

  it("mail is matched with other tools by its message ids, a meeting by its calendar uids", () => {
    const mail = { direction: "outgoing", status: "sent", message_ids: ["<a@x>"], envelope: { message_id: "<a@x>" } };
    expect(touch("emails", mail)?.matchKeys).toEqual(["<a@x>"]);
    expect(touch("meetings", { calendar_event_uids: ["6k1@cal.example"] })?.matchKeys).toEqual(["6k1@cal.example"]);
  });

  it("a cancelled or declined meeting is no touch, an upcoming one is", () => {
    for (const status of ["canceled", "declined-by-lead", "declined-by-org"])
      expect(touch("meetings", { status })).toBeNull();
    expect(touch("meetings", { status: "upcoming" })?.type).toBe("meeting");
  });

  it("a meeting takes as long as it took, else as planned, and is its organizer's", () => {
    const attendees = [
      { contact_id: "cont_2", user_id: null },
      { user_id: "user_9", is_organizer: true },
    ];
    const meeting = { user_id: null, contact_id: null, attendees, duration: 2700, actual_duration: 1800 };
    expect(touch("meetings", meeting)).toMatchObject({ durationS: 1800, rep: "user_9", person: "cont_2" });
    expect(touch("meetings", { ...meeting, actual_duration: null })?.durationS).toBe(2700);
  });

  it("a draft of a custom activity does not count", () => {
    expect(touch("custom_activities", { status: "draft" })).toBeNull();
    expect(touch("custom_activities", { status: "published" })?.type).toBe("custom");
  });
});

describe("who and what", () => {
  it("people who left are inactive and keep their name", () => {
    const membership = {
      id: "memb_1",
      user_id: "user_1",
      user_full_name: "Petra Novak",
      user_email: "petra@seller.example",
    };
    const [fact] = normalise("users", membership).facts;
    expect(fact).toMatchObject({ kind: "rep", name: "Petra Novak", email: "petra@seller.example", isActive: false });
  });

  it("a lead is a company with the host name of its address; a nameless one keeps what Close shows", () => {
    const lead = { id: "lead_1", name: null, display_name: "Untitled", url: "www.Halden.example/about" };
    const [fact] = normalise("leads", lead).facts;
    expect(fact).toMatchObject({ kind: "company", name: "Untitled", domains: ["halden.example"] });
  });

  it("a contact without a name, mail or phone is a person all the same", () => {
    const [fact] = normalise("contacts", { id: "cont_1", lead_id: "lead_1", name: null, emails: [], phones: [] }).facts;
    expect(fact).toMatchObject({ kind: "person", name: null, emails: [], phones: [], company: "lead_1" });
  });

  it("a pipeline has its stages in their order, won and lost among them", () => {
    const statuses = [
      { id: "stat_1", label: "Qualifying", type: "active" },
      { id: "stat_2", label: "Won", type: "won" },
    ];
    const [fact] = normalise("pipelines", { id: "pipe_1", name: "Sales", statuses }).facts;
    expect(fact?.kind === "pipeline" && fact.stages.map((stage) => `${stage.name}:${stage.type}`)).toEqual([
      "Qualifying:open",
      "Won:won",
    ]);
  });
});

describe("whatever comes", () => {
  it("never throws, and says of what it cannot read which field it is", () => {
    const anything = fc.jsonValue() as fc.Arbitrary<Json>;
    const spoilt = fc.record({
      id: anything,
      lead_id: anything,
      activity_at: anything,
      value: anything,
      object_type: anything,
    });
    const streams = fc.constantFrom(...Object.keys(close.streams));
    fc.assert(
      fc.property(streams, fc.oneof(anything, spoilt as fc.Arbitrary<Json>), (stream, record) => {
        const { facts, skipped } = normalise(stream, record);
        expect(facts.length + skipped.length).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
    expect(normalise("opportunities", { ...DEAL, value: "much" }).skipped).toMatchObject([
      { code: "close.record.unreadable", reason: expect.stringContaining("value") as string },
    ]);
  });

  it("gives the same facts for the same record", () => {
    expect(normalise("opportunities", DEAL)).toEqual(normalise("opportunities", structuredClone(DEAL)));
  });
});
