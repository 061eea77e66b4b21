import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { apiAddress, givenAddress } from "../../connectors/mailchimp/account.ts";
import { mailchimp } from "../../connectors/mailchimp/index.ts";
import { textOf } from "../../connectors/mailchimp/records.ts";
import { emailId } from "../../connectors/mailchimp/simulator/format.ts";
import type { MailchimpSimulator } from "../../connectors/mailchimp/simulator/index.ts";
import type { NewMember, Send, SimCampaign } from "../../connectors/mailchimp/simulator/store.ts";
import { findTributaryError } from "../../core/base/errors.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { createHttpFactory } from "../../core/connector/http-client.ts";
import { unlimited } from "../../core/connector/limits.ts";
import { oauthExchange } from "../../core/connector/oauth.ts";
import { asked, connect, pull, smallAccount, type StillClock } from "./mailchimp-harness.ts";
import { portOf } from "../../core/base/network.ts";

const running: MailchimpSimulator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((sim) => sim.close()));
});

async function account(...options: Parameters<typeof smallAccount>): ReturnType<typeof smallAccount> {
  const made = await smallAccount(...options);
  running.push(made.sim);
  return made;
}

const DAY_MS = 86_400_000;

function newMember(nth: number, at: Date): NewMember {
  const who = { firstName: "Ada", lastName: `No. ${nth}`, company: "", title: "", country: "US", language: "en" };
  return { ...who, email: `added${nth}@customer.example`, at, tags: [] };
}

/** All ids as the vendor has them. */
function memberIds(sim: MailchimpSimulator): string[] {
  return [...sim.store.lists.keys()]
    .flatMap((list) => sim.store.members(list).map((row) => `${list}|${String(row["id"])}`))
    .toSorted();
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => findTributaryError(error)?.code,
  );
}

