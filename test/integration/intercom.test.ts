import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { intercom } from "../../connectors/intercom/index.ts";
import { readLimit } from "../../connectors/intercom/limits.ts";
import { type IntercomSimulator, startIntercomSimulator } from "../../connectors/intercom/simulator/index.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import type { Fact } from "../../core/schema/facts.ts";
import { oauthExchange } from "../../core/connector/oauth.ts";
import { startReceiver } from "../support/receiver.ts";
import { atVendor, type AtVendor, delivery, factsOf, idsOf, partsOf, pull } from "../support/vendor.ts";

const now = new Date("2026-03-02T12:00:00Z");
const NOW_S = now.getTime() / 1000;
const company = createCompany({ seed: 7, now, scale: 0.25 });
let sim: IntercomSimulator;
let at: AtVendor;

const connect = (clock = { now: () => now }, settings: JsonObject = {}): AtVendor =>
  atVendor(intercom, {
    settings: { base_url: sim.baseUrl, companies_every_minutes: 0, requests_per_minute: 60_000, ...settings },
    credentials: sim.credentials,
    clock,
  });

beforeAll(async () => {
  sim = await startIntercomSimulator({ company, clock: { now: () => now }, limits: "off", chats: "all" });
  at = connect();
});
afterAll(() => sim.close());

const all = (stream: "conversations" | "contacts" | "companies"): string[] => [...sim.store[stream].keys()].toSorted();
const touch = (stream: "conversations" | "contacts", id: string, updated_at: number, patch: object = {}): void => {
  const row = sim.store[stream].get(id);
  if (row !== undefined) sim.store[stream].set(id, { ...row, ...patch, updated_at });
};
const later = (minutes: number) => ({ now: () => new Date(now.getTime() + minutes * 60_000) });
const some = (stream: "conversations" | "contacts" | "companies", nth = 5): string => all(stream)[nth] ?? "";

describe("conversations, searched by a time of whole seconds", () => {
  test("that share one second by the hundreds are all read, whether or not `>` includes its bound", async () => {
    for (const id of all("conversations").slice(0, 250)) touch("conversations", id, NOW_S - 86_400);
    for (const isLoose of [false, true]) {
      sim.dial.isLoose = isLoose;
      const from = sim.log.length;
      expect(idsOf(await pull(at, "conversations"), "conversations")).toEqual(all("conversations"));
      // Each is asked for once: what two pages show is left out the second time.
      const asked = sim.log
        .slice(from)
        .filter(({ method, path }) => method === "GET" && path.startsWith("/conversations/"));
      expect(asked.length).toBe(all("conversations").length);
    }
    sim.dial.isLoose = false;
  });

  test("that change while they are read are read by the next pull, and push none of the others out", async () => {
    let nth = 0;
    const landed = await pull(at, "conversations", {
      onPage: () => {
        // Two that are read and two that are not move behind the walk's end.
        nth += 1;
        for (const id of [...all("conversations").slice(nth, nth + 2), ...all("conversations").slice(-nth - 2, -nth)])
          touch("conversations", id, NOW_S + nth, { title: `moved ${nth}` });
      },
    });
    await pull(connect(later(5)), "conversations", { into: landed });
    expect(idsOf(landed, "conversations")).toEqual(all("conversations"));
    for (const id of all("conversations"))
      expect(landed.streams.get("conversations")?.get(id)).toMatchObject({
        title: sim.store.conversations.get(id)?.["title"],
      });
  });

  test("are found though the vendor's clock is an hour behind ours", async () => {
    const landed = await pull(connect(later(60)), "conversations");
    const id = some("conversations");
    touch("conversations", id, NOW_S + 10, { title: "an hour ago by our clock" });
    await pull(connect(later(65)), "conversations", { into: landed });
    expect(landed.streams.get("conversations")?.get(id)).toMatchObject({ title: "an hour ago by our clock" });
  });

  test("that are gone when they are asked for are deletions", async () => {
    const replied = notification("conversation.user.replied", { type: "conversation", id: "1" });
    expect(await partsOf(at, delivery(replied))).toEqual([{ stream: "conversations", records: [], deleted: ["1"] }]);
  });
});

