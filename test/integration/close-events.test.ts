import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { close } from "../../connectors/close/index.ts";
import { closeId } from "../../connectors/close/simulator/format.ts";
import type { CloseSimulator } from "../../connectors/close/simulator/index.ts";
import * as objects from "../../connectors/close/simulator/objects.ts";
import type { InboundRequest } from "../../core/connector/define.ts";
import type { Fact } from "../../core/schema/facts.ts";
import { connect, ids, nothingPulled, pull, record, smallAccount, streamOf, type StillClock } from "./close-harness.ts";
import { portOf } from "../../core/base/network.ts";

let sim: CloseSimulator;
let clock: StillClock;

beforeEach(async () => {
  ({ sim, clock } = await smallAccount({ keys: { api_user: { role: "user" } } }));
});
afterEach(() => sim.close());

const LEAD = closeId("lead", "halden");

function addCall(name: string, at: Date): string {
  const id = closeId("acti", name);
  const row = objects.call({ id, organization_id: sim.store.setup.organizationId, at, lead_id: LEAD });
  sim.store.create("call", row, { at });
  return id;
}

function addDeal(fields: objects.Fields = {}): string {
  const id = closeId("oppo", "metering");
  const at = new Date("2026-02-11T13:05:22.410Z");
  const row = objects.opportunity({
    id,
    organization_id: sim.store.setup.organizationId,
    at,
    lead_id: LEAD,
    ...fields,
  });
  sim.store.create("opportunity", row, { at });
  return id;
}

function minutes(count: number): Date {
  return new Date(clock.now().getTime() + count * 60_000);
}

function factsOf(pulled: Awaited<ReturnType<typeof pull>>): Fact[] {
  const stream = streamOf("events");
  return [...(pulled.records.get("events") ?? [])].flatMap(([externalId, event]) => {
    const context = { connectionId: "c", stream: "events", externalId, settings: {}, timeZone: "UTC", currency: "USD" };
    return stream.normalise(event, context).facts;
  });
}

