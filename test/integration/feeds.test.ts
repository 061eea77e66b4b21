import { spawnSync } from "node:child_process";
import parsePrometheus from "parse-prometheus-text-format";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WIDGETS } from "../../core/metrics/feeds.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import { DEFAULT_FEEDS } from "../../dashboards/views/feeds/definitions.ts";
import { openStore } from "../../core/store/db.ts";
import { testDatabase, testDatabaseTarget } from "../support/database.ts";
import { throughLine } from "../support/line.ts";
import { isThere } from "../support/programs.ts";
import { until } from "../support/until.ts";
import { json, NOW, type Running, newKey, startServer } from "./server-support.ts";

const store = await testDatabase();
let running: Running;
let key: string;
beforeAll(async () => {
  running = await startServer(store);
  key = await newKey(store, "feed:*");
});
afterAll(() => running.close());

it("there is one of each widget to begin with, and all answer over an empty database", async () => {
  expect(new Set(DEFAULT_FEEDS.map(({ widget }) => widget))).toEqual(new Set(WIDGETS));
  for (const { id } of DEFAULT_FEEDS) {
    const response = await running.fetch(`/feeds/${id}?key=${key}`);
    expect([id, response.status, response.headers.get("content-type")]).toEqual([
      id,
      200,
      "application/json; charset=utf-8",
    ]);
  }
});