describe("contacts, searched by calendar days of the workspace", () => {
  test("that change later on the day of the last pull are found", async () => {
    touch("contacts", some("contacts", 3), NOW_S - 60);
    // 12:00 UTC is 07:00 in New York; a search for `updated_at > 12:00` begins with the next day there.
    const landed = await pull(at, "contacts");
    expect(idsOf(landed, "contacts")).toEqual(all("contacts"));
    const id = some("contacts");
    touch("contacts", id, NOW_S + 3600, { name: "the same day" });
    const from = sim.log.length;
    await pull(connect(later(90)), "contacts", { into: landed });
    expect(landed.streams.get("contacts")?.get(id)).toMatchObject({ name: "the same day" });
    expect(sim.log.length - from).toBe(1);
  });

  test("are found across midnight in the workspace's time zone", async () => {
    const landed = await pull(at, "contacts");
    const [early, late] = [some("contacts", 7), some("contacts", 8)];
    // Midnight in New York is 05:00 UTC: one changes just before it, one just after.
    touch("contacts", early, NOW_S + 16.9 * 3600, { name: "before midnight" });
    touch("contacts", late, NOW_S + 17.1 * 3600, { name: "after midnight" });
    await pull(connect(later(18 * 60)), "contacts", { into: landed });
    expect(landed.streams.get("contacts")?.get(early)).toMatchObject({ name: "before midnight" });
    expect(landed.streams.get("contacts")?.get(late)).toMatchObject({ name: "after midnight" });
  });

  test("asked for by a webhook are exactly as a search gives them", async () => {
    const landed = await pull(connect(later(18 * 60)), "contacts");
    const id = some("contacts", 9);
    const [part] = await partsOf(at, delivery(notification("contact.user.updated", { type: "contact", id })));
    expect(JSON.stringify(part?.records)).toBe(JSON.stringify([landed.streams.get("contacts")?.get(id)]));
  });
});

describe("companies, which can only be listed whole", () => {
  test("are read by scrolling where pages end", async () => {
    Object.assign(sim.dial, { mostListed: 50, scrollPage: 10 });
    const landed = await pull(at, "companies");
    expect(idsOf(landed, "companies")).toEqual(all("companies"));
    expect(all("companies").length).toBeGreaterThan(60);
    Object.assign(sim.dial, { mostListed: 10_000 });
  });

  test("wait where a scroll is under way, and begin anew when it has ended: its next page may be lost", async () => {
    Object.assign(sim.dial, { mostListed: 50, scrollPage: 10 });
    let pages = 0;
    // One page of the list, then two of the scroll.
    const killed = await pull(at, "companies", { onPage: () => (pages += 1) < 3 });
    await expect(pull(at, "companies", { into: killed })).rejects.toMatchObject({
      code: "intercom.companies.scroll_busy",
      kind: "rate_limited",
    });
    sim.endScroll();
    const starts: boolean[] = [];
    const again = await pull(at, "companies", {
      into: killed,
      onPage: ({ startsListing }) => void starts.push(startsListing === true),
    });
    expect(starts[0]).toBe(true);
    expect(idsOf(again, "companies")).toEqual(all("companies"));
    Object.assign(sim.dial, { mostListed: 10_000, scrollPage: 100 });
  });

  test("of which one goes while pages are read are read again: none is stepped over and taken for gone", async () => {
    const listed = new Set<string>();
    let first: string | null = null;
    await pull(at, "companies", {
      onPage: (page) => {
        if (page.startsListing === true) listed.clear();
        for (const record of page.records) listed.add(intercom.streams["companies"]?.externalId(record) ?? "");
        if (first !== null) return;
        first = all("companies")[0] ?? "";
        sim.store.companies.delete(first);
      },
    });
    expect([...listed].toSorted()).toEqual(all("companies"));
  });

  test("that keep going while pages are read are read by scrolling in the end: still none is taken for gone", async () => {
    const listed = new Set<string>();
    let listings = 0;
    await pull(at, "companies", {
      onPage: (page) => {
        if (page.startsListing === true) {
          listed.clear();
          listings += 1;
          // Six listings by pages lose their first company while they are read; the seventh is the scroll.
          if (listings <= 6) sim.store.companies.delete(all("companies")[0] ?? "");
        }
        for (const record of page.records) listed.add(intercom.streams["companies"]?.externalId(record) ?? "");
      },
    });
    expect(listings).toBe(7);
    expect([...listed].toSorted()).toEqual(all("companies"));
  });

  test("are left alone until they are due", async () => {
    const hourly = connect({ now: () => now }, { companies_every_minutes: 60 });
    const landed = await pull(hourly, "companies");
    const before = sim.log.length;
    await pull(connect(later(59), { companies_every_minutes: 60 }), "companies", { into: landed });
    expect(sim.log.length).toBe(before);
    await pull(connect(later(60), { companies_every_minutes: 60 }), "companies", { into: landed });
    expect(sim.log.length).toBeGreaterThan(before);
  });
});