describe("walking the event log", () => {
  it("brings edits and deletions of activities that no list can be asked for", async () => {
    const [kept, gone] = [addCall("kept", minutes(-90)), addCall("gone", minutes(-80))];
    sim.store.update("call", kept, { note: "later note" }, { at: minutes(-30) });
    sim.store.remove("call", gone, { at: minutes(-20) });
    const pulled = await pull(sim, "events", { clock });
    expect(record(pulled, "calls", kept)["note"]).toBe("later note");
    expect(ids(pulled, "calls")).toEqual([kept]);
    expect(pulled.deleted.get("calls")).toEqual(new Set([gone]));
  });

  it("dates a deletion by the log, so that an older version in a list cannot bring the record back", async () => {
    const gone = addCall("gone", minutes(-80));
    sim.store.remove("call", gone, { at: minutes(-20) });
    const { pages } = await pull(sim, "events", { clock });
    const deletions = pages.flatMap((page) => page.others ?? []).flatMap((part) => part.deleted ?? []);
    expect(deletions).toEqual([{ id: gone, at: minutes(-20) }]);
  });

  it("an interrupted walk keeps its cursor and the old floor, and goes on there", async () => {
    for (let index = 0; index < 170; index += 1) addCall(`call ${index}`, minutes(-300 + index));
    const pulled = await pull(sim, "events", { clock, maxPages: 2 });
    expect(pulled.checkpoint).toMatchObject({ floor: null, walk: { startedAt: "2026-03-02T12:00:00.000Z" } });
    await pull(sim, "events", { clock, into: pulled });
    expect(ids(pulled, "calls")).toHaveLength(170);
    // min(newest event, start - 5 min): the newest is at 11:49.
    expect(pulled.checkpoint).toMatchObject({ floor: minutes(-131).toISOString(), walk: null });
  });

  it("never moves its floor closer than five minutes to now, and reads those five minutes again", async () => {
    addCall("just now", minutes(-1));
    const pulled = await pull(sim, "events", { clock });
    expect(pulled.checkpoint).toMatchObject({ floor: minutes(-5).toISOString() });
    const late = addCall("became visible late", minutes(-9));
    clock.time = minutes(3);
    await pull(sim, "events", { clock, into: pulled });
    expect(ids(pulled, "calls")).toContain(late);
  });

  it("sees events that become visible out of order within five minutes", async () => {
    for (let index = 0; index < 40; index += 1) addCall(`call ${index}`, minutes(-4));
    Object.assign(sim.dial, { hiddenShare: 0.5 });
    const pulled = await pull(sim, "events", { clock });
    expect(ids(pulled, "calls").length).toBeLessThan(40);
    clock.time = minutes(6);
    await pull(sim, "events", { clock, into: pulled });
    expect(ids(pulled, "calls")).toHaveLength(40);
  });

  it("starts the walk again when the cursor has expired", async () => {
    for (let index = 0; index < 120; index += 1) addCall(`call ${index}`, minutes(-300 + index));
    const pulled = await pull(sim, "events", { clock, maxPages: 1 });
    clock.time = minutes(60);
    await pull(sim, "events", { clock, into: pulled });
    expect(pulled.logs).toContain("the event log's cursor has expired: walking it again from now");
    expect(ids(pulled, "calls")).toHaveLength(120);
  });

  it("says which streams have a hole when the log was not read for longer than it is kept", async () => {
    const pulled = await pull(sim, "events", { clock });
    clock.time = new Date("2026-04-05T12:00:00Z");
    await pull(sim, "events", { clock, into: pulled });
    const resync = pulled.pages.find((page) => page.resync !== undefined)?.resync;
    expect(resync?.streams).toContain("calls");
    expect(resync?.streams).toContain("opportunities");
    expect(resync?.reason).toContain("2026-03-02T12:00:00.000Z");
  });

  it("a key that is not an administrator's gets no content of older events, and the run says so", async () => {
    addCall("old", minutes(-90));
    const fresh = addCall("fresh", minutes(-10));
    const pulled = await pull(sim, "events", { clock, apiKey: "api_user" });
    expect(ids(pulled, "calls")).toEqual([fresh]);
    expect(pulled.logs).toContain("1 events came without their content: only an administrator's key reads older ones.");
  });

  it("a merged lead goes, and its children are landed as the destination's", async () => {
    const organization_id = sim.store.setup.organizationId;
    const source = closeId("lead", "source");
    for (const id of [LEAD, source]) {
      sim.store.create("lead", objects.lead({ id, organization_id, at: minutes(-600), name: id }), {
        at: minutes(-600),
        isSilent: true,
      });
    }
    const call = closeId("acti", "moved");
    const row = objects.call({ id: call, organization_id, at: minutes(-500), lead_id: source });
    sim.store.create("call", row, { at: minutes(-500), isSilent: true });
    const deal = addDeal({ lead_id: source });
    const pulled = await pull(sim, "calls", { clock });
    expect(record(pulled, "calls", call)["lead_id"]).toBe(source);
    // The children move without a word of their own; only the destination's event tells.
    const silent = { at: minutes(-10), isSilent: true };
    sim.store.update("call", call, { lead_id: LEAD }, silent);
    sim.store.update("opportunity", deal, { lead_id: LEAD }, silent);
    sim.store.remove("lead", source, silent);
    const meta = { merge_source_lead_id: source, merge_destination_lead_id: LEAD };
    sim.store.update("lead", LEAD, {}, { at: minutes(-10), actions: ["merged"], meta });
    await pull(sim, "events", { clock, into: pulled, checkpoint: null });
    expect(record(pulled, "calls", call)["lead_id"]).toBe(LEAD);
    expect(record(pulled, "opportunities", deal)["lead_id"]).toBe(LEAD);
    expect(ids(pulled, "leads")).toEqual([LEAD]);
  });
});

