import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { zendesk } from "../../connectors/zendesk/index.ts";
import type { ZendeskSimulator } from "../../connectors/zendesk/simulator/index.ts";
import type { InboundRequest, InboundWebhook, StreamPart } from "../../core/connector/define.ts";
import { startReceiver } from "../support/receiver.ts";
import {
  addCall,
  addTicket,
  AGENT,
  connect,
  factsOf,
  ids,
  pull,
  REQUESTER,
  say,
  smallAccount,
  type StillClock,
  streamOf,
} from "./zendesk-harness.ts";

let sim: ZendeskSimulator;
let clock: StillClock;
const receiver = await startReceiver();

beforeEach(async () => {
  ({ sim, clock } = await smallAccount());
  receiver.received.length = 0;
});
afterEach(() => sim.close());

// Declared above: the connector has one.
const webhook = zendesk.webhook as InboundWebhook;

function request(body: unknown, headers: { readonly [name: string]: string } = {}): InboundRequest {
  return { headers, body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) };
}

function partsOf(delivery: InboundRequest): Promise<readonly StreamPart[]> {
  return Promise.resolve(webhook.parts(delivery, connect(sim, { clock }).client));
}

async function subscribe(): Promise<string> {
  const subscribed = await webhook.subscribe?.(connect(sim, { clock }).client, receiver.url);
  return subscribed?.secret ?? "";
}

/** What the simulator has delivered so far. */
async function delivered(): Promise<readonly InboundRequest[]> {
  await sim.webhooks.settled();
  return receiver.received.map(({ headers, body }) => request(body, headers as InboundRequest["headers"])); // Each came once.
}

describe("the signature", () => {
  // The vendor page's own example: text key, timestamp and body without anything between.
  const secret = "hub-demo-zendesk-secret-0001";
  const body = '{"type":"zen:event-type:ticket.status_changed","id":"demo-1"}';
  const timestamp = "2026-11-23T19:00:00Z";
  const headers = {
    "x-zendesk-webhook-signature-timestamp": timestamp,
    "x-zendesk-webhook-signature": "MVCOzD4NzqXuxpoKYmUMgUMe3KTGg3DVIxXm3TaKotY=",
  };

  it("of a known delivery holds, for five minutes around its time", () => {
    for (const now of ["2026-11-23T18:55:00Z", timestamp, "2026-11-23T19:05:00Z"])
      expect(() => webhook.verify(request(body, headers), secret, new Date(now))).not.toThrow();
    for (const now of ["2026-11-23T18:54:59Z", "2026-11-23T19:05:01Z"])
      expect(() => webhook.verify(request(body, headers), secret, new Date(now))).toThrow(/five minutes/);
  });

  it("is over the bytes as they came: the same JSON written otherwise is refused", () => {
    const pretty = JSON.stringify(JSON.parse(body), null, 2);
    expect(() => webhook.verify(request(pretty, headers), secret, new Date(timestamp))).toThrow(/signature/);
  });

  it.each([
    ["another secret", body, headers, "hub-demo-zendesk-secret-0002"],
    ["no secret", body, headers, null],
    ["another body", body.replace("demo-1", "demo-2"), headers, secret],
    ["another time", body, { ...headers, "x-zendesk-webhook-signature-timestamp": "2026-11-23T19:00:01Z" }, secret],
    ["no headers", body, {}, secret],
  ])("with %s is refused", (_name, sent, given, key) => {
    expect(() => webhook.verify(request(sent, given), key, new Date(timestamp))).toThrow(/signature/);
  });

  it("of no secret at all is refused even where it was made with an empty one", () => {
    const mac = createHmac("sha256", "")
      .update(timestamp + body)
      .digest("base64");
    const forged = { ...headers, "x-zendesk-webhook-signature": mac };
    expect(() => webhook.verify(request(body, forged), null, new Date(timestamp))).toThrow(/signature/);
  });
});