describe("a conversation of Intercom", () => {
  const part = (type: string, at: number, author: object, more: object = {}): object => ({
    type: "conversation_part",
    id: String(at),
    part_type: type,
    created_at: at,
    author,
    ...more,
  });
  const lea = { type: "user", id: "lea", name: "Lea Martin", email: "Lea.Martin@northwind.example" };
  const omar = { type: "admin", id: "7", name: "Omar Haddad", email: "omar@acme.example", from_ai_agent: false };
  const fin = { type: "admin", id: "9", name: "Fin", email: "fin@acme.example", from_ai_agent: true };
  const conversation = (parts: readonly object[], more: object = {}): Json =>
    ({
      id: "c1",
      state: "open",
      created_at: 1000,
      updated_at: 2000,
      admin_assignee_id: 7,
      contacts: { contacts: [{ id: "lea" }] },
      source: { type: "conversation", delivered_as: "customer_initiated", author: lea },
      conversation_parts: { conversation_parts: parts, total_count: parts.length },
      ...more,
    }) as Json;
  const factOf = (kind: string, record: Json): Fact | undefined =>
    factsOf(at, "conversations", record).facts.find((fact) => fact.kind === kind);

  test("is first answered by a person: not by the AI agent, a note or an assignment", () => {
    const record = conversation([
      part("comment", 1005, fin),
      part("assignment", 1010, omar),
      part("note", 1020, omar),
      part("comment", 1150, omar),
    ]);
    expect(factOf("conversation", record)).toMatchObject({
      firstResponseAt: { instant: new Date(1_150_000) },
      rep: "7",
      person: "lea",
      attributes: { messages: 3, bot_messages: 1, bot_response_s: 5 },
    });
  });

  test("names whoever wrote in it, since admins who have left are listed nowhere", () => {
    const { facts } = factsOf(at, "conversations", conversation([part("comment", 1150, omar)]));
    expect(facts.slice(2)).toMatchObject([
      { kind: "person", externalId: "lea", isMention: true, emails: ["lea.martin@northwind.example"] },
      { kind: "rep", externalId: "7", isMention: true, email: "omar@acme.example" },
    ]);
  });

  test("of which older parts are missing has its first answer from the statistics", () => {
    const record = conversation([part("comment", 1900, omar)], {
      statistics: { first_admin_reply_at: 1100, count_reopens: 2 },
      conversation_parts: { conversation_parts: [part("comment", 1900, omar)], total_count: 501 },
    });
    expect(factOf("conversation", record)).toMatchObject({
      firstResponseAt: { instant: new Date(1_100_000) },
      attributes: { reopens: 2 },
    });
  });

  test("that is a campaign nobody answered is no touch, though it is sent in an admin's name", () => {
    const sent = { type: "email", delivered_as: "automated", author: omar };
    expect(factsOf(at, "conversations", conversation([], { source: sent })).facts).toEqual([]);
    expect(factOf("activity", conversation([part("comment", 1300, lea)], { source: sent }))).toMatchObject({
      direction: "inbound",
      outcome: "no_answer",
    });
  });

  test("without statistics is closed by its last closing", () => {
    const record = conversation([part("close", 1400, omar), part("open", 1500, lea), part("close", 1600, omar)], {
      state: "closed",
      statistics: null,
    });
    expect(factOf("conversation", record)).toMatchObject({ closedAt: { instant: new Date(1_600_000) } });
  });

  test("leads to the inbox of its region where the workspace is named", () => {
    const eu = connect({ now: () => now }, { region: "eu", workspace_id: "abc1d2ef" });
    expect(factsOf(eu, "conversations", conversation([])).facts[0]).toMatchObject({
      url: "https://app.eu.intercom.com/a/inbox/abc1d2ef/inbox/conversation/c1",
    });
  });
});

