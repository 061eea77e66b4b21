import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
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

test("a full minute's quota is waited for, a broken server is tried again, and success clears the error", async () => {
  gecko.failNext(1, 429);
  await expect(push()).rejects.toMatchObject({ kind: "rate_limited" });
  gecko.failNext(1, 503);
  await expect(push()).rejects.toMatchObject({ kind: "transient" });
  await push();
  expect(await lastError()).toBeNull();
});
