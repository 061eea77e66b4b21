import { sql } from "kysely";
import { beforeEach, describe, expect, test } from "vitest";
import { entityId } from "../../core/base/ids.ts";
import { linkManually, relateNames, relateReps, removeConnection, undoLink } from "../../core/identity/index.ts";
import { evaluateMetric } from "../../core/metrics/index.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { activity, change, company, deal, instant, person, pipeline, Plain, rep, team } from "./normalise-world.ts";

let store: Store;
let crm: Plain;
let mail: Plain;
beforeEach(async () => {
  store = await testDatabase();
  crm = await Plain.connect(store, "crm");
  mail = await Plain.connect(store, "mail");
});

const AT = "2026-03-05T00:00:00Z";
let next = 0;
const take = async (tool: Plain, ...facts: object[]) => {
  next += 1;
  await tool.take("others", [{ id: `r${next}`, at: null, facts }], AT);
};

async function mergedInto(
  table: "people" | "companies" | "reps" | "teams" | "pipelines",
  connection: string,
  externalId: string,
): Promise<string | null | undefined> {
  const row = await store.db
    .selectFrom(table)
    .select("merged_into")
    .where("connection_id", "=", connection)
    .where("external_id", "=", externalId)
    .executeTakeFirst();
  return row?.merged_into;
}

const links = () => store.db.selectFrom("identity_links").selectAll().orderBy("id").execute();

test("people of two tools with one e-mail address become one, the older connection's row, and the reason is kept", async () => {
  await take(mail, person("m1", { emails: ["Eve@Acme.example "] }));
  await take(crm, person("c1", { emails: ["eve@acme.example"] }));
  const winner = entityId("person", "crm", "c1");
  expect(await mergedInto("people", "mail", "m1")).toBe(winner);
  expect(await mergedInto("people", "crm", "c1")).toBeNull();
  expect(await links()).toMatchObject([
    { rule: "person.email", evidence: "email:eve@acme.example", into_id: winner, undone_at: null },
  ]);
});

test("plus-tags are different addresses; two contacts of one tool stay two", async () => {
  await take(crm, person("c1", { emails: ["eve@acme.example"] }), person("c2", { emails: ["eve@acme.example"] }));
  await take(mail, person("m1", { emails: ["eve+news@acme.example"] }));
  expect(await links()).toEqual([]);
});

test("a phone number makes people one only together with their name", async () => {
  await take(
    crm,
    person("c1", { name: "Eve  Adams", phones: ["+1 (415) 555-2671"] }),
    person("c2", { name: "Bob", phones: ["+442071838750"] }),
  );
  await take(
    mail,
    person("m1", { name: "eve adams", phones: ["+14155552671"] }),
    person("m2", { name: "Zoe", phones: ["+44 20 7183 8750"] }),
  );
  expect(await mergedInto("people", "mail", "m1")).toBe(entityId("person", "crm", "c1"));
  expect(await mergedInto("people", "mail", "m2")).toBeNull();
});

test("companies are one by their domain, never by a mail provider's or by name", async () => {
  await take(
    crm,
    company("c1", { name: "Acme", domains: ["acme.example"] }),
    company("c2", { name: "Umbra", domains: ["gmail.com"] }),
  );
  await take(
    mail,
    company("m1", { name: "ACME Inc", domains: ["www.acme.example"] }),
    company("m2", { name: "Umbra", domains: ["gmail.com"] }),
  );
  expect(await mergedInto("companies", "mail", "m1")).toBe(entityId("company", "crm", "c1"));
  expect(await mergedInto("companies", "mail", "m2")).toBeNull();
});

