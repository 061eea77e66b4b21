import { describe, expect, it } from "vitest";
import type { Json } from "../../core/base/json.ts";
import type { NormaliseResult } from "../../core/connector/define.ts";
import type { HttpFailure } from "../../core/connector/http.ts";
import { createRefusals } from "./errors.ts";
import * as normalise from "./normalise.ts";
import { memberHash } from "./records.ts";
import { mailchimpSettings } from "./settings.ts";

function facts(normaliser: normalise.Normaliser, record: Json, externalId = "id"): NormaliseResult {
  const settings = mailchimpSettings.parse({});
  return normaliser(record, {
    connectionId: "mailchimp",
    stream: "any",
    externalId,
    settings,
    timeZone: "Europe/Berlin",
    currency: "EUR",
  });
}

const EVENT = {
  campaign_id: "42694e9e57",
  list_id: "a6b5da1054",
  email_id: "d5d70896ff7d52fe371cbaa2e77a4bf7",
  timestamp: "2026-11-17T08:41:10+00:00",
  campaign_title: "2026-11 benchmarks",
  subject_line: "Pipeline benchmarks, autumn",
};

describe("opens", () => {
  const open = (flag: object): Json => ({ ...EVENT, action: "open", ...flag });

  it("a person's open is a touch of that member", () => {
    const { facts: made } = facts(normalise.eventFacts, open({ is_proxy_open: false }));
    expect(made).toMatchObject([
      {
        kind: "activity",
        type: "email_open",
        direction: "inbound",
        subject: "Pipeline benchmarks, autumn",
        person: "a6b5da1054|d5d70896ff7d52fe371cbaa2e77a4bf7",
        occurredAt: { instant: new Date("2026-11-17T08:41:10Z") },
      },
    ]);
  });

  it("a mail program that opens by itself is nobody's touch, nor is an open of which nobody knows", () => {
    expect(facts(normalise.eventFacts, open({ is_proxy_open: true }))).toEqual({ facts: [], skipped: [] });
    expect(facts(normalise.eventFacts, open({}))).toEqual({ facts: [], skipped: [] });
  });
});

it("clicks have their address, bounces their kind", () => {
  const click = { ...EVENT, action: "click", url: "https://fernhill.example/pricing" };
  expect(facts(normalise.eventFacts, click).facts).toMatchObject([{ type: "email_click", url: click.url }]);
  const bounce = { ...EVENT, action: "bounce", type: "hard" };
  expect(facts(normalise.eventFacts, bounce).facts).toMatchObject([
    { type: "custom", outcome: "bounced", disposition: "hard" },
  ]);
});

it("takes a report's rates as the shares they are, and leaves the audience's percentages alone", () => {
  const report = {
    id: "42694e9e57",
    campaign_title: "2026-11 benchmarks",
    emails_sent: 3978,
    unsubscribed: 12,
    send_time: "2026-11-17T08:30:00+00:00",
    bounces: { hard_bounces: 22, soft_bounces: 23 },
    opens: { opens_total: 1904, unique_opens: 1290, open_rate: 0.328, proxy_excluded_unique_opens: 702 },
    clicks: { clicks_total: 240, unique_subscriber_clicks: 171, click_rate: 0.0435 },
    list_stats: { open_rate: 31.4, click_rate: 3.9 },
    campaign: { long_archive_url: "https://x.example/", tracking: { google_analytics: "2026-11-benchmarks" } },
  };
  const [fact] = facts(normalise.campaignFacts, report).facts;
  expect(fact).toMatchObject({
    kind: "campaign",
    recipients: 3978,
    opens: 1290,
    clicks: 171,
    bounces: 45, // 22 + 23
    unsubscribes: 12,
    url: "https://x.example/",
    attributes: { open_rate: 0.328, click_rate: 0.0435, human_opens: 702, utm_campaign: "2026-11-benchmarks" },
  });
  expect(JSON.stringify(fact)).not.toContain("31.4");
});

