import { describe, expect, test } from "vitest";
import { SheetHub } from "../support/sheets.ts";

const CONFIG = `
workspace: { name: T, timezone: Europe/Berlin, currency: EUR }
connections:
  - id: crm
    connector: csv
    settings:
      pipelines: { Sales: { stages: [P, Q], won: [Won], lost: [Lost] } }
      tables:
        deals:
          from: deals.csv
          key: id
          columns:
            name: id
            stage: stage
            value: value
            created_at: created
            closed_at: { column: closed, date_format: "CLOSED" }
`;
const config = (closedFormat: string): string => CONFIG.replace("CLOSED", closedFormat);
const DAYS = config("iso");
const sheet = (...rows: readonly string[]): string => `id,stage,value,created,closed\n${rows.join("\n")}\n`;
const march = { from: "2026-03-01", to: "2026-03-31" };
const april = { from: "2026-04-01", to: "2026-04-30" };
const reasons = async (hub: SheetHub, metric: string, period = {}): Promise<readonly string[]> =>
  (await hub.ask(metric, period)).exceptions.map(({ reason, count }) => `${reason} ${count}`);

describe("a closing date that cannot be", () => {
  test.each(["2026-06-30", "2206-03-11", "9999-12-31", "0000-03-11"])(
    "%s: the deal closed when it was first seen closed; it is listed, told when seen, and a later loss counts",
    async (day) => {
      const hub = await SheetHub.open("2026-03-10T09:00:00Z");
      await hub.write("deals.csv", sheet("D1,P,100,2026-03-01,"));
      await hub.apply(DAYS);
      await hub.sync();

      hub.now = new Date("2026-03-12T09:00:00Z");
      await hub.write("deals.csv", sheet(`D1,Won,100,2026-03-01,${day}`));
      await hub.sync();
      expect(await hub.events()).toEqual(["deal.won 2026-03-12T09:00"]);
      hub.now = new Date("2026-03-20T09:00:00Z");
      expect(await hub.value("deals_won", march)).toBe(1);
      expect(await hub.value("won_value")).toBe(100);
      expect(await hub.value("open_deal_count", march)).toBe(0);
      // From midnight of 1 March in Berlin; the days in between are counted whole, for only the day of creation is known.
      expect(await hub.value("time_to_close_mean", march)).toBe(11);
      expect(await reasons(hub, "deals_won", march)).toEqual(["odd_closing_date 1"]);

      hub.now = new Date("2026-04-02T09:00:00Z");
      await hub.write("deals.csv", sheet("D1,Lost,100,2026-03-01,2026-04-02"));
      await hub.sync();
      expect([await hub.value("deals_won"), await hub.value("deals_lost", april)]).toEqual([0, 1]);
      expect(await reasons(hub, "deals_lost", april)).toEqual([]);
    },
  );

  test("one that was there at the first load closed when it was loaded, and raises no event", async () => {
    const hub = await SheetHub.open("2026-03-10T09:00:00Z");
    await hub.write("deals.csv", sheet("D1,Won,100,2026-03-01,2206-03-11", "D2,P,7,0000-01-01,", "D3,P,7,2206-01-01,"));
    await hub.apply(DAYS);
    await hub.sync();
    expect(await hub.value("deals_won", march)).toBe(1);
    expect(await reasons(hub, "deals_won", march)).toEqual(["odd_closing_date 1"]);
    // Nor is a creation date believed that cannot be.
    expect(await hub.value("open_deal_count")).toBe(2);
    expect(await hub.value("deal_count", { to: "2026-03-09" })).toBe(2);
    expect(await hub.events()).toEqual([]);
  });
});

describe("won without a closing date", () => {
  test("counts over all time and in cohorts, in no period, never in 0 days, and is listed", async () => {
    const hub = await SheetHub.open("2026-04-10T09:00:00Z");
    await hub.write(
      "deals.csv",
      sheet(
        "D1,Won,100,2026-03-01,",
        "D2,Won,300,2026-03-01,2026-03-11",
        "D3,Lost,50,2026-03-01,",
        "D4,P,50,2026-03-01,",
      ),
    );
    await hub.apply(DAYS);
    await hub.sync();
    expect([await hub.value("deals_won"), await hub.value("won_value"), await hub.value("deals_lost")]).toEqual([
      2, 400, 1,
    ]);
    expect(await hub.value("win_rate")).toBe(2 / 3);
    expect(await hub.value("win_rate_cohort", march)).toBe(2 / 4);
    expect(await hub.value("open_deal_count")).toBe(1);
    for (const metric of ["deals_won", "win_rate", "average_deal_size"]) {
      const row = (await hub.ask(metric, march)).rows[0];
      expect([metric, row?.value, row?.sample_size]).toEqual([
        metric,
        { deals_won: 1, win_rate: 1, average_deal_size: 300 }[metric],
        1,
      ]);
      expect((await reasons(hub, metric, march))[0]).toMatch(/^no_closing_date [12]$/);
    }
    expect(await hub.values("deals_won", { ...march, grain: "month" })).toEqual({ "2026-03-01": 1 });
    expect(await hub.value("deals_lost", march)).toBe(0);
    expect((await hub.ask("time_to_close_mean")).rows[0]).toMatchObject({ value: 10, sample_size: 1 });
    expect(await reasons(hub, "time_to_close_mean")).toEqual(["no_closing_date 1"]);
    expect(await hub.events()).toEqual([]);
  });

  test("closed when it was seen won, where the hub had seen it open", async () => {
    const hub = await SheetHub.open("2026-03-10T09:00:00Z");
    await hub.write("deals.csv", sheet("D1,P,100,2026-03-01,"));
    await hub.apply(DAYS);
    await hub.sync();
    hub.now = new Date("2026-04-02T09:00:00Z");
    await hub.write("deals.csv", sheet("D1,Won,100,2026-03-01,"));
    await hub.sync();
    expect([await hub.value("deals_won", march), await hub.value("deals_won", april)]).toEqual([0, 1]);
    expect(await hub.value("open_deal_count", march)).toBe(1);
    expect(await reasons(hub, "deals_won", april)).toEqual([]);
    expect(await hub.events()).toEqual(["deal.won 2026-04-02T09:00"]);
  });
});

test("06-win-on-first-day-with-time: a win that the hub saw come is told, with a time of day as with a day", async () => {
  const hub = await SheetHub.open("2026-03-10T17:27:00Z");
  await hub.write("deals.csv", sheet("D1,P,100,2026-03-01,", "D2,P,100,2026-03-01,"));
  await hub.apply(config("yyyy-MM-dd HH:mm"));
  await hub.sync();
  hub.now = new Date("2026-03-10T17:30:00Z");
  // 18:00 in Berlin is 17:00Z, before the hub knew the deal; D2 was won long before the connection was made.
  await hub.write(
    "deals.csv",
    sheet("D1,Won,100,2026-03-01,2026-03-10 18:00", "D2,Won,100,2026-03-01,2026-03-05 18:00"),
  );
  await hub.sync();
  expect(await hub.events()).toEqual(["deal.won 2026-03-10T17:00"]);
});
