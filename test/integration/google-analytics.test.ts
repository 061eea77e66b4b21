import { createServer, type Server } from "node:http";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { googleAnalytics } from "../../connectors/google-analytics/index.ts";
import { REPORTS } from "../../connectors/google-analytics/reports.ts";
import { readSpan } from "../../connectors/google-analytics/walk.ts";
import type { AnalyticsSimulator } from "../../connectors/google-analytics/simulator/index.ts";
import type { Limiter } from "../../core/connector/limits.ts";
import { unlimited } from "../../core/connector/limits.ts";
import { until } from "../support/until.ts";
import { asked, connect, nothingPulled, pull, rowsOf, smallSite, type StillClock } from "./google-analytics-harness.ts";
import { portOf } from "../../core/base/network.ts";

let sim: AnalyticsSimulator;
let clock: StillClock;
beforeEach(async () => {
  ({ sim, clock } = await smallSite());
});
afterEach(() => sim.close());

/** Of each report that was asked for: first and last date. */
function spans(): readonly string[] {
  return asked(sim).flatMap((body) => {
    const [range] = body["dateRanges"] as readonly { startDate: string; endDate: string }[];
    const isBreakdown = JSON.stringify(body["dimensions"] ?? []).includes('"date"');
    return isBreakdown && range !== undefined ? [`${range.startDate} ${range.endDate}`] : [];
  });
}

function forget(): void {
  sim.forgetReports();
}

