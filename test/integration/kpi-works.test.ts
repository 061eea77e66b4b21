import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { metricRecords } from "../../core/metrics/index.ts";
import { targetedActionsSection } from "../../core/metrics/targeted-actions.ts";
import { setSection } from "../../core/setup/workspace.ts";
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

const set = (section: string, value: object): Promise<void> =>
  setSection(store.db, "test", section, value, { action: "update", fields: [] });
const out = { direction: "outbound" } as const;

const ofM = { filters: [{ dimension: "stage", value: "M" }] };

describe("worked example 6: ten deals in stage M", () => {
  beforeEach(async () => {
    await world.pipeline("Sales", ["M", "N"]);
    for (let no = 1; no <= 10; no += 1) {
      const isCalled = no <= 6;
      const goesOn = isCalled ? no <= 4 : no === 7;
      await world.deal(`${no}`, {
        changes: [
          { at: "2026-03-02T09:00:00Z", stage: "M" },
          ...(goesOn ? [{ at: "2026-03-20T09:00:00Z", stage: "N" }] : []),
        ],
      });
      await world.activity(`touch ${no}`, "2026-03-04T09:00:00Z", {
        ...out,
        type: isCalled ? "call" : "email",
        deal: `${no}`,
      });
      // Neither what comes in nor what comes after the landmark is counted.
      await world.activity(`in ${no}`, "2026-03-04T10:00:00Z", { direction: "inbound", type: "email", deal: `${no}` });
      await world.activity(`late ${no}`, "2026-03-12T10:00:00Z", { ...out, type: "meeting", deal: `${no}` });
    }
  });

  test("calls only 4 ÷ 6, e-mails only 1 ÷ 4", async () => {
    const { rows } = await world.ask("conversion_by_activity", ...march, ofM);
    expect(
      rows.map(({ dimensions, value, sample_size }) => [
        dimensions["stage"],
        dimensions["touch_mix"],
        value,
        sample_size,
      ]),
    ).toEqual([
      ["M", "calls only", 4 / 6, 6],
      ["M", "e-mails only", 0.25, 4],
    ]);
  });

  test("by number all had one, and by meeting type none had any", async () => {
    expect((await world.ask("conversion_by_activity", ...march, { by: ["touches"], ...ofM })).rows).toMatchObject([
      { dimensions: { touches: "1", stage: "M" }, value: 0.5, denominator: 10 },
    ]);
    expect((await world.ask("conversion_by_activity", ...march, { by: ["meeting_type"], ...ofM })).rows).toHaveLength(
      1,
    );
  });

  test("who left before the landmark, or has not come to it, is not in it", async () => {
    await world.deal("quick", {
      changes: [
        { at: "2026-03-02", stage: "M" },
        { at: "2026-03-05", stage: "N" },
      ],
    });
    await world.deal("new", { changes: [{ at: "2026-03-28", stage: "M" }] });
    const asOf = new Date("2026-03-31T00:00:00Z");
    const { rows } = await world.ask("conversion_by_activity", ...march, { by: ["touch_mix"], asOf, ...ofM });
    expect(rows.reduce((sum, row) => sum + row.sample_size, 0)).toBe(10);
  });
});

describe("touches to a meeting", () => {
  beforeEach(async () => {
    for (const person of ["Ann", "Ben", "Cat"]) await world.lead(person, "2026-03-01");
    const touch = (name: string, day: string, person: string): Promise<void> =>
      world.activity(name, `2026-03-${day}T09:00:00Z`, { ...out, type: "call", person });
    // Ann: two touches, then a meeting; a third touch, then another meeting that is not her first.
    await touch("1", "02", "Ann");
    await touch("2", "03", "Ann");
    await world.activity("m1", "2026-03-04T09:00:00Z", { type: "meeting", person: "Ann" });
    await touch("3", "05", "Ann");
    await world.activity("m2", "2026-03-06T09:00:00Z", { type: "meeting", person: "Ann" });
    // Ben: a meeting that he did not come to is none; met after one touch.
    await world.activity("m3", "2026-03-02T09:00:00Z", { type: "meeting", outcome: "no_show", person: "Ben" });
    await touch("4", "03", "Ben");
    await world.activity("m4", "2026-03-05T09:00:00Z", { type: "meeting", person: "Ben" });
    // Cat: touched once, not met.
    await touch("5", "03", "Cat");
  });

  test("are 2 and 1: 1.5 in the mean, 1.5 in the middle, one meeting each", async () => {
    expect((await world.ask("touches_to_meeting_mean", ...march)).rows).toMatchObject([
      { value: 1.5, numerator: 3, denominator: 2 },
    ]);
    expect(await world.value("touches_to_meeting_median", ...march)).toBe(1.5);
    expect(await world.values("touches_to_meeting_distribution", ...march, "touches")).toEqual({ "1": 1, "2": 1 });
  });

  test("lead to a meeting by the first touch with 1 ÷ 3, by the second with 1: who was touched once is watched until then", async () => {
    const { rows } = await world.ask("meeting_probability_by_touches", ...march);
    expect(rows.map((row) => [row.dimensions["touches"], row.value])).toEqual([
      ["1", expect.closeTo(1 / 3, 9)],
      ["2", expect.closeTo(1, 9)],
    ]);
  });

  test("begin anew when a deal of the person was closed", async () => {
    await world.deal("won", {
      person: "Ann",
      changes: [{ at: "2026-03-04" }, { at: "2026-03-04T20:00:00Z", status: "won" }],
    });
    // m2 is a first meeting again, after touch 3 alone: (2 + 1 + 1) ÷ 3.
    expect(await world.value("touches_to_meeting_mean", ...march)).toBeCloseTo(4 / 3, 9);
  });
});

