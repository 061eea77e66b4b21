import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { zendesk } from "../../connectors/zendesk/index.ts";
import * as objects from "../../connectors/zendesk/simulator/objects.ts";
import type { ZendeskSimulator } from "../../connectors/zendesk/simulator/index.ts";
import {
  addCall,
  addTicket,
  AGENT,
  connect,
  factsOf,
  ids,
  ORGANIZATION,
  pull,
  REQUESTER,
  say,
  smallAccount,
  type StillClock,
} from "./zendesk-harness.ts";
import { portOf } from "../../core/base/network.ts";

let sim: ZendeskSimulator;
let clock: StillClock;

beforeEach(async () => {
  ({ sim, clock } = await smallAccount());
});
afterEach(() => sim.close());

/** Relative to now. */
function minutes(count: number): Date {
  return new Date(clock.now().getTime() + count * 60_000);
}

function addTickets(count: number): void {
  for (let nth = 1; nth <= count; nth += 1) addTicket(sim, nth, minutes(-1000 + nth));
}

function asked(path: string): URLSearchParams[] {
  return sim.log.filter((request) => request.path.includes(path)).map(({ query }) => new URLSearchParams(query));
}

describe("the traps of node-zendesk", () => {
  it("a 429 with Retry-After is waited out, not taken for a result", async () => {
    addTickets(3);
    sim.faults.script({ kind: "rate429", times: 1 });
    expect(ids(await pull(sim, "tickets", { clock }))).toEqual(["1", "2", "3"]);
    expect(sim.log.map(({ status }) => status)).toEqual([429, 200]);
  });

  it.each(["rate5xx", "html502"] as const)(
    "a %s that stays ends the pull, and nothing stands in its place",
    async (kind) => {
      addTickets(3);
      sim.faults.script({ kind, times: 100 });
      await expect(pull(sim, "tickets", { clock })).rejects.toMatchObject({ kind: "transient" });
    },
  );

  it("a 504 that stays, however small the page, ends the pull", async () => {
    addTickets(3);
    Object.assign(sim.dial, { mostRowsInTime: 0 });
    await expect(pull(sim, "tickets", { clock })).rejects.toMatchObject({
      code: "zendesk.export.too_slow",
      kind: "transient",
    });
  });

  it("a list that fails on its second page is not given out cut short", async () => {
    for (let nth = 1; nth <= 150; nth += 1) {
      const dated = { createdAt: clock.now(), updatedAt: clock.now() };
      sim.store.put("group", objects.group(sim.origin, { id: nth, name: `Group ${nth}`, ...dated }), clock.now());
    }
    sim.faults.script({ kind: "html502", times: 100, match: "groups\\.json.*after" });
    await expect(pull(sim, "groups", { clock })).rejects.toMatchObject({ kind: "transient" });
    sim.faults.clear();
    expect(ids(await pull(sim, "groups", { clock }))).toHaveLength(150);
  });

  it("an export goes on after its first page", async () => {
    addTickets(25);
    Object.assign(sim.dial, { mostRows: 10 });
    const pulled = await pull(sim, "tickets", { clock });
    expect(ids(pulled)).toHaveLength(25);
    expect(pulled.pages.map((page) => page.records.length)).toEqual([10, 10, 5]);
  });

  it("no request says cursor=undefined, and none asks for a page[size] of an export", async () => {
    addTickets(3);
    await pull(sim, "tickets", { clock });
    const [first] = asked("cursor");
    expect(Object.fromEntries(first ?? [])).toEqual({
      start_time: "0",
      per_page: "1000",
      include: "users,organizations,metric_sets",
    });
  });

  it("the library's named export, which type-checks and crashes, is not imported", () => {
    const run = (code: string): string =>
      spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" }).stderr;
    expect(run('import { createClient } from "node-zendesk"; createClient({});')).toContain("createClient");
    expect(run('import zendesk from "node-zendesk"; zendesk.createClient({ subdomain: "a" });')).toBe("");
  });

  it("its throttle, which ends the process, is not set: a pull leaves no timer that asks for anything", async () => {
    addTickets(3);
    await pull(sim, "tickets", { clock });
    expect(sim.log.every((request) => request.path !== "/.json" && request.path !== "/api/v2/.json")).toBe(true);
  });

  it("an address of another host, named as the next page, gets no request and no credentials", async () => {
    const thief = await serve(() => ({}));
    const next = `${thief.url}/api/v2/incremental/tickets/cursor.json?of=`;
    const hostile = await serve((url) => ({
      // The library follows whatever holds the endpoint's address.
      after_url: next + url,
      next_page: next + url,
      links: { next: next + url },
      tickets: [],
      groups: [],
      group_memberships: [],
      organizations: [],
      after_cursor: "second",
      end_time: 77,
      end_of_stream: url.includes("second") || url.includes("start_time=77"),
      meta: { has_more: !url.includes("second"), after_cursor: "second" },
    }));
    for (const stream of ["tickets", "organizations", "groups"])
      await pull(sim, stream, { clock, settings: { base_url: hostile.url } });
    expect(thief.asked).toEqual([]);
    expect(hostile.asked).toHaveLength(8);
    await Promise.all([thief.close(), hostile.close()]);
  });
});