describe("members", () => {
  const MEMBER = {
    id: "59569d557df8fa587554dd4098e420f0",
    list_id: "a6b5da1054",
    email_address: "Sam.Lee@Fabrikam.example",
    full_name: "",
    status: "subscribed",
    sms_phone_number: "",
    merge_fields: {
      FNAME: "Sam",
      LNAME: "Lee",
      COMPANY: "Fabrikam",
      SEATS: 12,
      ADDRESS: { addr1: "1 Quay", country: "ES" },
      EMPTY: "",
    },
    tags: [
      { id: 1, name: "webinar" },
      { id: 2, name: "beta" },
    ],
  };

  it("become people, with their merge fields by name", () => {
    expect(facts(normalise.personFacts, MEMBER).facts).toMatchObject([
      {
        kind: "person",
        name: "Sam Lee",
        emails: ["sam.lee@fabrikam.example"],
        phones: [],
        attributes: {
          company: "Fabrikam",
          seats: 12,
          address_country: "ES",
          tags: "webinar, beta",
          audience: "a6b5da1054",
        },
      },
    ]);
  });

  it("may have no address at all", () => {
    expect(
      facts(normalise.personFacts, { ...MEMBER, email_address: "", sms_phone_number: "+12025550123" }).facts,
    ).toMatchObject([{ emails: [], phones: ["+12025550123"] }]);
  });

  it("with a field of another type are skipped, with the field's name", () => {
    expect(facts(normalise.personFacts, { ...MEMBER, merge_fields: 17 }, "x")).toMatchObject({
      facts: [],
      skipped: [{ code: "mailchimp.record.unreadable", at: "x" }],
    });
  });

  it("have the MD5 of their address in lower case as id", () => {
    expect(memberHash("Sam.Lee@Fabrikam.example")).toBe("59569d557df8fa587554dd4098e420f0");
  });
});

it("a send is an outbound e-mail with its subject, at the campaign's time", () => {
  const { timestamp: _, ...row } = EVENT;
  const send = { ...row, status: "sent", send_time: "2026-11-17T08:30:00+00:00" };
  expect(facts(normalise.sendFacts, send, "c|e").facts).toMatchObject([
    {
      externalId: "c|e|sent",
      type: "email",
      direction: "outbound",
      subject: "Pipeline benchmarks, autumn",
      occurredAt: { instant: new Date("2026-11-17T08:30:00Z") },
    },
  ]);
});

describe("refusals", () => {
  const NOW = new Date("2026-03-02T12:00:00Z");
  const FORBIDDEN = { type: "t", title: "Forbidden", status: 403, detail: "d", instance: "i" };
  const failure = (status: number, body: Json = "", headers = {}): HttpFailure => ({
    status,
    body,
    headers,
    request: { method: "GET", path: "/reports" },
    now: NOW,
  });

  it("a 403 without a body is a throttle three times, and then a missing permission", () => {
    const { classify } = createRefusals();
    const kinds = [1, 2, 3, 4].map(() => classify(failure(403))?.kind);
    expect(kinds).toEqual(["rate_limited", "rate_limited", "rate_limited", "config"]);
  });

  it("a 403 with a problem document is a missing permission at once, and only that stream's", () => {
    expect(createRefusals().classify(failure(403, FORBIDDEN))).toMatchObject({
      code: "mailchimp.permission_missing",
      kind: "config",
    });
  });

  it("a 429 waits longer each time, since nothing says how long, and begins small again after an answer", () => {
    const { classify, passed } = createRefusals();
    const waitS = (): number => ((classify(failure(429))?.retryAt?.getTime() ?? 0) - NOW.getTime()) / 1000;
    expect([waitS(), waitS(), waitS(), waitS(), waitS(), waitS()]).toEqual([2, 4, 8, 16, 32, 60]);
    passed();
    expect(waitS()).toBe(2);
  });

  it("a Retry-After is honoured where one appears", () => {
    const answer = createRefusals().classify(failure(429, "", { "retry-after": "7" }));
    expect(answer?.retryAt).toEqual(new Date(NOW.getTime() + 7000));
  });

  it("the rest is told by its status, and no address gets into a message", () => {
    const { classify } = createRefusals();
    const kind = (status: number): unknown => classify(failure(status, ""))?.kind;
    expect([401, 404, 400, 500, 503].map(kind)).toEqual(["auth", "contract", "contract", "transient", "transient"]);
    const refused = classify(failure(400, { title: "sam@fabrikam.example is bad" }));
    expect(refused?.message).not.toContain("sam@");
  });
});
