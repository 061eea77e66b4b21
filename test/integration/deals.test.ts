import { beforeAll, expect, test } from "vitest";
import { entityId } from "../../core/base/ids.ts";
import type { Store } from "../../core/store/db.ts";
import { EVENTS, type EventType } from "../../core/outbox/catalogue.ts";
import { testDatabase } from "../support/database.ts";
import { change, deal, instant, pipeline, Plain, rep } from "./normalise-world.ts";

let store: Store;
beforeAll(async () => {
  store = await testDatabase();
});

/** A deal's stored history as lines: from, to, status, stage, and when it could be known. */
async function history(connection: string, externalId: string): Promise<string[]> {
  const rows = await store.db
    .selectFrom("deal_changes")
    .selectAll()
    .where("deal_id", "=", entityId("deal", connection, externalId))
    .orderBy("ordinal")
    .execute();
  const names = new Map(["P", "Q", "M", "N", "Won", "Lost"].map((name) => [entityId("stage", connection, name), name]));
  const time = (at: Date | number): string =>
    at instanceof Date ? at.toISOString().slice(5, at.getUTCHours() + at.getUTCMinutes() === 0 ? 10 : 16) : String(at);
  return rows.map(
    (row) => `${time(row.held_from)}..${time(row.held_to)} ${row.status} ${names.get(row.stage_id ?? "") ?? "-"}`,
  );
}

async function events(connection: string): Promise<string[]> {
  const rows = await store.db.selectFrom("outbox").select(["type", "occurred_at", "payload"]).orderBy("id").execute();
  return rows
    .filter((row) => row.payload["connection"] === connection)
    .map((row) => `${row.occurred_at.toISOString().slice(5, 16)} ${row.type}`);
}

const won = (on: string) => ({ status: "won", stage: "Won", closedAt: { day: on } });
const lost = (on: string) => ({ status: "lost", stage: "Lost", closedAt: { day: on } });
const created = { createdAt: { day: "2026-03-01" } };

test("worked example 1: five deals of a sheet are open from their creation and closed on their closing days", async () => {
  const tool = await Plain.connect(store, "example1");
  const sheet = [
    deal("A", { ...created, ...won("2026-03-11"), amountMinor: 1_000_00 }),
    deal("B", { ...created, ...won("2026-03-31"), amountMinor: 3_000_00 }),
    deal("C", { ...created, ...won("2026-03-21"), amountMinor: null }),
    deal("D", { ...created, ...lost("2026-03-15"), amountMinor: 2_000_00 }),
    deal("E", { ...created, amountMinor: 4_000_00 }),
  ];
  await tool.take(
    "deals",
    sheet.map((fact, line) => ({ id: `line ${line}`, at: null, facts: [fact] })),
    "2026-04-15T12:00:00Z",
  );

  expect(await history("example1", "A")).toEqual(["03-01..03-11 open Won", "03-11..Infinity won Won"]);
  expect(await history("example1", "B")).toEqual(["03-01..03-31 open Won", "03-31..Infinity won Won"]);
  expect(await history("example1", "C")).toEqual(["03-01..03-21 open Won", "03-21..Infinity won Won"]);
  expect(await history("example1", "D")).toEqual(["03-01..03-15 open Lost", "03-15..Infinity lost Lost"]);
  expect(await history("example1", "E")).toEqual(["03-01..Infinity open P"]);
  // Loaded at set-up: known when it happened.
  const rows = await store.db
    .selectFrom("deal_changes")
    .select(["held_from", "known_at", "is_day"])
    .where("connection_id", "=", "example1")
    .execute();
  expect(rows.every((row) => row.known_at.getTime() === Number(row.held_from) && row.is_day)).toBe(true);
});

test("worked example 2: a deal that is won, reopened and lost keeps all three", async () => {
  const tool = await Plain.connect(store, "example2");
  await tool.take(
    "changes",
    [
      {
        id: "c1",
        at: null,
        facts: [
          change("c1", "A", "2026-03-11T10:00:00Z", { status: "open", stage: "P" }, { status: "won", stage: "Won" }),
        ],
      },
      {
        id: "c2",
        at: null,
        facts: [
          change("c2", "A", "2026-04-05T10:00:00Z", { status: "won", stage: "Won" }, { status: "open", stage: "P" }),
        ],
      },
      {
        id: "c3",
        at: null,
        facts: [
          change("c3", "A", "2026-04-09T10:00:00Z", { status: "open", stage: "P" }, { status: "lost", stage: "Lost" }),
        ],
      },
    ],
    "2026-04-15T12:00:00Z",
  );
  expect(await history("example2", "A")).toEqual([]);

  await tool.take(
    "deals",
    [{ id: "A", at: "2026-04-09T10:00:01Z", facts: [deal("A", { ...created, ...lost("2026-04-09") })] }],
    "2026-04-15T12:00:00Z",
  );
  expect(await history("example2", "A")).toEqual([
    "03-01..03-11T10:00 open P",
    "03-11T10:00..04-05T10:00 won Won",
    "04-05T10:00..04-09T10:00 open P",
    "04-09T10:00..Infinity lost Lost",
  ]);
});

