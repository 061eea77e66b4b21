import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../core/base/json.ts";
import { valueAt } from "../../connectors/gong/client.ts";
import { gong } from "../../connectors/gong/index.ts";
import type { GongSimulator } from "../../connectors/gong/simulator/index.ts";
import {
  addCall,
  connect,
  ids,
  land,
  listedIds,
  nothingPulled,
  pull,
  smallAccount,
  type StillClock,
} from "./gong-harness.ts";

let sim: GongSimulator;
let clock: StillClock;

beforeEach(async () => {
  ({ sim, clock } = await smallAccount());
});
afterEach(() => sim.close());

const HOUR_MS = 3_600_000;

/** Bodies of the requests for calls, since `from` of them. */
function asked(path = "/v2/calls/extensive", from = 0): readonly JsonObject[] {
  return sim.bodies
    .filter((one) => one.path === path)
    .slice(from)
    .map((one) => one.body as JsonObject);
}

function addCalls(count: number, day: string, prefix = "call"): readonly string[] {
  const startMs = Date.parse(`${day}T08:00:00Z`);
  return Array.from({ length: count }, (_, nth) =>
    addCall(sim, `${prefix} ${day} ${nth}`, new Date(startMs + nth * 60_000).toISOString()),
  );
}

describe("listing calls", () => {
  it("brings every call, however old", async () => {
    addCall(sim, "imported", "2013-05-06T10:00:00Z");
    addCalls(250, "2026-03-01");
    expect(ids(await pull(sim, clock, "calls"))).toEqual(listedIds(sim, clock));
  });

  it("goes on by the cursor in the body: in the address it is passed over, and every page is the first", async () => {
    addCalls(250, "2026-03-01");
    await pull(sim, clock, "calls", { since: new Date("2026-03-01T00:00:00Z") });
    expect(asked().map((body) => typeof body["cursor"])).toEqual(["undefined", "string", "string", "undefined"]);
    expect(sim.log.every((request) => request.query === "")).toBe(true);
  });

  it("takes an empty list for empty, though it is answered with a 404", async () => {
    sim.store.calls.clear();
    const pulled = await pull(sim, clock, "calls");
    expect(ids(pulled)).toEqual([]);
    expect(sim.log.every((request) => request.status === 404)).toBe(true);
  });

  it("goes on inside a day after a kill, and ends equal to one that was not killed", async () => {
    addCalls(250, "2026-03-01");
    const pulled = nothingPulled();
    for (let kill = 0; kill < 60; kill += 1) await pull(sim, clock, "calls", { into: pulled, maxPages: 1 });
    expect(ids(pulled)).toEqual(listedIds(sim, clock));
  });

  it("lists a day anew when Gong no longer takes its cursor", async () => {
    addCalls(250, "2026-03-01");
    const since = new Date("2026-03-01T00:00:00Z");
    const pulled = await pull(sim, clock, "calls", { since, maxPages: 1 });
    clock.time = new Date(clock.time.getTime() + HOUR_MS);
    await pull(sim, clock, "calls", { since, into: pulled });
    expect(pulled.logs).toContain("Gong no longer takes the cursor: listing the days again");
    expect(ids(pulled)).toEqual(listedIds(sim, clock).filter((id) => sim.store.calls.get(id)?.day === "2026-03-01"));
  });

  it("asks for no media, whose address is signed anew each time: a call that is read twice is the same", async () => {
    addCalls(3, "2026-03-01");
    const first = await pull(sim, clock, "calls");
    const again = await pull(sim, clock, "calls", { since: new Date("2026-03-01T00:00:00Z") });
    for (const [id, record] of again.records) expect(record).toEqual(first.records.get(id));
    expect(asked()[0]).toMatchObject({ contentSelector: { exposedFields: { media: false, parties: true } } });
  });
});

