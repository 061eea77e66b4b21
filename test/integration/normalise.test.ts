import { beforeAll, expect, test } from "vitest";
import { entityId } from "../../core/base/ids.ts";
import { applyPipelineSettings } from "../../core/normalise/pipeline-settings.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { everything } from "../support/everything.ts";
import { activity, company, deal, person, pipeline, Plain, rep, team } from "./normalise-world.ts";

let store: Store;
beforeAll(async () => {
  store = await testDatabase();
});

const AT = "2026-04-01T12:00:00Z";

test("a fact can point at a row that arrives later", async () => {
  const tool = await Plain.connect(store, "refs");
  await tool.take("deals", [{ id: "d1", at: AT, facts: [deal("d1", { company: "acme" })] }], AT);
  await tool.take("others", [{ id: "c1", at: AT, facts: [company("acme", { name: "Acme" })] }], AT);

  const row = await store.db
    .selectFrom("deals")
    .innerJoin("companies", "companies.id", "deals.company_id")
    .select(["companies.name"])
    .where("deals.connection_id", "=", "refs")
    .executeTakeFirst();
  expect(row?.name).toBe("Acme");
});

test("a changed record loses the facts that it no longer gives, and no others", async () => {
  const tool = await Plain.connect(store, "stale");
  await tool.take(
    "others",
    [
      { id: "r1", at: AT, facts: [activity("a1"), activity("a2")] },
      { id: "r2", at: AT, facts: [activity("a3")] },
    ],
    AT,
  );
  const again = await tool.take(
    "others",
    [{ id: "r1", at: "2026-04-02T12:00:00Z", facts: [activity("a2", { subject: "new" })] }],
    "2026-04-02T12:00:00Z",
  );

  const rows = await store.db
    .selectFrom("activities")
    .select(["external_id", "subject"])
    .where("connection_id", "=", "stale")
    .orderBy("external_id")
    .execute();
  expect(rows).toEqual([
    { external_id: "a2", subject: "new" },
    { external_id: "a3", subject: null },
  ]);
  expect(again.facts).toEqual({ added: 0, changed: 1, removed: 1 });
});

test("a record that is gone takes its facts out of every count, and brings them back when it returns", async () => {
  const tool = await Plain.connect(store, "gone");
  await tool.take(
    "others",
    [{ id: "r1", at: "2026-04-01T00:00:00Z", facts: [activity("a1")] }],
    "2026-04-01T00:00:00Z",
  );
  const deletedAt = async () =>
    (
      await store.db
        .selectFrom("activities")
        .select("deleted_at")
        .where("connection_id", "=", "gone")
        .executeTakeFirst()
    )?.deleted_at;

  await tool.take("others", [], "2026-04-02T00:00:00Z", ["r1"]);
  expect(await deletedAt()).toEqual(new Date("2026-04-02T00:00:00Z"));

  await tool.take(
    "others",
    [{ id: "r1", at: "2026-04-03T00:00:00Z", facts: [activity("a1")] }],
    "2026-04-03T00:00:00Z",
  );
  expect(await deletedAt()).toBeNull();
});

test.each([
  ["without a word of what it was", []],
  ["with a last version that nobody has seen", [{ id: "t1", at: "2026-04-02T00:00:00Z", facts: [activity("a1")] }]],
])("a record that goes %s leaves what a replay makes of it", async (how, last) => {
  const tool = await Plain.connect(store, `goes-${last.length}`);
  const members = { id: "t1", at: AT, facts: [team("sales", ["ann"]), activity("a1", { subject: how })] };
  await tool.take("others", [members], AT);
  await tool.take("others", last, "2026-04-02T12:00:00Z", ["t1"]);

  const before = await everything(store);
  const replayed = await tool.replay("others");
  expect(replayed.facts).toEqual({ added: 0, changed: 0, removed: 0 });
  expect(await everything(store)).toEqual(before);
});