describe("what the event log witnesses of deals", () => {
  it("changes of value, owner, confidence and expected close, with before and after", async () => {
    const [marta, jonas] = [closeId("user", "marta"), closeId("user", "jonas")];
    const id = addDeal({ value: 100_00, user_id: marta, confidence: 30, date_won: "2026-04-15" });
    const patch = { value: 184_00, user_id: jonas, confidence: 60, date_won: "2026-05-01" };
    sim.store.update("opportunity", id, patch, { at: new Date("2026-03-01T09:15:04.120Z") });
    const changes = factsOf(await pull(sim, "events", { clock })).filter((fact) => fact.kind === "deal_change");
    expect(changes.find((fact) => Object.keys(fact.before).length > 0)).toMatchObject({
      deal: id,
      changedAt: { instant: new Date("2026-03-01T09:15:04.120Z") },
      before: { amountMinor: 100_00, rep: marta, probability: 0.3, expectedCloseOn: "2026-04-15" },
      after: { amountMinor: 184_00, rep: jonas, probability: 0.6, expectedCloseOn: "2026-05-01" },
    });
  });

  it("consolidated updates are two witnesses: before at the first change, after at the last", async () => {
    sim.store.consolidateMs = 60_000;
    const id = addDeal({ value: 1 });
    sim.store.update("opportunity", id, { value: 2 }, { at: minutes(-30) });
    sim.store.update("opportunity", id, { value: 3 }, { at: new Date(minutes(-30).getTime() + 20_000) });
    const pulled = await pull(sim, "events", { clock });
    const facts = factsOf(pulled).filter((fact) => fact.kind === "deal_change" && fact.externalId.includes("/"));
    const updates = facts.filter((fact) =>
      /\/(before|after)$/.test(fact.kind === "deal_change" ? fact.externalId : ""),
    );
    expect(updates).toMatchObject([
      { changedAt: { instant: minutes(-30) }, before: { amountMinor: 1 }, after: {} },
      { changedAt: { instant: new Date(minutes(-30).getTime() + 20_000) }, before: {}, after: { amountMinor: 3 } },
    ]);
  });

  it("keeps both states of a consolidated event that was read in between", async () => {
    sim.store.consolidateMs = 120_000;
    const id = addDeal({ value: 1 });
    sim.store.update("opportunity", id, { value: 2 }, { at: minutes(-1) });
    const pulled = await pull(sim, "events", { clock });
    sim.store.update("opportunity", id, { value: 3 }, { at: minutes(0) });
    clock.time = minutes(1);
    await pull(sim, "events", { clock, into: pulled });
    const amounts = factsOf(pulled).flatMap((fact) => (fact.kind === "deal_change" ? [fact.after.amountMinor] : []));
    expect(amounts).toContain(2);
    expect(amounts).toContain(3);
  });

  it("a reverted stage move goes with the deletion of its row", async () => {
    const id = closeId("acti", "move");
    const organization_id = sim.store.setup.organizationId;
    const move = objects.opportunityStatusChange({ id, organization_id, at: minutes(-30), opportunity_id: addDeal() });
    sim.store.create("opportunityStatusChange", move, { at: minutes(-30) });
    const pulled = await pull(sim, "opportunity_status_changes", { clock });
    sim.store.remove("opportunityStatusChange", id, { at: minutes(-29) });
    await pull(sim, "events", { clock, into: pulled, checkpoint: null });
    expect(ids(pulled, "opportunity_status_changes")).toEqual([]);
  });
});

