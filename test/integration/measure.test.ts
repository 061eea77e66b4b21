import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CHANNELS } from "../../core/store/channels.ts";
import { silentLog } from "../../core/base/log.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { measure, type Measured } from "../../workers/measure.ts";
import { eventData } from "../../dashboards/api/event-data.ts";
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
  return rows.map((row) => eventData("kpi.updated").parse(row.payload));
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
    expect((await points()).map(([, dimensions, , , value]) => [dimensions, value])).toEqual([
      [{}, 100_00],
      [{ rep: "Ann" }, 100_00],
      [{ rep: "Bob" }, 0],
    ]);
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