describe("a subscription", () => {
  it("is made for events of tickets, reads its secret, and what comes of it is signed with it", async () => {
    const secret = await subscribe();
    addTicket(sim, 7, clock.now());
    const [delivery] = await delivered();
    expect(delivery).toBeDefined();
    if (delivery === undefined) return;
    expect(() => webhook.verify(delivery, secret, clock.now())).not.toThrow();
    expect(delivery.body.toString()).toContain("\n");
  });

  it("made again replaces the webhook of this address, and no other", async () => {
    await webhook.subscribe?.(connect(sim, { clock }).client, "https://elsewhere.example/in/zendesk/token");
    const first = await subscribe();
    const second = await subscribe();
    expect(second).not.toBe(first);
    // Nobody is elsewhere.
    Object.assign(sim.webhooks.dial, { attempts: 1, retryMs: 1 });
    addTicket(sim, 7, clock.now());
    const [delivery, ...others] = await delivered();
    expect(others).toEqual([]);
    if (delivery === undefined) throw new RangeError("nothing was delivered");
    expect(() => webhook.verify(delivery, second, clock.now())).not.toThrow();
    expect(() => webhook.verify(delivery, first, clock.now())).toThrow(/signature/);
    const { client } = connect(sim, { clock });
    expect(await client.get("webhooks")).toMatchObject({
      webhooks: [{ endpoint: "https://elsewhere.example/in/zendesk/token" }, { endpoint: receiver.url }],
    });
  });

  it("delivers doubles and in any order, and the record is right all the same", async () => {
    await subscribe();
    Object.assign(sim.webhooks.dial, { duplicate: 1, reorder: 0.5 });
    addTicket(sim, 7, new Date("2026-11-18T11:00:00Z"));
    for (const status of ["pending", "open", "solved"]) sim.store.patch("ticket", 7, { status }, clock.now());
    const deliveries = await delivered();
    const keys = deliveries.map((delivery) => webhook.dedupeKey(delivery));
    expect(keys.length).toBeGreaterThan(new Set(keys).size);
    expect(new Set(keys).size).toBe(4);
    for (const delivery of deliveries)
      expect((await partsOf(delivery))[0]).toMatchObject({ stream: "tickets", records: [{ id: 7, status: "solved" }] });
  });
});

