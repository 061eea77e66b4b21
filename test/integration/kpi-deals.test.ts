import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { metricRecords } from "../../core/metrics/index.ts";
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

async function names(metric: string, from: string, to: string): Promise<string[]> {
  const { records } = await metricRecords(store.db, world.query(metric, from, to), { limit: 100, cursor: null });
  return records
    .filter((record) => record.counted)
    .map((record) => record.name ?? "")
    .toSorted();
}

describe("stalled deals", () => {
  beforeEach(() => world.pipeline("sales", ["P", "Q"]));

  test("stand longer than 14 days where there is little history", async () => {
    await world.deal("long", { changes: [{ at: "2026-03-10", stage: "P" }] });
    await world.deal("short", { changes: [{ at: "2026-03-20", stage: "P" }] });
    // Moved on the 25th: its stay in P is over, that in Q is 6 days old.
    await world.deal("moved", {
      changes: [
        { at: "2026-02-01", stage: "P" },
        { at: "2026-03-25", stage: "Q" },
      ],
    });
    // Back in P after a day: a new stay.
    await world.deal("back", {
      changes: [
        { at: "2026-02-01", stage: "P" },
        { at: "2026-03-24", stage: "Q" },
        { at: "2026-03-25", stage: "P" },
      ],
    });
    await world.deal("won", {
      changes: [
        { at: "2026-02-01", stage: "P" },
        { at: "2026-03-05", status: "won" },
      ],
    });
    expect(await names("stalled_deals", ...march)).toEqual(["long"]);
    expect(await world.value("stalled_deals", ...march)).toBe(1);
  });

  test("or longer than twice the median stay, of the stage or else of the pipeline", async () => {
    // Twenty stays of 10 days in P: 20 days are the limit, there and, for want of stays in Q, in Q.
    for (let n = 0; n < 20; n += 1)
      await world.deal(`done${n}`, {
        changes: [
          { at: "2026-01-01", stage: "P" },
          { at: "2026-01-11", status: "lost" },
        ],
      });
    await world.deal("fifteen", { changes: [{ at: "2026-03-16", stage: "P" }] });
    await world.deal("twenty-five", { changes: [{ at: "2026-03-06", stage: "P" }] });
    await world.deal("in Q", { changes: [{ at: "2026-03-06", stage: "Q" }] });
    expect(await names("stalled_deals", ...march)).toEqual(["in Q", "twenty-five"]);
  });
});

test("a deal slipped when its date went to a later day in the period; a first date is no push", async () => {
  await world.deal("slipped", {
    changes: [
      { at: "2026-02-01", expected: "2026-03-15" },
      { at: "2026-03-10", expected: "2026-04-15" },
      { at: "2026-03-12", expected: "2026-05-01" },
    ],
  });
  await world.deal("earlier", {
    changes: [
      { at: "2026-02-01", expected: "2026-04-15" },
      { at: "2026-03-10", expected: "2026-04-01" },
    ],
  });
  await world.deal("first", { changes: [{ at: "2026-02-01" }, { at: "2026-03-10", expected: "2026-04-01" }] });
  await world.deal("won", {
    changes: [
      { at: "2026-02-01", expected: "2026-03-01" },
      { at: "2026-02-20", expected: "2026-03-20" },
      { at: "2026-03-21", status: "won" },
    ],
  });
  expect(await names("slipped_deals", ...march)).toEqual(["slipped"]);
  // One deal closed in March, pushed once.
  const { rows } = await world.ask("pushes_per_deal", ...march);
  expect(rows).toMatchObject([{ value: 1, numerator: 1, denominator: 1 }]);
});

test("a deal has a next step when a meeting or an open task lies ahead", async () => {
  for (const name of ["meets", "task", "past", "called off", "nothing"])
    await world.deal(name, { changes: [{ at: "2026-03-01" }] });
  await world.activity("m", "2026-04-02T10:00:00Z", { type: "meeting", deal: "meets" });
  await world.activity("t", "2026-04-02", { type: "task", outcome: "open", deal: "task" });
  await world.activity("p", "2026-03-20T10:00:00Z", { type: "meeting", deal: "past" });
  await world.activity("c", "2026-04-02T10:00:00Z", { type: "meeting", deal: "called off", outcome: "cancelled" });
  expect(await names("no_next_step", ...march)).toEqual(["called off", "nothing", "past"]);
  // What is still to be done has not happened.
  expect(await world.value("activities", "2026-04-01", "2026-04-30")).toBe(2);
});

test("a deal is single-threaded with touches of one person, or none, since it was created", async () => {
  for (const name of ["one", "two", "merged", "none"]) await world.deal(name, { changes: [{ at: "2026-03-01" }] });
  await world.lead("Eve", "2026-01-01");
  await world.lead("Fay", "2026-01-01");
  await world.lead("Eve again", "2026-01-01", { mergedInto: "Eve" });
  const touch = (name: string, deal: string, person: string, day: string) =>
    world.activity(name, `2026-${day}T10:00:00Z`, { direction: "inbound", deal, person });
  await touch("1", "one", "Eve", "03-02");
  await touch("2", "one", "Fay", "02-02");
  await touch("3", "two", "Eve", "03-02");
  await touch("4", "two", "Fay", "03-03");
  await touch("5", "merged", "Eve", "03-02");
  await touch("6", "merged", "Eve again", "03-03");
  expect(await names("single_threaded_deals", ...march)).toEqual(["merged", "none", "one"]);
});