describe("reading a property", () => {
  it("begins with the first month that has sessions, and asks for 56 days at a time", async () => {
    const pulled = await pull(sim, "traffic", { clock });
    // The company's four months began on 1 July, midnight UTC: on 30 June in New York.
    expect(spans()).toEqual([
      "2026-06-01 2026-07-26",
      "2026-07-27 2026-09-20",
      "2026-09-21 2026-11-15",
      "2026-11-16 2026-11-24",
    ]);
    expect([...pulled.records.keys()]).toEqual([...pulled.records.keys()].toSorted());
    expect(pulled.records.size).toBe(30 + 31 + 31 + 30 + 31 + 24);
  });

  it("goes no further back than it is told", async () => {
    const pulled = await pull(sim, "traffic", { clock, since: new Date("2026-11-10T12:00:00Z") });
    expect([...pulled.records.keys()][0]).toBe("2026-11-10");
  });

  it("has a record for a day without visitors, which is a day with 0", async () => {
    const pulled = await pull(sim, "days", { clock });
    expect(rowsOf(pulled, "2026-06-02")).toEqual([]);
    const { facts } = googleAnalytics.streams["days"]!.normalise(pulled.records.get("2026-06-02")!, contextOf("days"));
    expect(facts).toMatchObject([{ day: "2026-06-02", users: 0, attributes: { sessions_of_day: 0 } }]);
  });

  it("reads the last days again with each pull, and takes their place whole: rows that are gone are gone", async () => {
    const pulled = await pull(sim, "traffic", { clock });
    const yesterday = rowsOf(pulled, "2026-11-23");
    expect(yesterday.some((row) => row.dimensions[0] === "Unassigned")).toBe(true);
    forget();
    clock.time = new Date("2026-11-25T14:00:00Z");
    await pull(sim, "traffic", { clock, into: pulled });
    expect(spans()).toEqual(["2026-11-20 2026-11-25"]);
    expect(rowsOf(pulled, "2026-11-23").some((row) => row.dimensions[0] === "Unassigned")).toBe(false);
    const sessions = (rows: typeof yesterday): number => rows.reduce((sum, row) => sum + Number(row.metrics[0]), 0);
    expect(sessions(rowsOf(pulled, "2026-11-23"))).toBeGreaterThan(sessions(yesterday));
  });

  it("marks a day final 72 hours after it is over, and reads it once more for that", async () => {
    const pulled = await pull(sim, "days", { clock });
    // 20 November ends at 5:00 UTC on the 21st; 72 hours later is the 24th, 5:00 UTC.
    expect(pulled.records.get("2026-11-20")?.["isFinal"]).toBe(true);
    expect(pulled.records.get("2026-11-21")?.["isFinal"]).toBe(false);
    clock.time = new Date("2026-11-25T05:00:00Z");
    await pull(sim, "days", { clock, into: pulled });
    expect(pulled.records.get("2026-11-21")?.["isFinal"]).toBe(true);
  });

  it("reads 30 days again once a week", async () => {
    const pulled = await pull(sim, "days", { clock });
    clock.time = new Date("2026-11-30T14:00:00Z");
    await pull(sim, "days", { clock, into: pulled });
    forget();
    clock.time = new Date("2026-12-01T14:00:00Z");
    await pull(sim, "days", { clock, into: pulled });
    expect(spans()).toEqual(["2026-10-31 2026-12-01"]);
    forget();
    await pull(sim, "days", { clock, into: pulled });
    expect(spans()).toEqual(["2026-11-27 2026-12-01"]);
  });

  it("leaves no gap and no unfinished day after it was not run for weeks", async () => {
    const pulled = await pull(sim, "days", { clock });
    forget();
    clock.time = new Date("2026-12-20T14:00:00Z");
    await pull(sim, "days", { clock, into: pulled });
    expect(spans()).toEqual(["2026-10-25 2026-12-19", "2026-12-20 2026-12-20"]);
  });

  it("goes on after a kill where it stopped", async () => {
    const pulled = await pull(sim, "traffic", { clock, maxPages: 2 });
    forget();
    await pull(sim, "traffic", { clock, into: pulled });
    expect(spans()).toEqual(["2026-09-21 2026-11-15", "2026-11-16 2026-11-24"]);
  });

  it("takes days and today in the property's zone, and says so when the zone changes", async () => {
    clock.time = new Date("2026-11-25T03:00:00Z"); // 22:00 on the 24th in New York.
    const pulled = await pull(sim, "days", { clock });
    expect([...pulled.records.keys()].at(-1)).toBe("2026-11-24");
    expect(pulled.records.get("2026-11-24")).toMatchObject({ timeZone: "America/New_York", currency: "USD" });
    sim.dial.timeZone = "Europe/Berlin";
    await pull(sim, "days", { clock, into: pulled });
    expect([...pulled.records.keys()].at(-1)).toBe("2026-11-25");
    expect(pulled.logs.join()).toContain("time zone is now Europe/Berlin instead of America/New_York");
  });

  it("reads a sampled span day by day, and keeps the mark where even a day is sampled", async () => {
    sim.dial.mostDaysUnsampled = 1;
    const since = new Date("2026-11-22T12:00:00Z");
    const pulled = await pull(sim, "days", { clock, since });
    expect(spans()).toEqual([
      "2026-11-22 2026-11-24",
      "2026-11-22 2026-11-22",
      "2026-11-23 2026-11-23",
      "2026-11-24 2026-11-24",
    ]);
    expect(pulled.records.get("2026-11-22")?.["sampling"]).toBeNull();
    sim.dial.mostDaysUnsampled = 0;
    await pull(sim, "days", { clock, since, into: pulled });
    // int64 comes as text.
    expect(pulled.records.get("2026-11-22")?.["sampling"]).toEqual({ samplesRead: 500_000, samplingSpace: 12_000_000 });
  });

  it("asks for half as many days after a report that took too long", async () => {
    sim.dial.mostDaysInTime = 30;
    const pulled = nothingPulled();
    const attempt = (): Promise<unknown> =>
      pull(sim, "days", { clock, since: new Date("2026-10-01T12:00:00Z"), into: pulled });
    await expect(attempt()).rejects.toMatchObject({ code: "google-analytics.report.too_slow", kind: "transient" });
    await attempt();
    expect(spans()).toEqual(["2026-10-01 2026-10-28", "2026-10-29 2026-11-24"]);
    expect(pulled.records.size).toBe(31 + 24);
  });

  it("lists key events by name, only those of the settings where they say which", async () => {
    const since = new Date("2026-11-20T12:00:00Z");
    const all = await pull(sim, "key_events", { clock, since });
    const names = new Set(rowsOf(all, "2026-11-20").map((row) => row.dimensions[0]));
    expect(names).toContain("book_demo");
    expect(names.size).toBeGreaterThan(1);
    const some = await pull(sim, "key_events", { clock, since, settings: { key_events: ["book_demo"] } });
    expect(new Set(rowsOf(some, "2026-11-20").map((row) => row.dimensions[0]))).toEqual(new Set(["book_demo"]));
  });

  it("shows who asks for something in the live company at once", async () => {
    const since = new Date("2026-11-24T12:00:00Z");
    const sessions = async (): Promise<number> => {
      const pulled = await pull(sim, "days", { clock, since });
      return Number(rowsOf(pulled, "2026-11-24")[0]?.metrics[0]);
    };
    const before = await sessions();
    sim.change({ type: "lead.created", at: clock.now(), lead: {} as never, people: [] });
    expect(await sessions()).toBe(before + 1);
  });
});