describe("what a delivery brings", () => {
  const minutesAgo = (minutes: number): Date => new Date(clock.now().getTime() - minutes * 60_000);
  const changed = { type: "zen:event-type:ticket.status_changed", id: "e1", detail: { id: "7", assignee_id: "0" } };

  it("is the ticket exactly as the export shows it, so that neither undoes the other", async () => {
    addTicket(sim, 7, new Date("2026-11-18T11:00:00Z"), { firstReplyAt: new Date("2026-11-18T11:05:00Z") });
    const [part] = await partsOf(request(changed));
    const pulled = await pull(sim, "tickets", { clock });
    expect(JSON.stringify(part?.records)).toBe(JSON.stringify([pulled.records.get("7")]));
    expect(factsOf("tickets", part?.records[0] ?? null).at(-1)).toMatchObject({
      kind: "ticket",
      firstReplyAt: { instant: new Date("2026-11-18T11:05:00Z") },
      rep: String(AGENT),
      person: String(REQUESTER),
    });
  });

  it("has its metric set also where the single ticket comes without", async () => {
    addTicket(sim, 7, new Date("2026-11-18T11:00:00Z"));
    Object.assign(sim.dial, { showsMetricSet: false });
    const [part] = await partsOf(request(changed));
    const pulled = await pull(sim, "tickets", { clock });
    expect(JSON.stringify(part?.records)).toBe(JSON.stringify([pulled.records.get("7")]));
  });

  it("is a deletion where the ticket is gone", async () => {
    addTicket(sim, 7, new Date("2026-11-18T11:00:00Z"));
    sim.store.patch("ticket", 7, { status: "deleted" }, clock.now());
    expect(await partsOf(request(changed))).toEqual([{ stream: "tickets", records: [], deleted: ["7"] }]);
  });

  it("follows users as well, and the ticket that a trigger names in its own body", async () => {
    addTicket(sim, 7, new Date("2026-11-18T11:00:00Z"));
    const user = { type: "zen:event-type:user.identity_changed", detail: { id: String(REQUESTER) } };
    const [part] = await partsOf(request(user));
    const pulled = await pull(sim, "users", { clock });
    expect(part).toMatchObject({ stream: "users", records: [pulled.records.get(String(REQUESTER))] });
    for (const body of [{ ticket_id: "7" }, { ticket_id: 7 }, { ticket: { id: "7" } }])
      expect(await partsOf(request(body))).toMatchObject([{ stream: "tickets", records: [{ id: 7 }] }]);
  });

  it("is what was said as well: the touch that the export makes of it, which takes its place", async () => {
    await subscribe();
    addTicket(sim, 7, minutesAgo(10));
    say(sim, 7, AGENT, minutesAgo(8), { isPublic: false });
    say(sim, 7, AGENT, minutesAgo(2));
    const told = (await delivered()).at(-1);
    const [ticket, events, ...others] = told === undefined ? [] : await partsOf(told);
    expect([ticket?.stream, events?.stream, others]).toEqual(["tickets", "ticket_events", []]);
    const byExport = await pull(sim, "ticket_events", { clock });
    const { externalId, sourceTime } = streamOf("ticket_events");
    expect(events?.records.map(externalId).toSorted()).toEqual(ids(byExport));
    for (const excerpt of events?.records ?? []) {
      const whole = byExport.records.get(externalId(excerpt)) ?? null;
      expect(factsOf("ticket_events", excerpt)).toEqual(factsOf("ticket_events", whole));
      expect(Number(sourceTime(excerpt))).toBeLessThan(Number(sourceTime(whole)));
    }
    expect(events?.records.flatMap((record) => factsOf("ticket_events", record))).toMatchObject([
      { type: "email", direction: "outbound", rep: String(AGENT), person: String(REQUESTER) },
    ]);
    expect(JSON.stringify(events)).not.toContain("words");
  });

  it("is the call that a voice comment tells of, by the id that Talk's export gives it", async () => {
    await subscribe();
    addTicket(sim, 7, minutesAgo(20), { via: { channel: "voice", source: { from: { phone: "+12025550111" } } } });
    say(sim, 7, AGENT, minutesAgo(9), { channel: "voice", call: addCall(sim, 7, minutesAgo(16)) });
    const told = (await delivered()).at(-1);
    const parts = told === undefined ? [] : await partsOf(told);
    const calls = parts.find(({ stream }) => stream === "calls")?.records ?? [];
    const byExport = await pull(sim, "calls", { clock });
    const { externalId, sourceTime } = streamOf("calls");
    expect(calls.map(externalId)).toEqual(ids(byExport));
    const [whole = null] = byExport.records.values();
    const [excerpt = null] = calls;
    expect(Number(sourceTime(excerpt))).toBeLessThan(Number(sourceTime(whole)));
    const [caller, call] = factsOf("calls", excerpt);
    expect(call).toMatchObject({ type: "call", durationS: 341, rep: String(AGENT), person: String(REQUESTER) });
    const [callerByExport, callByExport] = factsOf("calls", whole);
    expect(caller).toEqual(callerByExport);
    // The export knows how it ended, and over which line.
    const anything = expect.anything() as unknown;
    const later = { outcome: anything, disposition: anything, attributes: anything };
    expect({ ...call, ...later }).toEqual(callByExport);
  });

  it("is not what was said long before: that lies with the exports, and may be older than what is read", async () => {
    addTicket(sim, 7, minutesAgo(300));
    say(sim, 7, REQUESTER, minutesAgo(300));
    say(sim, 7, AGENT, minutesAgo(62));
    const sentAt = { "x-zendesk-webhook-signature-timestamp": clock.now().toISOString() };
    const added = { type: "zen:event-type:ticket.comment_added", id: "e2", detail: { id: "7" } };
    expect((await partsOf(request(added, sentAt))).map(({ stream }) => stream)).toEqual(["tickets"]);
    say(sim, 7, AGENT, minutesAgo(58));
    expect(await partsOf(request(added, sentAt))).toMatchObject([
      { stream: "tickets" },
      { stream: "ticket_events", records: [{ ticket_id: 7 }] },
    ]);
    // A trigger may have sent it for a comment; a changed status is none.
    expect(await partsOf(request({ ticket_id: "7" }, sentAt))).toHaveLength(2);
    expect(await partsOf(request(changed, sentAt))).toHaveLength(1);
  });

  it("is nothing for an event of something that is not kept, and an error where no id is in it", async () => {
    expect(await partsOf(request({ type: "zen:event-type:article.published", detail: { id: "7" } }))).toEqual([]);
    for (const body of ["", "[]", '{"ticket_id":"../users/me"}', '{"hello":1}'])
      await expect(partsOf(request(body))).rejects.toMatchObject({ code: "zendesk.webhook.unreadable" });
  });

  it("waits where the vendor is in trouble: the failure is passed on for a later try", async () => {
    addTicket(sim, 7, new Date("2026-11-18T11:00:00Z"));
    sim.faults.script({ kind: "rate5xx", times: 10 });
    await expect(partsOf(request(changed))).rejects.toMatchObject({ kind: "transient" });
    sim.faults.clear();
    expect(ids(await pull(sim, "tickets", { clock }))).toEqual(["7"]);
  });
});