test("a record's own word about a rep wins over a mention, whichever came first", async () => {
  const tool = await Plain.connect(store, "mentions");
  const mention = rep("ann", { isMention: true, name: "ann (mentioned)" });
  const own = rep("ann", { name: "Ann Example", email: "ann@sales.example" });
  const stored = async () =>
    store.db.selectFrom("reps").select(["name", "is_mention"]).where("connection_id", "=", "mentions").execute();

  await tool.take("deals", [{ id: "d1", at: AT, facts: [deal("d1"), mention] }], AT);
  expect(await stored()).toEqual([{ name: "ann (mentioned)", is_mention: true }]);

  await tool.take("others", [{ id: "u1", at: AT, facts: [own] }], AT);
  await tool.take("deals", [{ id: "d2", at: AT, facts: [deal("d2"), mention] }], AT);
  expect(await stored()).toEqual([{ name: "Ann Example", is_mention: false }]);
});

test("a row that is only mentioned is all that its mentions say, whichever came first", async () => {
  const mention = (id: string, said: object) => ({ id, at: AT, facts: [rep("ann", { isMention: true, ...said })] });
  const mentions = [mention("m1", { name: "Ann" }), mention("m2", { name: null, email: "ann@acme.example" })];
  for (const [id, batches] of [
    ["forwards", mentions.map((one) => [one])],
    ["backwards", mentions.toReversed().map((one) => [one])],
    ["together", [mentions]],
  ] as const) {
    const tool = await Plain.connect(store, id);
    for (const batch of batches) await tool.take("others", batch, AT);
    const told = store.db.selectFrom("reps").select(["name", "email", "is_mention"]).where("connection_id", "=", id);
    expect(await told.execute()).toEqual([{ name: "Ann", email: "ann@acme.example", is_mention: true }]);
    const keys = store.db.selectFrom("identities").select("key_value").where("connection_id", "=", id);
    const values = (await keys.execute()).map((row) => row.key_value);
    expect([id, values.toSorted()]).toEqual([id, ["ann", "ann@acme.example"]]);
  }
});

test("a row that a record mentions which is gone is not gone with it, on a replay either", async () => {
  const tool = await Plain.connect(store, "mention-gone");
  await tool.take("others", [{ id: "m1", at: AT, facts: [rep("ann", { isMention: true })] }], AT);
  await tool.take("others", [], "2026-04-02T12:00:00Z", ["m1"]);
  const reps = store.db.selectFrom("reps").select("deleted_at").where("connection_id", "=", "mention-gone");
  expect(await reps.execute()).toEqual([{ deleted_at: null }]);
  await store.db.deleteFrom("reps").where("connection_id", "=", "mention-gone").execute();
  await tool.replay("others");
  expect(await reps.execute()).toEqual([{ deleted_at: null }]);
});

test("a row that is only mentioned stays when the record that mentioned it goes on without it", async () => {
  const tool = await Plain.connect(store, "mentioned");
  await tool.take("others", [{ id: "r1", at: AT, facts: [activity("a1"), company("acme", { isMention: true })] }], AT);
  await tool.take(
    "others",
    [{ id: "r1", at: "2026-04-05T00:00:00Z", facts: [activity("a1")] }],
    "2026-04-05T00:00:00Z",
  );

  const rows = await store.db
    .selectFrom("companies")
    .select("external_id")
    .where("connection_id", "=", "mentioned")
    .execute();
  expect(rows).toEqual([{ external_id: "acme" }]);
});

