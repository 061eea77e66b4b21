import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { metricRecords } from "../../core/metrics/index.ts";
import type { Store } from "../../core/store/db.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
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
});

/** Monday. */
const day = ["2026-03-02", "2026-03-02"] as const;
const wednesday = { now: new Date("2026-03-04T10:00:00Z") };
const march = ["2026-03-01", "2026-03-31"] as const;

describe("worked example 4: of three leads one is called, one is mailed a day later, one waits", () => {
  beforeEach(async () => {
    for (const lead of ["L1", "L2", "L3"]) await world.lead(lead, "2026-03-02T10:00:00Z");
    await world.activity("call", "2026-03-02T10:30:00Z", { direction: "outbound", person: "L1" });
    await world.activity("mail", "2026-03-03T10:00:00Z", { type: "email", direction: "outbound", person: "L2" });
  });

  test("one of three was reached within 60 working minutes", async () => {
    const { rows } = await world.ask("timely_contact_rate", ...day, wednesday);
    expect(rows).toMatchObject([{ value: 1 / 3, numerator: 1, denominator: 3 }]);
  });

  test("by the channel of the first touch", async () => {
    expect(await world.values("timely_contact_rate", ...day, "first_touch", wednesday)).toEqual({
      call: 1,
      email: 0,
      "(none)": 0,
    });
  });

  test("half are reached by 24 h: 1/3 by 0.5 h, 2/3 by 24 h; 480 working minutes are 8 h", async () => {
    expect(await world.value("speed_to_lead_median", ...day, wednesday)).toBe(24);
    expect(await world.value("speed_to_lead_working_median", ...day, wednesday)).toBe(8);
    expect(await world.value("speed_to_lead_p90", ...day, wednesday)).toBeNull();
  });

  test("one is untouched", async () => {
    const byWednesday = ["2026-03-02", "2026-03-04"] as const;
    expect(await world.value("untouched_leads", ...day, wednesday)).toBe(2);
    expect(await world.value("untouched_leads", ...byWednesday, wednesday)).toBe(1);
    const { records } = await metricRecords(
      store.db,
      { ...world.query("untouched_leads", ...byWednesday), ...wednesday },
      { limit: 10, cursor: null },
    );
    expect(records.map((record) => record.name)).toEqual(["L3"]);
  });
});

describe("touches of a lead", () => {
  test("are those of its company, too; a touch before it came in counts as 0 hours", async () => {
    await world.company("acme");
    await world.lead("L", "2026-03-02T10:00:00Z", { company: "acme" });
    await world.activity("early", "2026-03-01T10:00:00Z", { direction: "outbound", company: "acme" });
    expect(await world.value("speed_to_lead_median", ...day, wednesday)).toBe(0);
  });

  test("are no notes, no answers, no doubles and no newsletters", async () => {
    await world.lead("L", "2026-03-02T10:00:00Z");
    await world.activity("note", "2026-03-02T10:10:00Z", { type: "note", direction: "outbound", person: "L" });
    await world.activity("reply", "2026-03-02T10:20:00Z", { type: "email", direction: "inbound", person: "L" });
    await world.activity("double", "2026-03-02T10:30:00Z", {
      direction: "outbound",
      person: "L",
      duplicateOf: "elsewhere",
    });
    expect(await world.value("untouched_leads", ...day, wednesday)).toBe(1);
    await world.activity("met", "2026-03-02T10:40:00Z", { type: "meeting", person: "L" });
    expect(await world.value("untouched_leads", ...day, wednesday)).toBe(0);
  });
});

