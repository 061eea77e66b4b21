import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drift } from "../../connectors/drift/index.ts";
import { type DriftSimulator, startDriftSimulator } from "../../connectors/drift/simulator/index.ts";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import type { Chat } from "../../connectors/_simulator/company/model.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { silentLog } from "../../core/base/log.ts";
import { oauthExchange, oauthRenew } from "../../core/connector/oauth.ts";
import { runPull } from "../../core/land/run.ts";
import { readConnection } from "../../core/store/setup/connections.ts";
import { createPullRoom } from "../../workers/pull-room.ts";
import { createPullProcessor } from "../../workers/pull.ts";
import { testDatabase } from "../support/database.ts";
import { testEngine } from "../support/engine.ts";
import { atVendor, type AtVendor, delivery, factsOf, idsOf, nothingLanded, partsOf, pull } from "../support/vendor.ts";

const now = new Date("2026-03-02T12:00:00Z");
const clock = { now: () => now };
const company = createCompany({ seed: 7, now, scale: 0.25 });
let sim: DriftSimulator;
let at: AtVendor;

beforeAll(async () => {
  sim = await startDriftSimulator({ company, clock, limits: "off", chats: "all" });
  at = atVendor(drift, { settings: { base_url: sim.baseUrl }, credentials: sim.credentials, clock });
});
afterAll(() => sim.close());

const listRequests = (from = 0): number =>
  sim.log.slice(from).filter(({ path }) => path === "/conversations/list").length;
const all = (): string[] => [...sim.store.conversations.keys()].map(String).toSorted();
const held = () => sim.store.latestFirst().filter((row) => row["status"] !== "bulk_sent");
const touch = (id: number, updatedAt: number): void => {
  const conversation = sim.store.conversations.get(id);
  if (conversation !== undefined) sim.store.putConversation({ ...conversation, updatedAt });
};

describe("Drift's list without a time filter", () => {
  test("is read whole in both of its ways to page, though links name another host", async () => {
    const byLinks = await pull(at, "conversations");
    sim.dial.paging = "pagination";
    const byNumbers = await pull(at, "conversations");
    sim.dial.paging = "links";
    expect(idsOf(byLinks, "conversations")).toEqual(all());
    expect(byNumbers.streams).toEqual(byLinks.streams);
    expect(all().length).toBeGreaterThan(100);
  });

  test("is asked for one page when nothing has changed, and for the details of the overlap alone", async () => {
    const landed = await pull(at, "conversations");
    const before = sim.log.length;
    await pull(at, "conversations", { into: landed });
    expect(listRequests(before)).toBe(1);
    expect(sim.log.length - before).toBeLessThan(20);
  });

  test("gives a conversation that moves to the top while it is read, in its latest version", async () => {
    const last = held().at(-1)?.id ?? 0;
    const movedTo = now.getTime() - 1000;
    const landed = await pull(at, "conversations", {
      onPage: () => {
        // Once the first page has landed, the oldest conversation becomes the latest.
        if (sim.store.conversations.get(last)?.updatedAt !== movedTo) touch(last, movedTo);
      },
    });
    expect(idsOf(landed, "conversations")).toEqual(all());
    expect(landed.streams.get("conversations")?.get(String(last))).toMatchObject({ updatedAt: movedTo });
  });

  test("is gone on with where a killed pull stood; what has changed since is brought by the next", async () => {
    const landed = await pull(at, "conversations", { onPage: () => false });
    // Of the first page, and older than the ten minutes that are always read again.
    const first = sim.store.latestFirst()[20];
    const before = sim.log.length;
    await pull(at, "conversations", { into: landed });
    expect(idsOf(landed, "conversations")).toEqual(all());
    const asked = sim.log.slice(before).filter(({ path }) => path === `/conversations/${first?.id}/messages`);
    expect(asked).toEqual([]);
  });

  test("begins at the top again when the page token of a killed pull is refused", async () => {
    const landed = nothingLanded({ readUpTo: null, walk: { cursor: "page_token=%21%21", newest: null, until: null } });
    await pull(at, "conversations", { into: landed });
    expect(idsOf(landed, "conversations")).toEqual(all());
  });

  test("is read back to the day that was asked for", async () => {
    const since = new Date("2026-01-15T00:00:00Z");
    const landed = await pull(at, "conversations", { since });
    const wanted = sim.store.latestFirst().filter(({ updatedAt }) => updatedAt >= since.getTime());
    expect(idsOf(landed, "conversations")).toEqual(wanted.map(({ id }) => String(id)).toSorted());
  });
});