it("an unchanged feed is not sent again to who has it", async () => {
  const first = await running.fetch(`/feeds/won-value?key=${key}`);
  const etag = first.headers.get("etag") ?? "";
  expect(first.headers.get("cache-control")).toBe("private, max-age=15");
  const again = await running.fetch(`/feeds/won-value?key=${key}`, { headers: { "If-None-Match": etag } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

it("a key for one feed opens no other, and no TV", async () => {
  const one = await newKey(store, "feed:won-value");
  expect((await running.fetch(`/feeds/won-value?key=${one}`)).status).toBe(200);
  expect((await running.fetch(`/feeds/win-rate?key=${one}`)).status).toBe(403);
  expect((await running.fetch(`/tv/sales-floor?key=${one}`)).status).toBe(403);
});

it("the config file's feeds stand beside the default ones, or take the place of the one whose id they use", async () => {
  await writeSettings(store.db, "feeds", [{ id: "mine", metric: "deals_won", title: "Mine" }]);
  expect(await (await running.fetch(`/feeds/mine?key=${key}`)).json()).toEqual({
    item: [{ value: 0, text: "Mine" }, { value: 0 }],
  });
  expect((await running.fetch(`/feeds/won-value?key=${key}`)).status).toBe(200);
});

it("the key may come as Geckoboard sends what is typed into a widget: as the user name of Basic; an API key may not", async () => {
  const basic = (user: string): RequestInit => ({
    headers: { Authorization: `Basic ${Buffer.from(`${user}:X`).toString("base64")}` },
  });
  expect((await running.fetch("/feeds/won-value", basic(key))).status).toBe(200);
  expect((await running.fetch("/feeds/won-value", basic(await newKey(store, "read")))).status).toBe(401);
  expect((await running.fetch("/api/v1/feeds", basic(key))).status).toBe(401);
});

it("a key that is revoked opens its feed no more, and the others still do", async () => {
  const admin = await newKey(store, "admin");
  const made = await running.fetch("/api/v1/api-keys", {
    ...json({ name: "TV", scopes: ["feed:won-value"] }),
    as: admin,
  });
  const { id, token } = (await made.json()) as { id: string; token: string };
  expect((await running.fetch(`/feeds/won-value?key=${token}`)).status).toBe(200);
  await running.fetch(`/api/v1/api-keys/${id}`, { method: "DELETE", as: admin });
  expect((await running.fetch(`/feeds/won-value?key=${token}`)).status).toBe(401);
  expect((await running.fetch(`/feeds/won-value?key=${key}`)).status).toBe(200);
});

it("while the database does not answer, a feed gives what it gave last and says how old that is, to keys that were good; then it goes on", async () => {
  const target = await testDatabaseTarget();
  const line = await throughLine(target);
  const cut = openStore({ ...target, ...line.address }, { max: 5 });
  let nowMs = NOW.getTime();
  // Before the hub listens: that a key was made is announced, and would have it forget what it knows in the middle of this.
  const [good, other] = [await newKey(cut, "feed:*"), await newKey(cut, "feed:*")];
  const hub = await startServer(cut, { clock: { now: () => new Date(nowMs) } });
  const ask = async (id: string, as: string): Promise<Response> => hub.fetch(`/feeds/${id}?key=${as}`);
  const fresh = (await (await ask("velocity", good)).json()) as TextWidget;
  nowMs += 120_000;
  await line.cut();
  const stale = await ask("velocity", good);
  expect([stale.status, stale.headers.get("age")]).toEqual([200, "120"]);
  const said = ((await stale.json()) as TextWidget).item[0];
  expect(said.text).toContain("what was known at 12:00");
  // Yellow: an alert.
  expect(said.type).toBe(1);
  expect(decodeURIComponent(stale.headers.get("x-incomplete") ?? "")).toContain("the hub cannot look now");
  // What was never asked for is not made up, and a key that was never good is not taken for one.
  expect((await ask("won-value", good)).status).toBe(503);
  expect((await ask("velocity", other)).status).toBe(503);
  await line.restore();
  let back = await ask("velocity", good);
  await until(async () => {
    back = await ask("velocity", good);
    return back.ok && !back.headers.has("age");
  });
  expect(await back.json()).toEqual(fresh);
  await hub.close();
  await cut.close();
  await line.close();
});

type TextWidget = { readonly item: readonly [{ readonly text: string; readonly type: number }] };

it("a definition is previewed as its feed would answer, and kept nowhere", async () => {
  const read = await newKey(store, "read");
  const preview = async (definition: object): Promise<readonly [number, Record<string, unknown>]> => {
    const response = await running.fetch("/api/v1/feeds/preview", { ...json(definition), as: read });
    return [response.status, (await response.json()) as Record<string, unknown>];
  };
  const before = await store.db.selectFrom("kept_answers").select("key").execute();
  const [status, { document }] = await preview({ metric: "deals_won", title: "Mine" });
  expect([status, document]).toEqual([200, await (await running.fetch(`/feeds/mine?key=${key}`)).json()]);
  for (const widget of WIDGETS)
    expect([widget, (await preview({ metric: "won_value", widget }))[0]]).toEqual([widget, 200]);
  expect((await preview({ metric: "nothing" }))[1]).toMatchObject({ code: "kpi.unknown_metric" });
  expect((await preview({ metric: "deals_won", wdget: "bar" }))[0]).toBe(400);
  const after = await store.db.selectFrom("kept_answers").select("key").execute();
  expect(after.length - before.length).toBeLessThanOrEqual(2);
});

it("a feed is asked for by POST as well: whoever sets up a widget chooses", async () => {
  const asked = await running.fetch(`/feeds/won-value?key=${key}`, {
    method: "POST",
    body: new URLSearchParams({ format: "2" }),
  });
  expect([asked.status, await asked.json()]).toEqual([
    200,
    await (await running.fetch(`/feeds/won-value?key=${key}`)).json(),
  ]);
  expect((await running.fetch("/feeds/won-value", { method: "POST" })).status).toBe(401);
});

it("every feed's number is a gauge for Prometheus, with whether it is whole; no value is no series; one that fails takes no other along", async () => {
  await writeSettings(store.db, "feeds", [
    { id: "mine", metric: "deals_won", title: "Mine" },
    { id: "odd", metric: "was_taken_away" },
  ]);
  const read = await newKey(store, "read");
  const scraped = await running.fetch("/metrics/kpis", { as: read });
  expect([scraped.status, scraped.headers.get("content-type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  const text = await scraped.text();
  const parsed = parsePrometheus(text);
  const series = (name: string, feed: string): readonly string[] =>
    parsed
      .find((family) => family.name === name)
      ?.metrics.flatMap(({ labels, value }) => (labels?.["feed"] === feed ? (value ?? []) : [])) ?? [];
  expect(series("tributary_kpi_value", "mine")).toEqual(["0"]);
  expect(series("tributary_kpi_value", "win-rate")).toEqual([]);
  expect([series("tributary_kpi_complete", "mine"), series("tributary_kpi_complete", "odd")]).toEqual([["1"], ["0"]]);
  expect((await running.fetch("/metrics/kpis", { as: await newKey(store, "metrics") })).status).toBe(403);
  expect((await running.fetch("/metrics/kpis")).status).toBe(401);
});

// Prometheus's own tool is on few machines; where it is missing the run says that this was skipped.
it.skipIf(!isThere("promtool"))(
  "promtool finds nothing wrong with the gauges and with the hub's own measurements",
  async () => {
    const read = await newKey(store, "read", "metrics");
    for (const address of ["/metrics/kpis", "/metrics"]) {
      const input = await (await running.fetch(address, { as: read })).text();
      const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
      expect([address, status, stderr]).toEqual([address, 0, ""]);
    }
  },
);