test("follow-ups are counted from the last entry into the stage mapped to close; deals that never were in it are listed", async () => {
  await world.pipeline("Sales", ["Talk", "Sign"]);
  await store.db.updateTable("stages").set({ canonical: "close" }).where("name", "=", "Sign").execute();
  const back = [
    { at: "2026-03-01", stage: "Talk" },
    { at: "2026-03-05", stage: "Sign" },
    { at: "2026-03-08", stage: "Talk" },
    { at: "2026-03-10", stage: "Sign" },
    { at: "2026-03-20", status: "won" as const },
  ];
  await world.deal("A", { changes: back });
  await world.deal("B", {
    changes: [
      { at: "2026-03-01", stage: "Talk" },
      { at: "2026-03-09", status: "won" },
    ],
  });
  for (const [name, day] of [
    ["1", "06"],
    ["2", "11"],
    ["3", "12"],
    ["4", "21"],
  ] as const)
    await world.activity(name, `2026-03-${day}T09:00:00Z`, { ...out, type: "email", deal: "A" });
  const { rows, exceptions } = await world.ask("follow_ups_to_close_mean", ...march);
  expect(rows).toMatchObject([{ value: 2, numerator: 2, denominator: 1 }]);
  expect(exceptions).toEqual([{ reason: "never_in_close", count: 1 }]);
  expect(await world.value("follow_ups_to_close_median", ...march)).toBe(2);
  expect(await world.values("follow_ups_to_close_distribution", ...march, "touches")).toEqual({ "2": 1, "(none)": 0 });
  await store.db.updateTable("stages").set({ canonical: null }).execute();
  expect((await world.ask("follow_ups_to_close_mean", ...march)).rows).toMatchObject([{ value: null, sample_size: 0 }]);
});

test("open deals count in how long a win takes: lost at 2, won at 4 and 8 days, open at 6", async () => {
  const deal = (name: string, at: string | null, status: "won" | "lost"): Promise<void> =>
    world.deal(name, { changes: [{ at: "2026-03-01" }, ...(at === null ? [] : [{ at, status }])] });
  await deal("A", "2026-03-03", "lost");
  await deal("B", "2026-03-05", "won");
  await deal("C", null, "won");
  await deal("D", "2026-03-09", "won");
  const [asOf, later] = [new Date("2026-03-07T00:00:00Z"), new Date("2026-03-09T12:00:00Z")];
  // As of the seventh D is open too: 1 ÷ 4 lost, then of the three left one won at 4: 3/4 × 1/3.
  const first = (await world.ask("win_probability_by_age", ...march, { asOf })).rows;
  expect(first.map((row) => [row.dimensions["age_days"], row.value])).toEqual([
    ["2", 0],
    ["4", expect.closeTo(1 / 4, 9)],
  ]);
  // As of the ninth: C and D are both watched until 8, and D is won there: 1/4 + 1/2 × 1/2 = 1/2 in the end, half of it at 4 days.
  expect((await world.ask("time_to_win_km", ...march, { asOf: later })).rows).toMatchObject([
    { value: 4, sample_size: 4, final_chance: expect.closeTo(0.5, 9) as number, median_to_any_close: 4 },
  ]);
  expect(await world.value("win_probability", ...march, { asOf: later })).toBeCloseTo(0.5, 9);
});