/** A server that answers every address with what `answer` makes of it. */
async function serve(
  answer: (url: string) => object,
): Promise<{ url: string; asked: string[]; close(): Promise<void> }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer(request.url ?? "")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = portOf(server);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, asked, close };
}

describe("tickets", () => {
  it("later pulls start from the cursor, which stands on the last page too, and read nothing again", async () => {
    addTickets(3);
    const pulled = await pull(sim, "tickets", { clock });
    addTicket(sim, 4, minutes(-2));
    await pull(sim, "tickets", { clock, into: pulled });
    expect(ids(pulled)).toEqual(["1", "2", "3", "4"]);
    expect(pulled.pages.map((page) => page.records.length)).toEqual([3, 1]);
    expect(asked("cursor").map((query) => query.get("start_time"))).toEqual(["0", null]);
  });

  it("what the export held back for a minute comes with the next pull", async () => {
    addTicket(sim, 1, minutes(-10));
    addTicket(sim, 2, minutes(-0.5));
    const pulled = await pull(sim, "tickets", { clock });
    expect(ids(pulled)).toEqual(["1"]);
    clock.time = minutes(1);
    await pull(sim, "tickets", { clock, into: pulled });
    expect(ids(pulled)).toEqual(["1", "2"]);
  });

  it("a change that leaves updated_at alone comes all the same", async () => {
    addTicket(sim, 1, minutes(-100));
    const pulled = await pull(sim, "tickets", { clock });
    sim.store.patch("ticket", 1, { priority: "low", updated_at: "2026-11-18T10:20:00Z" }, minutes(-5));
    await pull(sim, "tickets", { clock, into: pulled });
    expect(pulled.records.get("1")).toMatchObject({ priority: "low" });
  });

  it("an empty page that is not the last does not end the pull", async () => {
    addTickets(25);
    Object.assign(sim.dial, { mostRows: 10, emptyPages: 2 });
    expect(ids(await pull(sim, "tickets", { clock }))).toHaveLength(25);
  });

  it("an export that never leads on is given up", async () => {
    addTickets(2);
    Object.assign(sim.dial, { emptyPages: 50 });
    await expect(pull(sim, "tickets", { clock })).rejects.toMatchObject({ code: "zendesk.export.stalled" });
  });

  it("a killed pull goes on with the page that did not land", async () => {
    addTickets(25);
    Object.assign(sim.dial, { mostRows: 10 });
    const pulled = await pull(sim, "tickets", { clock, maxPages: 1 });
    await pull(sim, "tickets", { clock, into: pulled });
    expect(pulled.pages.map((page) => page.records.length)).toEqual([10, 10, 5]);
  });

  it("asks for half the page where the whole takes too long", async () => {
    addTickets(3);
    Object.assign(sim.dial, { mostRowsInTime: 500 });
    const pulled = await pull(sim, "tickets", { clock });
    expect(ids(pulled)).toHaveLength(3);
    expect(pulled.logs).toEqual(["incremental/tickets/cursor.json took too long: asking for 500 rows a page"]);
  });

  it("a start within the held-back minute is clamped, and refused anyway means that there is nothing new", async () => {
    addTicket(sim, 1, minutes(-0.5));
    expect(ids(await pull(sim, "tickets", { clock, since: clock.now() }))).toEqual([]);
    // 11:58:59, in seconds.
    expect(asked("cursor").map((query) => query.get("start_time"))).toEqual(["1795003139"]);
    Object.assign(sim.dial, { heldBackS: 300 });
    expect((await pull(sim, "tickets", { clock, since: clock.now() })).pages).toEqual([]);
  });

  it("a deleted one is taken back, a restored one comes again, an emptied one loses what it said", async () => {
    addTicket(sim, 1, minutes(-100));
    const pulled = await pull(sim, "tickets", { clock });
    sim.store.patch("ticket", 1, { status: "deleted" }, minutes(-90));
    await pull(sim, "tickets", { clock, into: pulled });
    expect(pulled.pages.at(-1)?.deleted).toEqual(["1"]);
    sim.store.patch("ticket", 1, { status: "open" }, minutes(-80));
    await pull(sim, "tickets", { clock, into: pulled });
    expect(pulled.pages.at(-1)).toMatchObject({ deleted: [], records: [{ id: 1, status: "open" }] });
    const emptied = { status: "deleted", subject: "SCRUBBED", raw_subject: "SCRUBBED", description: "X" };
    sim.store.patch("ticket", 1, emptied, minutes(-70));
    await pull(sim, "tickets", { clock, into: pulled });
    expect(pulled.pages.at(-1)).toMatchObject({ deleted: [], records: [{ subject: "SCRUBBED" }] });
    expect(factsOf("tickets", pulled.records.get("1") ?? null)).toEqual([]);
  });

  it("has its metrics in it, and who it is about, so that its reply, solution and people are known", async () => {
    addTicket(sim, 4182, new Date("2026-11-18T08:02:00Z"), {
      status: "solved",
      score: "good",
      firstReplyAt: new Date("2026-11-18T08:49:00Z"),
      solvedAt: new Date("2026-11-18T11:40:00Z"),
      updatedAt: new Date("2026-11-18T11:40:00Z"),
      reopens: 1,
      replies: 2,
    });
    const pulled = await pull(sim, "tickets", { clock });
    const facts = factsOf("tickets", pulled.records.get("4182") ?? null);
    expect(facts.find((fact) => fact.kind === "ticket")).toMatchObject({
      firstReplyAt: { instant: new Date("2026-11-18T08:49:00Z") },
      solvedAt: { instant: new Date("2026-11-18T11:40:00Z") },
      reopens: 1,
      satisfaction: "good",
      rep: String(AGENT),
      person: String(REQUESTER),
      company: String(ORGANIZATION),
      url: "https://acme.zendesk.com/agent/tickets/4182",
    });
    expect(facts.filter((fact) => fact.kind !== "ticket")).toMatchObject([
      { kind: "person", isMention: true, emails: ["dana.reyes@northwind.example"] },
      { kind: "rep", isMention: true, email: "priya.nair@acme.example" },
      { kind: "company", isMention: true, domains: ["northwind.example"] },
    ]);
  });
});