test("a normaliser that fails over one record loses neither the others nor the raw record", async () => {
  const tool = await Plain.connect(store, "broken");
  const done = await tool.take(
    "others",
    [
      { id: "r1", at: AT, facts: [activity("a1")] },
      { id: "r2", at: AT, facts: [], isBroken: true },
      { id: "r3", at: AT, facts: [activity("a3")] },
    ],
    AT,
  );

  expect(done.failed).toEqual([{ code: "normalise.failed", at: "others r2", reason: "TypeError", externalId: "r2" }]);
  const facts = await store.db
    .selectFrom("activities")
    .select("external_id")
    .where("connection_id", "=", "broken")
    .execute();
  expect(facts.map((row) => row.external_id).sort()).toEqual(["a1", "a3"]);
  const raw = await store.db
    .selectFrom("raw_records")
    .select("external_id")
    .where("connection_id", "=", "broken")
    .execute();
  expect(raw).toHaveLength(3);
  const state = await store.db
    .selectFrom("stream_states")
    .select(["is_partial", "normalised_seq"])
    .where("connection_id", "=", "broken")
    .where("stream", "=", "others")
    .executeTakeFirst();
  expect(state).toEqual({ is_partial: true, normalised_seq: 3 });
});

test("texts with tabs, newlines, backslashes, quotes and NUL come back as they were", async () => {
  const tool = await Plain.connect(store, "texts");
  const odd = 'a\tb\nc\\d"e\u0000f{g},\r';
  const facts = [person("p1", { name: odd, emails: [odd], attributes: { [odd]: odd, slashes: "\\u0000" } })];
  await tool.take("others", [{ id: "r1", at: AT, facts }], AT);
  const stored = async () =>
    store.db
      .selectFrom("people")
      .select(["name", "emails", "attributes"])
      .where("connection_id", "=", "texts")
      .executeTakeFirst();
  const expected = { name: odd, emails: [odd], attributes: { [odd]: odd, slashes: "\\u0000" } };
  expect(await stored()).toEqual(expected);

  // The same through the update of a row that is there.
  await tool.take(
    "others",
    [
      {
        id: "r1",
        at: "2026-04-02T00:00:00Z",
        facts: [person("p1", { name: `${odd}!`, emails: [odd], attributes: { [odd]: odd, slashes: "\\u0000" } })],
      },
    ],
    "2026-04-02T00:00:00Z",
  );
  expect(await stored()).toEqual({ ...expected, name: `${odd}!` });
});

test("two records that give the same row leave one row, the later record's", async () => {
  const tool = await Plain.connect(store, "twice");
  await tool.take("others", [{ id: "r1", at: AT, facts: [activity("a1", { subject: "one" })] }], AT);
  await tool.take("others", [{ id: "r2", at: AT, facts: [activity("a1", { subject: "two" }), activity("a2")] }], AT);
  const rows = await store.db
    .selectFrom("activities")
    .select(["external_id", "subject"])
    .where("connection_id", "=", "twice")
    .orderBy("external_id")
    .execute();
  expect(rows).toEqual([
    { external_id: "a1", subject: "two" },
    { external_id: "a2", subject: null },
  ]);
});

test("records that landed without having been normalised are caught up with by the next that are", async () => {
  const tool = await Plain.connect(store, "gap");
  await tool.land("others", [{ id: "r1", at: AT, facts: [activity("a1")] }], AT);
  const done = await tool.take("others", [{ id: "r2", at: AT, facts: [activity("a2")] }], AT);
  expect(done.records).toBe(2);
  const rows = await store.db
    .selectFrom("activities")
    .select("external_id")
    .where("connection_id", "=", "gap")
    .execute();
  expect(rows).toHaveLength(2);
});