describe("after the win", () => {
  beforeEach(async () => {
    for (const company of ["North", "South"]) await world.company(company);
    await world.lead("Nora", "2026-01-01", { company: "North", attributes: { source: "Word of mouth" } });
    const won = (name: string, company: string, created: string, at: string): Promise<void> =>
      world.deal(name, { company, changes: [{ at: created }, { at, status: "won" }] });
    await won("old", "North", "2026-01-10", "2026-01-20");
    await won("again", "North", "2026-03-01", "2026-03-05");
    await won("new", "South", "2026-03-01", "2026-03-06");
    await world.activity("hello", "2026-03-10T09:00:00Z", { ...out, person: "Nora" });
    await world.activity("too late", "2026-03-25T09:00:00Z", { ...out, company: "South" });
  });

  test("one of two new customers was greeted in time, and one of two wins is a repeat", async () => {
    expect((await world.ask("onboarding_touch_rate", ...march)).rows).toMatchObject([
      { value: 0.5, numerator: 1, denominator: 2 },
    ]);
    const asOf = new Date("2026-03-19T12:00:00Z");
    expect((await world.ask("onboarding_touch_rate", ...march, { asOf })).rows).toMatchObject([
      { value: 1, denominator: 1 },
    ]);
    expect((await world.ask("repeat_sale_rate", ...march)).rows).toMatchObject([
      { value: 0.5, numerator: 1, denominator: 2 },
    ]);
  });

  test("a deal is a referral where its source is mapped to it", async () => {
    expect(await world.value("referrals", ...march)).toBe(0);
    await set("sources", { "WORD of mouth": "referral" });
    expect(await world.value("referrals", ...march)).toBe(1);
    await world.deal("said", { attributes: { source: "Referral" }, changes: [{ at: "2026-03-02" }] });
    expect(await world.value("referrals", ...march)).toBe(2);
  });

  test("three tickets of two customers are 1.5 each; by how we stand with the company and by tag", async () => {
    await world.company("West");
    for (const [name, company, tags] of [
      ["1", "North", "bug, urgent"],
      ["2", "South", "bug"],
      ["3", "West", null],
    ] as const)
      await world.row("tickets", name, {
        opened_at: new Date("2026-03-20T09:00:00Z"),
        reopens: 0,
        company_id: world.id("company", company),
        attributes: JSON.stringify({ tags }),
      });
    expect((await world.ask("tickets_per_customer", ...march)).rows).toMatchObject([
      { value: 1.5, numerator: 3, denominator: 2 },
    ]);
    expect(await world.values("tickets_opened", ...march, "customer_status")).toEqual({ customer: 2, none: 1 });
    expect(await world.values("tickets_opened", ...march, "tag")).toEqual({ bug: 2, urgent: 1, "(none)": 1 });
    const tagged = [
      { dimension: "tag", value: "BUG" },
      { dimension: "tag", value: "urgent" },
    ];
    expect(await world.value("tickets_opened", ...march, { filters: tagged })).toBe(2);
  });
});

