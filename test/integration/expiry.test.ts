import { beforeAll, expect, test } from "vitest";
import { silentLog } from "../../core/base/log.ts";
import { expire } from "../../workers/housekeeping.ts";
import { testDatabase } from "../support/database.ts";
import { addConnection, testClock } from "../support/engine.ts";

const store = await testDatabase();
const { db } = store;
const NOW = "2026-06-30T12:00:00Z";
const clock = testClock(NOW);
const daysAgo = (days: number): Date => new Date(Date.parse(NOW) - days * 86_400_000);
const expireNow = () => expire({ store, clock, log: silentLog });

beforeAll(async () => {
  await db.updateTable("workspace").set({ time_zone: "America/New_York" }).execute();
  await addConnection(store, "acme");
});

test("a stream's runs go with their lines after 90 days, but never its last 20, nor one that is not over", async () => {
  const run = (stream: string, days: number, state: "succeeded" | "waiting" = "succeeded") => ({
    connection_id: "acme",
    stream,
    kind: "pull" as const,
    trigger: "schedule" as const,
    state,
    started_at: daysAgo(days),
    finished_at: daysAgo(days),
  });
  const many = [run("leads", 200, "waiting"), run("leads", 100), run("leads", 91), run("leads", 89)];
  const rest = Array.from({ length: 20 }, () => run("leads", 95));
  const { id } = await db.insertInto("runs").values(run("leads", 100)).returning("id").executeTakeFirstOrThrow();
  await db
    .insertInto("run_logs")
    .values({ run_id: id, level: "info", message: "x", at: daysAgo(100) })
    .execute();
  await db
    .insertInto("runs")
    .values([...many, ...rest, run("users", 300)])
    .execute();
  await expireNow();
  const left = await db.selectFrom("runs").select(["stream", "state", "started_at"]).orderBy("id").execute();
  expect(left.map((row) => [row.stream, row.state, row.started_at])).toEqual([
    ["leads", "waiting", daysAgo(200)],
    ["leads", "succeeded", daysAgo(89)],
    ...rest.map((row) => ["leads", "succeeded", row.started_at]),
    ["users", "succeeded", daysAgo(300)],
  ]);
  expect(await db.selectFrom("run_logs").selectAll().execute()).toEqual([]);
});

test("a delivery of a webhook goes 30 days after it was taken in", async () => {
  const delivery = (key: string, processed: Date | null) => ({
    connection_id: "acme",
    dedupe_key: key,
    received_at: daysAgo(60),
    headers: "{}",
    body: Buffer.from(key),
    processed_at: processed,
  });
  await db
    .insertInto("inbound_deliveries")
    .values([delivery("old", daysAgo(31)), delivery("young", daysAgo(29)), delivery("waiting", null)])
    .execute();
  await expireNow();
  const left = await db.selectFrom("inbound_deliveries").select("dedupe_key").orderBy("dedupe_key").execute();
  expect(left.map((row) => row.dedupe_key)).toEqual(["waiting", "young"]);
});

test("an event goes after 90 days with its deliveries, unless one is still to be made", async () => {
  const endpoint = await db
    .insertInto("webhook_endpoints")
    .values({
      destination: "webhooks",
      name: "https://example.com",
      settings: "{}",
      event_types: ["deal.won"],
      created_by: "test",
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  const event = async (name: string, dispatched: Date | null, state: "pending" | "delivered" | "failed" | null) => {
    const { id } = await db
      .insertInto("outbox")
      .values({
        event_id: name,
        type: "deal.won",
        entity_key: "d",
        payload: "{}",
        occurred_at: daysAgo(100),
        dispatched_at: dispatched,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    if (state !== null)
      await db.insertInto("deliveries").values({ endpoint_id: endpoint.id, outbox_id: id, state }).execute();
  };
  await event("delivered", daysAgo(91), "delivered");
  await event("given up", daysAgo(91), "failed");
  await event("for nobody", daysAgo(91), null);
  await event("pending", daysAgo(91), "pending");
  await event("young", daysAgo(89), "delivered");
  await event("waiting", null, null);
  await expireNow();
  const left = await db.selectFrom("outbox").select("event_id").orderBy("event_id").execute();
  expect(left.map((row) => row.event_id)).toEqual(["pending", "waiting", "young"]);
  expect(await db.selectFrom("deliveries").select("state").orderBy("id").execute()).toHaveLength(2);
});

test("of a number's past, every change stays 35 days, the day's last 13 months, and the current value for good", async () => {
  const point = (at: string, value: number, rep: string | null = null) => ({
    metric: "won",
    dimensions: JSON.stringify({ rep }),
    from_day: null,
    to_day: "2026-12-31",
    value,
    sample_size: 1,
    computed_at: new Date(at),
  });
  await db
    .insertInto("metric_points")
    .values([
      point("2024-01-01T12:00:00Z", 1, "left long ago"), // Nothing came after it.
      point("2025-05-29T12:00:00Z", 2), // Older than 13 months.
      point("2025-06-01T12:00:00Z", 3), // Not the last of its day.
      // 1 June in New York still, where it is 22:00.
      point("2025-06-02T02:00:00Z", 4),
      point("2025-06-02T12:00:00Z", 5),
      point("2025-06-02T13:00:00Z", 6, "another"),
      point("2026-06-10T12:00:00Z", 7), // Younger than 35 days, both.
      point("2026-06-10T13:00:00Z", 8),
      point("2025-05-01T12:00:00Z", 9, "late"), // Older than 13 months, and the next one is young.
      point("2026-06-10T13:00:00Z", 10, "late"),
    ])
    .execute();
  await expireNow();
  const left = await db.selectFrom("metric_points").select("value").orderBy("id").execute();
  expect(left.map((row) => row.value)).toEqual([1, 4, 5, 6, 7, 8, 10]);
});

test("an answer to a repeated request is kept for a day", async () => {
  const key = (name: string, hours: number) => ({
    caller: "key",
    key: name,
    request_hash: Buffer.from("x"),
    created_at: daysAgo(hours / 24),
  });
  await db
    .insertInto("idempotency_keys")
    .values([key("old", 25), key("young", 23)])
    .execute();
  await expireNow();
  expect(await db.selectFrom("idempotency_keys").select("key").execute()).toEqual([{ key: "young" }]);
});

test("going over it again takes nothing more", async () => {
  const count = async () =>
    (await db.selectFrom("metric_points").select("id").execute()).length +
    (await db.selectFrom("runs").select("id").execute()).length;
  const before = await count();
  await expireNow();
  expect(await count()).toBe(before);
});