describe("a conversation of Drift", () => {
  test("knows the person, the rep who answered, the first response and its messages, and nothing of a playbook's mailing", async () => {
    const chat = company.chats.find(
      (one): one is Chat & { repId: string } => one.repId !== null && one.personId !== null,
    );
    const rep = company.reps.find(({ id }) => id === chat?.repId);
    const person = company.people.find(({ id }) => id === chat?.personId);
    const landed = await pull(at, "conversations");
    await pull(at, "users", { into: landed });
    const id = String(3_700_000_000 + Number(chat?.id.slice("chat-".length)));
    const { facts } = factsOf(at, "conversations", landed.streams.get("conversations")?.get(id) ?? null);
    const [conversation, activity] = facts;
    expect(conversation).toMatchObject({
      kind: "conversation",
      startedAt: { instant: chat?.startedAt },
      firstResponseAt: { instant: chat?.firstResponseAt },
      attributes: { messages: 4 },
    });
    expect(activity).toMatchObject({ kind: "activity", type: "chat", direction: "inbound" });
    const fact = conversation as { rep: string; person: string };
    const repFact = factsOf(at, "users", landed.streams.get("users")?.get(fact.rep) ?? null).facts[0];
    expect(repFact).toMatchObject({ kind: "rep", email: rep?.email });
    const personFact = factsOf(at, "contacts", landed.streams.get("contacts")?.get(fact.person) ?? null).facts[0];
    expect(personFact).toMatchObject({ kind: "person", emails: [person?.email] });

    const mailing = landed.streams.get("conversations")?.get("3690000001");
    expect(mailing).toMatchObject({ status: "bulk_sent" });
    expect(factsOf(at, "conversations", mailing ?? null)).toEqual({ facts: [], skipped: [] });
    expect(sim.log.some(({ path }) => path === "/conversations/3690000001/messages")).toBe(false);
  });

  test("that is gone before its messages are asked for is deleted", async () => {
    const gone = sim.store.latestFirst()[3]?.id ?? 0;
    const messages = sim.store.messages.get(gone);
    sim.store.messages.delete(gone);
    const landed = await pull(at, "conversations");
    expect(landed.gone.get("conversations")).toEqual(new Set([String(gone)]));
    sim.store.messages.set(gone, messages ?? []);
  });

  test("with more than a page of messages comes with all of them", async () => {
    const id = sim.store.latestFirst()[2]?.id ?? 0;
    const messages = sim.store.messages.get(id) ?? [];
    const many = Array.from({ length: 120 }, (_, nth) => ({ ...messages[0], id: nth + 1 }));
    sim.store.messages.set(id, many);
    const landed = await pull(at, "conversations");
    expect(landed.streams.get("conversations")?.get(String(id))).toMatchObject({ messages: many });
    sim.store.messages.set(id, messages);
  });

  test("whose id has lost digits on its way is refused, not rounded", () => {
    expect(() => drift.streams["conversations"]?.externalId({ id: 2 ** 53 })).toThrow(
      expect.objectContaining({ code: "drift.record.no_id" }),
    );
  });

  test("of a visitor who has said nothing is nobody's, until the contact has an e-mail", () => {
    const anonymous = { id: 18_000_000_001, createdAt: 1, attributes: { tags: [] } };
    expect(factsOf(at, "contacts", anonymous).facts).toEqual([]);
    const identified = { ...anonymous, attributes: { email: "Lea.Martin@Northwind.example" } };
    expect(factsOf(at, "contacts", identified).facts).toMatchObject([{ emails: ["lea.martin@northwind.example"] }]);
  });
});