describe("targeted actions", () => {
  const section = targetedActionsSection.parse([
    { id: "long_call", type: "call", ...out, at_least_minutes: 5, points: 3, daily_target: 2 },
    { id: "call", type: ["call", "sms"], points: 1 },
    { id: "demo", stage: "Demo", points: 5 },
    { id: "win", deal: "won", points: 10 },
  ]);
  beforeEach(async () => {
    await set("targeted_actions", section);
    for (const rep of ["Ann", "Ben"]) await world.rep(rep);
    await world.pipeline("Sales", ["Talk", "Demo"]);
  });
  const call = (name: string, at: string, rep: string, durationS: number): Promise<void> =>
    world.activity(name, at, { ...out, rep, durationS });

  test("give points to who did them, each record once, by the first action that it fits", async () => {
    await call("1", "2026-03-02T09:00:00Z", "Ann", 300);
    await call("2", "2026-03-02T10:00:00Z", "Ann", 299);
    await world.activity("3", "2026-03-02T11:00:00Z", { type: "email", rep: "Ann" });
    await world.deal("A", {
      changes: [
        { at: "2026-03-02", stage: "Talk", rep: "Ben" },
        { at: "2026-03-03", stage: "Demo" },
        { at: "2026-03-04", status: "won" },
      ],
    });
    // 3 + 1 for Ann, 5 + 10 for Ben.
    expect(await world.values("points", ...march, "rep")).toEqual({ Ann: 4, Ben: 15 });
    expect(await world.values("points", ...march, "action")).toEqual({ long_call: 3, call: 1, demo: 5, win: 10 });
    const { rows } = await world.ask("rep_leaderboard", ...march, { of: "points" });
    expect(rows.map((row) => [row.dimensions["rep"], row.rank])).toEqual([
      ["Ben", 1],
      ["Ann", 2],
    ]);
    const { records } = await metricRecords(store.db, world.query("points", ...march), { limit: 10, cursor: null });
    expect(records.map(({ name, value }) => [name, value])).toEqual([
      ["A", 10],
      ["A", 5],
      ["2", 1],
      ["1", 3],
    ]);
  });

  test("keep a streak on working days; a day without them ends it, today does not before it is over", async () => {
    const hours = {
      monday: ["09:00-17:00"],
      tuesday: ["09:00-17:00"],
      wednesday: ["09:00-17:00"],
      thursday: ["09:00-17:00"],
      friday: ["09:00-17:00"],
    };
    await store.db
      .updateTable("workspace")
      .set({ business_hours: JSON.stringify(hours), holidays: ["2026-03-10"] })
      .execute();
    // Wed 4 missed; Thu 5, Fri 6, Mon 9, (Tue 10 holiday), Wed 11 reached; Thu 12 is today, with one of two.
    for (const day of ["03", "05", "06", "09", "11"])
      for (const hour of ["09", "10"]) await call(`${day} ${hour}`, `2026-03-${day}T${hour}:00:00Z`, "Ann", 600);
    await call("04", "2026-03-04T09:00:00Z", "Ann", 600);
    await call("12", "2026-03-12T09:00:00Z", "Ann", 600);
    const streak = async (to: string, now: string): Promise<unknown> =>
      (await world.ask("streak_days", "2026-03-01", to, { now: new Date(now) })).rows.map((row) => [
        row.dimensions,
        row.value,
      ]);
    const of = { rep: "Ann", action: "long_call" };
    expect(await streak("2026-03-31", "2026-03-12T12:00:00Z")).toEqual([[of, 4]]);
    expect(await streak("2026-03-31", "2026-03-13T12:00:00Z")).toEqual([[of, 0]]);
    expect(await streak("2026-03-08", "2026-03-12T12:00:00Z")).toEqual([[of, 2]]);
    await call("12b", "2026-03-12T10:00:00Z", "Ann", 600);
    expect(await streak("2026-03-31", "2026-03-12T12:00:00Z")).toEqual([[of, 5]]);
    await store.db.updateTable("workspace").set({ business_hours: "{}", holidays: [] }).execute();
  });
});

test("the load is fair to nobody when one of three active reps has all: Gini 2 ÷ 3, and three times the mean", async () => {
  for (const rep of ["Ann", "Ben", "Cat"]) await world.rep(rep);
  await world.rep("Gone", { isActive: false });
  for (const name of ["A", "B"])
    await world.deal(name, { changes: [{ at: "2026-03-01", rep: "Ann", amountMinor: 100_00 }] });
  await world.deal("old", { changes: [{ at: "2026-03-01", rep: "Gone" }] });
  await world.lead("Lee", "2026-03-02", { rep: "Ben" });
  expect(await world.value("assignment_balance", ...march)).toBeCloseTo(2 / 3, 9);
  expect((await world.ask("assignment_balance", ...march, { by: ["rep"] })).rows).toMatchObject([
    {
      dimensions: { rep: "Ann" },
      value: expect.closeTo(3, 9) as number,
      numerator: 2,
      denominator: expect.closeTo(2 / 3, 9) as number,
    },
    { dimensions: { rep: "Ben" }, value: 0 },
    { dimensions: { rep: "Cat" }, value: 0 },
  ]);
  expect(await world.values("assignment_balance_leads", ...march, "rep")).toEqual({
    Ann: 0,
    Ben: expect.closeTo(3, 9) as number,
    Cat: 0,
  });
  // A team's own mean: Ann and Ben are one team, so Ann has twice its mean.
  await world.team("North", [{ rep: "Ann" }, { rep: "Ben" }]);
  expect(await world.values("assignment_balance_value", ...march, "rep")).toEqual({ Ann: 2, Ben: 0, Cat: null });
});

test("velocity as Close reads it is of the deals created: 3 × 1/2 × 1,000 ÷ 10", async () => {
  await world.deal("A", {
    changes: [
      { at: "2026-03-01", amountMinor: 1000_00 },
      { at: "2026-03-11", status: "won" },
    ],
  });
  await world.deal("B", { changes: [{ at: "2026-03-01" }, { at: "2026-04-11", status: "lost" }] });
  await world.deal("C", { changes: [{ at: "2026-03-01" }] });
  await world.deal("before", { changes: [{ at: "2026-02-01" }, { at: "2026-03-11", status: "won" }] });
  expect((await world.ask("sales_velocity_close", ...march)).rows).toMatchObject([
    { value: 150, numerator: 1500, denominator: 10 },
  ]);
});
