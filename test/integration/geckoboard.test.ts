import { Geckoboard } from "geckoboard";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../core/base/clock.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import {
  type GeckoboardSimulator,
  startGeckoboardSimulator,
} from "../../dashboards/destinations/geckoboard/simulator/index.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { pushDestination, type PushDeps } from "../../dashboards/destinations/push.ts";
import { testDatabase } from "../support/database.ts";

const API_KEY = "gecko-key-for-tests";
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
let store: Store;
let deps: PushDeps;
let gecko: GeckoboardSimulator;

beforeAll(async () => {
  store = await testDatabase();
  deps = { store, secrets, clock: systemClock, destinations: DESTINATIONS, allowPrivateNetworks: true };
});
beforeEach(async () => {
  gecko = await startGeckoboardSimulator({ apiKey: API_KEY });
  await store.db.deleteFrom("destination_states").execute();
  await configure([{ id: "sales.deals", metric: "deal_count", by: [], period: "all" }]);
  return () => gecko.close();
});
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => writeSettings(store.db, "geckoboard", null));

async function configure(datasets: object[], apiKey = API_KEY): Promise<void> {
  const sealed = secrets.seal(apiKey, "settings/geckoboard/api_key");
  await writeSettings(store.db, "geckoboard", { api_key: sealed, base_url: gecko.baseUrl, datasets });
}

const push = (): Promise<readonly string[]> => pushDestination(deps, "geckoboard", new AbortController().signal);
const lastError = async (): Promise<unknown> =>
  (await store.db.selectFrom("destination_states").select("last_error_code").executeTakeFirst())?.last_error_code;

test("a KPI becomes a dataset, and what has not changed is not sent again", async () => {
  expect(await push()).toEqual(["sales.deals"]);
  expect(gecko.datasets.get("sales.deals")?.rows).toEqual([{ value: 0, state: "complete" }]);
  expect(await push()).toEqual([]);
});

test("a definition that changed replaces the dataset under the same id", async () => {
  await push();
  await configure([{ id: "sales.deals", metric: "won_value", by: [], period: "all" }]);
  expect(await push()).toEqual(["sales.deals"]);
  expect(gecko.datasets.get("sales.deals")?.fields["value"]?.type).toBe("money");
});

test("a refused key is an auth error that names what to do, and is kept for the console", async () => {
  await configure([{ id: "sales.deals", metric: "deal_count" }], "another-key");
  await expect(push()).rejects.toMatchObject({
    code: "geckoboard.key_rejected",
    kind: "auth",
  });
  expect(await lastError()).toBe("geckoboard.key_rejected");
});

test("a dataset that somebody else made with other fields is not overwritten", async () => {
  const fields = { other: { type: "number", name: "Other" } };
  await fetch(`${gecko.baseUrl}/datasets/sales.deals`, {
    method: "PUT",
    headers: { authorization: `Basic ${Buffer.from(`${API_KEY}:`).toString("base64")}` },
    body: JSON.stringify({ fields }),
  });
  await expect(push()).rejects.toMatchObject({ code: "geckoboard.schema_conflict" });
  expect(gecko.datasets.get("sales.deals")?.fields).toEqual(fields);
});

test("a dataset that is wrong holds up none of the others, and is told of", async () => {
  const one = { metric: "deal_count", by: [], period: "all" };
  await configure([
    { id: "sales.a", ...one },
    { id: "sales.taken", ...one },
    { id: "sales.z", ...one },
  ]);
  await fetch(`${gecko.baseUrl}/datasets/sales.taken`, {
    method: "PUT",
    headers: { authorization: `Basic ${Buffer.from(`${API_KEY}:`).toString("base64")}` },
    body: JSON.stringify({ fields: { other: { type: "number", name: "Other" } } }),
  });
  await expect(push()).rejects.toMatchObject({ code: "geckoboard.schema_conflict" });
  expect(await lastError()).toBe("geckoboard.schema_conflict");
  for (const id of ["sales.a", "sales.z"])
    expect(gecko.datasets.get(id)?.rows).toEqual([{ value: 0, state: "complete" }]);
});

test("a full minute's quota is waited for, a broken server is tried again, and success clears the error", async () => {
  gecko.failNext(1, 429);
  await expect(push()).rejects.toMatchObject({ kind: "rate_limited" });
  gecko.failNext(1, 503);
  await expect(push()).rejects.toMatchObject({ kind: "transient" });
  await push();
  expect(await lastError()).toBeNull();
});