describe("the client library", () => {
  it("is one per connection, not the process's only one: two accounts at once never use each other's key", async () => {
    const one = await account({ apiKey: `${"1".repeat(32)}-us1` });
    const two = await account({ apiKey: `${"2".repeat(32)}-us2` });
    const clients = [one, two].map(({ sim, clock }) => connect(sim, { clock }).client);
    for (let round = 0; round < 5; round += 1)
      await Promise.all(clients.map((client) => client.audiences({ count: 10 })));
    for (const { sim } of [one, two]) expect(sim.log.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  it("leaves an address alone that has the word server in it", async () => {
    const paths: string[] = [];
    const vendor = createServer((request, response) => {
      paths.push(request.url ?? "");
      response.setHeader("content-type", "application/json").end(JSON.stringify({ lists: [], total_items: 0 }));
    });
    await new Promise<void>((resolve) => vendor.listen(0, "127.0.0.1", resolve));
    // An IP socket has an address with a port once it listens.
    const baseUrl = `http://127.0.0.1:${portOf(vendor)}/server/3.0`;
    const clock = { now: () => new Date() };
    await connect({ baseUrl, loginUrl: baseUrl, apiKey: "k-us6" }, { clock }).client.audiences({ count: 1 });
    await new Promise((resolve) => vendor.close(resolve));
    expect(paths).toEqual(["/server/3.0/lists?count=1"]);
  });

  it("gives a text for an empty object: that is an answer of another shape, and no list of letters", async () => {
    const { sim, clock } = await account();
    sim.interject({ status: 200, body: {} });
    expect(await codeOf(connect(sim, { clock }).client.audiences({}))).toBe("mailchimp.answer.unexpected");
  });

  it("gives a text for a web page: it is asked again", async () => {
    const { sim, clock } = await account();
    sim.interject({ status: 200, headers: { "content-type": "text/html" }, body: "<html></html>" });
    expect((await connect(sim, { clock }).client.audiences({})).rows).toHaveLength(2);
    expect(sim.log).toHaveLength(2);
  });

  it("gets lists of fields, which go out without a space", async () => {
    const { sim, clock } = await account();
    for (const stream of Object.keys(mailchimp.streams)) await pull(sim, stream, { clock });
    const lists = sim.log
      .map(({ query }) => new URLSearchParams(query))
      .flatMap((query) => [query.get("fields"), query.get("exclude_fields")].filter((list) => list !== null));
    expect(lists.length).toBeGreaterThan(10);
    expect(lists.filter((list) => !/^[a-z_.]+(,[a-z_.]+)*$/.test(list))).toEqual([]);
  });

  it("throws on a bare 403 that is only a throttle: it is waited out", async () => {
    const { sim, clock } = await account();
    sim.interject({ status: 403 });
    expect((await connect(sim, { clock }).client.audiences({})).total).toBe(2);
  });
});

describe("members", () => {
  it("nobody is skipped when somebody changes between two pages and everyone after moves up", async () => {
    const { sim, clock } = await account({ dial: { mostRows: 40 } });
    const [list = ""] = sim.store.lists.keys();
    let requests = 0;
    sim.onRequest((path) => {
      requests += 1;
      const first = sim.store.members(list)[requests];
      if (path.endsWith("/members") && first !== undefined)
        sim.store.changeMember(list, String(first["id"]), { vip: true }, { at: clock.time, event: null });
    });
    const { records } = await pull(sim, "members", { clock });
    expect(records.size).toBeGreaterThan(80);
    expect([...records.keys()].toSorted()).toEqual(memberIds(sim));
  });

  it("a bulk import of one second is paged inside that second, also while members leave it", async () => {
    const { sim, clock } = await account({ dial: { mostRows: 10 } });
    const list = sim.store.addList("Import", clock.time);
    const at = new Date("2026-02-01T08:00:00Z");
    for (let nth = 0; nth < 35; nth += 1) sim.store.addMember(list, newMember(nth, at), false);
    let requests = 0;
    sim.onRequest((path) => {
      if (path !== `lists/${list}/members`) return;
      requests += 1;
      if (requests === 3)
        sim.store.changeMember(list, emailId("added0@customer.example"), {}, { at: clock.time, event: null });
    });
    const { records, logs } = await pull(sim, "members", { clock });
    expect([...records.keys()].toSorted()).toEqual(memberIds(sim));
    expect(logs).toEqual([]);
    expect(requests).toBeGreaterThan(4);
  });

  it.each([true, false])(
    "are complete whether the vendor's bound is exclusive (%s) or not",
    async (isSinceExclusive) => {
      const { sim, clock } = await account({ dial: { mostRows: 25, isSinceExclusive } });
      const pulled = await pull(sim, "members", { clock });
      const [list = ""] = sim.store.lists.keys();
      // In the very second that the last one was changed in.
      const last =
        [...pulled.records.values()]
          .map((row) => textOf(row["last_changed"]))
          .toSorted()
          .at(-1) ?? "";
      sim.store.addMember(list, newMember(1, new Date(last)), false);
      clock.time = new Date(clock.time.getTime() + 900_000);
      await pull(sim, "members", { clock, into: pulled });
      expect([...pulled.records.keys()].toSorted()).toEqual(memberIds(sim));
    },
  );

  it("goes on from the last change that it has seen, not from the beginning", async () => {
    const { sim, clock } = await account();
    const pulled = await pull(sim, "members", { clock });
    const before = pulled.pages.length;
    await pull(sim, "members", { clock, into: pulled });
    const again = pulled.pages.slice(before).flatMap((page) => page.records);
    expect(again.length).toBeLessThan(10);
  });

  it("a page that is shorter than asked is not the end: the total says so", async () => {
    const { sim, clock } = await account({ dial: { mostRows: 7 } });
    const { records } = await pull(sim, "members", { clock });
    expect([...records.keys()].toSorted()).toEqual(memberIds(sim));
  });

  it("archived ones come, whether a list without a status has them or not", async () => {
    for (const listsArchived of [true, false]) {
      const { sim, clock } = await account({ dial: { listsArchived } });
      const [list = ""] = sim.store.lists.keys();
      const id = String(sim.store.members(list)[0]?.["id"]);
      sim.store.changeMember(list, id, { status: "archived" }, { at: clock.time, event: null });
      const { records } = await pull(sim, "members", { clock });
      expect(records.get(`${list}|${id}`)?.["status"]).toBe("archived");
    }
  });
});

const NOBODY: Pick<Send, "status" | "opens" | "clicks" | "bouncedAt" | "unsubscribedAt"> = {
  status: "sent",
  opens: [],
  clicks: [],
  bouncedAt: null,
  unsubscribedAt: null,
};

function latest(sim: MailchimpSimulator): SimCampaign {
  const found = [...sim.store.campaigns.values()].at(-1);
  if (found === undefined) throw new RangeError("no campaign");
  return found;
}

function click(sim: MailchimpSimulator, campaign: SimCampaign, timestamp: string): string {
  const email = "clicker@customer.example";
  const clicks = [{ timestamp, url: "https://fernhill.example/pricing" }];
  sim.store.setSend(campaign.id, { ...NOBODY, email, clicks });
  return `${campaign.id}|${emailId(email)}|click|${timestamp}|https://fernhill.example/pricing|`;
}

describe("what recipients did", () => {
  it("is read again only of campaigns whose report has moved, and from the last known event", async () => {
    const { sim, clock } = await account();
    const pulled = await pull(sim, "email_activity", { clock });
    const quiet = sim.log.length;
    await pull(sim, "email_activity", { clock, into: pulled });
    expect(asked(sim, quiet)).toEqual(["GET /3.0/reports"]);

    const campaign = latest(sim);
    const id = click(sim, campaign, "2026-03-02T11:59:00+00:00");
    const moved = sim.log.length;
    await pull(sim, "email_activity", { clock, into: pulled });
    expect(asked(sim, moved)).toEqual([
      "GET /3.0/reports",
      `GET /3.0/reports/${campaign.id}/open-details`,
      `GET /3.0/reports/${campaign.id}/email-activity`,
    ]);
    expect(new URLSearchParams(sim.log.at(-1)?.query).get("since")).toMatch(/^2026-/);
    expect(pulled.records.has(id)).toBe(true);
  });

  it("brings an event that comes to light late, when the campaign has settled", async () => {
    const { sim, clock } = await account();
    const pulled = await pull(sim, "email_activity", { clock });
    const campaign = latest(sim);
    click(sim, campaign, "2026-03-02T11:00:00+00:00");
    await pull(sim, "email_activity", { clock, into: pulled });
    // Before everything that was known: the next reading starts later than that.
    const late = click(sim, campaign, "2026-03-01T00:00:00+00:00");
    clock.time = new Date(campaign.sentAt.getTime() + 31 * DAY_MS);
    await pull(sim, "email_activity", { clock, into: pulled });
    expect(pulled.records.has(late)).toBe(true);
    const settled = sim.log.length;
    await pull(sim, "email_activity", { clock, into: pulled });
    expect(asked(sim, settled)).toEqual(["GET /3.0/reports"]);
  });

  it("has two clicks of one second on two links as two", async () => {
    const { sim, clock } = await account();
    const timestamp = "2026-03-02T11:00:00+00:00";
    const clicks = ["a", "b"].map((page) => ({ timestamp, url: `https://fernhill.example/${page}` }));
    sim.store.setSend(latest(sim).id, { ...NOBODY, email: "twice@customer.example", clicks });
    const { records } = await pull(sim, "email_activity", { clock });
    expect([...records.keys()].filter((id) => id.includes(emailId("twice@customer.example")))).toHaveLength(2);
  });

  it("is not what mail programs opened by themselves, nor what nobody knows, as of before June 2024", async () => {
    const { sim, clock } = await account();
    const campaign = latest(sim);
    const opens = [true, false].map((isProxy) => ({
      timestamp: `2026-03-02T11:0${Number(isProxy)}:00+00:00`,
      isProxy,
    }));
    sim.store.setSend(campaign.id, { ...NOBODY, email: "both@customer.example", opens });
    const old = {
      ...campaign,
      id: "01d0000001",
      sentAt: new Date("2024-06-21T12:00:00Z"),
      sends: new Map<string, Send>(),
    };
    sim.store.putCampaign(old, false);
    sim.store.setSend(old.id, { ...NOBODY, email: "both@customer.example", opens });
    const { records } = await pull(sim, "email_activity", { clock });
    const made = [...records.keys()].filter((id) => id.includes(emailId("both@customer.example")));
    expect(made).toEqual([`${campaign.id}|${emailId("both@customer.example")}|open|2026-03-02T11:00:00+00:00||`]);
  });

  it("leaves out who did nothing, listed or not", async () => {
    const one = await account();
    const two = await account({ dial: { listsIdle: true } });
    const [few, all] = [await pull(one.sim, "email_activity", one), await pull(two.sim, "email_activity", two)];
    expect([...all.records.keys()].toSorted()).toEqual([...few.records.keys()].toSorted());
  });

  it("is complete when the list of a campaign moves while it is paged", async () => {
    const { sim, clock } = await account({ dial: { mostRows: 20 }, scale: 0.8 });
    const campaign = latest(sim);
    const [first] = [...campaign.sends.values()].filter((send) => send.opens.length > 0);
    let isDone = false;
    sim.onRequest((path) => {
      const offset = sim.log.at(-1)?.query.includes("offset=0") === true;
      if (isDone || first === undefined || path !== `reports/${campaign.id}/open-details` || !offset) return;
      isDone = sim.log.at(-1)?.path.endsWith(`${campaign.id}/open-details`) === true;
      // The first of the list leaves it: everyone after moves up.
      if (isDone) campaign.sends.delete(emailId(first.email));
    });
    const { records, logs } = await pull(sim, "email_activity", { clock });
    expect(logs).toEqual([`The opens of ${campaign.id} changed while being read: reading from the start again`]);
    const openers = [...campaign.sends.values()].filter((send) => send.opens[0]?.isProxy === false);
    const missing = openers.filter(
      (send) => !records.has(`${campaign.id}|${emailId(send.email)}|open|${send.opens[0]?.timestamp ?? ""}||`),
    );
    expect([isDone, missing.length]).toEqual([true, 0]);
  });

  it("goes on without a campaign that is deleted while it is read", async () => {
    const { sim, clock } = await account();
    const campaign = latest(sim);
    sim.onRequest((path) => {
      if (path.startsWith(`reports/${campaign.id}/`)) sim.store.removeCampaign(campaign.id);
    });
    const { records, logs } = await pull(sim, "email_activity", { clock });
    expect(logs).toEqual([`campaign ${campaign.id} was deleted while it was read`]);
    expect(records.size).toBeGreaterThan(0);
  });

  it("has the parts of A/B tests, which no list shows", async () => {
    const { sim, clock } = await account();
    const whole = latest(sim);
    sim.store.putCampaign({ ...whole, type: "variate" }, false);
    const part = {
      ...whole,
      id: "ab00000001",
      title: "Version B",
      partOf: whole.id,
      type: "regular" as const,
      sends: new Map(),
    };
    sim.store.putCampaign(part, false);
    const id = click(sim, part, "2026-03-02T11:00:00+00:00");
    expect((await pull(sim, "reports", { clock })).records.has(part.id)).toBe(true);
    expect((await pull(sim, "email_activity", { clock })).records.has(id)).toBe(true);
  });

  it("is not looked for before the day that the backfill begins at", async () => {
    const { sim, clock } = await account();
    const since = new Date("2026-02-10T00:00:00Z");
    const { records } = await pull(sim, "email_activity", { clock, since });
    const old = [...sim.store.campaigns.values()].filter((campaign) => campaign.sentAt < since);
    expect(old.length).toBeGreaterThan(0);
    expect([...records.values()].filter((event) => old.some(({ id }) => id === event["campaign_id"]))).toEqual([]);
    expect(records.size).toBeGreaterThan(0);
  });
});

it("sends are read only where they are asked for, an hour after the sending and once more after a day", async () => {
  const off = mailchimp.settings.parse({});
  expect(mailchimp.streams["sends"]?.isActive?.(off)).toBe(false);
  const { sim, clock } = await account();
  const { sentAt, id } = latest(sim);
  const reads = async (
    into?: Awaited<ReturnType<typeof pull>>,
  ): Promise<[number, Awaited<ReturnType<typeof pull>>]> => {
    const before = sim.log.length;
    const pulled = await pull(sim, "sends", { clock, ...(into === undefined ? {} : { into }) });
    return [asked(sim, before).filter((path) => path.includes(`${id}/sent-to`)).length, pulled];
  };
  const counts: number[] = [];
  let pulled: Awaited<ReturnType<typeof pull>> | undefined;
  for (const hours of [0.5, 2, 3, 25, 26]) {
    clock.time = new Date(sentAt.getTime() + hours * 3_600_000);
    const [count, now] = await reads(pulled);
    counts.push(count);
    pulled = now;
  }
  expect(counts).toEqual([0, 1, 0, 1, 0]);
});

describe("the account", () => {
  it("ten requests at once are all that a user has: all streams together stay below, on a slow day too", async () => {
    const { sim, clock } = await account({ dial: { latencyMs: 5 } });
    await Promise.all(Object.keys(mailchimp.streams).map((stream) => pull(sim, stream, { clock })));
    expect(sim.mostOpen()).toBeLessThanOrEqual(Object.keys(mailchimp.streams).length);
    expect(sim.log.filter(({ status }) => status === 429)).toEqual([]);
  });

  it("is named by the check, with each permission that is missing; one that is missing stops no other stream", async () => {
    const { sim, clock } = await account();
    sim.deny("campaigns");
    const { client, settings } = connect(sim, { clock });
    const result = await mailchimp.check(client, settings);
    expect(result).toMatchObject({ accountName: "Fernhill Software", warnings: [] });
    expect(result.missingPermissions).toEqual(["campaigns: campaigns will have no page and no utm_campaign"]);
    expect(await codeOf(pull(sim, "campaigns", { clock }))).toBe("mailchimp.permission_missing");
    expect((await pull(sim, "reports", { clock })).records.size).toBeGreaterThan(0);
  });

  it("states its own totals, which a full pull meets", async () => {
    const { sim, clock } = await account();
    const { client, settings } = connect(sim, { clock });
    const totals = (await mailchimp.totals?.(client, settings)) ?? [];
    expect(totals.length).toBeGreaterThan(8);
    for (const { name, theirs, ours } of totals) {
      const { records } = await pull(sim, ours.stream, { clock });
      const matching = [...records.values()].filter((record) =>
        Object.entries(ours.where ?? {}).every(([field, value]) => record[field] === value),
      );
      expect([name, matching.length]).toEqual([name, theirs]);
    }
  });
});

describe("signing in", () => {
  const login = (sim: MailchimpSimulator, credentials: JsonObject, clock: StillClock): Promise<string> => {
    const { signal } = new AbortController();
    const source = {
      current: () => Promise.resolve(credentials),
      refresh: (stale: JsonObject) => Promise.resolve(stale),
    };
    const http = createHttpFactory({
      credentials: source,
      limiter: unlimited,
      clock,
      signal,
      allowPrivateNetworks: true,
    });
    return apiAddress(
      credentials,
      http({
        vendor: "mailchimp",
        baseUrl: sim.loginUrl,
        authorize: ({ access_token: token }) => ({ authorization: `OAuth ${String(token as string)}` }),
        timeoutMs: 5000,
        bucketOf: () => "any",
        limits: {},
        readLimit: () => null,
        classify: () => null,
      }),
    );
  };

  async function token(sim: MailchimpSimulator, clock: StillClock): Promise<JsonObject> {
    const method = mailchimp.auth.find((one) => one.kind === "oauth2");
    if (method?.kind !== "oauth2") throw new RangeError("no OAuth");
    const code = sim.oauth.authorize(null);
    const credentials = { client_id: sim.oauth.clientId, client_secret: sim.oauth.clientSecret };
    const request = {
      settings: { login_url: sim.loginUrl },
      credentials,
      redirectUri: "https://hub.example/",
      code,
      verifier: null,
    };
    return oauthExchange({ clock, allowPrivateNetworks: true }, method, request);
  }

  it("by OAuth gives a token without an end, and Mailchimp says where its account lives", async () => {
    const { sim, clock } = await account();
    const credentials = await token(sim, clock);
    expect(credentials).toMatchObject({ expires_at: null });
    expect(credentials["refresh_token"]).toBeUndefined();
    expect(await login(sim, credentials, clock)).toBe("https://us6.api.mailchimp.com/3.0");
    const { records } = await pull(sim, "audiences", { clock, credentials });
    expect(records.size).toBe(2);
  });

  it("with a token that was revoked is refused, although the metadata answers 200", async () => {
    const { sim, clock } = await account();
    const credentials = await token(sim, clock);
    sim.oauth.revokeAll();
    expect(await codeOf(login(sim, credentials, clock))).toBe("mailchimp.token.rejected");
    expect(await codeOf(pull(sim, "audiences", { clock, credentials }))).toBe("mailchimp.auth.key_rejected");
  });

  it("a key says its data centre, and nothing else becomes part of a host name", async () => {
    const { sim, clock } = await account();
    expect(await login(sim, { api_key: "0123-us21" }, clock)).toBe("https://us21.api.mailchimp.com/3.0");
    for (const api_key of ["0123", "0123-", "0123-evil.example/", "0123-us6.evil.example", "0123-us6@evil"])
      expect(await codeOf(login(sim, { api_key }, clock))).toBe("mailchimp.key.no_data_centre");
    expect(sim.log).toEqual([]);
  });

  it("a base address leads to the vendor, or an admin allows private networks", () => {
    expect(givenAddress("https://api.mailchimp.com/3.0/", false)).toBe("https://api.mailchimp.com/3.0");
    for (const url of [
      "http://127.0.0.1:1/3.0",
      "https://api.mailchimp.com.evil.example/3.0",
      "http://us6.api.mailchimp.com/3.0",
    ])
      expect(() => givenAddress(url, false)).toThrow("not Mailchimp's");
    expect(givenAddress("http://127.0.0.1:1/3.0/", true)).toBe("http://127.0.0.1:1/3.0");
  });
});