test("a merge that is undone is never made again by a rule, whatever lands; by hand it is", async () => {
  await take(crm, person("c1", { emails: ["eve@acme.example"] }));
  await take(mail, person("m1", { emails: ["eve@acme.example"] }));
  const [link] = await links();
  const undo = (id: number) => store.db.transaction().execute((tx) => undoLink(tx, id, "ops@us.example", new Date(AT)));
  await undo(link?.id ?? 0);
  expect(await mergedInto("people", "mail", "m1")).toBeNull();

  await take(mail, person("m1", { emails: ["eve@acme.example", "eve@home.example"] }));
  await take(crm, person("c1", { emails: ["eve@acme.example", "eve@home.example"] }));
  // Not through a third tool either.
  const third = await Plain.connect(store, "third");
  await take(third, person("t1", { emails: ["eve@acme.example"] }));
  expect(await mergedInto("people", "mail", "m1")).toBeNull();
  expect(await mergedInto("people", "third", "t1")).toBe(entityId("person", "crm", "c1"));

  const [fromId, intoId] = [entityId("person", "mail", "m1"), entityId("person", "crm", "c1")];
  await store.db
    .transaction()
    .execute((tx) => linkManually(tx, { entity: "person", fromId, intoId, by: "ops@us.example" }));
  expect(await mergedInto("people", "mail", "m1")).toBe(intoId);
  await expect(undo(999_999)).rejects.toMatchObject({ code: "identity.no_such_link" });
});

test("an address that moves to another contact takes the merge along", async () => {
  await crm.take("others", [{ id: "c", at: null, facts: [person("c1", { emails: ["eve@acme.example"] })] }], AT);
  await take(mail, person("m1", { emails: ["eve@acme.example"] }));
  await crm.take(
    "others",
    [{ id: "c", at: null, facts: [person("c1", { emails: ["adam@acme.example"] })] }],
    "2026-03-06T00:00:00Z",
  );
  expect(await links()).toEqual([]);
  expect(await mergedInto("people", "mail", "m1")).toBeNull();
});

test("when the row that others were merged into is no more, they stand for themselves again", async () => {
  await crm.take("others", [{ id: "c", at: null, facts: [person("c1", { emails: ["eve@acme.example"] })] }], AT);
  await take(mail, person("m1", { emails: ["eve@acme.example"] }));
  await crm.take("others", [{ id: "c", at: null, facts: [] }], "2026-03-06T00:00:00Z");
  expect(await mergedInto("people", "mail", "m1")).toBeNull();
});

test("reps are one by e-mail address; by name only where the config says so", async () => {
  await take(crm, rep("u1", { name: "Ann Example", email: "ann@us.example" }), rep("u2", { name: "Bob B" }));
  await take(
    mail,
    rep("m1", { name: "A. Example", email: "ANN@us.example" }),
    rep("m2", { name: "bob b" }),
    rep("m3", { name: "Robert" }),
  );
  expect(await mergedInto("reps", "mail", "m1")).toBe(entityId("rep", "crm", "u1"));
  expect(await mergedInto("reps", "mail", "m2")).toBeNull();

  const say = async (value: object[]) =>
    store.db.transaction().execute(async (tx) => {
      const text = JSON.stringify(value);
      await tx
        .insertInto("settings")
        .values({ section: "reps", value: text })
        .onConflict((c) => c.column("section").doUpdateSet({ value: text }))
        .execute();
      await relateReps(tx, new Date("2026-03-07T00:00:00Z"));
    });
  await say([{ name: "Bob B", team: "West", also: ["mail:m3"] }]);
  expect(await mergedInto("reps", "mail", "m2")).toBe(entityId("rep", "crm", "u2"));
  expect(await mergedInto("reps", "mail", "m3")).toBe(entityId("rep", "crm", "u2"));
  const memberships = await store.db
    .selectFrom("team_memberships")
    .innerJoin("teams", "teams.id", "team_memberships.team_id")
    .select(["name", "held_from"])
    .execute();
  expect(memberships.map((m) => [m.name, m.held_from])).toEqual(Array(3).fill(["West", -Infinity]));

  await say([]);
  expect(await mergedInto("reps", "mail", "m2")).toBeNull();
  expect(await mergedInto("reps", "mail", "m1")).toBe(entityId("rep", "crm", "u1"));
});

