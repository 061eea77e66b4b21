import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TributaryError } from "../../core/base/errors.ts";
import { close } from "../../connectors/close/index.ts";
import { closeId, coreTime } from "../../connectors/close/simulator/format.ts";
import type { CloseSimulator } from "../../connectors/close/simulator/index.ts";
import * as objects from "../../connectors/close/simulator/objects.ts";
import { connect, ids, nothingPulled, pull, record, smallAccount, type StillClock } from "./close-harness.ts";

let sim: CloseSimulator;
let clock: StillClock;

beforeEach(async () => {
  ({ sim, clock } = await smallAccount({ maxSkip: 1000 }));
});
afterEach(() => sim.close());

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function base(name: string, at: string | Date): { id: string; organization_id: string; at: Date } {
  return { id: closeId("acti", name), organization_id: sim.store.setup.organizationId, at: new Date(at) };
}

/** Adds calls at regular distances, the last one an hour ago. */
function addCalls(count: number, stepMs: number, prefix = "call"): void {
  for (let index = 0; index < count; index += 1) {
    const at = new Date(clock.now().getTime() - HOUR_MS - (count - 1 - index) * stepMs);
    sim.store.create("call", objects.call(base(`${prefix} ${index}`, at)), { at, isSilent: true });
  }
}

function allIds(kind: objects.Kind): string[] {
  return [...sim.store.all(kind)].map((row) => row.id).toSorted();
}

function addDeal(name: string, at: string, fields: objects.Fields = {}): string {
  const id = closeId("oppo", name);
  const [pipeline] = sim.store.setup.pipelines;
  const row = objects.opportunity({
    id,
    organization_id: sim.store.setup.organizationId,
    at: new Date(at),
    lead_id: closeId("lead", "halden"),
    user_id: sim.store.setup.users[0]?.id,
    status_id: closeId("stat", "qualifying"),
    pipeline_id: pipeline?.id,
    value: 1_840_000,
    ...fields,
  });
  sim.store.create("opportunity", row, { at: new Date(at), isSilent: true });
  return id;
}

describe("walking a list by date", () => {
  it("reads every row of an account that is older than a few windows", async () => {
    addCalls(450, 2 * DAY_MS);
    const pulled = await pull(sim, "calls", { clock });
    expect(ids(pulled, "calls")).toEqual(allIds("call"));
  });

  it("halves the window when max_skip is reached", async () => {
    addCalls(2_500, 60_000);
    const pulled = await pull(sim, "calls", { clock });
    expect(ids(pulled, "calls")).toEqual(allIds("call"));
    expect(pulled.logs.some((line) => line.includes("narrowing the window of activity/call/"))).toBe(true);
    expect(sim.log.some((request) => request.status === 400)).toBe(true);
  });

  it("gives up with a reason when more rows than max_skip share one second", async () => {
    for (let index = 0; index < 1_200; index += 1) {
      const at = new Date("2026-02-20T10:00:00.000Z");
      sim.store.create("call", objects.call(base(`same ${index}`, at)), { at, isSilent: true });
    }
    await expect(pull(sim, "calls", { clock })).rejects.toMatchObject({
      code: "close.list.keeps_moving",
      kind: "transient",
    });
  });

  it("misses no row when others are deleted between two pages", async () => {
    addCalls(500, 60_000);
    const doomed = sim.store.newestFirst("call").slice(0, 60);
    const pulled = nothingPulled();
    const since = new Date(clock.now().getTime() - DAY_MS);
    await pull(sim, "calls", { clock, into: pulled, since, maxPages: 2 });
    for (const row of doomed) sim.store.remove("call", row.id, { at: clock.now() });
    await pull(sim, "calls", { clock, into: pulled, since });
    expect(pulled.logs).toContain("activity/call/ changed while it was read: reading the window again");
    const left = new Set(allIds("call"));
    expect(ids(pulled, "calls").filter((id) => left.has(id))).toEqual([...left].toSorted());
  });

  it("misses no row while rows are deleted, edited, doubled and mixed during the walk", async () => {
    addCalls(900, 60_000);
    sim.faults.set({ deleteWhilePaging: 0.3, editWhilePaging: 0.3, duplicate: 0.3, reorder: 0.3 });
    const pulled = await pull(sim, "calls", { clock });
    sim.faults.clear();
    const found = new Set(ids(pulled, "calls"));
    expect(allIds("call").filter((id) => !found.has(id))).toEqual([]);
  });

  it("goes on inside the window after a kill, without reading the pages before it again", async () => {
    addCalls(500, 60_000);
    const since = new Date(clock.now().getTime() - DAY_MS);
    const pulled = await pull(sim, "calls", { clock, since, maxPages: 2 });
    const before = sim.log.length;
    await pull(sim, "calls", { clock, into: pulled, since });
    expect(ids(pulled, "calls")).toEqual(allIds("call"));
    const skips = sim.log.slice(before).map((request) => Number(new URLSearchParams(request.query).get("_skip") ?? 0));
    // Two pages of 100 that share a row: the third begins with row 198.
    expect(skips).toEqual([198, 297, 396, 495]);
  });

  it("survives a kill after every single page", async () => {
    addCalls(350, 6 * HOUR_MS);
    const pulled = nothingPulled();
    for (let round = 0; round < 80; round += 1) await pull(sim, "calls", { clock, into: pulled, maxPages: 1 });
    expect(ids(pulled, "calls")).toEqual(allIds("call"));
  });

  it("does not go further back than it is asked to", async () => {
    addCalls(100, DAY_MS);
    const since = new Date(clock.now().getTime() - 10 * DAY_MS);
    const pulled = await pull(sim, "calls", { clock, since });
    expect(ids(pulled, "calls")).toHaveLength(10);
  });
});