describe("what comes, changes and goes without a word", () => {
  it("brings a call that took place before the last pull and was analysed after it", async () => {
    const pulled = await pull(sim, clock, "calls");
    const late = addCall(sim, "late", "2026-03-01T09:00:00Z");
    await pull(sim, clock, "calls", { into: pulled });
    expect(ids(pulled)).toContain(late);
  });

  it("lists yesterday and today with every pull, and two weeks once a day", async () => {
    const pulled = await pull(sim, clock, "calls");
    const before = asked().length;
    clock.time = new Date(clock.time.getTime() + HOUR_MS);
    await pull(sim, clock, "calls", { into: pulled });
    const from = (body: JsonObject): unknown => (body["filter"] as JsonObject)["fromDateTime"];
    expect(asked("/v2/calls/extensive", before).map(from)).toEqual(["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"]);
    clock.time = new Date("2026-03-03T00:10:00Z");
    await pull(sim, clock, "calls", { into: pulled });
    expect(
      asked("/v2/calls/extensive", before + 2)
        .map(from)
        .slice(0, 2),
    ).toEqual(["2026-02-17T00:00:00Z", "2026-02-18T00:00:00Z"]);
    expect(asked("/v2/calls/extensive", before + 2)).toHaveLength(15);
  });

  it("brings a new title within two days at once, and within two weeks by the next day", async () => {
    const fresh = addCall(sim, "fresh", "2026-03-01T09:00:00Z");
    const older = addCall(sim, "older", "2026-02-20T09:00:00Z");
    const pulled = await pull(sim, clock, "calls");
    for (const id of [fresh, older]) sim.store.editCall(id, { title: "Renamed" });
    const title = (id: string): unknown => valueAt(pulled.records.get(id) ?? null, "metaData", "title");
    await pull(sim, clock, "calls", { into: pulled });
    expect([title(fresh), title(older) === "Renamed"]).toEqual(["Renamed", false]);
    clock.time = new Date("2026-03-03T00:10:00Z");
    await pull(sim, clock, "calls", { into: pulled });
    expect(title(older)).toBe("Renamed");
  });

  it("finds a deleted call gone when its day is listed again", async () => {
    const [doomed = "", kept = ""] = addCalls(3, "2026-03-01");
    const pulled = await pull(sim, clock, "calls");
    sim.store.calls.delete(doomed);
    await pull(sim, clock, "calls", { into: pulled });
    expect(ids(pulled)).not.toContain(doomed);
    expect(ids(pulled)).toContain(kept);
  });

  it("takes the last call of a day for deleted, though the day is then answered with a 404", async () => {
    const doomed = addCall(sim, "only one", "2026-03-01T09:00:00Z");
    const pulled = await pull(sim, clock, "calls");
    sim.store.calls.delete(doomed);
    await pull(sim, clock, "calls", { into: pulled });
    expect(ids(pulled)).toEqual(listedIds(sim, clock));
  });

  it("keeps everything when all calls are out of sight at once: lost permissions look like that", async () => {
    addCalls(40, "2026-03-01");
    const pulled = await pull(sim, clock, "calls");
    const before = ids(pulled);
    sim.store.calls.clear();
    await pull(sim, clock, "calls", { into: pulled });
    expect(ids(pulled)).toEqual(before);
    expect(pulled.logs.some((line) => line.startsWith("40 of 40 records are no longer listed."))).toBe(true);
  });

  it("does not take a meeting for deleted that began on another day than the one it was scheduled for", async () => {
    const id = addCall(sim, "midnight", "2026-02-28T23:55:00Z");
    sim.store.editCall(id, { direction: "Conference", started: "2026-03-01T00:03:00+00:00" });
    const pulled = await pull(sim, clock, "calls");
    await pull(sim, clock, "calls", { into: pulled });
    expect(ids(pulled)).toContain(id);
  });

  it("does not take a call for deleted that moved from one listed day to another", async () => {
    const id = addCall(sim, "moved", "2026-03-01T09:00:00Z");
    const pulled = await pull(sim, clock, "calls");
    const call = sim.store.calls.get(id);
    if (call !== undefined) sim.store.calls.set(id, { ...call, listedMs: Date.parse("2026-03-02T09:00:00Z") });
    await pull(sim, clock, "calls", { into: pulled });
    expect(ids(pulled)).toContain(id);
  });

  it("misses nothing after it was off for longer than the days that are listed again", async () => {
    const pulled = await pull(sim, clock, "calls");
    for (const day of ["2026-03-02", "2026-03-20", "2026-04-09"]) addCalls(2, day);
    clock.time = new Date("2026-04-10T12:00:00Z");
    await pull(sim, clock, "calls", { into: pulled });
    expect(ids(pulled)).toEqual(listedIds(sim, clock));
  });
});

describe("lists by plain days", () => {
  it("asks for users' activity of days alone that are over wherever the company is", async () => {
    // 3 in the morning in UTC: in New York it is still the day before.
    clock.time = new Date("2026-03-02T03:00:00Z");
    const pulled = await pull(sim, clock, "user_activity");
    expect(sim.log.filter((request) => request.status === 400)).toEqual([]);
    const last = valueAt(asked("/v2/stats/activity/day-by-day").at(-1) ?? null, "filter", "toDate");
    expect(last).toBe("2026-03-01");
    expect(pulled.records.size).toBeGreaterThan(10);
  });

  it("keeps a day of a user as a record, and none for days on which nothing was done", async () => {
    const pulled = await pull(sim, clock, "user_activity");
    const hosted = [...sim.store.calls.values()].map((call) => `${call.hostId}|${call.day}`);
    expect(hosted.filter((id) => !pulled.records.has(id))).toEqual([]);
    for (const record of pulled.records.values()) {
      expect(Object.values(record).some((value) => Array.isArray(value) && value.length > 0)).toBe(true);
    }
  });

  it("brings reviews of today: the bound is exclusive, and the same day twice is an empty list", async () => {
    const [like] = sim.store.reviews.values();
    const today = { ...like?.document, answeredScorecardId: "17" };
    sim.store.reviews.set("17", { id: "17", day: "2026-03-02", document: today });
    const pulled = await pull(sim, clock, "scorecard_reviews");
    expect(ids(pulled)).toContain("17");
  });

  it("tells two reviews of one scorecard apart", async () => {
    const [like] = sim.store.reviews.values();
    for (const id of ["17", "18"]) {
      const document = { ...like?.document, scorecardId: "9", answeredScorecardId: id };
      sim.store.reviews.set(id, { id, day: "2026-03-01", document });
    }
    const pulled = await pull(sim, clock, "scorecard_reviews");
    expect(ids(pulled)).toEqual(expect.arrayContaining(["17", "18"]));
  });
});