test("worked example 3: stages that are skipped, gone back to and stayed in come out as they were", async () => {
  const tool = await Plain.connect(store, "example3");
  const move = (id: string, of: string, day: string, from: string, to: string) => ({
    id,
    at: null,
    facts: [change(id, of, `2026-03-${day}T10:00:00Z`, { stage: from }, { stage: to })],
  });
  const at = "2026-03-20T12:00:00Z";
  await tool.take(
    "deals",
    [
      {
        id: "1",
        at,
        facts: [deal("1", { ...created, stage: "Won", status: "won", closedAt: instant("2026-03-12T10:00:00Z") })],
      },
      {
        id: "2",
        at,
        facts: [deal("2", { ...created, stage: "Lost", status: "lost", closedAt: instant("2026-03-12T10:00:00Z") })],
      },
      { id: "3", at, facts: [deal("3", { ...created, stage: "Q" })] },
    ],
    at,
  );
  await tool.take(
    "changes",
    [
      move("m1", "1", "05", "P", "M"),
      move("m2", "2", "05", "P", "Q"),
      move("m3", "2", "08", "Q", "P"),
      move("m4", "3", "05", "P", "Q"),
    ],
    at,
  );
  expect(await history("example3", "1")).toEqual([
    "03-01..03-05T10:00 open P",
    "03-05T10:00..03-12T10:00 open M",
    "03-12T10:00..Infinity won Won",
  ]);
  expect(await history("example3", "2")).toEqual([
    "03-01..03-05T10:00 open P",
    "03-05T10:00..03-08T10:00 open Q",
    "03-08T10:00..03-12T10:00 open P",
    "03-12T10:00..Infinity lost Lost",
  ]);
  expect(await history("example3", "3")).toEqual(["03-01..03-05T10:00 open P", "03-05T10:00..Infinity open Q"]);
});

test("a change that arrives after the deal already shows it moves the row to its exact time, and tells no event twice", async () => {
  const tool = await Plain.connect(store, "late", "2026-03-01T00:00:00Z");
  const take = (at: string, state: object) =>
    tool.take(
      "deals",
      [{ id: "A", at, facts: [deal("A", { createdAt: instant("2026-03-02T08:00:00Z"), ...state })] }],
      at,
    );
  await tool.firstLoadDone("2026-03-01T00:00:00Z");
  await take("2026-03-02T08:00:00Z", {});
  await take("2026-03-11T09:15:04Z", won("2026-03-11"));
  expect((await history("late", "A"))[1]).toBe("03-11..Infinity won Won");

  await tool.take(
    "changes",
    [
      {
        id: "c1",
        at: null,
        facts: [
          change("c1", "A", "2026-03-11T09:15:00Z", { status: "open", stage: "P" }, { status: "won", stage: "Won" }),
        ],
      },
    ],
    "2026-03-11T09:16:00Z",
  );
  expect((await history("late", "A"))[1]).toBe("03-11T09:15..Infinity won Won");
  expect(await events("late")).toEqual(["03-02T08:00 deal.created", "03-11T00:00 deal.won"]);
});

test("a change that the source takes back is taken out of the history", async () => {
  const tool = await Plain.connect(store, "reverted");
  const at = "2026-03-20T12:00:00Z";
  await tool.take("deals", [{ id: "A", at: "2026-03-01T09:00:00Z", facts: [deal("A")] }], at);
  await tool.take(
    "changes",
    [{ id: "c1", at: null, facts: [change("c1", "A", "2026-03-05T10:00:00Z", { stage: "P" }, { stage: "Q" })] }],
    at,
  );
  expect(await history("reverted", "A")).toHaveLength(2);
  await tool.take("changes", [], "2026-03-21T12:00:00Z", ["c1"]);
  expect(await history("reverted", "A")).toEqual(["03-01T09:00..Infinity open P"]);
});

test("a deal that is gone at the source keeps its history", async () => {
  const tool = await Plain.connect(store, "kept");
  const at = "2026-03-20T12:00:00Z";
  await tool.take("deals", [{ id: "A", at, facts: [deal("A", { ...created, ...won("2026-03-11") })] }], at);
  const before = await history("kept", "A");
  await tool.take("deals", [], "2026-03-22T12:00:00Z", ["A"]);
  expect(await history("kept", "A")).toEqual(before);
  const row = await store.db
    .selectFrom("deals")
    .select("deleted_at")
    .where("connection_id", "=", "kept")
    .executeTakeFirst();
  expect(row?.deleted_at).toEqual(new Date("2026-03-22T12:00:00Z"));
});

test("a calendar day begins in the workspace's time zone", async () => {
  await store.db.updateTable("workspace").set({ time_zone: "America/New_York" }).execute();
  const tool = await Plain.connect(store, "zone");
  await tool.take(
    "deals",
    [{ id: "A", at: null, facts: [deal("A", { ...created, ...won("2026-03-11") })] }],
    "2026-04-01T00:00:00Z",
  );
  await store.db.updateTable("workspace").set({ time_zone: "UTC" }).execute();
  // Midnight in New York is 05:00 UTC before the clock change of 8 March 2026, and 04:00 after it.
  expect(await history("zone", "A")).toEqual(["03-01T05:00..03-11T04:00 open Won", "03-11T04:00..Infinity won Won"]);
});