describe("checkpoints", () => {
  it("a meeting in the future is read and does not move the checkpoint past the start of the run", async () => {
    const soon = objects.meeting(base("next week", "2026-03-09T13:00:00Z"));
    const late = objects.meeting(base("next year", "2027-06-01T13:00:00Z"));
    for (const one of [soon, late]) sim.store.create("meeting", one, { at: clock.now(), isSilent: true });
    const pulled = await pull(sim, "meetings", { clock });
    expect(ids(pulled, "meetings")).toEqual([soon.id, late.id].toSorted());
    expect(pulled.checkpoint).toMatchObject({ readUpTo: "2026-03-02T12:00:00.000Z", isWalking: false });
    clock.time = new Date("2026-03-02T13:00:00Z");
    const booked = objects.meeting(base("tomorrow", "2026-03-03T09:00:00Z"));
    sim.store.create("meeting", booked, { at: clock.now(), isSilent: true });
    await pull(sim, "meetings", { clock, into: pulled });
    expect(ids(pulled, "meetings")).toEqual([soon.id, late.id, booked.id].toSorted());
  });

  it("an e-mail that is synced late is found by the overlap", async () => {
    const pulled = await pull(sim, "emails", { clock });
    clock.time = new Date("2026-03-02T15:00:00Z");
    const late = objects.email(base("synced late", "2026-03-02T04:00:00Z"));
    sim.store.create("email", late, { at: clock.now(), isSilent: true });
    await pull(sim, "emails", { clock, into: pulled });
    expect(ids(pulled, "emails")).toEqual([late.id]);
  });

  it("mail of a mailbox that is connected weeks later is found by the weekly sweep", async () => {
    const pulled = await pull(sim, "emails", { clock });
    const old = objects.email(base("old mail", "2026-01-20T04:00:00Z"));
    sim.store.create("email", old, { at: clock.now(), isSilent: true });
    clock.time = new Date("2026-03-05T12:00:00Z");
    await pull(sim, "emails", { clock, into: pulled });
    expect(ids(pulled, "emails")).toEqual([]);
    clock.time = new Date("2026-03-09T13:00:00Z");
    await pull(sim, "emails", { clock, into: pulled });
    expect(ids(pulled, "emails")).toEqual([old.id]);
  });

  it("a deal that changed while the first load was under way is read by the next pull", async () => {
    const id = addDeal("early", "2024-06-10T09:00:00Z");
    for (let index = 0; index < 30; index += 1) addDeal(`deal ${index}`, "2026-02-01T09:00:00Z");
    const pulled = await pull(sim, "opportunities", { clock, maxPages: 4 });
    expect(ids(pulled, "opportunities")).toEqual([id]);
    clock.time = new Date("2026-03-02T12:10:00Z");
    sim.store.update("opportunity", id, { value: 99 }, { at: clock.now(), isSilent: true });
    clock.time = new Date("2026-03-02T12:20:00Z");
    await pull(sim, "opportunities", { clock, into: pulled });
    await pull(sim, "opportunities", { clock, into: pulled });
    expect(record(pulled, "opportunities", id)["value"]).toBe(99);
  });

  it("asks for changed deals by date_updated after the first load", async () => {
    const id = addDeal("one", "2026-02-01T09:00:00Z");
    const pulled = await pull(sim, "opportunities", { clock });
    clock.time = new Date("2026-03-02T14:00:00Z");
    sim.store.update("opportunity", id, { confidence: 80 }, { at: new Date("2026-03-02T13:00:00Z"), isSilent: true });
    await pull(sim, "opportunities", { clock, into: pulled });
    expect(record(pulled, "opportunities", id)["confidence"]).toBe(80);
    expect(sim.log.at(-1)?.query).toContain("date_updated__gte");
  });
});

