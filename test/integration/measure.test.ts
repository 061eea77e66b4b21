import { EVENTS } from "../../core/outbox/catalogue.ts";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CHANNELS } from "../../core/store/channels.ts";
import { silentLog } from "../../core/base/log.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { measure, type Measured } from "../../workers/measure.ts";
import { keptAnswer } from "../../core/metrics/index.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";

let store: Store;
let world: World;
let now: Date;
beforeAll(async () => {
  store = await testDatabase();
});
beforeEach(async () => {
  world = await World.create(store);
  await world.clear();
  now = new Date("2026-03-20T12:00:00Z");
  await world.rep("Ann");
});

const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
const run = (): Promise<Measured> =>
  measure(
    { store, secrets, destinations: DESTINATIONS, clock: { now: () => now }, log: silentLog },
    { reason: "facts" },
  );
const win = (name: string, amountMinor: number) =>
  world.deal(name, {
    changes: [
      { at: "2026-03-01", amountMinor, rep: "Ann" },
      { at: "2026-03-10", status: "won" },
    ],
  });

const board = (...tiles: object[]) => [{ id: "floor", title: "Floor", tiles }];

async function points(): Promise<unknown[][]> {
  const rows = await store.db
    .selectFrom("metric_points")
    .select(["metric", "dimensions", "from_day", "to_day", "value"])
    .orderBy("id")
    .execute();
  return rows.map((row) => [row.metric, row.dimensions, row.from_day, row.to_day, row.value]);
}

/** What was told, each as the description of the API says. */
async function events(): Promise<unknown[]> {
  const rows = await store.db
    .selectFrom("outbox")
    .select("payload")
    .where("type", "=", "kpi.updated")
    .orderBy("id")
    .execute();
  return rows.map((row) => EVENTS["kpi.updated"].data.parse(row.payload));
}

