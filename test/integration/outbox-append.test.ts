import pg from "pg";
import { beforeAll, expect, test } from "vitest";
import { appendEvents, eventId, type OutboxEvent } from "../../core/outbox/append.ts";
import { EVENTS } from "../../core/outbox/catalogue.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { testDatabaseTarget } from "../support/database.ts";

let store: Store;
let target: Awaited<ReturnType<typeof testDatabaseTarget>>;
beforeAll(async () => {
  target = await testDatabaseTarget();
  store = openStore(target);
  return () => store.close();
});

const told = (connection: string) => ({ ...EVENTS["deal.won"].sample, connection });
type Won = Extract<OutboxEvent, { readonly type: "deal.won" }>;

function event(key: string, more: Partial<Won> = {}): OutboxEvent {
  return {
    type: "deal.won",
    key,
    entityKey: "deal/1",
    occurredAt: new Date("2026-03-05T10:00:00Z"),
    data: told(key),
    ...more,
  };
}

const append = (events: readonly OutboxEvent[]) => store.db.transaction().execute((tx) => appendEvents(tx, events));
const stored = () => store.db.selectFrom("outbox").select(["event_id", "payload"]).orderBy("id").execute();

test("the same happening is one event however often it is told, also within one call", async () => {
  await append([event("a"), event("b"), event("a")]);
  await append([event("b", { data: told("told otherwise") }), event("c")]);
  expect(await stored()).toEqual(
    ["a", "b", "c"].map((key) => ({ event_id: eventId("deal.won", key), payload: told(key) })),
  );
  expect(eventId("deal.won", "a")).toMatch(/^evt_[0-9a-f]{26,}$/);
  expect(eventId("deal.lost", "a")).not.toBe(eventId("deal.won", "a"));
});

test("an event of a transaction that is rolled back was never told", async () => {
  const before = await stored();
  await expect(
    store.db.transaction().execute(async (tx) => {
      await appendEvents(tx, [event("rolled back")]);
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  expect(await stored()).toEqual(before);
});

test("waiting events are announced when they are committed", async () => {
  const listener = new pg.Client(target);
  await listener.connect();
  await listener.query("listen tributary_outbox");
  const heard = new Promise((resolve) => listener.once("notification", resolve));
  await append([event("announced")]);
  expect(await heard).toMatchObject({ channel: "tributary_outbox" });
  await listener.end();
});