describe("leads", () => {
  function addLead(name: string, at: string): string {
    const id = closeId("lead", name);
    const organization_id = sim.store.setup.organizationId;
    sim.store.create("lead", objects.lead({ id, organization_id, at: new Date(at), name }), {
      at: new Date(at),
      isSilent: true,
    });
    const contact = objects.contact({
      id: closeId("cont", name),
      organization_id,
      at: new Date(at),
      lead_id: id,
      name,
    });
    sim.store.create("contact", contact, { at: new Date(at), isSilent: true });
    return id;
  }

  it("reads leads with their contacts, and later only what changed", async () => {
    for (let index = 0; index < 230; index += 1) addLead(`lead ${index}`, "2026-01-05T10:00:00Z");
    const pulled = await pull(sim, "leads", { clock });
    expect(ids(pulled, "leads")).toEqual(allIds("lead"));
    expect(ids(pulled, "contacts")).toEqual(allIds("contact"));
    clock.time = new Date("2026-03-03T12:00:00Z");
    const changed = closeId("lead", "lead 7");
    sim.store.update(
      "lead",
      changed,
      { url: "https://new.example" },
      { at: new Date("2026-03-03T11:00:00Z"), isSilent: true },
    );
    const next = await pull(sim, "leads", { clock, checkpoint: pulled.checkpoint });
    expect(record(next, "leads", changed)["url"]).toBe("https://new.example");
  });

  it("starts again from the last date when a search cursor has expired", async () => {
    for (let index = 0; index < 250; index += 1) addLead(`same time ${index}`, "2026-01-05T10:00:00Z");
    sim.dial.cursorLifeMs = -1;
    const expired = pull(sim, "leads", { clock }).then((pulled) => ids(pulled, "leads").length);
    sim.dial.cursorLifeMs = 600_000;
    expect(await expired).toBe(250);
  });
});

describe("users", () => {
  it("keeps people who have left, whom the list of users no longer shows", async () => {
    const pulled = await pull(sim, "users", { clock });
    const petra = record(pulled, "users", closeId("user", "petra"));
    expect(petra["user_full_name"]).toBe("Petra Novak");
    expect(ids(pulled, "users")).toHaveLength(3);
  });
});

describe("reaching the account", () => {
  it("names the organization", async () => {
    const { client, settings } = connect(sim, { clock });
    expect(await close.check(client, settings)).toEqual({
      accountId: sim.store.setup.organizationId,
      accountName: "Halden Metering",
      missingPermissions: [],
      warnings: [],
    });
  });

  it("warns of a restricted key and names each permission that is missing", async () => {
    await sim.close();
    const keys = { api_restricted: { role: "restricteduser" as const, denied: ["activity/call", "webhook"] } };
    ({ sim, clock } = await smallAccount({ keys }));
    const { client, settings } = connect(sim, { clock, apiKey: "api_restricted" });
    const result = await close.check(client, settings);
    expect(result.missingPermissions).toEqual(["calls", "webhooks: changes will arrive with the next pull only"]);
    expect(result.warnings).toHaveLength(2);
    expect(result.warnings[0]).toContain("restricteduser");
    expect(result.warnings[1]).toContain("view_all_leads");
  });

  it("warns of a lost reason field that the account does not have", async () => {
    const { client, settings } = connect(sim, { clock, settings: { lost_reason_field: "Why lost" } });
    const { warnings } = await close.check(client, settings);
    expect(warnings).toEqual([
      'lost_reason_field names "Why lost", which is no custom field of opportunities in this account.',
    ]);
  });

  it("says what to do when the key is refused", async () => {
    const { client, settings } = connect(sim, { clock, apiKey: "api_wrong" });
    const failure = await close.check(client, settings).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TributaryError);
    expect(failure).toMatchObject({ code: "close.auth.key_rejected", kind: "auth" });
    expect(String(failure)).not.toContain("api_wrong");
  });

  it("stops the stream alone, not the connection, when a permission is missing", async () => {
    await sim.close();
    ({ sim, clock } = await smallAccount({ keys: { api_some: { role: "user", denied: ["activity/call"] } } }));
    await expect(pull(sim, "calls", { clock, apiKey: "api_some" })).rejects.toMatchObject({
      code: "close.permission_missing",
      kind: "config",
    });
  });
});