test("the workspace's own pipeline settings hold over the source's, when stages arrive and when settings change", async () => {
  const tool = await Plain.connect(store, "stages");
  const set = async (stages: object) => {
    const value = JSON.stringify({ funnel: { connection: "stages", stages } });
    await store.db.transaction().execute(async (tx) => {
      await tx
        .insertInto("settings")
        .values({ section: "pipelines", value })
        .onConflict((c) => c.column("section").doUpdateSet({ value }))
        .execute();
      await applyPipelineSettings(tx);
    });
  };
  const stored = async () =>
    store.db
      .selectFrom("stages")
      .select(["name", "canonical", "probability"])
      .where("connection_id", "=", "stages")
      .orderBy("position")
      .execute();

  await set({ Lead: "prospecting" });
  await tool.take("others", [{ id: "p", at: AT, facts: [pipeline("funnel", ["Lead", "Offer"])] }], AT);
  expect(await stored()).toEqual([
    { name: "Lead", canonical: "prospecting", probability: null },
    { name: "Offer", canonical: null, probability: null },
  ]);

  await set({ Lead: "qualification", Offer: { probability: 0.4 } });
  expect(await stored()).toEqual([
    { name: "Lead", canonical: "qualification", probability: null },
    { name: "Offer", canonical: null, probability: 0.4 },
  ]);

  await expect(set({ Ofer: { probability: 0.4 } })).rejects.toMatchObject({
    code: "config.pipelines.unknown_stage",
    message: 'The pipeline "funnel" has no stage "Ofer". It has: Lead, Offer.',
  });
  await store.db.deleteFrom("settings").execute();
});

test("a stage that its pipeline no longer has stays for the history, marked as deleted", async () => {
  const tool = await Plain.connect(store, "dropped");
  await tool.take("others", [{ id: "p", at: AT, facts: [pipeline("funnel", ["Lead", "Offer"])] }], AT);
  await tool.take(
    "others",
    [{ id: "p", at: "2026-04-02T00:00:00Z", facts: [pipeline("funnel", ["Offer"])] }],
    "2026-04-02T00:00:00Z",
  );
  const rows = await store.db
    .selectFrom("stages")
    .select(["name", "position", "deleted_at"])
    .where("connection_id", "=", "dropped")
    .orderBy("name")
    .execute();
  expect(rows.map((row) => [row.name, row.deleted_at === null])).toEqual([
    ["Lead", false],
    ["Offer", true],
  ]);
});

test("the first team of a rep holds from the beginning, a later one from when the source says so", async () => {
  const tool = await Plain.connect(store, "teams");
  await tool.take(
    "others",
    [{ id: "u1", at: "2026-03-01T00:00:00Z", facts: [rep("ann", { team: "east" })] }],
    "2026-03-02T00:00:00Z",
  );
  await tool.firstLoadDone("2026-03-03T00:00:00Z");
  await tool.take(
    "others",
    [{ id: "u1", at: "2026-03-10T08:00:00Z", facts: [rep("ann", { team: "west" })] }],
    "2026-03-11T00:00:00Z",
  );

  const rows = await store.db
    .selectFrom("team_memberships")
    .select(["team_id", "held_from", "held_to"])
    .where("connection_id", "=", "teams")
    .orderBy("held_from")
    .execute();
  const moved = new Date("2026-03-10T08:00:00Z");
  expect(rows).toEqual([
    { team_id: entityId("team", "teams", "east"), held_from: -Infinity, held_to: moved },
    { team_id: entityId("team", "teams", "west"), held_from: moved, held_to: null },
  ]);
  const before = await everything(store);
  await tool.replay("others");
  expect(await everything(store)).toEqual(before);
});

test("a team that lists its members closes the membership of one it no longer lists", async () => {
  const tool = await Plain.connect(store, "lists");
  await tool.take(
    "others",
    [{ id: "t", at: "2026-03-01T00:00:00Z", facts: [team("east", ["ann", "bob"])] }],
    "2026-03-02T00:00:00Z",
  );
  await tool.firstLoadDone("2026-03-03T00:00:00Z");
  await tool.take(
    "others",
    [{ id: "t", at: "2026-03-10T00:00:00Z", facts: [team("east", ["bob"])] }],
    "2026-03-11T00:00:00Z",
  );
  const rows = await store.db
    .selectFrom("team_memberships")
    .select(["rep_id", "held_to"])
    .where("connection_id", "=", "lists")
    .orderBy("held_to", (order) => order.nullsLast())
    .execute();
  expect(rows).toEqual([
    { rep_id: entityId("rep", "lists", "ann"), held_to: new Date("2026-03-10T00:00:00Z") },
    { rep_id: entityId("rep", "lists", "bob"), held_to: null },
  ]);
});
