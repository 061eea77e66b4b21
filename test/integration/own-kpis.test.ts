import { sql } from "kysely";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { setSection } from "../../core/setup/workspace.ts";
import { evaluateMetric, keptAnswer, metricRecords, readCatalogue } from "../../core/metrics/index.ts";
import { metricsSection } from "../../core/metrics/own/section.ts";
import { readSql } from "../../core/metrics/own/sql-guard.ts";
import { READER } from "../../core/store/reader.ts";
import { faultOf, inSandbox } from "../../core/store/sandbox.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";

let store: Store;
let world: World;
const march = ["2026-03-01", "2026-03-31"] as const;

beforeAll(async () => {
  store = await testDatabase();
  world = await World.create(store);
});
beforeEach(() => world.clear());

const define = (metrics: readonly object[]): Promise<void> =>
  setSection(store.db, "test", "metrics", metricsSection.parse(metrics), { action: "update", fields: [] });

/** Ann won A (1,000.00, enterprise, 4 seats) and B (250.00, two seats); Ben won C (3,000.00, enterprise) and lost D (500.00). */
async function fourDeals(): Promise<void> {
  for (const rep of ["Ann", "Ben"]) await world.rep(rep);
  const deal = (name: string, rep: string, amountMinor: number, status: "won" | "lost", attributes: object) =>
    world.deal(name, {
      attributes: { ...attributes },
      changes: [
        { at: "2026-03-01", amountMinor, rep },
        { at: `2026-03-1${name.charCodeAt(0) - 64}`, status },
      ],
    });
  await deal("A", "Ann", 100_000, "won", { segment: "Enterprise", seats: 4 });
  await deal("B", "Ann", 25_000, "won", { segment: "Small", seats: "2" });
  await deal("C", "Ben", 300_000, "won", { segment: "Enterprise", seats: "many" });
  await deal("D", "Ben", 50_000, "lost", { segment: "Enterprise" });
}