describe("webhooks", () => {
  let hub: Server;
  let received: InboundRequest[];
  let refuse: number;

  beforeEach(async () => {
    received = [];
    refuse = 0;
    hub = createServer((request, answer) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        refuse -= 1;
        if (refuse < 0)
          received.push({ headers: request.headers as { [name: string]: string }, body: Buffer.concat(chunks) });
        answer.writeHead(refuse < 0 ? 200 : 500).end();
      });
    });
    await new Promise<void>((resolve) => void hub.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => new Promise((resolve) => void hub.close(resolve)));

  async function subscribe(): Promise<string> {
    const port = portOf(hub);
    const { client } = connect(sim, { clock });
    const subscription = await close.webhook?.subscribe?.(client, `http://127.0.0.1:${port}/in/close/token`);
    return subscription?.secret ?? "";
  }

  it("subscribes to every pair that streams need, and gets signed deliveries of changes", async () => {
    const secret = await subscribe();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    const id = addCall("ring", minutes(0));
    await sim.webhooks.settled();
    expect(received).toHaveLength(1);
    const [delivery] = received;
    if (delivery === undefined) throw new RangeError("nothing was delivered");
    expect(() => close.webhook?.verify(delivery, secret, clock.now())).not.toThrow();
    const parts = await close.webhook?.parts(delivery, null);
    expect(parts).toMatchObject([{ stream: "calls", records: [{ id }] }]);
  });

  it("subscribing again replaces the subscription of this address, and no other", async () => {
    const { client } = connect(sim, { clock });
    await close.webhook?.subscribe?.(client, "https://elsewhere.example/in/close/token");
    const first = await subscribe();
    const second = await subscribe();
    expect(second).not.toBe(first);
    expect(sim.webhooks.list().body).toMatchObject({
      data: [{ url: "https://elsewhere.example/in/close/token" }, { signature_key: second }],
      has_more: false,
    });
  });

  it("a delivery that was sent twice or late has the same key, and a retry follows a refusal", async () => {
    await subscribe();
    Object.assign(sim.webhooks.dial, { duplicate: 1, retryMs: 1 });
    refuse = 1;
    addCall("ring", minutes(0));
    await vi.waitFor(() => expect(received).toHaveLength(2));
    const keys = new Set(received.map((delivery) => close.webhook?.dedupeKey(delivery)));
    expect(keys.size).toBe(1);
  });

  it("a subscription that only fails is paused, and can be activated again", async () => {
    await subscribe();
    Object.assign(sim.webhooks.dial, { retryMs: 1, failuresToPause: 2, attempts: 3 });
    refuse = 2;
    addCall("lost", minutes(0));
    await sim.webhooks.settled();
    const listed = sim.webhooks.list().body as { data: { id: string; status: string }[] };
    expect(listed.data[0]?.status).toBe("paused");
    const basic = Buffer.from(`${sim.apiKey}:`).toString("base64");
    const address = `${sim.baseUrl}webhook/${listed.data[0]?.id}/`;
    const headers = { authorization: `Basic ${basic}`, "content-type": "application/json" };
    const answer = await fetch(address, { method: "PUT", headers, body: JSON.stringify({ status: "active" }) });
    expect(answer.status).toBe(200);
    addCall("heard", minutes(0));
    await sim.webhooks.settled();
    expect(received).toHaveLength(1);
  });

  it("refuses a body that was changed after it was signed", async () => {
    const secret = await subscribe();
    addCall("ring", minutes(0));
    await sim.webhooks.settled();
    const [delivery] = received;
    if (delivery === undefined) throw new RangeError("nothing was delivered");
    const forged = { ...delivery, body: Buffer.from(delivery.body.toString().replace('"created"', '"deleted"')) };
    expect(() => close.webhook?.verify(forged, secret, clock.now())).toThrow(
      expect.objectContaining({ code: "close.webhook.signature_invalid", kind: "auth" }),
    );
    expect(() => close.webhook?.verify(delivery, secret, minutes(6))).toThrow(
      expect.objectContaining({ code: "close.webhook.too_old" }),
    );
  });

  it("nothing but the hex-decoded key gives the vendor's hash", () => {
    const secret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const body = Buffer.from('{"event":{"id":"ev_test"},"subscription_id":"whsub_test"}');
    const headers = {
      "close-sig-timestamp": "1772442904",
      "close-sig-hash": "849efe5f0bee971bce792a4eb33def02cc6108ce0c7497405dad7fcbf124fff9",
    };
    const now = new Date(1772442904 * 1000);
    expect(() => close.webhook?.verify({ headers, body }, secret, now)).not.toThrow();
    const asText = createHmac("sha256", secret).update("1772442904").update(body).digest("hex");
    expect(() =>
      close.webhook?.verify({ headers: { ...headers, "close-sig-hash": asText }, body }, secret, now),
    ).toThrow(expect.objectContaining({ code: "close.webhook.signature_invalid" }));
  });
});

describe("lost reason", () => {
  it("is found by the custom field's name as well as by its id", async () => {
    const field = closeId("cf", "lost-reason");
    const id = addDeal({ status_type: "lost", date_lost: "2026-02-20T10:00:00+00:00", [`custom.${field}`]: "Price" });
    for (const lost_reason_field of ["Lost reason", field]) {
      const settings = { lost_reason_field };
      const pulled = await pull(sim, "opportunities", { clock, settings, into: nothingPulled() });
      const context = {
        connectionId: "c",
        stream: "opportunities",
        externalId: id,
        settings: close.settings.parse(settings),
        timeZone: "UTC",
        currency: "USD",
      };
      const [fact] = streamOf("opportunities").normalise(record(pulled, "opportunities", id), context).facts;
      expect(fact).toMatchObject({ kind: "deal", status: "lost", lostReason: "Price" });
    }
  });
});