test("a meeting that was booked in a chat is recognised by its calendar id in the CRM", async () => {
  const meetings = await pull(at, "meetings");
  const [record] = [...(meetings.streams.get("meetings")?.values() ?? [])] as JsonObject[];
  const meeting = company.activities.find(({ id }) => `m-${Number(id.slice("activity-".length))}` === record?.["slug"]);
  expect(meeting).toMatchObject({ type: "meeting", calendarUid: record?.["eventId"] });
  expect(factsOf(at, "meetings", { ...record, status: "ACTIVE" }).facts).toMatchObject([
    { type: "meeting", matchKeys: [record?.["eventId"]], bookedAt: meeting?.createdAt },
  ]);
  expect(factsOf(at, "meetings", { ...record, status: "CANCELED" }).facts).toEqual([]);
});

describe("what Drift answers instead", () => {
  test.each(["error", "errors"] as const)("a refused token is named with the body's shape %s", async (shape) => {
    sim.dial.errorShape = shape;
    const other = atVendor(drift, { settings: { base_url: sim.baseUrl }, credentials: { access_token: "no" }, clock });
    await expect(pull(other, "users")).rejects.toMatchObject({ code: "drift.auth.token_rejected", kind: "auth" });
    sim.dial.errorShape = "error";
  });

  test("a missing scope is named by the check and stops its own streams alone", async () => {
    sim.dial.missingScopes = ["account_read", "contact_read", "all_contact_read"];
    const result = await drift.check(at.client, at.settings);
    expect(result).toMatchObject({ accountId: "128901", accountName: "Drift organization 128901" });
    expect(result.missingPermissions.map((text) => text.split(":")[0])).toEqual(["account_read", "contact_read"]);
    await expect(pull(at, "accounts")).rejects.toMatchObject({ code: "drift.permission_missing", kind: "config" });
    expect(idsOf(await pull(at, "users"), "users").length).toBeGreaterThan(10);
    sim.dial.missingScopes = [];
  });

  test("410 is the end; another's page and a missing list are signs of it, and so is nobody there", async () => {
    sim.dial.gone = "410";
    await expect(pull(at, "users")).rejects.toMatchObject({ code: "drift.vendor.ended", kind: "ended" });
    sim.dial.gone = "404";
    await expect(pull(at, "conversations")).rejects.toMatchObject({ code: "drift.api.not_found" });
    sim.dial.gone = "html";
    await expect(pull(at, "users")).rejects.toMatchObject({ code: "drift.http.unreadable", kind: "transient" });
    sim.dial.gone = null;
    const nobody = await startDriftSimulator({ company, clock, limits: "off" });
    await nobody.close();
    const alone = atVendor(drift, { settings: { base_url: nobody.baseUrl }, credentials: nobody.credentials, clock });
    await expect(pull(alone, "users")).rejects.toMatchObject({ code: "drift.http.unreachable", kind: "transient" });
    expect(drift.end?.signs).toEqual(
      expect.arrayContaining(["drift.api.not_found", "drift.http.unreadable", "drift.http.unreachable"]),
    );
  });
});

test("when Drift has ended, the connection has, says where to go, and is asked for no more", async () => {
  const store = await testDatabase();
  await store.db
    .insertInto("connections")
    .values({
      id: "d",
      connector: "drift",
      title: "Drift",
      settings: JSON.stringify({ base_url: sim.baseUrl }),
      inbound_token: "t",
    })
    .execute();
  const deps = testEngine(store, drift, clock);
  sim.dial.gone = "410";
  const request = { connectionId: "d", stream: "users", kind: "pull", trigger: "schedule", since: null } as const;
  await runPull(deps, request, new AbortController().signal);
  expect(await readConnection(store.db, "d")).toMatchObject({
    state: "ended",
    stateCode: "drift.vendor.ended",
    stateReason: expect.stringContaining("tributary connect intercom") as string,
  });
  const before = sim.log.length;
  const process = createPullProcessor({
    ...deps,
    connectors: [drift],
    requestMeasure: () => Promise.resolve(),
    room: createPullRoom({ places: 8, clock, isAwaited: () => Promise.resolve(false) }),
  });
  const signal = new AbortController().signal;
  await process(request, { jobId: "1", log: silentLog, signal, progress: () => Promise.resolve() });
  expect(sim.log.length).toBe(before);
  sim.dial.gone = null;
});