test("every live change of a deal is one event with the deal as it was then; history raises none", async () => {
  const tool = await Plain.connect(store, "events", "2026-03-10T00:00:00Z");
  const take = (at: string, state: object) =>
    tool.take("deals", [{ id: "A", at, facts: [deal("A", { url: "https://crm.example/A", ...state })] }], at);
  await tool.take(
    "others",
    [{ id: "x", at: null, facts: [rep("ann", { name: "Ann Example" }), pipeline("sales", ["P", "Q", "Won"])] }],
    "2026-03-05T00:00:00Z",
  );
  await take("2026-03-05T00:00:00Z", {});
  await tool.firstLoadDone("2026-03-06T00:00:00Z");
  expect(await events("events")).toEqual([]);

  await take("2026-03-11T10:00:00Z", { stage: "Q" });
  await take("2026-03-12T10:00:00Z", {
    stage: "Won",
    status: "won",
    closedAt: instant("2026-03-12T09:59:00Z"),
    amountMinor: 250_50,
  });
  await take("2026-03-13T10:00:00Z", { stage: "Q" });
  await take("2026-03-14T10:00:00Z", {
    stage: "Lost",
    status: "lost",
    closedAt: instant("2026-03-14T10:00:00Z"),
    lostReason: "price",
  });
  await tool.replay("deals");

  expect(await events("events")).toEqual([
    "03-11T10:00 deal.stage_changed",
    "03-12T09:59 deal.won",
    "03-13T10:00 deal.reopened",
    "03-14T10:00 deal.lost",
  ]);
  const told = await store.db
    .selectFrom("outbox")
    .selectAll()
    .where("type", "=", "deal.won")
    .where("occurred_at", "=", new Date("2026-03-12T09:59:00Z"))
    .executeTakeFirstOrThrow();
  expect(told.event_id).toMatch(/^evt_[0-9a-f]{32}$/);
  expect(told.payload).toEqual({
    deal: {
      id: entityId("deal", "events", "A"),
      name: "A",
      url: "https://crm.example/A",
      value: { amount: 250.5, currency: "USD" },
      stage: "Won",
      from_stage: "Q",
      pipeline: "sales",
      owner: { id: entityId("rep", "events", "ann"), name: "Ann Example" },
      company: null,
      lost_reason: null,
    },
    changed_at: "2026-03-12T09:59:00.000Z",
    connection: "events",
  });
});

test("a win on the day of going live is told, also where it is still yesterday at the source, and once", async () => {
  const tool = await Plain.connect(store, "first-day", "2026-03-10T08:00:00Z");
  await tool.take("others", [{ id: "x", at: null, facts: [pipeline("sales", ["P", "Won"])] }], "2026-03-10T07:00:00Z");
  const take = (at: string, id: string, state: object) =>
    tool.take("deals", [{ id, at, facts: [deal(id, state)] }], at);
  for (const id of ["A", "B"]) await take("2026-03-05T07:00:00Z", id, {});
  await tool.firstLoadDone("2026-03-10T08:05:00Z");
  const at = "2026-03-10T09:00:00Z";
  await take(at, "A", won("2026-03-09"));
  await take(at, "B", won("2026-03-08"));
  // The deal came before the move that says when.
  const move = change("m", "A", at, { status: "open", stage: "P" }, { status: "won", stage: "Won" });
  await tool.take("changes", [{ id: "m", at, facts: [move] }], at);
  expect(await events("first-day")).toEqual(["03-09T00:00 deal.won"]);
});

test("what lands after the first load is known from when it landed", async () => {
  const tool = await Plain.connect(store, "known");
  await tool.take("deals", [{ id: "A", at: "2026-03-05T00:00:00Z", facts: [deal("A")] }], "2026-03-06T00:00:00Z");
  await tool.firstLoadDone("2026-03-06T00:01:00Z");
  await tool.take(
    "deals",
    [{ id: "A", at: "2026-03-11T10:00:00Z", facts: [deal("A", { stage: "Q" })] }],
    "2026-03-11T10:05:00Z",
  );
  const rows = await store.db
    .selectFrom("deal_changes")
    .select("known_at")
    .where("connection_id", "=", "known")
    .orderBy("ordinal")
    .execute();
  expect(rows.map((row) => row.known_at.toISOString())).toEqual([
    "2026-03-01T09:00:00.000Z",
    "2026-03-11T10:05:00.000Z",
  ]);
});

test("what the outbox tells is what the description of the API says of it", async () => {
  const told = await store.db.selectFrom("outbox").select(["type", "payload"]).execute();
  expect(told.length).toBeGreaterThan(0);
  for (const { type, payload } of told) EVENTS[type as EventType].data.parse(payload);
});
