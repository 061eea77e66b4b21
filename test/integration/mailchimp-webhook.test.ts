import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findTributaryError } from "../../core/base/errors.ts";
import type { InboundRequest, StreamPart } from "../../core/connector/define.ts";
import { emailId } from "../../connectors/mailchimp/simulator/format.ts";
import type { MailchimpSimulator } from "../../connectors/mailchimp/simulator/index.ts";
import { mailchimpWebhook } from "../../connectors/mailchimp/webhook.ts";
import { connect, pull, smallAccount, type StillClock } from "./mailchimp-harness.ts";
import { portOf } from "../../core/base/network.ts";

/** Whoever listens at our address: keeps deliveries, answers 200 to everything. */
let deliveries: InboundRequest[];
let methods: string[];
let receiver: Server;
let url: string;
let sim: MailchimpSimulator;
let clock: StillClock;

beforeEach(async () => {
  [deliveries, methods] = [[], []];
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      methods.push(request.method ?? "");
      const entries = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
      if (request.method === "POST")
        deliveries.push({ headers: Object.fromEntries(entries), body: Buffer.concat(chunks) });
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  // An IP socket has an address with a port once it listens.
  url = `http://127.0.0.1:${portOf(receiver)}/in/mailchimp/token`;
  ({ sim, clock } = await smallAccount());
});
afterEach(async () => {
  await sim.close();
  await new Promise((resolve) => receiver.close(resolve));
});

const client = (): ReturnType<typeof connect>["client"] => connect(sim, { clock }).client;

async function subscribe(): Promise<string> {
  const made = await mailchimpWebhook.subscribe?.(client(), url);
  return made?.secret ?? "";
}

/** The one that has just come, with what it says. */
async function last(): Promise<{ readonly request: InboundRequest; readonly parts: readonly StreamPart[] }> {
  await sim.webhooks.settled();
  const request = deliveries.at(-1);
  if (request === undefined) throw new RangeError("nothing came");
  return { request, parts: await mailchimpWebhook.parts(request, client()) };
}

function refusal(request: InboundRequest, secret: string | null, now = clock.time): string | undefined {
  try {
    mailchimpWebhook.verify(request, secret, now);
    return undefined;
  } catch (error) {
    return findTributaryError(error)?.code;
  }
}

const [INVALID, OLD] = ["mailchimp.webhook.signature_invalid", "mailchimp.webhook.too_old"];

function someMember(): { readonly list: string; readonly hash: string } {
  const [list = ""] = sim.store.lists.keys();
  return { list, hash: String(sim.store.members(list)[3]?.["id"]) };
}

describe("subscribing", () => {
  it("answers the GET that looks first, for each audience, and learns each one's secret", async () => {
    const secret = await subscribe();
    expect(methods).toEqual(["GET", "GET"]);
    expect(secret.split(" ")).toHaveLength(2);
  });

  it("again replaces the webhook of the same address, whose secret is told only once", async () => {
    const first = await subscribe();
    const second = await subscribe();
    expect(second).not.toBe(first);
    const [list = ""] = sim.store.lists.keys();
    expect(sim.webhooks.list(list)).toHaveLength(1);
  });
});

describe("verifying", () => {
  it("takes a signed delivery of any audience, and no other", async () => {
    const secret = await subscribe();
    const { list, hash } = someMember();
    sim.store.changeMember(list, hash, { vip: true }, { at: clock.time, event: "profile" });
    const { request } = await last();
    expect(refusal(request, secret)).toBeUndefined();
    expect(refusal(request, "another")).toBe(INVALID);
    expect(refusal({ ...request, body: Buffer.from(`${request.body.toString()}&x=1`) }, secret)).toBe(INVALID);
    expect(refusal({ ...request, headers: {} }, secret)).toBe(INVALID);
    const later = new Date(clock.time.getTime() + 301_000);
    expect(refusal(request, secret, later)).toBe(OLD);
  });

  it("signs over the time and the bytes as they came; several signatures are tried", () => {
    const body = Buffer.from("type=profile&data%5Bemail%5D=sam%40fabrikam.example");
    const t = clock.time.getTime() / 1000;
    const v1 = createHmac("sha256", "s3cret").update(`${t}.${body.toString()}`).digest("hex");
    const header = `t=${t},v1=${"0".repeat(64)},v1=${v1}`;
    expect(refusal({ headers: { "x-mailchimp-signature": header }, body }, "s3cret")).toBeUndefined();
    expect(refusal({ headers: { "x-mailchimp-signature": `t=${t + 1},v1=${v1}` }, body }, "s3cret")).toBe(INVALID);
    expect(refusal({ headers: { "x-mailchimp-signature": `v1=${v1}` }, body }, "s3cret")).toBe(INVALID);
  });

  it("of an older webhook there is nothing to verify: the token in the address was the proof", () => {
    expect(mailchimpWebhook.takesUnsigned).toBe(true);
    expect(refusal({ headers: {}, body: Buffer.from("type=profile") }, null)).toBeUndefined();
  });

  it("tells an account that cannot sign, and leaves its webhook in place", async () => {
    sim.webhooks.dial.canSign = false;
    await expect(subscribe()).rejects.toMatchObject({ code: "mailchimp.webhook.no_secret" });
    const [list = ""] = sim.store.lists.keys();
    expect(sim.webhooks.list(list)).toHaveLength(1);
  });
});