describe("faults on the way", () => {
  it("reads everything through 429s, 503s, HTML 502s, resets and cut answers", async () => {
    addCalls(300, 60_000);
    sim.faults.script({ kind: "rate429", times: 1, match: "activity/call" });
    sim.faults.script({ kind: "rate5xx", times: 1, match: "activity/call", after: 1 });
    sim.faults.script({ kind: "html502", times: 1, match: "activity/call", after: 3 });
    sim.faults.script({ kind: "reset", times: 1, match: "activity/call", after: 4 });
    sim.faults.script({ kind: "truncate", times: 1, match: "activity/call", after: 2 });
    const pulled = await pull(sim, "calls", { clock });
    expect(ids(pulled, "calls")).toEqual(allIds("call"));
  });

  it("an HTML 502 that lasts is transient, and says which status it was", async () => {
    sim.faults.set({ html502: 1 });
    await expect(pull(sim, "calls", { clock })).rejects.toMatchObject({
      code: "close.server.unavailable",
      kind: "transient",
    });
    sim.faults.clear();
  });

  it("the control address turns the dial of a running simulator", async () => {
    const body = JSON.stringify({ rates: { rate429: 0.5 }, slowMs: 5, do: { dial: { indexLagMs: 1000 } } });
    const answer = await fetch(`${sim.origin}/__control`, { method: "POST", body });
    expect(answer.status).toBe(200);
    expect(sim.faults.state().rates).toEqual({ rate429: 0.5 });
    expect(sim.dial.indexLagMs).toBe(1000);
    sim.faults.clear();
  });
});

describe("OAuth 2", () => {
  it("refreshes an expired token once, and the refresh token rotates", async () => {
    const { clientId, clientSecret } = sim.oauth;
    const [method] = close.auth.filter((auth) => auth.kind === "oauth2");
    if (method === undefined) throw new RangeError("no OAuth method");
    const settings = { base_url: sim.baseUrl };
    const authorize = new URL(method.authorizeUrl(settings));
    authorize.searchParams.set("redirect_uri", "https://hub.example/back");
    authorize.searchParams.set("state", "s1");
    const agreed = await fetch(authorize, { redirect: "manual" });
    const back = new URL(agreed.headers.get("location") ?? "");
    expect(back.searchParams.get("state")).toBe("s1");

    async function token(fields: { readonly [name: string]: string }): Promise<Response> {
      const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...fields });
      return fetch(method?.tokenUrl(settings) ?? "", { method: "POST", body });
    }
    const first = (await (
      await token({ grant_type: "authorization_code", code: back.searchParams.get("code") ?? "" })
    ).json()) as Grant;
    expect(first.expires_in).toBe(3600);

    let credentials = { access_token: first.access_token, refresh_token: first.refresh_token };
    let refreshes = 0;
    const source = {
      current: () => Promise.resolve(credentials),
      refresh: async () => {
        refreshes += 1;
        const next = (await (
          await token({ grant_type: "refresh_token", refresh_token: credentials.refresh_token })
        ).json()) as Grant;
        credentials = { access_token: next.access_token, refresh_token: next.refresh_token };
        return credentials;
      },
    };
    addCalls(3, 60_000);
    clock.time = new Date(clock.time.getTime() + 3601 * 1000);
    const pulled = await pull(sim, "calls", { clock, credentials: source });
    expect(ids(pulled, "calls")).toHaveLength(3);
    expect(refreshes).toBe(1);
    expect(credentials.refresh_token).not.toBe(first.refresh_token);
    const again = await token({ grant_type: "refresh_token", refresh_token: first.refresh_token });
    expect(again.status).toBe(400);
  });
});

type Grant = { readonly access_token: string; readonly refresh_token: string; readonly expires_in: number };

describe("the vendor's own totals", () => {
  it("gives counts and sums by period of open, won and lost deals, and counts of activities", async () => {
    addDeal("open", "2026-02-01T09:00:00Z", { value: 100, value_period: "monthly" });
    addDeal("won 1", "2026-02-01T09:00:00Z", { value: 250, status_type: "won" });
    addDeal("won 2", "2026-02-01T09:00:00Z", { value: 50, status_type: "won" });
    addCalls(3, 60_000);
    const { client, settings } = connect(sim, { clock });
    const totals = new Map((await close.totals?.(client, settings))?.map((total) => [total.name, total.theirs]));
    expect(totals.get("opportunities")).toBe(3);
    expect(totals.get("won opportunities")).toBe(2);
    expect(totals.get("won value (one-time, minor units)")).toBe(300);
    expect(totals.get("active value (monthly, minor units)")).toBe(100);
    expect(totals.get("outbound calls")).toBe(3);
  });
});

describe("the same row, whichever way it came", () => {
  it("an e-mail of the list and of the event log is the same record, without bodies", async () => {
    const at = new Date("2026-03-02T10:00:00Z");
    const row = objects.email({ ...base("mail", at), body_html: "<p>long</p>", date_updated: coreTime(at) });
    sim.store.create("email", row, { at });
    const listed = await pull(sim, "emails", { clock });
    const told = await pull(sim, "events", { clock });
    expect(JSON.stringify(record(told, "emails", row.id))).toBe(JSON.stringify(record(listed, "emails", row.id)));
    expect(record(listed, "emails", row.id)).not.toHaveProperty("body_html");
  });
});