describe("own KPIs over records", () => {
  beforeEach(fourDeals);

  test("count, sum, mean, median and percentile what the conditions leave", async () => {
    const over = { over: "won_deals" };
    await define([
      { id: "enterprise_won", kind: "sum", ...over, amount: "value", where: { "attributes.segment": "enterprise" } },
      { id: "large_wins", kind: "count", ...over, where: { value: { at_least: 1000 } } },
      { id: "others", kind: "count", ...over, where: { rep: { not: ["ANN", "nobody"] } } },
      { id: "mean_win", kind: "mean", ...over, amount: "value" },
      { id: "median_win", kind: "median", ...over, amount: "value" },
      { id: "p90_win", kind: "percentile", percentile: 90, ...over, amount: "value" },
      { id: "seats", kind: "sum", ...over, amount: "attributes.seats" },
      { id: "nothing", kind: "sum", ...over, amount: "attributes.none" },
    ]);
    expect(await world.value("enterprise_won", ...march)).toBe(4000);
    expect(await world.values("enterprise_won", ...march, "rep")).toEqual({ Ann: 1000, Ben: 3000 });
    expect(await world.value("large_wins", ...march)).toBe(2);
    expect(await world.value("others", ...march)).toBe(1);
    // (1,000 + 250 + 3,000) ÷ 3, and the one in the middle.
    expect(await world.value("mean_win", ...march)).toBeCloseTo(1416.6667, 3);
    expect(await world.value("median_win", ...march)).toBe(1000);
    // Nine tenths of the way from the first to the third: 1,000 + 0.8 × 2,000.
    expect(await world.value("p90_win", ...march)).toBe(2600);
    // "many" is no number.
    const { rows, unit } = await world.ask("seats", ...march);
    expect([unit, rows[0]?.value, rows[0]?.sample_size]).toEqual(["number", 6, 2]);
    expect(await world.value("nothing", ...march)).toBeNull();
  });

  test("divide records by records, amounts by amounts, and KPIs by KPIs", async () => {
    await define([
      {
        id: "enterprise_rate",
        kind: "ratio",
        over: "closed_deals",
        numerator: { "attributes.segment": "Enterprise", status: "won" },
      },
      {
        id: "enterprise_share",
        kind: "ratio",
        over: "won_deals",
        amount: "value",
        numerator: { "attributes.segment": "Enterprise" },
      },
      { id: "per_day", kind: "ratio", over: "won_deals", amount: "value", per: "days_to_close" },
      { id: "value_per_win", kind: "ratio", of: ["won_value", "deals_won"] },
      { id: "wins_per_money", kind: "ratio", of: ["deals_won", "won_value"] },
      { id: "lost_to_won", kind: "ratio", of: ["lost_value", "won_value"] },
      { id: "net", kind: "difference", of: ["won_value", "lost_value"] },
      { id: "net_per_win", kind: "ratio", of: ["net", "deals_won"] },
      { id: "velocity_less", kind: "difference", of: ["sales_velocity", "sales_velocity"] },
    ]);
    const [rate] = (await world.ask("enterprise_rate", ...march)).rows;
    expect(rate).toMatchObject({ value: 0.5, numerator: 2, denominator: 4 });
    expect(rate?.interval).not.toBeNull();
    expect((await world.ask("enterprise_share", ...march)).rows[0]).toMatchObject({
      value: 4000 / 4250,
      numerator: 4000,
      denominator: 4250,
    });
    // Days from 1 March: 10, 11 and 12.
    expect((await world.ask("per_day", ...march)).rows[0]).toMatchObject({
      value: 4250 / 33,
      numerator: 4250,
      denominator: 33,
    });
    expect((await world.ask("value_per_win", ...march)).rows[0]).toMatchObject({
      value: expect.closeTo(4250 / 3, 6) as number,
      numerator: 4250,
      denominator: 3,
    });
    expect((await world.ask("wins_per_money", ...march)).rows[0]).toMatchObject({
      value: 3 / 4250,
      numerator: 3,
      denominator: 4250,
    });
    expect((await world.ask("lost_to_won", ...march)).rows[0]).toMatchObject({
      value: 500 / 4250,
      numerator: 500,
      denominator: 4250,
    });
    expect(await world.values("net", ...march, "rep")).toEqual({ Ann: 1250, Ben: 2500 });
    expect(await world.value("net_per_win", ...march)).toBeCloseTo(1250, 6);
    const { records } = await metricRecords(store.db, world.query("net", ...march), { limit: 10, cursor: null });
    expect(records.map((record) => [record.external_id, record.metric])).toEqual([
      ["C", "won_value"],
      ["B", "won_value"],
      ["A", "won_value"],
      ["D", "lost_value"],
    ]);
  });

  test("are ranked, kept and described like built-in ones, and computed anew when their definition changes", async () => {
    await define([{ id: "enterprise_won", title: "Enterprise", kind: "sum", over: "won_deals", amount: "value" }]);
    const catalogue = await readCatalogue(store.db);
    expect(catalogue.need("enterprise_won")).toMatchObject({
      title: "Enterprise",
      unit: "money",
      formula: "Σ value of deals won in the period",
    });
    const { rows } = await world.ask("rep_leaderboard", ...march, { of: "enterprise_won" });
    expect(rows.map((row) => [row.dimensions["rep"], row.rank, row.value])).toEqual([
      ["Ben", 1, 3000],
      ["Ann", 2, 1250],
    ]);
    const query = world.query("enterprise_won", ...march);
    expect((await keptAnswer(store.db, query)).rows[0]?.value).toBe(4250);
    await define([{ id: "enterprise_won", kind: "count", over: "won_deals" }]);
    await sql`update fact_touches set at = now() - interval '1 minute'`.execute(store.db);
    expect((await keptAnswer(store.db, query)).rows[0]?.value).toBe(3);
    await define([]);
    await expect(world.ask("enterprise_won", ...march)).rejects.toThrow('There is no KPI "enterprise_won"');
  });

  test("that a newer version does not understand leave the others alone, and say what is wrong", async () => {
    await sql`insert into settings (section, value) values ('metrics', ${JSON.stringify([
      { id: "old", kind: "count", over: "won_deals", where: { vanished: "x" } },
      { id: "fine", kind: "count", over: "won_deals" },
    ])})`.execute(store.db);
    expect(await world.value("fine", ...march)).toBe(3);
    expect(await world.value("deals_won", ...march)).toBe(3);
    await expect(world.ask("old", ...march)).rejects.toThrow('won_deals have no "vanished"');
  });
});