function notification(topic: string, item: object | null): object {
  const event = { type: "notification_event", id: "notif_1", topic, app_id: "abc1d2ef", created_at: NOW_S };
  return { ...event, data: { type: "notification_event_data", item } };
}

describe("a notification of Intercom", () => {
  const secret = "hub-demo-intercom-secret-0001";
  const { webhook } = intercom;
  const signed = (body: object, at = now) => {
    const request = delivery(body);
    const mac = createHmac("sha1", secret).update(request.body).digest("hex");
    return () => webhook?.verify({ ...request, headers: { "x-hub-signature": `sha1=${mac}` } }, secret, at);
  };

  test("is signed as the vendor signs: HMAC-SHA1 in hex of the raw body with the client secret", () => {
    // A vector that was worked by hand; it has no topic, so that its signature holds and its content does not.
    const body = Buffer.from('{"type":"notification_event","id":"notif_demo_1"}');
    const headers = { "x-hub-signature": "sha1=fe20918654980f094f5e1ec869d0715aec819b51" };
    expect(() => webhook?.verify({ headers, body }, secret, now)).toThrow(
      expect.objectContaining({ code: "intercom.webhook.unreadable" }),
    );
    const refused = expect.objectContaining({ code: "intercom.webhook.signature_invalid", kind: "auth" }) as Error;
    expect(() => webhook?.verify({ headers, body }, "another", now)).toThrow(refused);
    expect(() => webhook?.verify({ headers: {}, body }, secret, now)).toThrow(refused);
    expect(() => webhook?.verify({ headers, body: Buffer.concat([body, Buffer.from(" ")]) }, secret, now)).toThrow(
      refused,
    );
  });

  test("that is an hour old is refused", () => {
    expect(signed(notification("ping", null))).not.toThrow();
    const late = new Date(now.getTime() + 3_601_000);
    expect(signed(notification("ping", null), late)).toThrow(
      expect.objectContaining({ code: "intercom.webhook.too_old" }),
    );
  });

  test("brings the conversation exactly as a pull does, a deletion unasked, a ping nothing", async () => {
    const landed = await pull(connect(later(18 * 60)), "conversations");
    const id = some("conversations", 11);
    const [part] = await partsOf(at, delivery(notification("conversation.admin.closed", { type: "conversation", id })));
    expect(JSON.stringify(part?.records)).toBe(JSON.stringify([landed.streams.get("conversations")?.get(id)]));
    const from = sim.log.length;
    expect(await partsOf(at, delivery(notification("conversation.deleted", { type: "conversation", id })))).toEqual([
      { stream: "conversations", records: [], deleted: [id] },
    ]);
    expect(await partsOf(at, delivery(notification("contact.deleted", { type: "contact", id })))).toMatchObject([
      { stream: "contacts", deleted: [id] },
    ]);
    expect(await partsOf(at, delivery(notification("ping", { type: "ping" })))).toEqual([]);
    expect(sim.log.length).toBe(from);
  });
});