test("one meeting in two calendars counts once; the next of a series is another", async () => {
  const meeting = (id: string, at: string) =>
    activity(id, { type: "meeting", occurredAt: instant(at), matchKeys: ["uid-7"] });
  await take(
    crm,
    meeting("a1", "2026-03-05T10:00:00Z"),
    meeting("a2", "2026-03-05T10:00:00Z"),
    meeting("b1", "2026-03-12T10:00:00Z"),
  );
  const rows = await store.db
    .selectFrom("activities")
    .select(["id", "external_id", "duplicate_of"])
    .orderBy("external_id")
    .execute();
  const doubles = rows.filter((row) => row.duplicate_of !== null);
  expect(doubles).toHaveLength(1);
  expect(rows.find((row) => row.id === doubles[0]?.duplicate_of)?.external_id).toMatch(/^a/);
});

test("who is one does not depend on what arrives first, also where a tool has an address twice", async () => {
  const third = await Plain.connect(store, "third");
  const facts: [Plain, object][] = [
    [crm, person("c1", { emails: ["eve@acme.example"], name: "Eve" })],
    [crm, person("c2", { emails: ["eve@acme.example"], name: "Bob", phones: ["+14155552671"] })],
    [mail, person("m1", { emails: ["eve@acme.example", "eve@home.example"], name: "Eve" })],
    [mail, person("m2", { name: "Zoe", phones: ["+14155552671"] })],
    [third, person("t1", { emails: ["eve@home.example"], name: "Eve" })],
    [third, person("t2", { name: "ZOE", phones: ["+14155552671"] })],
  ];
  const outcomes = new Set<string>();
  for (const order of [
    facts,
    facts.toReversed(),
    [2, 5, 0, 4, 1, 3].map((index) => facts[index] as (typeof facts)[number]),
  ]) {
    await sql`truncate raw_records, people, identities, identity_links`.execute(store.db);
    await sql`update stream_states set landed_seq = 0, normalised_seq = 0`.execute(store.db);
    for (const [tool, fact] of order) await take(tool, fact);
    const { rows } = await sql<{ said: string }>`
      select p.external_id || ' ' || w.external_id as said from people p join people w on w.id = p.merged_into order by 1
    `.execute(store.db);
    outcomes.add(rows.map((row) => row.said).join(", "));
  }
  // Of the two rows of the CRM with the address the first by id is the one that the others are; the other stands for itself.
  const first = [entityId("person", "crm", "c1"), entityId("person", "crm", "c2")].toSorted()[0];
  const winner = first === entityId("person", "crm", "c1") ? "c1" : "c2";
  expect([...outcomes]).toEqual([`m1 ${winner}, t1 ${winner}, t2 m2`]);
});

test("a row that names another tool's id is that tool's row, whichever comes first; a bare number of nobody knows whom is nobody's", async () => {
  await take(
    mail,
    person("m1", { otherIds: [{ system: "plain", id: "c1" }] }),
    person("m2", { otherIds: [{ system: null, id: "c2" }] }),
  );
  await take(
    mail,
    person("m3", { otherIds: [{ system: "zendesk", id: "c3" }] }),
    person("m4", { otherIds: [{ system: null, id: "42" }] }),
  );
  await take(crm, person("c1"), person("c2"), person("c3"), person("42"), company("c1"));
  await take(mail, company("k1", { otherIds: [{ system: "plain", id: "c1" }] }));
  expect(await mergedInto("people", "mail", "m1")).toBe(entityId("person", "crm", "c1"));
  expect(await mergedInto("people", "mail", "m2")).toBe(entityId("person", "crm", "c2"));
  expect(await mergedInto("people", "mail", "m3")).toBeNull();
  expect(await mergedInto("people", "mail", "m4")).toBeNull();
  expect(await mergedInto("companies", "mail", "k1")).toBe(entityId("company", "crm", "c1"));
  expect((await links()).map((link) => `${link.rule} ${link.evidence}`).toSorted()).toEqual([
    "company.other_id other_id:plain:c1",
    "person.other_id other_id:*:c2",
    "person.other_id other_id:plain:c1",
  ]);
  // Now two tools have that id, and nobody says whose is meant.
  const third = await Plain.connect(store, "third");
  await take(third, person("c2"));
  expect(await mergedInto("people", "mail", "m2")).toBeNull();
});

