import { beforeEach, describe, expect, test } from "vitest";
import { TributaryError } from "../../core/base/errors.ts";
import type { AnyConnector, InboundWebhook, Total } from "../../core/connector/define.ts";
import { acceptDelivery, takeInbound } from "../../core/land/inbound.ts";
import { reconcile } from "../../core/land/reconcile.ts";
import { runPull } from "../../core/land/run.ts";
import { inboundSecretOf } from "../../core/secrets/index.ts";
import { readRunLines } from "../../core/store/pulls/runs.ts";
import { testDatabase } from "../support/database.ts";
import {
  addConnection,
  gone,
  item,
  numbered,
  stored,
  testClock,
  testConnector,
  testEngine,
} from "../support/engine.ts";

const store = await testDatabase();
const clock = testClock();
const never = new AbortController().signal;
let id = "";
let count = 0;

beforeEach(async () => {
  count += 1;
  id = `c${count}`;
  await addConnection(store, id);
});

describe("reconcile", () => {
  const withTotals = (totals: readonly Total[]): AnyConnector => ({
    ...testConnector({ items: numbered([[item("a", 10), item("b", 20), item("c", 20)], { deleted: ["c"] }]) }),
    totals: () => Promise.resolve(totals),
  });

  test("compares counts and sums of what the source still has with the source's own", async () => {
    const connector = withTotals([
      { name: "items", theirs: 2, ours: { stream: "items" } },
      { name: "value", theirs: 31, ours: { stream: "items", sum: "value" }, note: "rounded" },
      { name: "twenties", theirs: 1, ours: { stream: "items", where: { value: "20" } } },
      { name: "nothing", theirs: 0, ours: { stream: "others", sum: "value" } },
    ]);
    const engine = testEngine(store, connector, clock);
    await runPull(engine, { connectionId: id, stream: "items", kind: "pull", trigger: "manual", since: null }, never);
    expect(await reconcile(engine, id, never)).toEqual([
      { name: "items", theirs: 2, ours: 2, isEqual: true, note: null },
      { name: "value", theirs: 31, ours: 30, isEqual: false, note: "rounded" },
      { name: "twenties", theirs: 1, ours: 1, isEqual: true, note: null },
      { name: "nothing", theirs: 0, ours: 0, isEqual: true, note: null },
    ]);
  });

  test("says so where the source states nothing", async () => {
    const engine = testEngine(store, testConnector({}), clock);
    await expect(reconcile(engine, id, never)).rejects.toMatchObject({ code: "reconcile.unsupported" });
  });
});