test("a chat in the live company is told at once, signed, and is pulled", async () => {
  const live = createCompany({ seed: 7, now, scale: 0.05 });
  const own = await startIntercomSimulator({ company: live, clock: { now: () => now }, limits: "off" });
  const receiver = await startReceiver();
  await own.webhooks.subscribe(receiver.url);
  const life = live.live({ clock: { now: () => now } });
  let chat: string | null = null;
  life.onChange((change) => {
    own.change(change);
    if (change.type === "chat.created") chat = change.chat.id;
  });
  while (chat === null) life.tick();
  await own.webhooks.settled();
  const [told] = receiver.received.filter(({ body }) => body.includes("conversation.user.created"));
  const request = { headers: told?.headers as { [name: string]: string }, body: Buffer.from(told?.body ?? "") };
  intercom.webhook?.verify(request, own.oauth.clientSecret, now);
  const there = atVendor(intercom, { settings: { base_url: own.baseUrl }, credentials: own.credentials });
  const [part] = await partsOf(there, request);
  expect(part?.records).toHaveLength(1);
  expect(factsOf(there, "conversations", part?.records[0] ?? null).facts[0]).toMatchObject({
    kind: "conversation",
    status: "open",
    startedAt: { instant: now },
  });
  await own.close();
});

test("the window's end is told against the vendor's own clock", () => {
  const date = "Mon, 02 Mar 2026 12:00:00 GMT";
  const headers = {
    "x-ratelimit-limit": "1666",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(NOW_S + 7),
    date,
  };
  expect(readLimit(headers)).toEqual({ limit: 1666, remaining: 0, resetS: 7 });
});

test("the token of another region is refused with a word about regions", async () => {
  const other = atVendor(intercom, { settings: { base_url: sim.baseUrl }, credentials: { access_token: "no" } });
  await expect(pull(other, "admins")).rejects.toMatchObject({
    code: "intercom.auth.token_rejected",
    kind: "auth",
    mend: expect.stringContaining("region") as string,
  });
});

test("the check names the workspace and each permission that is missing", async () => {
  sim.dial.denied = ["contacts", "companies"];
  const result = await intercom.check(at.client, at.settings);
  expect(result).toMatchObject({ accountId: "abc1d2ef", accountName: "Fernhill Software" });
  expect(result.missingPermissions.map((text) => text.split(":")[0])).toEqual([
    "read users and contacts",
    "read companies",
  ]);
  expect(idsOf(await pull(at, "admins"), "admins").length).toBeGreaterThan(10);
  sim.dial.denied = [];
});

test("signs in by code, with a token that lasts", async () => {
  const method = intercom.auth.find((one) => one.kind === "oauth2");
  if (method?.kind !== "oauth2") throw new RangeError("no OAuth");
  const settings = { base_url: sim.baseUrl };
  const client = { client_id: sim.oauth.clientId, client_secret: sim.oauth.clientSecret };
  const request = { settings, credentials: client, redirectUri: "https://hub.example/oauth", verifier: null };
  const deps = { clock: { now: () => now }, allowPrivateNetworks: true };
  const credentials = await oauthExchange(deps, method, { ...request, code: sim.oauth.authorize(null) });
  expect(credentials).toMatchObject({ expires_at: null });
  const signedIn = atVendor(intercom, { settings, credentials });
  expect(idsOf(await pull(signedIn, "teams"), "teams").length).toBe(4);
  expect(method.tokenUrl({ region: "au" })).toBe("https://api.au.intercom.io/auth/eagle/token");
  expect(method.authorizeUrl({ region: "au" })).toBe("https://app.au.intercom.com/oauth");
});