describe("qualification", () => {
  beforeEach(async () => {
    await writeSettings(store.db, "lead_statuses", { Qualified: "qualified", "Bad fit": "disqualified" });
    for (const lead of ["A", "B", "C", "D"]) await world.lead(lead, "2026-02-01T10:00:00Z");
    // A is qualified, B is let go (the word in other letters), C stays, D gets a deal while it is open.
    await world.leadStatus("A", "2026-03-05", "Qualified", "New");
    await world.leadStatus("B", "2026-03-06", "bad fit", "New");
    await world.leadStatus("C", "2026-03-07", "Contacted", "New");
    await world.deal("d", { created: "2026-03-08", changes: [{ at: "2026-03-08" }], person: "D" });
  });

  test("one of the three that left it was let go", async () => {
    expect(await world.value("disqualified_leads", ...march)).toBe(1);
    const { rows } = await world.ask("disqualification_rate", ...march);
    expect(rows).toMatchObject([{ value: 1 / 3, numerator: 1, denominator: 3 }]);
    expect(await world.value("disqualified_leads", "2026-02-01", "2026-02-28")).toBe(0);
  });

  test("a lead is open until it leaves", async () => {
    expect(await world.value("untouched_leads", "2026-02-01", "2026-02-28")).toBe(4);
    expect(await world.value("untouched_leads", ...march)).toBe(1);
  });

  test("a lead that came back and left again counts in both periods", async () => {
    await world.leadStatus("A", "2026-04-01", "New", "Qualified");
    await world.leadStatus("A", "2026-04-05", "Bad fit", "New");
    expect(await world.value("disqualification_rate", "2026-04-01", "2026-04-30")).toBe(1);
    expect(await world.value("disqualification_rate", ...march)).toBe(1 / 3);
  });

  test("of four leads one has a deal and none has won; a win later changes what is known by then", async () => {
    const february = ["2026-02-01", "2026-02-28"] as const;
    expect(await world.value("lead_to_deal_rate", ...february)).toBe(1 / 4);
    expect(await world.value("lead_to_win_rate", ...february)).toBe(0);
    await world.remove("d");
    await world.deal("d", {
      created: "2026-03-08",
      changes: [{ at: "2026-03-08" }, { at: "2026-03-20", status: "won" }],
      person: "D",
    });
    expect(await world.value("lead_to_win_rate", ...february)).toBe(1 / 4);
    expect(await world.value("lead_to_win_rate", ...february, { asOf: new Date("2026-03-10T00:00:00Z") })).toBe(0);
  });
});

test("a lead without an owner is credited to who touched it first", async () => {
  await world.rep("Ann");
  await world.rep("Bob");
  await world.lead("L1", "2026-03-02T10:00:00Z", { rep: "Ann" });
  await world.lead("L2", "2026-03-02T10:00:00Z");
  await world.activity("call", "2026-03-03T10:00:00Z", { rep: "Bob", direction: "outbound", person: "L2" });
  await world.activity("later", "2026-03-04T10:00:00Z", { rep: "Ann", direction: "outbound", person: "L2" });
  expect(await world.values("new_leads", ...march, "rep")).toEqual({ Ann: 1, Bob: 1 });
  // Who takes a lead over later has no credit for it.
  await world.change("people", "L1", { rep_id: world.id("rep", "Bob") }, "2026-03-09T10:00:00Z");
  expect(await world.values("new_leads", ...march, "rep")).toEqual({ Ann: 1, Bob: 1 });
});

test("a meeting that was called off is no touch", async () => {
  await world.lead("L1", "2026-03-02T10:00:00Z");
  await world.activity("off", "2026-03-02T11:00:00Z", { type: "meeting", outcome: "cancelled", person: "L1" });
  expect(await world.value("untouched_leads", ...march)).toBe(1);
  await world.activity("met", "2026-03-03T11:00:00Z", { type: "meeting", person: "L1" });
  expect(await world.value("untouched_leads", ...march)).toBe(0);
});

test("where no business hours are set, what counts in working time says that all time is", async () => {
  const said = (await world.ask("timely_contact_rate", ...march)).notes;
  expect(said).toEqual([]);
  await store.db.updateTable("workspace").set({ business_hours: "{}" }).execute();
  expect((await world.ask("timely_contact_rate", ...march)).notes).toEqual([
    expect.stringContaining("all time counts"),
  ]);
});