describe("what a webhook brings", () => {
  const webhook: InboundWebhook = {
    verify: ({ headers }, secret) => {
      if (headers["x-signature"] !== secret)
        throw new TributaryError({ code: "test.signature", kind: "auth", message: "No.", mend: "-" });
    },
    dedupeKey: ({ headers }) => headers["x-id"] ?? "",
    parts: ({ body }) => {
      const { id: itemId, value, deletedAt } = JSON.parse(body.toString()) as Record<string, string>;
      if (deletedAt !== undefined) return [{ stream: "items", records: [], deleted: [gone(itemId ?? "", deletedAt)] }];
      return [{ stream: "items", records: [item(itemId ?? "", Number(value), "2026-03-01T00:00:00Z")] }];
    },
  };
  const connector: AnyConnector = { ...testConnector({}), webhook };
  const engine = testEngine(store, connector, clock);

  const deliver = (key: string, body: string, signature = "s3cret") =>
    acceptDelivery(engine, id, {
      headers: { "x-id": key, "x-signature": signature, authorization: "Bearer x" },
      body: Buffer.from(body),
    });

  beforeEach(async () => {
    await store.db
      .updateTable("connections")
      .set({ inbound_secret: engine.secrets.seal("s3cret", inboundSecretOf(id)) })
      .where("id", "=", id)
      .execute();
  });

  test("is kept only when its signature holds", async () => {
    await expect(deliver("1", '{"id":"a"}', "forged")).rejects.toMatchObject({ kind: "auth" });
    await takeInbound(engine, id, never);
    expect(await stored(store, id, "items")).toEqual([]);
  });

  test("lands once, however often it is delivered", async () => {
    expect(await deliver("1", '{"id":"a","value":1}')).toBe("accepted");
    expect(await deliver("1", '{"id":"a","value":1}')).toBe("duplicate");
    const outcome = await takeInbound(engine, id, never);
    expect(outcome).toMatchObject({ kind: "ended", run: { state: "succeeded", counts: { pages: 1, added: 1 } } });
    expect(await takeInbound(engine, id, never)).toMatchObject({ run: { counts: { fetched: 0 } } });
    expect(await stored(store, id, "items")).toEqual(["a=1"]);
  });

  test("lands in the order of the source's time, not of arrival", async () => {
    await deliver("2", '{"id":"a","deletedAt":"2026-03-02T00:00:00Z"}');
    await takeInbound(engine, id, never);
    await deliver("1", '{"id":"a","value":1}');
    await takeInbound(engine, id, never);
    expect(await stored(store, id, "items")).toEqual(["a=?†"]);
  });

  test("is done with when it says nothing of any record, as a vendor's test delivery does", async () => {
    const silent: AnyConnector = { ...connector, webhook: { ...webhook, parts: () => [] } };
    await deliver("1", "{}");
    const outcome = await takeInbound(testEngine(store, silent, clock), id, never);
    expect(outcome).toMatchObject({ kind: "ended", run: { state: "succeeded", counts: { pages: 1, fetched: 0 } } });
    expect(await takeInbound(engine, id, never)).toMatchObject({ run: { counts: { pages: 0 } } });
  });

  test.each([
    ["it cannot be read", "no JSON"],
    ["its record has no id", "{}"],
  ])("is listed when %s, and does not hold up the others", async (_, body) => {
    await deliver("1", body);
    await deliver("2", '{"id":"b","value":2}');
    const outcome = await takeInbound(engine, id, never);
    if (outcome.kind !== "ended") throw new Error("busy");
    expect(await stored(store, id, "items")).toEqual(["b=2"]);
    expect(await readRunLines(store.db, outcome.run.id, 5)).toHaveLength(1);
  });

  test("waits where its record has to be fetched and the vendor is down, and holds up no other", async () => {
    let isDown = true;
    const fetching: AnyConnector = {
      ...connector,
      webhook: {
        ...webhook,
        parts: async (request, client) => {
          await Promise.resolve();
          if (isDown && request.body.includes("slow"))
            throw new TributaryError({ code: "test.down", kind: "transient", message: "Down.", mend: "-" });
          return webhook.parts(request, client);
        },
      },
    };
    const fetchingEngine = testEngine(store, fetching, clock);
    await deliver("1", '{"id":"slow","value":1}');
    await deliver("2", '{"id":"b","value":2}');
    const first = await takeInbound(fetchingEngine, id, never);
    expect(first).toMatchObject({ kind: "ended", run: { state: "failed" }, error: { code: "test.down" } });
    expect(await stored(store, id, "items")).toEqual(["b=2"]);
    isDown = false;
    await takeInbound(fetchingEngine, id, never);
    expect(await stored(store, id, "items")).toEqual(["b=2", "slow=1"]);
  });

  test("without a signature is taken where the vendor has such, and only there", async () => {
    await store.db.updateTable("connections").set({ inbound_secret: null }).where("id", "=", id).execute();
    await expect(deliver("1", '{"id":"a","value":1}')).rejects.toMatchObject({ code: "inbound.no_secret" });
    const unsigned: AnyConnector = {
      ...connector,
      webhook: { ...webhook, takesUnsigned: true, verify: (_, secret) => expect(secret).toBeNull() },
    };
    const request = { headers: { "x-id": "1" }, body: Buffer.from('{"id":"a","value":1}') };
    expect(await acceptDelivery(testEngine(store, unsigned, clock), id, request)).toBe("accepted");
  });

  test("is stored without what somebody could sign in with", async () => {
    await deliver("1", '{"id":"a"}');
    const row = await store.db
      .selectFrom("inbound_deliveries")
      .select("headers")
      .where("connection_id", "=", id)
      .executeTakeFirstOrThrow();
    expect(Object.keys(row.headers)).toEqual(["x-id", "x-signature"]);
  });

  test("is not supported where the connector has no webhook", async () => {
    const without = testEngine(store, testConnector({}), clock);
    expect(await acceptDelivery(without, id, { headers: {}, body: Buffer.alloc(0) })).toBe("unsupported");
  });
});