describe("own KPIs in SQL", () => {
  beforeEach(fourDeals);
  const seats = `
    select c.at, c.rep_id, (d.attributes ->> 'seats')::numeric as amount, d.attributes ->> 'segment' as segment, d.name, d.external_id as id
    from deal_closings c join deals d on d.id = c.deal_id
    where c.status = 'won' and c.held_to = 'infinity' and d.attributes ->> 'seats' <> 'many' -- seats`;

  test("are summed by period, dimension and filter, ranked, and listed", async () => {
    await define([{ id: "seats", kind: "sql", sql: seats }]);
    expect(await world.value("seats", ...march)).toBe(6);
    expect(await world.value("seats", "2026-04-01", "2026-04-30")).toBe(0);
    expect(await world.values("seats", ...march, "rep")).toEqual({ Ann: 6 });
    expect(await world.values("seats", ...march, "segment")).toEqual({ Enterprise: 4, Small: 2 });
    expect(await world.value("seats", ...march, { filters: [{ dimension: "segment", value: "small" }] })).toBe(2);
    const { rows } = await world.ask("rep_leaderboard", ...march, { of: "seats" });
    expect(rows.map((row) => [row.dimensions["rep"], row.rank, row.value])).toEqual([
      ["Ann", 1, 6],
      ["Ben", 2, 0],
    ]);
    const { records } = await metricRecords(store.db, world.query("seats", ...march), { limit: 10, cursor: null });
    expect(records.map(({ external_id, name, rep, value }) => [external_id, name, rep, value])).toEqual([
      ["B", "B", "Ann", 2],
      ["A", "A", "Ann", 4],
    ]);
  });

  test("know a day by the workspace's time zone, and take a row without `at` as one of now", async () => {
    await store.db.updateTable("workspace").set({ time_zone: "America/New_York" }).execute();
    await define([
      { id: "dated", kind: "sql", sql: "select date '2026-04-01' as at" },
      { id: "now_only", kind: "sql", sql: "select count(*) as amount from deals", unit: "count" },
    ]);
    expect(await world.value("dated", "2026-04-01", "2026-04-01")).toBe(1);
    expect(await world.value("dated", ...march)).toBe(0);
    expect(await world.value("now_only", "2026-06-01", "2026-06-30")).toBe(4);
    expect(await world.value("now_only", ...march)).toBe(0);
    await store.db.updateTable("workspace").set({ time_zone: "UTC" }).execute();
  });

  test("are asked as of an instant of what was known then", async () => {
    await define([{ id: "known", kind: "sql", sql: "select created_at as at from deals where status = 'won'" }]);
    await world.deal("late", {
      changes: [{ at: "2026-03-01" }, { at: "2026-03-20", knownAt: "2026-05-01", status: "won" }],
    });
    expect(await world.value("known", ...march)).toBe(4);
  });

  test("end after their time, give no more rows than may be, and say what PostgreSQL says, without harm to what goes on", async () => {
    await define([
      { id: "many", kind: "sql", sql: "select n as amount from generate_series(1, 50001) as g(n)" },
      { id: "broken", kind: "sql", sql: "select 1 / (count(*) - count(*)) as amount from deals" },
      { id: "no_time", kind: "sql", sql: "select 'soon' as at from deals" },
      { id: "no_id", kind: "sql", sql: "select 'x' as rep_id from deals" },
    ]);
    for (const [id, what] of [
      ["many", "more than 50000 rows"],
      ["broken", "division by zero"],
      ["no_time", "invalid input syntax"],
      ["no_id", "invalid input syntax"],
    ] as const)
      await store.db.transaction().execute(async (tx) => {
        await expect(evaluateMetric(tx, world.query(id, ...march))).rejects.toThrow(what);
        // The transaction around it is well, and can write.
        await sql`insert into fact_touches (fact) values ('x')`.execute(tx);
      });
  });

  test("are checked again before they run: what stands in the store by other ways is refused", async () => {
    await sql`insert into settings (section, value) values ('metrics', ${JSON.stringify([
      { id: "stolen", kind: "sql", sql: "select value::text as name from settings" },
    ])})`.execute(store.db);
    await expect(world.ask("stolen", ...march)).rejects.toThrow('it may not read "settings"');
  });

  test("that would do harm are refused by their text", async () => {
    for (const statement of [
      "select pg_sleep(60)",
      "select pg_read_file('/etc/passwd') as name",
      "select pg_ls_dir('/') as name",
      "select set_config('role', 'postgres', true) as name",
      "set role postgres",
      "reset role",
      "select 1 as amount; drop table deals",
      "with gone as (delete from deals returning 1 as amount) select amount from gone",
      "insert into deals select * from deals returning 1 as amount",
      "copy deals to '/tmp/x'",
      "copy deals from program 'id'",
      "select lo_import('/etc/passwd') as amount",
      "select lo_get(1)::text as name",
      "select * from dblink('host=127.0.0.1', 'select 1') as t(amount int)",
      "select query_to_xml('select 1', true, true, '')::text as name",
      "select password as name from users",
      "select rolname::text as name from pg_catalog.pg_roles",
      "select 1 as amount into stolen from deals",
      "select 1 as amount from deals for update",
      "explain analyze select 1 as amount",
      "do 'begin end'",
      "call x()",
      "table settings",
      "select current_setting('data_directory') as name",
      "select tributary.landing() as at",
      "select 'deals'::regclass::text as name",
      "select 1 as amount -- ) q; drop table deals",
    ]) {
      const read = await readSql(statement);
      // The last one is a comment, and stays one.
      expect([statement, "message" in read]).toEqual([statement, !statement.includes("--")]);
    }
  });

  test("that come past the check of their text reach facts alone: neither settings, users and credentials nor the server's files, and write nothing", async () => {
    const tried = async (statement: string): Promise<string | null> => {
      const done = inSandbox(store.db, { timeoutMs: 1000 }, (db) => sql.raw(statement).execute(db));
      return done.then(
        () => null,
        (error: unknown) => faultOf(error),
      );
    };
    expect(await tried("select count(*) from deals join people on true")).toBeNull();
    expect(await tried("select tributary.workspace_minor(1::numeric, 'EUR', current_date)")).toBeNull();
    for (const table of ["settings", "users", "api_keys", "connections", "raw_records", "workspace", "audit_log"])
      expect(`${table}: ${await tried(`select * from tributary.${table}`)}`).toContain("permission denied");
    for (const statement of [
      "select pg_read_file('PG_VERSION')",
      "select pg_ls_dir('.')",
      "select lo_import('/etc/passwd')",
      "copy tributary.deals to program 'true'",
      "copy tributary.settings to stdout",
    ])
      expect(`${statement}: ${await tried(statement)}`).toMatch(/permission denied|read-only/);
    for (const statement of [
      "delete from tributary.deals",
      "create table tributary.stolen ()",
      "select lo_create(0)",
      "with gone as (delete from tributary.deals returning id) select * from gone",
    ])
      expect(`${statement}: ${await tried(statement)}`).toMatch(/permission denied|read-only/);
    // The role ends with it.
    const { rows } = await sql<{ role: string }>`select current_user::text as role`.execute(store.db);
    expect(rows[0]?.role).not.toBe(READER);
  });

  test("run where nothing can be written and nothing lasts longer than its time", async () => {
    const writing = inSandbox(store.db, { timeoutMs: 1000 }, (db) => sql`delete from deals`.execute(db));
    expect(faultOf(await writing.catch((error: unknown) => error))).toContain("read-only");
    const slow = inSandbox(store.db, { timeoutMs: 50 }, (db) =>
      sql`select count(*) from generate_series(1, 100000000) a`.execute(db),
    );
    expect(faultOf(await slow.catch((error: unknown) => error))).toContain("statement timeout");
  });
});