test("an undone merge does not come back through a third row, whichever link would bring it", async () => {
  await take(crm, person("c1", { emails: ["eve@acme.example"] }));
  await take(mail, person("m1", { emails: ["eve@acme.example", "eve@home.example"] }));
  const [link] = await links();
  await store.db.transaction().execute((tx) => undoLink(tx, link?.id ?? 0, "ops@us.example", new Date(AT)));
  // t1 has an address with each of the two: it can be one of them only, and the surer link decides.
  const third = await Plain.connect(store, "third");
  await take(third, person("t1", { emails: ["eve@acme.example", "eve@home.example"] }));
  const t1 = await mergedInto("people", "third", "t1");
  expect([entityId("person", "crm", "c1"), entityId("person", "mail", "m1")]).toContain(t1);
  expect(await mergedInto("people", "mail", "m1")).toBeNull();
  expect(await mergedInto("people", "crm", "c1")).toBeNull();
});

test("when an account is removed, what had hung on its rows is one with what is left, and its touches count again", async () => {
  const third = await Plain.connect(store, "third");
  const called = { person: "p", rep: "ann", durationS: 60 };
  for (const tool of [crm, mail, third])
    await take(
      tool,
      person("p", { emails: ["eve@acme.example"] }),
      rep("ann", { email: "ann@us.example" }),
      activity(`call-${tool.id}`, called),
    );
  await take(crm, pipeline("sales", ["P"]));
  const marks = async () => {
    const { rows } = await sql<{ of: string | null }>`
      select f.external_id as of from activities a left join activities f on f.id = a.duplicate_of order by a.connection_id
    `.execute(store.db);
    return rows.map((row) => row.of);
  };
  expect(await marks()).toEqual([null, "call-crm", "call-crm"]);
  await store.db.transaction().execute((tx) => removeConnection(tx, "crm"));
  expect(await mergedInto("people", "third", "p")).toBe(entityId("person", "mail", "p"));
  // Of the two calls that are left one is the other's double; which, their ids decide.
  const left = await marks();
  expect(left.filter((of) => of === null)).toHaveLength(1);
  expect(left.filter((of) => of === "call-mail" || of === "call-third")).toHaveLength(1);
});

test("of a removed account no row is left in any table, also none that keeps what was known before", async () => {
  for (const tool of [crm, mail])
    await take(
      tool,
      pipeline("p1", ["P", "Q"]),
      team("t1", ["ann"], { name: "West" }),
      rep("ann", { email: "ann@us.example" }),
      person("c1", { emails: ["eve@acme.example"] }),
      company("o1", { domains: ["acme.example"] }),
      deal("d1", { rep: "ann", pipeline: "p1" }),
      change("x1", "d1", "2026-03-02T00:00:00Z", { stage: "P" }, { stage: "Q" }),
      activity("a1", { person: "c1", rep: "ann", durationS: 60 }),
    );
  const filled = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{ readonly name: string }>`
      select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'
        and xpath_exists('//row', query_to_xml(format('select 1 from %I limit 1', table_name), false, false, '')) order by 1
    `.execute(store.db);
    return rows.map(({ name }) => name);
  };
  const before = await filled();
  for (const table of ["raw_records", "deals", "deal_stays", "people", "identity_links", "activities"])
    expect(before).toContain(table);
  for (const id of ["crm", "mail"]) await store.db.transaction().execute((tx) => removeConnection(tx, id));
  // What is left is the hub's own: which kinds of facts have changed, the migrations, the workspace.
  expect(await filled()).toEqual(["fact_touches", "kysely_migration", "kysely_migration_lock", "workspace"]);
});

