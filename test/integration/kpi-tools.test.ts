import { fc } from "../support/properties.ts";
import { sql } from "kysely";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { workingSeconds, workingTime } from "../../core/base/working-time.ts";
import { wholePeriod } from "../../core/metrics/ask/period.ts";
import { workingHours } from "../../core/metrics/engine/working.ts";
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
});
const march = ["2026-03-01", "2026-03-31"] as const;

describe("tickets", () => {
  const at = (text: string): Date => new Date(`2026-03-${text}:00Z`);
  beforeEach(async () => {
    const ticket = (name: string, columns: object) =>
      world.row("tickets", name, { opened_at: at("02T10:00"), reopens: 0, ...columns });
    await ticket("A", {
      first_reply_at: at("02T11:00"),
      solved_at: at("03T10:00"),
      satisfaction: "good",
      channel: "email",
    });
    await ticket("B", { first_reply_at: at("02T13:00"), solved_at: at("05T10:00"), reopens: 2, satisfaction: "bad" });
    await ticket("C", { first_reply_at: at("02T12:00"), solved_at: at("04T10:00") });
    await ticket("D", { deleted_at: at("02T12:00") });
    await ticket("E", { channel: "email" });
  });

  test("four were opened, and at the end of the third of March three were open", async () => {
    expect(await world.value("tickets_opened", ...march)).toBe(4);
    expect(await world.value("tickets_open", "2026-03-01", "2026-03-03")).toBe(3);
    expect(await world.values("tickets_opened", ...march, "channel")).toEqual({ email: 2, "(none)": 2 });
  });

  test("half were answered within 2 hours and solved within 48; one of three was opened again", async () => {
    expect(await world.value("first_reply_median", ...march)).toBe(2);
    expect(await world.value("resolution_median", ...march)).toBe(48);
    expect(await world.value("reopen_rate", ...march)).toBe(1 / 3);
  });

  test("one of the two who rated was content", async () => {
    const { rows } = await world.ask("csat", ...march);
    expect(rows).toMatchObject([{ value: 0.5, numerator: 1, denominator: 2 }]);
  });
});

test("a ticket is its first assignee's, whoever takes it over", async () => {
  await world.rep("Ann");
  await world.rep("Bob");
  await world.row("tickets", "t", { opened_at: new Date("2026-03-05T10:00:00Z"), rep_id: world.id("rep", "Ann") });
  await world.change("tickets", "t", { rep_id: world.id("rep", "Bob") }, "2026-03-06T10:00:00Z");
  expect(await world.values("tickets_opened", ...march, "rep")).toEqual({ Ann: 1 });
  expect(await world.values("tickets_opened", ...march, "rep", { asOf: new Date("2026-03-05T12:00:00Z") })).toEqual({
    Ann: 1,
  });
});

test("one of two conversations made a lead: within 14 days of it, of the same person", async () => {
  const start = (day: string): Date => new Date(`2026-03-${day}T10:00:00Z`);
  await world.lead("Eve", "2026-03-10T10:00:00Z");
  await world.row("conversations", "1", {
    started_at: start("01"),
    first_response_at: new Date("2026-03-01T10:04:00Z"),
  });
  await world.row("conversations", "2", { started_at: start("02"), person_id: world.id("person", "Eve") });
  await world.row("conversations", "3", {
    started_at: new Date("2026-02-20T10:00:00Z"),
    person_id: world.id("person", "Eve"),
  });
  expect(await world.value("conversations", ...march)).toBe(2);
  expect(await world.value("chat_first_response_median", ...march)).toBe(4);
  expect(await world.value("chat_to_lead_rate", ...march)).toBe(0.5);
  expect(await world.value("chat_to_lead_rate", "2026-02-01", "2026-02-28")).toBe(0);
});