describe("measure", () => {
  test("stores the watched numbers in minor units, and tells of each", async () => {
    await writeSettings(store.db, "dashboards", board({ metric: "won_value" }));
    await win("1", 100_50);
    expect(await run()).toEqual({ watches: 1, changed: 1 });
    expect(await points()).toEqual([["won_value", {}, "2026-03-01", "2026-03-31", 100_50]]);
    expect(await events()).toEqual([
      {
        metric: "won_value",
        unit: "money",
        currency: "USD",
        timezone: "UTC",
        dimensions: {},
        from: "2026-03-01",
        to: "2026-03-31",
        value: 100.5,
        previous_value: null,
        numerator: null,
        denominator: null,
        sample_size: 1,
        as_of: "2026-03-20T12:00:00.000Z",
        fresh_as_of: null,
        notes: [],
      },
    ]);
  });

  test("a second run over the same facts changes nothing", async () => {
    await win("1", 100_00);
    expect((await run()).changed).toBeGreaterThan(0);
    const [before, told] = [await points(), await events()];
    now = new Date("2026-03-20T18:00:00Z");
    expect((await run()).changed).toBe(0);
    expect(await points()).toEqual(before);
    expect(await events()).toEqual(told);
  });

  test("only what changed is stored and told, with what it was before", async () => {
    await writeSettings(store.db, "dashboards", board({ metric: "won_value" }, { metric: "deals_lost" }));
    await win("1", 100_00);
    await run();
    await win("2", 50_00);
    expect(await run()).toEqual({ watches: 2, changed: 1 });
    expect((await events()).at(-1)).toMatchObject({ metric: "won_value", value: 150, previous_value: 100 });
  });

  test("a leaderboard is watched rep by rep, and a rep whose only win is undone goes back to 0", async () => {
    await writeSettings(store.db, "dashboards", board({ metric: "rep_leaderboard", view: "leaderboard" }));
    await win("1", 100_00);
    await run();
    expect(await points()).toEqual([["won_value", { rep: "Ann" }, "2026-03-01", "2026-03-31", 100_00]]);
    await store.db.updateTable("deals").set({ deleted_at: now }).execute();
    expect((await run()).changed).toBe(1);
    expect((await points()).at(-1)).toEqual(["won_value", { rep: "Ann" }, "2026-03-01", "2026-03-31", 0]);
    expect((await run()).changed).toBe(0);
  });

  test("breakdowns of one KPI and period don't mistake each other's slices for their own", async () => {
    await world.rep("Bob");
    await writeSettings(
      store.db,
      "dashboards",
      board(
        { metric: "won_value" },
        { metric: "won_value", by: "rep", view: "bar" },
        { metric: "won_value", filters: { rep: "Ann" } },
        { metric: "won_value", filters: { rep: "Bob" } },
      ),
    );
    await win("1", 100_00);
    await run();
    expect((await run()).changed).toBe(0);
    const slices = (await points()).map(([, dimensions, , , value]) => JSON.stringify([dimensions, value]));
    expect(slices.toSorted()).toEqual(['[{"rep":"Ann"},10000]', '[{"rep":"Bob"},0]', "[{},10000]"]);
  });

  test("computes only what was touched since: a call moves the number of activities alone, and nothing touched moves none", async () => {
    await writeSettings(
      store.db,
      "dashboards",
      board({ metric: "won_value" }, { metric: "activities" }, { metric: "untouched_leads" }),
    );
    await win("1", 100_00);
    await run();
    const computed = async (): Promise<Record<string, string | undefined>> => {
      const rows = await store.db.selectFrom("kept_answers").select(["key", "computed_at"]).execute();
      const times: Record<string, string | undefined> = {};
      for (const { key, computed_at: at } of rows) times[key.split(" ")[0] ?? key] = at?.toISOString().slice(11, 19);
      return times;
    };
    now = new Date("2026-03-20T12:00:10Z");
    await run();
    expect(await computed()).toEqual({ won_value: "12:00:00", activities: "12:00:00", untouched_leads: "12:00:00" });
    await world.activity("call", "2026-03-20T12:00:05Z", { rep: "Ann" });
    await run();
    expect(await computed()).toMatchObject({ won_value: "12:00:00", activities: "12:00:10" });
    // What has waited for long waits longer; a meeting that was planned begins; and tomorrow all days are others.
    await world.activity("meeting", "2026-03-20T12:30:00Z", { rep: "Ann" });
    await run();
    now = new Date("2026-03-20T12:29:00Z");
    await run();
    expect(await computed()).toEqual({ won_value: "12:00:00", activities: "12:00:10", untouched_leads: "12:29:00" });
    now = new Date("2026-03-20T12:30:00Z");
    await run();
    expect(await computed()).toMatchObject({ won_value: "12:00:00", activities: "12:30:00" });
    now = new Date("2026-03-21T00:00:01Z");
    await run();
    expect(await computed()).toMatchObject({ won_value: "00:00:01" });
  });

  test("what a viewer was given is kept, given to the next, and brought up to date while somebody looks", async () => {
    await writeSettings(store.db, "dashboards", []);
    await win("1", 100_00);
    const query = world.query("won_value", "2026-02-01", "2026-02-28");
    const look = async (): Promise<number | null | undefined> =>
      (await keptAnswer(store.db, { ...query, now })).rows[0]?.value;
    await run();
    expect(await Promise.all([look(), look(), look()])).toEqual([0, 0, 0]);
    const kept = () => store.db.selectFrom("kept_answers").select("computed_at").execute();
    expect(await kept()).toHaveLength(1);
    await world.deal("late", {
      changes: [
        { at: "2026-02-01", amountMinor: 5_00, rep: "Ann" },
        { at: "2026-02-10", status: "won" },
      ],
    });
    await run();
    expect(await look()).toBe(5);
    // Nobody has looked for a while: it is not computed for nobody.
    now = new Date("2026-03-20T12:20:00Z");
    await world.remove("late");
    await run();
    expect(await kept()).toEqual([]);
  });

  test("amounts that sum to more than a JavaScript number holds stop neither their KPI nor the others", async () => {
    await writeSettings(store.db, "dashboards", board({ metric: "won_value" }, { metric: "win_rate" }));
    await win("W1", 1_000_00);
    await win("H1", 4_917_612_345_678_900);
    await win("H2", 4_917_612_345_678_900);
    await run();
    // 49,176,123,456,789 twice, and 1,000.
    // The amounts of the case 03-one-huge-amount-stops-all-screens.
    expect(await world.value("won_value", "2026-03-01", "2026-03-31")).toBe(98_352_246_914_578);
    expect(await points()).toContainEqual(["won_value", {}, "2026-03-01", "2026-03-31", 9_835_224_691_457_800]);
    expect(await points()).toContainEqual(["win_rate", {}, "2026-03-01", "2026-03-31", 1]);
  });

  test("a line is stored month by month", async () => {
    await writeSettings(store.db, "dashboards", board({ metric: "deals_won", view: "line", limit: 2 }));
    await win("1", 100_00);
    await run();
    expect(await points()).toEqual([
      ["deals_won", {}, "2026-02-01", "2026-02-28", 0],
      ["deals_won", {}, "2026-03-01", "2026-03-31", 1],
    ]);
  });

  test("feeds and Geckoboard datasets are watched too, each question once", async () => {
    await writeSettings(store.db, "dashboards", board({ metric: "won_value" }));
    await writeSettings(store.db, "feeds", [
      { id: "won", metric: "won_value" },
      { id: "rate", metric: "win_rate", widget: "geckometer" },
    ]);
    await writeSettings(store.db, "geckoboard", {
      api_key: secrets.seal("key", "settings/geckoboard/api_key"),
      datasets: [{ id: "won.by.rep", metric: "won_value", by: ["rep"] }],
    });
    expect((await run()).watches).toBe(3);
  });

  test("two questions that ask the same today are measured as one: in January, this month and this year", async () => {
    now = new Date("2026-01-20T12:00:00Z");
    await writeSettings(
      store.db,
      "dashboards",
      board({ metric: "won_value", period: "this_month" }, { metric: "won_value", period: "this_year" }),
    );
    await expect(run()).resolves.toMatchObject({ watches: 2 });
  });

  test("a tile that can't be computed leaves the others alone", async () => {
    await writeSettings(
      store.db,
      "dashboards",
      board({ metric: "no_such" }, { metric: "won_value", filters: { colour: "red" } }, { metric: "deals_won" }),
    );
    await win("1", 100_00);
    expect(await run()).toEqual({ watches: 3, changed: 1 });
  });

  test("two at once store each number once", async () => {
    await win("1", 100_00);
    await Promise.all([run(), run()]);
    const all = await points();
    expect(new Set(all.map((point) => JSON.stringify(point))).size).toBe(all.length);
  });

  test("screens are told in the transaction that changed the numbers", async () => {
    const listener = await store.pool.connect();
    try {
      const heard: string[] = [];
      listener.on("notification", ({ payload }) => heard.push(payload ?? ""));
      await listener.query(`listen ${CHANNELS.live}`);
      await writeSettings(store.db, "dashboards", board({ metric: "won_value" }));
      await win("1", 100_00);
      await run();
      await listener.query("select 1");
      expect(heard).toEqual(['{"metric":"won_value"}']);
      await run();
      await listener.query("select 1");
      expect(heard).toHaveLength(1);
    } finally {
      await listener.query("unlisten *");
      listener.release();
    }
  });
});