describe("users and organizations", () => {
  it("a customer who was switched off is gone, an agent stays as one who has left", async () => {
    sim.store.patch("user", REQUESTER, { active: false }, minutes(-5));
    sim.store.patch("user", AGENT, { active: false }, minutes(-5));
    const pulled = await pull(sim, "users", { clock });
    expect(pulled.pages.flatMap((page) => page.deleted)).toEqual([{ id: String(REQUESTER), at: minutes(-5) }]);
    expect(factsOf("users", pulled.records.get(String(AGENT)) ?? null)).toMatchObject([
      { kind: "rep", isActive: false },
    ]);
  });

  it("who was erased for good is landed emptied, and makes no facts", async () => {
    const erased = { active: false, permanently_deleted: true, name: "Permanently Deleted User", email: null };
    sim.store.patch("user", REQUESTER, erased, minutes(-5));
    const pulled = await pull(sim, "users", { clock });
    expect(pulled.pages.flatMap((page) => page.deleted)).toEqual([]);
    expect(factsOf("users", pulled.records.get(String(REQUESTER)) ?? null)).toEqual([]);
  });

  it("rows of one second at the border of two pages all come", async () => {
    for (let nth = 1; nth <= 30; nth += 1) {
      const at = minutes(-100 + Math.floor(nth / 10));
      const of = {
        id: nth,
        name: `Org ${nth}`,
        domain: `org${nth}.example`,
        externalId: "",
        createdAt: at,
        updatedAt: at,
      };
      sim.store.put("organization", objects.organization(sim.origin, of), at);
    }
    Object.assign(sim.dial, { mostRows: 12 });
    expect(ids(await pull(sim, "organizations", { clock }))).toHaveLength(31);
  });

  it("later pulls begin with the last second again, so that a row of the same second is not lost", async () => {
    const at = minutes(-10);
    const of = { name: "Twin", domain: "twin.example", externalId: "", createdAt: at, updatedAt: at };
    sim.store.put("organization", objects.organization(sim.origin, { ...of, id: 1 }), at);
    const pulled = await pull(sim, "organizations", { clock });
    sim.store.put("organization", objects.organization(sim.origin, { ...of, id: 2 }), at);
    await pull(sim, "organizations", { clock, into: pulled });
    expect(ids(pulled)).toEqual(["1", "2", String(ORGANIZATION)]);
  });

  it("a deleted organization is taken back, though deleting it moved updated_at as well", async () => {
    sim.store.patch("organization", ORGANIZATION, { deleted_at: "2026-11-18T11:00:00Z" }, minutes(-59));
    const pulled = await pull(sim, "organizations", { clock });
    expect(pulled.pages[0]?.deleted).toEqual([{ id: String(ORGANIZATION), at: minutes(-59) }]);
  });
});