describe("a delivery of Drift", () => {
  const token = "drift-simulated-verification-token";
  const { webhook } = drift;

  test("is taken with the token in its body or header, and with no other", () => {
    const verify = (request: ReturnType<typeof delivery>) => () => webhook?.verify(request, token, now);
    const refused = expect.objectContaining({ code: "drift.webhook.token_invalid", kind: "auth" }) as Error;
    expect(verify(delivery({ type: "new_message", token, data: {} }))).not.toThrow();
    expect(verify(delivery({ type: "new_message", data: {} }, { "x-verification-token": token }))).not.toThrow();
    expect(verify(delivery({ type: "new_message", data: {} }))).toThrow(refused);
    expect(verify(delivery({ type: "new_message", token, data: {} }, { "x-verification-token": "x" }))).toThrow(
      refused,
    );
    expect(verify({ headers: {}, body: Buffer.from("not json") })).toThrow(refused);
  });

  test("is stored without the token", () => {
    const kept = webhook?.withoutSecret?.(
      delivery({ type: "t", token, data: 1 }, { "x-verification-token": token, a: "b" }),
    );
    expect(kept?.headers).toEqual({ a: "b" });
    expect(kept?.body.toString()).toBe('{"type":"t","data":1}');
  });

  test("of the same message has the same key, of a contact's next update another", () => {
    const key = (data: object): string => webhook?.dedupeKey(delivery({ type: "contact_updated", token, data })) ?? "";
    expect(key({ id: 1, name: "a" })).toBe(key({ id: 1, name: "a" }));
    expect(key({ id: 1, name: "a" })).not.toBe(key({ id: 1, name: "b" }));
  });

  test("brings the conversation and its contact exactly as a pull does", async () => {
    const pulled = await pull(at, "conversations");
    const [conversation] = held();
    const id = String(conversation?.id);
    const parts = await partsOf(
      at,
      delivery({ type: "new_message", data: { id: 5, conversationId: conversation?.id } }),
    );
    const [conversations, contacts] = parts;
    expect(JSON.stringify(conversations?.records)).toBe(JSON.stringify([pulled.streams.get("conversations")?.get(id)]));
    const contactId = String(conversation?.["contactId"]);
    expect(JSON.stringify(contacts?.records)).toBe(JSON.stringify([pulled.streams.get("contacts")?.get(contactId)]));
  });

  test("of a conversation that is gone deletes it, of a meeting brings it, of anything else nothing", async () => {
    expect(await partsOf(at, delivery({ type: "new_message", data: { conversationId: 1 } }))).toMatchObject([
      { stream: "conversations", records: [], deleted: ["1"] },
    ]);
    const [meeting] = sim.store.meetings.values();
    expect(await partsOf(at, delivery({ type: "meeting_updated", data: meeting }))).toMatchObject([
      { stream: "meetings", records: [meeting] },
    ]);
    expect(await partsOf(at, delivery({ type: "user_availability_updated", data: { id: 1 } }))).toEqual([]);
  });
});

test("signs in by code and gets new tokens by refresh", async () => {
  const method = drift.auth.find((one) => one.kind === "oauth2");
  if (method?.kind !== "oauth2") throw new RangeError("no OAuth");
  const settings = { base_url: sim.baseUrl };
  const client = { client_id: sim.oauth.clientId, client_secret: sim.oauth.clientSecret };
  const deps = { clock, allowPrivateNetworks: true };
  const code = sim.oauth.authorize(null);
  const redirectUri = "https://hub.example/oauth";
  const first = await oauthExchange(deps, method, { settings, credentials: client, redirectUri, code, verifier: null });
  const second = await oauthRenew(deps, method, settings, first);
  expect(second["access_token"]).not.toBe(first["access_token"]);
  const signedIn = atVendor(drift, { settings, credentials: second, clock });
  expect(idsOf(await pull(signedIn, "users"), "users").length).toBeGreaterThan(10);
  expect(method.authorizeUrl({})).toBe("https://dev.drift.com/authorize");
});