describe("campaigns", () => {
  test("rates are of what was delivered, and of all campaigns together", async () => {
    const sent = new Date("2026-03-05T10:00:00Z");
    // 1,000 − 100 delivered, 300 opened; 100 delivered, 60 opened: 360 of 1,000.
    await world.row("campaigns", "big", {
      sent_at: sent,
      recipients: 1000,
      bounces: 100,
      opens: 300,
      clicks: 50,
      unsubscribes: 9,
      attributes: JSON.stringify({ human_opens: 90 }),
    });
    await world.row("campaigns", "small", {
      sent_at: sent,
      recipients: 100,
      bounces: 0,
      opens: 60,
      clicks: null,
      unsubscribes: 1,
    });
    expect(await world.value("emails_sent", ...march)).toBe(1100);
    const { rows } = await world.ask("open_rate", ...march);
    expect(rows).toMatchObject([{ value: 0.36, numerator: 360, denominator: 1000 }]);
    expect(rows[0]?.interval?.[0]).toBeCloseTo(0.331, 3);
    // The small one does not tell machines apart: 90 of 900.
    expect(await world.value("human_open_rate", ...march)).toBe(0.1);
    // The small one does not say how many clicked, so it is left out: 50 of 900.
    expect(await world.value("click_rate", ...march)).toBeCloseTo(50 / 900, 12);
    expect(await world.value("unsubscribe_rate", ...march)).toBe(0.01);
    expect(await world.value("bounce_rate", ...march)).toBeCloseTo(100 / 1100, 12);
  });
});

describe("spend against what it brought", () => {
  beforeEach(async () => {
    const spend = (name: string, channel: string, amount: number) =>
      world.row("spend", name, { day: "2026-03-05", channel, amount_minor: amount, currency: "USD" });
    await spend("1", "ads", 300_00);
    await spend("2", "fairs", 900_00);
    await world.lead("L1", "2026-03-06", { attributes: { source: "ads" } });
    await world.lead("L2", "2026-03-07", { attributes: { channel: "ads" } });
    await world.lead("L3", "2026-03-07");
    await world.deal("d", {
      person: "L1",
      changes: [
        { at: "2026-03-08", amountMinor: 1500_00 },
        { at: "2026-03-20", status: "won" },
      ],
    });
  });

  test("a lead cost 1,200 ÷ 3 = 400, of ads 300 ÷ 2 = 150; fairs brought none", async () => {
    expect(await world.value("spend", ...march)).toBe(1200);
    expect(await world.value("cost_per_lead", ...march)).toBe(400);
    expect(await world.values("cost_per_lead", ...march, "channel")).toEqual({
      ads: 150,
      fairs: null,
      "(none)": null,
    });
  });

  test("a win cost 1,200; ads brought 1,500 ÷ 300 = 5 times what they cost", async () => {
    expect(await world.value("cost_per_win", ...march)).toBe(1200);
    const { rows } = await world.ask("return_on_spend", ...march, { by: ["channel"] });
    expect(rows).toMatchObject([
      { dimensions: { channel: "ads" }, value: 5, numerator: 1500, denominator: 300 },
      { dimensions: { channel: "fairs" }, value: 0 },
    ]);
  });

  test("a lead for every 100 sessions", async () => {
    await world.row("web_traffic", "w", { day: "2026-03-05", sessions: 300, users: 200, key_events: 12 });
    expect(await world.value("sessions", ...march)).toBe(300);
    expect(await world.value("key_events", ...march)).toBe(12);
    expect(await world.value("session_to_lead_rate", ...march)).toBe(0.01);
  });
});

test("working hours in SQL are those of core/base/working-time.ts", async () => {
  const instant = fc.date({
    min: new Date("2025-06-01T00:00:00Z"),
    max: new Date("2027-01-31T00:00:00Z"),
    noInvalidDate: true,
  });
  const stretch = fc.constantFrom("09:00-17:00", "08:30-12:00", "13:00-18:15", "00:00-24:00", "22:00-24:00");
  const hours = fc.dictionary(
    fc.constantFrom("monday", "tuesday", "wednesday", "sunday"),
    fc.array(stretch, { maxLength: 3 }),
  );
  const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata");
  await fc.assert(
    fc.asyncProperty(hours, zone, instant, instant, async (given, timeZone, from, to) => {
      const working = workingTime(given, ["2026-01-01", "2026-03-02", "2026-03-02"]);
      const always = wholePeriod({ from: null, to: null }, { timeZone, weekStart: 1 });
      const scope = {
        timeZone,
        currency: "USD",
        working,
        cutoff: to,
        landedBy: null,
        deletedBy: to,
        periods: [always],
      };
      const { rows } = await sql<{ hours: number }>`
        select ${workingHours(scope, sql`${from}::timestamptz`, sql`${to}::timestamptz`)} as hours`.execute(store.db);
      expect(rows[0]?.hours).toBeCloseTo(workingSeconds(working, from, to, timeZone) / 3600, 6);
    }),
    { numRuns: 60 },
  );
});