describe("calls", () => {
  function addCall(id: number, at: Date, fields: Partial<Parameters<typeof objects.call>[0]> = {}): void {
    const of = {
      direction: "inbound",
      agentId: AGENT,
      customerId: REQUESTER,
      ticketId: 7,
      talkS: 341,
      waitS: 9,
    } as const;
    const call = objects.call({ id, at, ...of, ...fields });
    sim.store.put("call", call, new Date(String(call["updated_at"])));
  }

  it("an export that never says that it is over ends, and its last second is read again", async () => {
    addCall(1, minutes(-50));
    addCall(2, minutes(-40));
    const pulled = await pull(sim, "calls", { clock });
    expect(ids(pulled)).toEqual(["1", "2"]);
    expect(asked("calls").length).toBe(2);
    addCall(3, minutes(-20));
    await pull(sim, "calls", { clock, into: pulled });
    expect(ids(pulled)).toEqual(["1", "2", "3"]);
  });

  it("becomes an activity with its rep, its caller with the number, and the time spent talking", async () => {
    const source = { from: { phone: "+12025550111" }, to: { phone: "+12025550100" }, rel: "inbound" };
    addTicket(sim, 7, minutes(-60), { via: { channel: "voice", source } });
    addCall(1, minutes(-50));
    const pulled = await pull(sim, "calls", { clock });
    expect(factsOf("calls", pulled.records.get("1") ?? null)).toMatchObject([
      { kind: "person", externalId: String(REQUESTER), isMention: true, phones: ["+12025550111"] },
      {
        kind: "activity",
        externalId: "call:1",
        type: "call",
        direction: "inbound",
        durationS: 341,
        outcome: "answered",
        disposition: "completed",
        rep: String(AGENT),
        person: String(REQUESTER),
        company: String(ORGANIZATION),
        attributes: { ticket: "7", phone: "+12025550111" },
      },
    ]);
  });

  it("an account without Talk is no failure, and one that loses it is", async () => {
    sim.deny("channels/voice");
    const pulled = await pull(sim, "calls", { clock });
    expect(pulled.logs).toEqual([
      "this account has no Talk calls, or the credentials may not read it: nothing was read",
    ]);
    expect(pulled.checkpoint).toBeNull();
    sim.allow("channels/voice");
    addCall(1, minutes(-50));
    await pull(sim, "calls", { clock, into: pulled });
    sim.deny("channels/voice");
    await expect(pull(sim, "calls", { clock, into: pulled })).rejects.toMatchObject({
      code: "zendesk.permission_missing",
      kind: "config",
    });
  });
});