describe("what is not asked for", () => {
  it("transcripts stay in Gong unless the connection asks for them", async () => {
    const isActive = gong.streams["transcripts"]?.isActive;
    expect(isActive?.(gong.settings.parse({}))).toBe(false);
    expect(isActive?.(gong.settings.parse({ transcripts: true }))).toBe(true);
    await pull(sim, clock, "calls");
    expect(sim.bodies.some((one) => one.path === "/v2/calls/transcript")).toBe(false);
  });
});

describe("limits", () => {
  it("a day's quota that is used up is waited for, not failed at", async () => {
    sim.dial.quota = 3;
    await expect(pull(sim, clock, "calls")).rejects.toMatchObject({
      kind: "rate_limited",
      retryAt: new Date(clock.time.getTime() + HOUR_MS),
    });
  });
});

describe("the set-up's check", () => {
  const check = () => {
    const { client, settings } = connect(sim, clock);
    return gong.check(client, settings);
  };

  it("names the account by its workspace and the users' domain", async () => {
    expect(await check()).toMatchObject({
      accountId: sim.store.workspace.id,
      accountName: "Fernhill Software · fernhill.example",
      missingPermissions: [],
    });
  });

  it("says one by one what the credentials may not read, and lets the other streams be", async () => {
    sim.dial.denied.add("api:stats:user-actions:detailed").add("api:workspaces:read");
    const { missingPermissions, accountName } = await check();
    expect(missingPermissions.map((line) => line.split(": ")[0])).toEqual([
      "api:stats:user-actions:detailed",
      "api:workspaces:read",
    ]);
    expect(accountName).toBe("fernhill.example");
    await expect(pull(sim, clock, "user_activity")).rejects.toMatchObject({
      code: "gong.permission_missing",
      kind: "config",
    });
    expect((await pull(sim, clock, "users")).records.size).toBe(sim.store.users.size);
  });

  it("warns where no call is to be seen: credentials without sight of calls get the same answer", async () => {
    sim.store.calls.clear();
    expect((await check()).warnings).toEqual([expect.stringContaining("Gong shows no calls") as string]);
  });
});

describe("reconcile", () => {
  it("holds Gong's own count, which runs ahead of what is listed", async () => {
    const id = addCall(sim, "in work", "2026-03-02T11:59:00Z");
    const call = sim.store.calls.get(id);
    if (call !== undefined) sim.store.calls.set(id, { ...call, visibleMs: clock.time.getTime() + 60_000 });
    const { client, settings } = connect(sim, clock);
    const [calls, users] = (await gong.totals?.(client, settings)) ?? [];
    const listed = (await pull(sim, clock, "calls")).records.size;
    expect(calls).toMatchObject({ theirs: listed + 1, ours: { stream: "calls" } });
    expect(calls?.note).toContain("still analysing");
    expect(users).toMatchObject({ theirs: sim.store.users.size });
  });
});

describe("a webhook's delivery", () => {
  const delivery = (id: string) => ({
    headers: {},
    body: Buffer.from(JSON.stringify({ callData: { metaData: { id }, media: { audioUrl: "signed" } }, isTest: false })),
  });

  it("brings the very record that a pull brings", async () => {
    const id = addCall(sim, "told", "2026-03-01T09:00:00Z");
    const { client } = connect(sim, clock);
    const told = nothingPulled();
    for (const part of (await gong.webhook?.parts(delivery(id), client)) ?? []) land(told, part.stream, part);
    const pulled = await pull(sim, clock, "calls");
    expect(told.records.get(id)).toEqual(pulled.records.get(id));
  });

  it("of a call that is gone takes it away", async () => {
    const { client } = connect(sim, clock);
    expect(await gong.webhook?.parts(delivery("17"), client)).toEqual([
      { stream: "calls", records: [], deleted: ["17"] },
    ]);
  });
});

describe("OAuth", () => {
  it("is answered with the account's own address, and the token works there", async () => {
    const back = await fetch(`${sim.baseUrl}/oauth2/authorize?redirect_uri=https://hub.example/back`, {
      redirect: "manual",
    });
    const code = new URL(back.headers.get("location") ?? "").searchParams.get("code") ?? "";
    const basic = Buffer.from(`${sim.oauth.clientId}:${sim.oauth.clientSecret}`).toString("base64");
    const url = `${sim.baseUrl}/oauth2/generate-customer-token?grant_type=authorization_code&code=${code}`;
    const response = await fetch(url, { method: "POST", headers: { authorization: `Basic ${basic}` } });
    const tokens = (await response.json()) as JsonObject;
    expect(tokens["api_base_url_for_customer"]).toBe(sim.baseUrl);
    const { client, settings } = connect(sim, clock, {}, tokens);
    expect(await gong.check(client, settings)).toMatchObject({ missingPermissions: [] });
  });
});