test("deals move that reach a later stage than they began the period with, or are won", async () => {
  await world.pipeline("sales", ["P", "Q", "M"]);
  const from = (at: string, ...later: { at: string; stage?: string; status?: "won" | "lost" }[]) => ({
    changes: [{ at, stage: "Q" }, ...later],
  });
  await world.deal("on", from("2026-02-01", { at: "2026-03-05", stage: "M" }));
  await world.deal("back", from("2026-02-01", { at: "2026-03-05", stage: "P" }));
  await world.deal(
    "back and forth",
    from("2026-02-01", { at: "2026-03-05", stage: "P" }, { at: "2026-03-06", stage: "Q" }),
  );
  await world.deal("won", from("2026-03-02", { at: "2026-03-05", status: "won" }));
  await world.deal("lost", from("2026-03-02", { at: "2026-03-05", status: "lost" }));
  await world.deal("before", from("2026-02-01", { at: "2026-02-05", status: "won" }));
  await world.deal("after", from("2026-04-01", { at: "2026-04-05", stage: "M" }));
  const { rows } = await world.ask("progress_rate", ...march);
  expect(rows).toMatchObject([{ value: 0.4, numerator: 2, denominator: 5 }]);
});

test("cold is what nobody has touched for 30 days: leads without a deal, and deals", async () => {
  await world.lead("cold", "2026-02-01");
  await world.lead("new", "2026-03-15");
  await world.lead("warm", "2026-02-01");
  await world.activity("call", "2026-03-20T10:00:00Z", { direction: "inbound", person: "warm" });
  await world.deal("cold deal", { changes: [{ at: "2026-02-01" }] });
  await world.deal("warm deal", { changes: [{ at: "2026-02-01" }] });
  await world.activity("mail", "2026-03-02T10:00:00Z", { type: "email", direction: "outbound", deal: "warm deal" });
  expect(await names("cold_leads", ...march)).toEqual(["cold", "cold deal"]);
  expect(await world.value("cold_leads", ...march)).toBe(2);
});

describe("touches that land", () => {
  test("talk is counted in minutes, of calls alone", async () => {
    await world.activity("1", "2026-03-02T10:00:00Z", { durationS: 90 });
    await world.activity("2", "2026-03-02T11:00:00Z", { durationS: 60 });
    await world.activity("met", "2026-03-02T12:00:00Z", { type: "meeting", durationS: 3600 });
    expect(await world.value("talk_minutes", ...march)).toBe(2.5);
  });

  test("a call connected by its outcome, else when it lasted 30 seconds", async () => {
    const call = (name: string, more: { outcome?: "answered" | "voicemail"; durationS?: number }) =>
      world.activity(name, "2026-03-02T10:00:00Z", { direction: "outbound", ...more });
    await call("answered", { outcome: "answered", durationS: 5 });
    await call("voicemail", { outcome: "voicemail", durationS: 60 });
    await call("long", { durationS: 30 });
    await call("short", { durationS: 29 });
    await world.activity("in", "2026-03-02T10:00:00Z", { direction: "inbound", durationS: 300 });
    expect(await world.value("connected_call_rate", ...march)).toBe(0.5);
  });

  test("a reply answers the latest e-mail to the person before it, within 14 days", async () => {
    await world.lead("Eve", "2026-01-01");
    await world.lead("Fay", "2026-01-01");
    const mail = (name: string, at: string, direction: "inbound" | "outbound", person: string) =>
      world.activity(name, at, { type: "email", direction, person });
    await mail("first", "2026-03-01T10:00:00Z", "outbound", "Eve");
    await mail("second", "2026-03-03T10:00:00Z", "outbound", "Eve");
    await mail("reply", "2026-03-04T10:00:00Z", "inbound", "Eve");
    await mail("to Fay", "2026-03-03T10:00:00Z", "outbound", "Fay");
    await mail("late", "2026-03-20T10:00:00Z", "inbound", "Fay");
    await mail("young", "2026-03-25T10:00:00Z", "outbound", "Fay");
    const { rows } = await world.ask("reply_rate", ...march, { now: new Date("2026-04-01T00:00:00Z") });
    expect(rows).toMatchObject([{ value: 1 / 3, numerator: 1, denominator: 3 }]);
  });

  test("a reply in a thread answers the latest e-mail of that thread, whatever went out since; no newsletter is answered", async () => {
    await world.lead("Eve", "2026-01-01");
    await world.rep("Ann");
    const mail = (
      name: string,
      day: string,
      direction: "inbound" | "outbound",
      attributes: { [name: string]: string },
    ) =>
      world.activity(name, `2026-03-${day}T10:00:00Z`, {
        type: "email",
        direction,
        person: "Eve",
        attributes,
        ...(attributes["campaign"] === undefined ? { rep: "Ann" } : {}),
      });
    await mail("offer", "01", "outbound", { thread: "offer" });
    await mail("date", "02", "outbound", { thread: "date" });
    await mail("reply", "03", "inbound", { thread: "offer" });
    await mail("news", "04", "outbound", { campaign: "spring" });
    await mail("other", "05", "inbound", { thread: "of hers" });
    const counted = async () => {
      const { rows } = await world.ask("reply_rate", ...march, { now: new Date("2026-04-01T00:00:00Z") });
      return rows[0];
    };
    // The offer by its thread, the date as the latest before what she wrote of her own accord.
    expect(await counted()).toMatchObject({ numerator: 2, denominator: 2 });
    await world.activity("again", "2026-03-04T12:00:00Z", {
      type: "email",
      direction: "outbound",
      person: "Eve",
      rep: "Ann",
    });
    expect(await counted()).toMatchObject({ numerator: 2, denominator: 3 });
  });
});