describe("satisfaction", () => {
  const dated = { createdAt: new Date("2026-11-18T09:00:00Z"), updatedAt: new Date("2026-11-18T09:00:00Z") };
  const by = { ticketId: 7, requesterId: REQUESTER, assigneeId: AGENT, groupId: 1 };

  it("ratings come over all pages, and one that was changed in place comes again", async () => {
    for (let id = 1; id <= 250; id += 1) {
      sim.store.put("rating", objects.rating(sim.origin, { id, ...by, ...dated, score: "good" }), dated.updatedAt);
    }
    const pulled = await pull(sim, "satisfaction_ratings", { clock });
    expect(ids(pulled)).toHaveLength(250);
    // 100 + 100 + 50: the last page's next address is not asked for.
    expect(asked("satisfaction_ratings")).toHaveLength(3);
    sim.store.patch("rating", 9, { score: "bad" }, minutes(0));
    clock.time = minutes(60);
    await pull(sim, "satisfaction_ratings", { clock, into: pulled });
    expect(pulled.records.get("9")).toMatchObject({ score: "bad" });
  });

  it("a walk that was interrupted goes on where it was, and anew when its cursor is no longer known", async () => {
    for (let id = 1; id <= 250; id += 1) {
      sim.store.put("rating", objects.rating(sim.origin, { id, ...by, ...dated, score: "good" }), dated.updatedAt);
    }
    const pulled = await pull(sim, "satisfaction_ratings", { clock, maxPages: 1 });
    await pull(sim, "satisfaction_ratings", { clock, into: pulled });
    expect(asked("satisfaction_ratings")).toHaveLength(3);
    const walk = { startedAt: clock.now().toISOString(), fromS: 0, after: "bm9wZQ==" };
    const again = await pull(sim, "satisfaction_ratings", { clock, checkpoint: { readUpTo: null, walk } });
    expect(ids(again)).toHaveLength(250);
    expect(again.logs).toEqual(["the cursor of satisfaction_ratings.json is no longer known: reading the list again"]);
  });

  it("both generations are touches of the customer, and one rating in both lists is recognised", async () => {
    addTicket(sim, 7, minutes(-300));
    sim.store.put("rating", objects.rating(sim.origin, { id: 1, ...by, ...dated, score: "bad" }), dated.updatedAt);
    const survey = objects.survey({ seed: "a", ticketId: 7, responderId: REQUESTER, rating: 2, at: dated.createdAt });
    sim.store.put("survey", survey, dated.createdAt);
    const older = await pull(sim, "satisfaction_ratings", { clock });
    const current = await pull(sim, "survey_responses", { clock });
    const common = {
      kind: "activity",
      type: "form",
      direction: "inbound",
      outcome: "negative",
      disposition: "bad",
      rep: String(AGENT),
      person: String(REQUESTER),
      matchKeys: ["zen:ticket:7/satisfaction"],
    };
    expect([...older.records.values()].flatMap((record) => factsOf("satisfaction_ratings", record))).toMatchObject([
      common,
    ]);
    expect([...current.records.values()].flatMap((record) => factsOf("survey_responses", record))).toMatchObject([
      common,
    ]);
  });
});

describe("ticket events", () => {
  it("public comments are touches by their author's role, internal notes and calls are none", async () => {
    addTicket(sim, 7, minutes(-300));
    say(sim, 7, REQUESTER, minutes(-300));
    say(sim, 7, AGENT, minutes(-290), { isPublic: false });
    say(sim, 7, AGENT, minutes(-280), { call: addCall(sim, 7, minutes(-285)) });
    say(sim, 7, AGENT, minutes(-270));
    const pulled = await pull(sim, "ticket_events", { clock });
    const facts = [...pulled.records.values()].flatMap((record) => factsOf("ticket_events", record));
    expect(facts).toMatchObject([
      { type: "email", direction: "inbound", person: String(REQUESTER), rep: String(AGENT) },
      { type: "email", direction: "outbound", person: String(REQUESTER), rep: String(AGENT) },
    ]);
    // What was said is nobody's business here.
    expect(JSON.stringify([...pulled.records.values()])).not.toContain("words");
    // One request for the ticket, one for its authors.
    expect(asked("show_many")).toHaveLength(2);
  });
});

