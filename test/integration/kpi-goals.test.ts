import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";

let store: Store;
let world: World;
beforeAll(async () => {
  store = await testDatabase();
});
beforeEach(async () => {
  world = await World.create(store);
  await world.clear();
  const hours = Object.fromEntries(
    ["monday", "tuesday", "wednesday", "thursday", "friday"].map((day) => [day, ["09:00-17:00"]]),
  );
  await store.db
    .updateTable("workspace")
    .set({ business_hours: JSON.stringify(hours), holidays: [] })
    .execute();
  await world.rep("Ann");
  await world.rep("Bob");
});
const march = ["2026-03-01", "2026-03-31"] as const;
const won = (name: string, rep: string, amount: number, at: string) =>
  world.deal(name, {
    changes: [
      { at: "2026-02-01", amountMinor: amount * 100, rep },
      { at, status: "won" },
    ],
  });

describe("worked example 7: 9,900 of 22,000 after 11 of 22 working days", () => {
  // The 17th is the twelfth working day, and is not over.
  const on = { now: new Date("2026-03-17T12:00:00Z") };
  beforeEach(async () => {
    await world.goal("won_value", ...march, null, { target: 22_000_00 });
    await won("d", "Ann", 9_900, "2026-03-10");
  });

  test("attainment is 0.45", async () => {
    const { rows } = await world.ask("quota_attainment", ...march, on);
    expect(rows).toMatchObject([{ value: 0.45, numerator: 9900, denominator: 22000 }]);
  });

  test("11,000 were to be expected: the pace is 0.9, and leads to 19,800", async () => {
    const { rows } = await world.ask("pace", ...march, on);
    expect(rows).toMatchObject([{ value: 0.9, numerator: 9900, denominator: 11000, projection: 19800, goal: 22000 }]);
  });

  test("before the first working day is over there is no pace; after the period it is the attainment", async () => {
    const first = { now: new Date("2026-03-02T12:00:00Z") };
    const { rows } = await world.ask("pace", ...march, first);
    expect(rows).toMatchObject([{ value: null, projection: null }]);
    expect(await world.value("pace", ...march)).toBe(0.45);
  });

  test("a holiday is no working day", async () => {
    await store.db
      .updateTable("workspace")
      .set({ holidays: ["2026-03-20"] })
      .execute();
    const { rows } = await world.ask("pace", ...march, on);
    expect(rows).toMatchObject([{ working_days: 21, working_days_gone: 11 }]);
  });
});

test("a goal is that of exactly the period, else the sum of those that tile it, else there is none", async () => {
  const goal = (from: string, to: string, target: number) => world.goal("deals_won", from, to, "Ann", { target });
  await goal("2026-01-01", "2026-01-31", 10);
  await goal("2026-02-01", "2026-02-28", 20);
  await goal("2026-03-01", "2026-03-31", 30);
  await goal("2026-04-01", "2026-06-30", 90);
  const goalOf = async (from: string, to: string): Promise<number | null> => {
    const { rows } = await world.ask("quota_attainment", from, to, { by: ["rep"], of: "deals_won" });
    return rows.find((row) => row.dimensions["rep"] === "Ann")?.denominator ?? null;
  };
  expect(await goalOf("2026-02-01", "2026-02-28")).toBe(20);
  expect(await goalOf("2026-01-01", "2026-03-31")).toBe(60);
  expect(await goalOf("2026-01-01", "2026-06-30")).toBe(150);
  expect(await goalOf("2026-02-01", "2026-02-27")).toBeNull();
  expect(await goalOf("2026-01-01", "2026-07-31")).toBeNull();
});

test("by rep each has its own goal, by team the team's; nobody's is made of others'", async () => {
  await world.team("East", [{ rep: "Ann" }]);
  await world.goal("won_value", ...march, "Ann", { target: 1_000_00 });
  await world.goal("won_value", ...march, null, { target: 4_000_00, team: "East" });
  await won("a", "Ann", 500, "2026-03-10");
  await won("b", "Bob", 300, "2026-03-10");
  expect(await world.values("quota_attainment", ...march, "rep")).toEqual({ Ann: 0.5, Bob: null });
  expect(await world.values("quota_attainment", ...march, "team")).toEqual({ East: 0.125, "(none)": null });
  expect(await world.value("quota_attainment", ...march)).toBeNull();
  expect(await world.value("quota_attainment", ...march, { filters: [{ dimension: "rep", value: "Ann" }] })).toBe(0.5);
});

test("coverage is what is expected to close against what is missing; nothing is missing once the goal is met", async () => {
  await world.goal("won_value", ...march, null, { target: 1_000_00 });
  await won("a", "Ann", 600, "2026-03-10");
  const expected = (name: string, amount: number, day: string | null) =>
    world.deal(name, { changes: [{ at: "2026-02-01", amountMinor: amount * 100, expected: day }] });
  await expected("in", 800, "2026-03-31");
  await expected("out", 5_000, "2026-04-01");
  await expected("nowhere", 5_000, null);
  expect(await world.value("pipeline_coverage", ...march)).toBe(2);
  await won("b", "Ann", 400, "2026-03-11");
  expect(await world.value("pipeline_coverage", ...march)).toBeNull();
});

test("a ranking or a ratio has no goals", async () => {
  await expect(world.ask("quota_attainment", ...march, { of: "rep_leaderboard" })).rejects.toMatchObject({
    code: "kpi.no_goals_of",
  });
});