describe("what Google says about the quality of a report", () => {
  const since = new Date("2026-11-20T12:00:00Z");

  it("is kept with each day and each fact: rows withheld, rows folded into (other)", async () => {
    Object.assign(sim.dial, { leastUsers: 5, mostPages: 2 });
    const pulled = await pull(sim, "traffic", { clock, since });
    const record = pulled.records.get("2026-11-20")!;
    expect(record).toMatchObject({ subjectToThresholding: true, dataLossFromOtherRow: true });
    expect(rowsOf(pulled, "2026-11-20").some((row) => row.dimensions[2] === "(other)")).toBe(true);
    const { facts } = googleAnalytics.streams["traffic"]!.normalise(record, contextOf("traffic"));
    expect(facts[0]).toMatchObject({ attributes: { is_thresholded: true, has_other_row: true, is_final: true } });
    expect(facts.some((fact) => fact.kind === "web_traffic" && fact.landingPage === "(other)")).toBe(true);
  });

  it("holds nothing of the client library's own: no helper keys, whatever depth", async () => {
    sim.dial.restricted = ["totalRevenue"];
    const pulled = await pull(sim, "days", { clock, since });
    const text = JSON.stringify([...pulled.records.values()]);
    expect(text).toContain("2026-11-20");
    for (const key of ["oneValue", '"_', "consumed", "propertyQuota"]) expect(text).not.toContain(key);
    expect(pulled.records.get("2026-11-20")?.["restrictedMetrics"]).toEqual(["totalRevenue"]);
  });

  it("drops what the library's version does not know, and nothing else of the row", async () => {
    sim.spoil("2026-11-20", "unknown");
    const pulled = await pull(sim, "days", { clock, since });
    expect(JSON.stringify(sim.reports)).toContain("surprise");
    expect(rowsOf(pulled, "2026-11-20")).toHaveLength(1);
    expect(JSON.stringify(pulled.records.get("2026-11-20"))).not.toContain("surprise");
  });
});

describe("a report of several pages", () => {
  const span = { ...REPORTS.traffic, from: "2026-11-17", to: "2026-11-21" };

  /** Reads the span in pages of 30 rows; `between` is called after each part. */
  async function read(between: () => void = () => undefined): Promise<{ end: string; dates: Map<string, number> }> {
    const parts = readSpan(connect(sim, { clock }).client, span, 30);
    const dates = new Map<string, number>();
    for (;;) {
      const part = await parts.next();
      if (part.done === true) return { end: part.value, dates };
      for (const [date, rows] of part.value.dates) dates.set(date, rows.length);
      between();
    }
  }

  it("gives each day once it is complete, with all its rows", async () => {
    const { end, dates } = await read();
    expect(end).toBe("complete");
    const whole = await pull(sim, "traffic", { clock, since: new Date("2026-11-17T12:00:00Z") });
    expect([...dates]).toEqual([...dates.keys()].map((date) => [date, rowsOf(whole, date).length]));
    expect([...dates.keys()]).toEqual(["2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"]);
  });

  it("is asked for by offset, in an order that includes every dimension, and with its quota", async () => {
    await read();
    const offsets = asked(sim).map((body) => body["offset"]);
    expect(offsets).toEqual(["0", "30", "60", "90"]);
    const order = ["date", ...REPORTS.traffic.dimensions].map((dimensionName) => ({ dimension: { dimensionName } }));
    for (const body of asked(sim))
      expect(body).toMatchObject({ limit: "30", orderBys: order, returnPropertyQuota: true });
  });

  it("that has another number of rows than before is not read on, so that no row is missed", async () => {
    let changes = 0;
    const { end, dates } = await read(() => {
      // The second change of a day takes a row away.
      if ((changes += 1) === 1) for (let nth = 0; nth < 2; nth += 1) sim.site.restate("2026-11-17");
    });
    expect(end).toBe("moved");
    expect([...dates.keys()]).toEqual(["2026-11-17"]);
  });
});