describe("what a delivery says", () => {
  beforeEach(async () => {
    await subscribe();
  });

  it("is the member as a pull brings it, byte for byte", async () => {
    const { list, hash } = someMember();
    sim.store.changeMember(list, hash, { vip: true }, { at: clock.time, event: "profile" });
    const { parts } = await last();
    const { records } = await pull(sim, "members", { clock });
    expect(JSON.stringify(parts)).toBe(
      JSON.stringify([{ stream: "members", records: [records.get(`${list}|${hash}`)] }]),
    );
  });

  it("a person who signs up is there at once", async () => {
    const [list = ""] = sim.store.lists.keys();
    const who = { firstName: "Ada", lastName: "L", company: "", title: "", country: "US", language: "en", tags: [] };
    sim.store.addMember(list, { ...who, email: "Ada@New.example", at: clock.time }, true);
    const { parts } = await last();
    expect(parts).toMatchObject([{ stream: "members", records: [{ id: emailId("ada@new.example"), list_id: list }] }]);
  });

  it("who has left is unsubscribed, who was deleted is gone", async () => {
    const { list, hash } = someMember();
    sim.store.changeMember(list, hash, { status: "unsubscribed" }, { at: clock.time, event: "unsubscribe" });
    expect((await last()).parts).toMatchObject([{ records: [{ id: hash, status: "unsubscribed" }] }]);
    sim.store.removeMember(list, hash, clock.time);
    expect((await last()).parts).toEqual([{ stream: "members", records: [], deleted: [`${list}|${hash}`] }]);
  });

  it("who has left from a campaign is in that campaign's list as well, byte for byte as a pull brings it", async () => {
    const campaign = [...sim.store.campaigns.values()].at(-1);
    const send = [...(campaign?.sends.values() ?? [])].find(({ unsubscribedAt }) => unsubscribedAt === null);
    if (campaign === undefined || send === undefined) throw new RangeError("nobody was written to");
    const hash = emailId(send.email);
    const leave = (campaignId: string): void =>
      void sim.store.changeMember(
        campaign.listId,
        hash,
        { status: "unsubscribed" },
        { at: clock.time, event: "unsubscribe", campaignId },
      );
    sim.store.setSend(campaign.id, { ...send, unsubscribedAt: "2026-03-02T11:59:00+00:00" });
    leave(campaign.id);
    const { parts } = await last();
    const { records } = await pull(sim, "unsubscribes", { clock });
    expect(parts[0]).toMatchObject({ stream: "members", records: [{ id: hash, status: "unsubscribed" }] });
    expect(JSON.stringify(parts.slice(1))).toBe(
      JSON.stringify([{ stream: "unsubscribes", records: [records.get(`${campaign.id}|${hash}`)] }]),
    );
    // Not listed yet, or a campaign that was deleted since.
    leave("0000000000");
    expect((await last()).parts.map(({ stream }) => stream)).toEqual(["members"]);
  });

  it("a new address is another member, and the old one is gone", async () => {
    const { list, hash } = someMember();
    sim.store.changeAddress(list, hash, "moved@elsewhere.example", clock.time);
    expect((await last()).parts).toMatchObject([
      { deleted: [`${list}|${hash}`] },
      { records: [{ id: emailId("moved@elsewhere.example") }] },
    ]);
  });

  it("a campaign that was sent comes with its report, as pulls bring both", async () => {
    const [list = ""] = sim.store.lists.keys();
    const campaign = { id: "c0ffee0001", title: "New", subject: "News", listId: list, sentAt: clock.time };
    sim.store.putCampaign({ ...campaign, complaints: 0, partOf: null, type: "regular", sends: new Map() }, true);
    const { parts } = await last();
    const campaigns = (await pull(sim, "campaigns", { clock })).records;
    const reports = (await pull(sim, "reports", { clock })).records;
    expect(JSON.stringify(parts)).toBe(
      JSON.stringify([
        { stream: "campaigns", records: [campaigns.get(campaign.id)] },
        { stream: "reports", records: [reports.get(campaign.id)] },
      ]),
    );
  });

  it("an empty delivery, and one of a kind that nobody knows, say nothing", async () => {
    for (const body of ["", "type=survey&data[id]=1"])
      expect(await mailchimpWebhook.parts({ headers: {}, body: Buffer.from(body) }, client())).toEqual([]);
  });

  it("tries of one delivery have one key, another delivery has another", async () => {
    sim.webhooks.dial.duplicate = 1;
    const { list, hash } = someMember();
    sim.store.changeMember(list, hash, { vip: true }, { at: clock.time, event: "profile" });
    await sim.webhooks.settled();
    const keys = deliveries.map((request) => mailchimpWebhook.dedupeKey(request));
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    sim.store.changeMember(list, hash, { vip: false }, { at: new Date(clock.time.getTime() + 1000), event: "profile" });
    await sim.webhooks.settled();
    expect(new Set(deliveries.map((request) => mailchimpWebhook.dedupeKey(request))).size).toBe(2);
  });
});