test("a definition that Geckoboard refuses costs no dataset: the old one stays as it was", async () => {
  await push();
  const before = structuredClone(gecko.datasets.get("sales.deals"));
  await configure([{ id: "sales.deals", metric: "won_value", by: [], period: "all" }]);
  gecko.failNext(1, 503);
  await expect(push()).rejects.toMatchObject({ kind: "transient" });
  gecko.failFrom("PUT /datasets/sales.deals.trial/data", 400);
  await expect(push()).rejects.toMatchObject({ code: "geckoboard.refused" });
  expect(gecko.datasets.get("sales.deals")).toEqual(before);
  gecko.failFrom(null, 0);
  expect(await push()).toEqual(["sales.deals"]);
  expect([...gecko.datasets.keys()]).toEqual(["sales.deals"]);
});

test("a history grows by a row a day, has one for each day, and is not dropped for another definition", async () => {
  let now = new Date("2026-11-23T12:00:00Z");
  const daily = { ...deps, clock: { now: () => now } };
  const pushAt = (at: string): Promise<readonly string[]> => {
    now = new Date(at);
    return pushDestination(daily, "geckoboard", new AbortController().signal);
  };
  const history = { id: "sales.history", metric: "deal_count", period: "today", append: true };
  await configure([history]);
  await pushAt("2026-11-23T12:00:00Z");
  await pushAt("2026-11-23T18:00:00Z");
  await pushAt("2026-11-24T12:00:00Z");
  const days = (): unknown => gecko.datasets.get("sales.history")?.rows.map((row) => row["day"]);
  expect(days()).toEqual(["2026-11-23", "2026-11-24"]);
  await configure([{ ...history, metric: "won_value" }]);
  await expect(pushAt("2026-11-25T12:00:00Z")).rejects.toMatchObject({ code: "geckoboard.would_lose_history" });
  expect(days()).toEqual(["2026-11-23", "2026-11-24"]);
});

test("the vendor's own client is served: it creates, finds, replaces, adds, deletes, and is told what is wrong", async () => {
  vi.stubEnv("GECKOBOARD_API_HOST", gecko.baseUrl);
  const client = new Geckoboard(API_KEY);
  await client.ping();
  const dataset = client.defineDataset({
    id: "orders.daily",
    fields: {
      day: { type: "date", name: "Day" },
      shop: { type: "string", name: "Shop" },
      taken: { type: "money", name: "Taken", currency_code: "GBP" },
      wait: { type: "duration", name: "Wait", time_unit: "minutes", optional: true },
      share: { type: "percentage", name: "Share", optional: true },
    },
    uniqueBy: ["day", "shop"],
  });
  await dataset.create();
  await dataset.create();
  const row = (
    day: string,
    taken: number,
  ): { day: string; shop: string; taken: number; wait: number; share: number } => ({
    day,
    shop: "Oslo",
    taken,
    wait: 1.5,
    share: 0.35,
  });
  await dataset.replace([row("2026-11-23", 100)]);
  await dataset.append([row("2026-11-23", 200), row("2026-11-24", 50)]);
  expect(gecko.datasets.get("orders.daily")?.rows.map(({ day, taken }) => [day, taken])).toEqual([
    ["2026-11-23", 200],
    ["2026-11-24", 50],
  ]);
  await expect(dataset.append([{ ...row("24.11.2026", 1) }])).rejects.toThrow("YYYY-MM-DD");
  await expect(dataset.replace(Array.from({ length: 501 }, () => row("2026-11-23", 1)))).rejects.toThrow("500");
  await expect(new Geckoboard("wrong").ping()).rejects.toThrow("Your API key is invalid");
  await dataset.delete();
  expect(gecko.datasets.size).toBe(0);
});

test("beyond what a dataset holds the oldest go: by their date where that is said, else as they came", async () => {
  const call = (method: string, path: string, body: unknown): Promise<Response> =>
    fetch(gecko.baseUrl + path, {
      method,
      headers: { authorization: `Basic ${Buffer.from(`${API_KEY}:`).toString("base64")}` },
      body: JSON.stringify(body),
    });
  const fields = { day: { type: "date", name: "Day" }, rep: { type: "string", name: "Rep" } };
  expect((await call("PUT", "/datasets/many", { fields, unique_by: ["rep"] })).status).toBe(201);
  expect((await call("PUT", "/datasets/many", { fields, unique_by: ["rep"] })).status).toBe(200);
  for (let start = 0; start < 5_000; start += 500)
    await call("POST", "/datasets/many/data", {
      data: Array.from({ length: 500 }, (_, at) => ({
        day: start + at === 4_999 ? "2020-01-01" : "2026-01-01",
        rep: `r${start + at}`,
      })),
    });
  await call("POST", "/datasets/many/data", { data: [{ day: "2026-02-01", rep: "new" }], delete_by: "day" });
  const reps = gecko.datasets.get("many")?.rows.map(({ rep }) => rep) ?? [];
  expect([reps.length, reps.includes("r0"), reps.includes("r4999"), reps.includes("new")]).toEqual([
    5_000,
    true,
    false,
    true,
  ]);
});