describe("Google's client library", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function listening(server: Server): Promise<string> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${portOf(server)}/`;
  }

  it("ends a call to a server that hangs, and lets go of its connection", async () => {
    let [open, closed] = [0, 0];
    const hanging = createServer((request) => {
      open += 1;
      request.socket.on("close", () => (closed += 1));
    });
    const base_url = await listening(hanging);
    const { client } = connect(sim, { clock, settings: { base_url, timeout_s: 0.3 } });
    await expect(client.property()).rejects.toMatchObject({
      code: "google-analytics.report.too_slow",
      kind: "transient",
    });
    expect(open).toBe(1);
    await until(() => closed === 1);
  });

  it("looks for no credentials on the machine: it is not even made without a key, and asks nobody but the property", async () => {
    let lookups = 0;
    const metadata = createServer((_request, response) => {
      lookups += 1;
      response.writeHead(200, { "metadata-flavor": "Google" }).end("{}");
    });
    vi.stubEnv("GCE_METADATA_HOST", new URL(await listening(metadata)).host);
    try {
      const keyless = connect(sim, { clock, credentials: {} });
      await expect(keyless.client.property()).rejects.toMatchObject({ code: "google-analytics.auth.key_unreadable" });
      expect(sim.log).toHaveLength(0);
      await connect(sim, { clock }).client.property();
      expect(sim.log).toHaveLength(1);
      expect(lookups).toBe(0);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("is led away from Google only where private networks are allowed", async () => {
    const { client } = connect(sim, { clock, allowPrivateNetworks: false });
    await expect(client.property()).rejects.toMatchObject({
      code: "google-analytics.base_url_not_allowed",
      kind: "config",
    });
    expect(sim.log).toHaveLength(0);
  });

  it.each([
    [{ rows: "abc" }, "google-analytics.report.unreadable", "contract"],
    [{ rows: [{ metricValues: [{ value: 17 }] }] }, "google-analytics.report.unreadable", "contract"],
    [null, "google-analytics.report.unreadable", "contract"],
    ["<html>", "google-analytics.http.unreadable", "transient"],
    ['{"rows":[{', "google-analytics.http.unreadable", "transient"],
  ])("makes nothing of the answer %j: %s", async (body, code, kind) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    sim.answerWith({ status: 200, headers: { "content-type": "application/json" }, body: text });
    await expect(connect(sim, { clock }).client.property()).rejects.toMatchObject({ code, kind });
  });

  it("puts an error's body into its message: status, text and header are found there, the key is not", async () => {
    const error = { code: 429, message: "Exhausted concurrent requests quota.", status: "RESOURCE_EXHAUSTED" };
    sim.answerWith({ status: 429, body: { error } });
    const thrown: unknown = await connect(sim, { clock })
      .client.property()
      .catch((failed: unknown) => failed);
    expect(thrown).toMatchObject({
      code: "google-analytics.quota_exhausted",
      message: "A quota of the property is used up: Exhausted concurrent requests quota.",
      retryAt: new Date(clock.now().getTime() + 30_000),
    });
    expect(inspect(thrown, { depth: 10 })).not.toMatch(/Bearer|PRIVATE KEY/);
  });
});

describe("Google's own failures", () => {
  const failure = { status: 503, body: { error: { code: 503, message: "Try later.", status: "UNAVAILABLE" } } };

  it("are not tried again in place, since each counts against us", async () => {
    sim.answerWith(failure);
    const { client } = connect(sim, { clock });
    await expect(client.property()).rejects.toMatchObject({ code: "google-analytics.server_error", kind: "transient" });
    expect(sim.log).toHaveLength(1);
  });

  it("stop everybody before the ten of an hour are used up", async () => {
    sim.answerWith(failure, 100);
    const limiter = bucketsAt(clock);
    const { client } = connect(sim, { clock, limiter });
    for (let minute = 0; minute < 60; minute += 1) {
      await client.names().catch(() => undefined);
      clock.time = new Date(clock.now().getTime() + 60_000);
    }
    expect(sim.log.length).toBeGreaterThan(3);
    expect(sim.log.length).toBeLessThan(10);
  });

  it("stop everybody when an answer says that few are left, whoever had them", async () => {
    sim.leaveQuota("serverErrorsPerProjectPerHour", 3);
    const { client } = connect(sim, { clock, limiter: bucketsAt(clock) });
    await client.property();
    await expect(client.names()).rejects.toMatchObject({ kind: "rate_limited" });
    expect(sim.log).toHaveLength(1);
  });
});

describe("the property's quota", () => {
  it("stops everybody when an answer says that less than a tenth is left", async () => {
    sim.leaveQuota("tokensPerProjectPerHour", 1200);
    const { client } = connect(sim, { clock, limiter: bucketsAt(clock) });
    await client.property();
    const refused = client.names();
    await expect(refused).rejects.toMatchObject({ kind: "rate_limited" });
    expect(sim.log).toHaveLength(1);
  });

  it("that is used up is waited for by its name", async () => {
    sim.leaveQuota("tokensPerProjectPerHour", 0);
    await expect(connect(sim, { clock }).client.property()).rejects.toMatchObject({
      kind: "rate_limited",
      retryAt: new Date(clock.now().getTime() + 1_800_000),
    });
  });
});

describe("the set-up's check", () => {
  async function check(settings: { readonly [name: string]: string } = {}): Promise<unknown> {
    const connected = connect(sim, { clock, settings });
    return googleAnalytics.check(connected.client, connected.settings);
  }

  it("names the property with its zone and currency", async () => {
    expect(await check()).toEqual({
      accountId: sim.propertyId,
      accountName: `GA4 property ${sim.propertyId} (America/New_York, USD)`,
      missingPermissions: [],
      warnings: [],
    });
  });

  it("lists what the account's role hides, and warns of what Google withholds", async () => {
    Object.assign(sim.dial, { restricted: ["totalRevenue"], leastUsers: 1000 });
    expect(await check()).toMatchObject({
      missingPermissions: ["totalRevenue: the service account's role hides it, it stays empty in days"],
      warnings: [expect.stringContaining("traffic: Google withholds rows") as string, expect.anything()],
    });
  });

  it("says of a wrong number what it says of a missing right, as Google does not tell them apart", async () => {
    await expect(check({ property_id: "1" })).rejects.toMatchObject({
      code: "google-analytics.property.no_access",
      kind: "auth",
      mend: expect.stringMatching(/property_id.*Viewer/) as string,
    });
  });

  it("tells a disabled API and a revoked key apart", async () => {
    sim.dial.isApiDisabled = true;
    await expect(check()).rejects.toMatchObject({ code: "google-analytics.api_disabled", kind: "auth" });
    sim.dial.isKeyRevoked = true;
    await expect(check()).rejects.toMatchObject({ code: "google-analytics.auth.key_rejected", kind: "auth" });
  });

  it("refuses a measurement id and what is no key file", () => {
    expect(googleAnalytics.settings.safeParse({ property_id: "G-ABC123" }).success).toBe(false);
    const [method] = googleAnalytics.auth;
    for (const text of ["", "{}", '{"client_email":"a@b","private_key":"x"}'])
      expect(method?.credentials.safeParse({ service_account_json: text }).success).toBe(false);
    expect(method?.credentials.safeParse(sim.credentials).success).toBe(true);
  });
});

describe("the vendor's own totals", () => {
  it("equal the sums of days and rows, but for users, which do not add up", async () => {
    const { client, settings } = connect(sim, { clock });
    const totals = (await googleAnalytics.totals?.(client, settings)) ?? [];
    expect(new Set(totals.map((total) => total.ours.where?.["month"]))).toEqual(
      new Set(["2026-09", "2026-10", "2026-11"]),
    );
    const landed = new Map<string, Awaited<ReturnType<typeof pull>>>();
    for (const stream of ["traffic", "days", "key_events"]) landed.set(stream, await pull(sim, stream, { clock }));
    const compared = totals.map(({ name, theirs, ours }) => {
      const records = [...(landed.get(ours.stream)?.records.values() ?? [])];
      const inMonth = records.filter((record) => record["month"] === ours.where?.["month"]);
      const sum = inMonth.reduce((total, record) => total + Number(record[ours.sum ?? ""]), 0);
      return { name, difference: sum - theirs };
    });
    const [users, others] = [true, false].map((isUsers) =>
      compared.filter(({ name }) => name.startsWith("users") === isUsers),
    );
    expect(others).toEqual(others?.map(({ name }) => ({ name, difference: 0 })));
    expect(others).toHaveLength(15);
    expect(users).toHaveLength(3);
    expect(users?.every(({ difference }) => difference > 0)).toBe(true);
    expect(totals.every(({ note }) => note !== undefined)).toBe(true);
  });

  it("show what thresholding withholds from the rows", async () => {
    sim.dial.leastUsers = 10;
    const { client, settings } = connect(sim, { clock });
    const totals = (await googleAnalytics.totals?.(client, settings)) ?? [];
    const pulled = await pull(sim, "traffic", { clock });
    const october = [...pulled.records.values()].filter((record) => record["month"] === "2026-10");
    const sum = october.reduce((total, record) => total + Number(record["sessions"]), 0);
    const theirs = totals.find(({ name }) => name === "sessions 2026-10 (traffic)");
    expect(sum).toBeLessThan(theirs?.theirs ?? 0);
    expect(theirs?.note).toContain("thresholding");
  });
});

function contextOf(stream: string) {
  const settings = googleAnalytics.settings.parse({ property_id: "1" });
  return { connectionId: "c", stream, externalId: "x", settings, timeZone: "Europe/Berlin", currency: "EUR" };
}

/** Token buckets by the test's clock, as the shared ones work. */
function bucketsAt(time: StillClock): Limiter {
  const buckets = new Map<string, { tokens: number; at: number; blockedUntil: number }>();
  const bucketOf = (name: string, capacity: number) => {
    const bucket = buckets.get(name) ?? { tokens: capacity, at: time.now().getTime(), blockedUntil: 0 };
    buckets.set(name, bucket);
    return bucket;
  };
  return {
    ...unlimited,
    take(name, { capacity, refillPerS }) {
      const bucket = bucketOf(name, capacity);
      const now = time.now().getTime();
      bucket.tokens = Math.min(capacity, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * refillPerS);
      bucket.at = Math.max(bucket.at, now);
      if (bucket.blockedUntil > now) return Promise.resolve(bucket.blockedUntil - now);
      if (bucket.tokens < 1) return Promise.resolve(((1 - bucket.tokens) / refillPerS) * 1000);
      bucket.tokens -= 1;
      return Promise.resolve(0);
    },
    block(name, { capacity }, waitMs) {
      const bucket = bucketOf(name, capacity);
      Object.assign(bucket, { tokens: Math.min(bucket.tokens, 1), blockedUntil: time.now().getTime() + waitMs });
      bucket.at = bucket.blockedUntil;
      return Promise.resolve();
    },
    observe(name, { remaining, resetS }) {
      if (remaining !== 0) return Promise.resolve();
      return this.block(name, { capacity: 1, refillPerS: 1 }, (resetS ?? 1) * 1000);
    },
  };
}