describe("limits", () => {
  it("the exports have a bucket of their own, which the account's headers do not touch", async () => {
    const taken: string[] = [];
    const observed: string[] = [];
    const limiter = {
      take: (bucket: string) => (taken.push(bucket), Promise.resolve(0)),
      observe: (bucket: string) => (observed.push(bucket), Promise.resolve()),
      block: () => Promise.resolve(),
    };
    await sim.close();
    ({ sim, clock } = await smallAccount({ limits: 1000 }));
    await pull(sim, "tickets", { clock, limiter });
    await pull(sim, "groups", { clock, limiter });
    expect(taken).toEqual(["incremental exports", "account", "account"]);
    expect(observed).toEqual(["account", "account"]);
  });

  it.each(["text", "edge", "json"] as const)("a 429 is one whatever its body says (%s)", async (tooManyBody) => {
    Object.assign(sim.dial, { tooManyBody });
    sim.faults.script({ kind: "rate429", times: 1 });
    expect(ids(await pull(sim, "users", { clock }))).toHaveLength(2);
  });

  it("a 429 that means the end of paging by offset is not waited for", async () => {
    Object.assign(sim.dial, { tooManyBody: "offset" });
    sim.faults.script({ kind: "rate429", times: 1 });
    await expect(pull(sim, "users", { clock })).rejects.toMatchObject({ code: "zendesk.request_refused" });
  });
});

describe("check", () => {
  it("names the account, and each thing that is missing", async () => {
    const { client, settings } = connect(sim, { clock });
    expect(await zendesk.check(client, settings)).toMatchObject({
      accountId: "fernhill",
      missingPermissions: [],
      warnings: [],
    });
    for (const path of ["groups", "satisfaction_ratings", "guide/", "channels/voice"]) sim.deny(path);
    const result = await zendesk.check(client, settings);
    expect(result.missingPermissions).toEqual([
      "groups: there will be no teams",
      "satisfaction ratings: only each ticket's own score will be there",
    ]);
    expect(result.warnings).toEqual(["The account has no Talk, or the user may not see it: no calls."]);
  });

  it("an account with one generation of satisfaction misses nothing", async () => {
    sim.deny("satisfaction_ratings");
    const { client, settings } = connect(sim, { clock });
    expect((await zendesk.check(client, settings)).missingPermissions).toEqual([]);
  });

  it("warns that API tokens end, and says so of a pasted /token as well", async () => {
    for (const email of [sim.apiToken.email, `${sim.apiToken.email}/token`]) {
      const credentials = { email, api_token: sim.apiToken.token };
      const { client, settings } = connect(sim, { clock, credentials });
      const { warnings } = await zendesk.check(client, settings);
      expect(warnings).toEqual([expect.stringContaining("2027-04-30") as string]);
    }
  });

  it("credentials that are taken for an anonymous visitor's are refused", async () => {
    Object.assign(sim.dial, { takesStrangersForVisitors: true });
    const { client, settings } = connect(sim, { clock, credentials: { access_token: "wrong" } });
    await expect(zendesk.check(client, settings)).rejects.toMatchObject({
      code: "zendesk.auth.anonymous",
      kind: "auth",
    });
  });
});

describe("totals", () => {
  it("are the vendor's own counts, tickets by status", async () => {
    addTickets(3);
    addTicket(sim, 9, minutes(-9), { status: "solved" });
    const { client, settings } = connect(sim, { clock });
    const totals = await zendesk.totals?.(client, settings);
    expect(Object.fromEntries((totals ?? []).map(({ name, theirs }) => [name, theirs]))).toEqual({
      users: 2,
      organizations: 1,
      groups: 0,
      "satisfaction ratings": 0,
      "new tickets": 0,
      "open tickets": 3,
      "pending tickets": 0,
      "hold tickets": 0,
      "solved tickets": 1,
      "closed tickets": 0,
    });
  });
});
