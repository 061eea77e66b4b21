import { fc } from "../../test/support/properties.ts";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../core/base/json.ts";
import type { NormaliseResult } from "../../core/connector/define.ts";
import { googleAnalytics } from "./index.ts";

const settings = googleAnalytics.settings.parse({ property_id: "1" });

function normalise(stream: string, record: Json): NormaliseResult {
  const declared = googleAnalytics.streams[stream];
  if (declared === undefined) throw new RangeError(`no stream ${stream}`);
  const context = { connectionId: "c", stream, externalId: "2026-11-19", settings };
  return declared.normalise(record, { ...context, timeZone: "Europe/Berlin", currency: "EUR" });
}

const DAY = {
  date: "2026-11-19",
  timeZone: "America/New_York",
  currency: "USD",
  isFinal: false,
  subjectToThresholding: false,
  dataLossFromOtherRow: false,
  sampling: null,
  restrictedMetrics: [],
};

const TRAFFIC = {
  ...DAY,
  dimensions: ["sessionDefaultChannelGroup", "sessionSourceMedium", "landingPage"],
  metrics: ["sessions", "engagedSessions", "totalUsers", "newUsers", "keyEvents"],
  rows: [
    { dimensions: ["Email", "newsletter / email", "/pricing"], metrics: ["84", "61", "77", "19", "6.4"] },
    { dimensions: ["Direct", "(direct) / (none)", "(not set)"], metrics: ["212.0", "130", "190", "88", "3"] },
  ],
};

const TOTALS = {
  ...DAY,
  dimensions: [],
  metrics: ["sessions", "totalUsers", "keyEvents", "totalRevenue"],
  rows: [{ dimensions: [], metrics: ["296", "241", "9", "1250.5"] }],
};

describe("traffic", () => {
  it("is a fact for each row, with whole numbers, and special values as Google wrote them", () => {
    const { facts, skipped } = normalise("traffic", TRAFFIC);
    expect(skipped).toEqual([]);
    expect(facts).toMatchObject([
      {
        kind: "web_traffic",
        day: "2026-11-19",
        channel: "Email",
        sourceMedium: "newsletter / email",
        landingPage: "/pricing",
        sessions: 84,
        keyEvents: 6,
        attributes: { report: "traffic", users_of_row: 77, new_users: 19, engaged_sessions: 61, is_final: false },
      },
      { channel: "Direct", landingPage: "(not set)", sessions: 212, keyEvents: 3 },
    ]);
    expect(new Set(facts.map((fact) => ("externalId" in fact ? fact.externalId : ""))).size).toBe(2);
  });

  it("puts users where nobody sums them: a visitor by two channels is a user of both rows", () => {
    const { facts } = normalise("traffic", TRAFFIC);
    for (const fact of facts) expect(fact).toMatchObject({ users: null, attributes: { users_add_up: false } });
    // The day's own number is less than the 77 + 190 of its rows.
    expect(normalise("days", TOTALS).facts).toMatchObject([{ users: 241, attributes: { users_add_up: false } }]);
  });

  it("sums over all facts count no session and no key event twice", () => {
    const events = { ...DAY, dimensions: ["eventName"], metrics: ["keyEvents"] };
    const named = { ...events, rows: [{ dimensions: ["book_demo"], metrics: ["9"] }] };
    const facts = [
      ...normalise("traffic", TRAFFIC).facts,
      ...normalise("days", TOTALS).facts,
      ...normalise("key_events", named).facts,
    ].flatMap((fact) => (fact.kind === "web_traffic" ? [fact] : []));
    const sum = (field: "sessions" | "keyEvents"): number =>
      facts.reduce((total, fact) => total + (fact[field] ?? 0), 0);
    expect(sum("sessions")).toBe(84 + 212);
    expect(sum("keyEvents")).toBe(6 + 3);
    expect(facts.at(-1)?.attributes).toMatchObject({ key_event: "book_demo", key_events_of_name: 9 });
  });

  it("a row that cannot be read is skipped alone, with its place", () => {
    const rows = [{ dimensions: ["a", "b", "c"], metrics: ["many", "1", "1", "1", "1"] }, TRAFFIC.rows[0]] as Json[];
    const { facts, skipped } = normalise("traffic", { ...TRAFFIC, rows });
    expect(facts).toHaveLength(1);
    const at = "2026-11-19 row 1";
    expect(skipped).toEqual([{ code: "google-analytics.record.unreadable", at, reason: "sessions: no number" }]);
  });
});

describe("days", () => {
  it("have revenue in minor units of the property's currency, not the workspace's", () => {
    expect(normalise("days", TOTALS).facts).toMatchObject([
      { attributes: { revenue_minor: 125_050, currency: "USD" } },
    ]);
  });

  it("have no revenue, rather than 0, where the account's role hides it", () => {
    const hidden = { ...TOTALS, restrictedMetrics: ["totalRevenue"] };
    expect(normalise("days", hidden).facts).toMatchObject([{ attributes: { revenue_minor: null } }]);
  });

  it("without rows are days with 0", () => {
    expect(normalise("days", { ...TOTALS, rows: [] }).facts).toMatchObject([{ users: 0, sessions: null }]);
    expect(normalise("traffic", { ...TRAFFIC, rows: [] }).facts).toEqual([]);
  });
});

describe("any record", () => {
  it("is never thrown over, whatever stands in its fields", () => {
    const fields = Object.keys(TRAFFIC);
    fc.assert(
      fc.property(
        fc.constantFrom("traffic", "days", "key_events"),
        fc.constantFrom(...fields),
        fc.jsonValue(),
        (stream, field, value) => {
          const damaged = { ...TRAFFIC, [field]: value } as JsonObject;
          const { facts, skipped } = normalise(stream, damaged);
          expect(facts.length + skipped.length).toBeGreaterThanOrEqual(0);
          normalise(stream, value as Json);
        },
      ),
    );
  });
});