describe("a team or a pipeline that two tools call the same", () => {
  /** West in both tools, written in two ways; a deal and a pipeline of each. */
  const bothTools = async (): Promise<void> => {
    await take(crm, pipeline("p1", ["P"], { name: "New Business" }), team("t1", ["ann"], { name: "West" }), rep("ann"));
    await take(crm, deal("d1", { rep: "ann", pipeline: "p1" }));
    // A blank that does not break, a letter made of two characters, another case, a zero-width space.
    await take(mail, pipeline("q1", ["P"], { name: "NEW\u00a0business " }), rep("bob"));
    await take(mail, team("s1", ["bob"], { name: " \u200bWEST" }), team("s2", [], { name: "Su\u0308d" }));
    await take(mail, deal("e1", { rep: "bob", pipeline: "q1" }));
  };
  const openBy = async (
    dimension: string,
    days: readonly [string, string],
  ): Promise<[string | null | undefined, number | null][]> => {
    const [from, to] = days;
    const now = new Date("2026-04-02T00:00:00Z");
    const query = { metric: "open_deal_count", from, to, by: [dimension], grain: null, filters: [], asOf: null, now };
    return (await evaluateMetric(store.db, query)).rows.map((row) => [row.dimensions[dimension], row.value]);
  };
  const march = ["2026-03-01", "2026-03-31"] as const;
  const undoFrom = async (table: "teams" | "pipelines", externalId: string): Promise<void> => {
    const { id } = await store.db
      .selectFrom(table)
      .select("id")
      .where("external_id", "=", externalId)
      .executeTakeFirstOrThrow();
    const link = (await links()).find((one) => one.from_id === id && one.undone_at === null);
    await store.db.transaction().execute((tx) => undoLink(tx, link?.id ?? 0, "ops@us.example", new Date(AT)));
  };

  test("is one row, whichever tool came first, and its link names the rule and the evidence", async () => {
    await bothTools();
    expect(await openBy("team", march)).toEqual([["West", 2]]);
    expect(await openBy("pipeline", march)).toEqual([["New Business", 2]]);
    expect((await links()).map((link) => [link.rule, link.evidence])).toEqual([
      ["pipeline.name", "name:new business"],
      ["team.name", "name:west"],
    ]);
  });

  test("is two again when somebody says so, also after a replay; and its labels are the same in every period", async () => {
    await bothTools();
    await undoFrom("teams", "s1");
    await undoFrom("pipelines", "q1");
    await mail.replay("others");
    await crm.replay("others");
    expect(await openBy("team", march)).toHaveLength(2);
    await take(mail, team("s1", ["bob"], { name: "West" }));
    const apart = [
      ["West (crm t1)", 1],
      ["West (mail s1)", 1],
    ];
    expect(await openBy("team", march)).toEqual(apart);
    expect(await openBy("pipeline", march)).toHaveLength(2);
    // Of the two, only one has a deal then.
    await take(crm, deal("d0", { rep: "ann", pipeline: "p1", createdAt: instant("2026-01-05T09:00:00Z") }));
    expect(await openBy("team", ["2026-01-01", "2026-01-31"])).toEqual([["West (crm t1)", 1]]);
  });

  test("is one with what the config says is it, too, until the config says so no more", async () => {
    await bothTools();
    const say = async (section: "teams" | "pipelines", value: object): Promise<void> =>
      store.db.transaction().execute(async (tx) => {
        const text = JSON.stringify(value);
        await tx
          .insertInto("settings")
          .values({ section, value: text })
          .onConflict((c) => c.column("section").doUpdateSet({ value: text }))
          .execute();
        await relateNames(tx, section === "teams" ? "team" : "pipeline");
      });
    await take(mail, pipeline("q2", ["P"], { name: "Upsell" }));
    await say("teams", [{ name: "West", also: ["S\u00fcd"] }]);
    await say("pipelines", { "New Business": { also: ["mail:q2"] } });
    expect(await mergedInto("teams", "mail", "s2")).toBe(entityId("team", "crm", "t1"));
    expect(await mergedInto("pipelines", "mail", "q2")).toBe(entityId("pipeline", "crm", "p1"));
    await say("teams", []);
    await say("pipelines", {});
    expect(await mergedInto("teams", "mail", "s2")).toBeNull();
    expect(await mergedInto("pipelines", "mail", "q2")).toBeNull();
    expect(await mergedInto("teams", "mail", "s1")).toBe(entityId("team", "crm", "t1"));
  });

  test("stands for itself when the other tool is removed", async () => {
    await bothTools();
    await store.db.transaction().execute((tx) => removeConnection(tx, "crm"));
    expect(await mergedInto("teams", "mail", "s1")).toBeNull();
    expect(await mergedInto("pipelines", "mail", "q1")).toBeNull();
  });
});
