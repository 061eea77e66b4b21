import { fc } from "../support/properties.ts";
import { sql } from "kysely";
import { beforeEach, describe, expect, test } from "vitest";
import { entityId } from "../../core/base/ids.ts";
import { linkManually, undoLink } from "../../core/identity/index.ts";
import { evaluateMetric } from "../../core/metrics/index.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { activity, change, company, deal, instant, person, pipeline, Plain, rep } from "./normalise-world.ts";

/** `crm` keeps deals; `gong` records calls; `mail` sends campaigns. */
let store: Store;
let gong: Plain;
let mail: Plain;
let crm: Plain;
beforeEach(async () => {
  store = await testDatabase();
  gong = await Plain.connect(store, "gong");
  mail = await Plain.connect(store, "mail");
  crm = await Plain.connect(store, "crm");
});

// Later than anything that is told of: what a tool dates ahead of its own answer is not believed.
const AT = "2026-03-05T23:00:00Z";
let next = 0;
async function take(tool: Plain, ...facts: object[]): Promise<string> {
  const id = `r${(next += 1)}`;
  await tool.take("others", [{ id, at: null, facts }], AT);
  return id;
}
const again = (tool: Plain, record: string, ...facts: object[]) =>
  tool.take("others", [{ id: record, at: null, facts }], "2026-03-06T00:00:00Z");

const people = async (): Promise<void> => {
  await take(crm, pipeline("sales", ["P", "Q"]), rep("ann", { email: "ann@us.example" }));
  await take(crm, company("acme"), person("eve", { emails: ["eve@acme.example"], company: "acme" }));
  await take(gong, rep("g-ann", { email: "ann@us.example" }), person("g-eve", { emails: ["eve@acme.example"] }));
  await take(mail, person("m-eve", { emails: ["eve@acme.example"] }));
};

const call = (id: string, at: string, more: object = {}): object =>
  activity(id, { person: "eve", occurredAt: instant(`2026-03-05T${at}Z`), durationS: 600, ...more });
const recording = (id: string, at: string, more: object = {}): object =>
  call(id, at, { rep: "g-ann", person: "g-eve", ...more });

type Mark = { readonly double: string; readonly of: string; readonly rule: string };

/** The doubles, by what their tools call them. */
async function doubles(): Promise<Mark[]> {
  const { rows } = await sql<Mark>`
    select a.external_id as double, f.external_id as "of", a.duplicate_rule as rule
    from activities a left join activities f on f.id = a.duplicate_of where a.duplicate_of is not null order by 1
  `.execute(store.db);
  return rows;
}

async function deals(): Promise<{ [activity: string]: string | null }> {
  const { rows } = await sql<{ id: string; said: string | null }>`
    select a.external_id as id, d.external_id || ' ' || a.attribution_rule as said
    from activities a left join deals d on d.id = a.attributed_deal_id order by 1
  `.execute(store.db);
  return Object.fromEntries(rows.map((row) => [row.id, row.said]));
}

const inOne = <T>(run: Parameters<ReturnType<Store["db"]["transaction"]>["execute"]>[0]): Promise<T> =>
  store.db.transaction().execute(run) as Promise<T>;

async function undo(rule: string, from: string): Promise<void> {
  const { id } = await store.db
    .selectFrom("identity_links")
    .select("id")
    .where("rule", "=", rule)
    .where("from_id", "=", from)
    .executeTakeFirstOrThrow();
  await inOne((tx) => undoLink(tx, id, "ops@us.example", new Date(AT)));
}

describe("one touch counts once:", () => {
  beforeEach(people);

  test("a call in the CRM and its recording, also when the recording was there first", async () => {
    // 10:00:00 to 10:10:00, and 10:11:30 to 10:21:30: 90 seconds between them, less than the 120 of two clocks and the ringing.
    await take(gong, recording("g1", "10:11:30"));
    await take(crm, call("c1", "10:00:00"));
    expect(await doubles()).toEqual([{ double: "g1", of: "c1", rule: "call.same_time" }]);
  });

  test("not two calls with more than two minutes between them", async () => {
    await take(crm, call("c1", "10:00:00"));
    await take(gong, recording("g1", "10:12:01"));
    expect(await doubles()).toEqual([]);
  });

  test("not the calls of two reps, nor with two people, nor what has only a day", async () => {
    await take(crm, rep("bob"), person("zoe"));
    await take(crm, call("c1", "10:00:00", { rep: "bob" }), call("c2", "10:00:00", { person: "zoe" }));
    await take(crm, call("c3", "00:00:00", { occurredAt: { day: "2026-03-05" } }));
    await take(gong, recording("g1", "10:00:00"), recording("g2", "00:00:00"));
    expect(await doubles()).toEqual([]);
  });

  test("two short calls after one another stay two in both tools", async () => {
    await take(crm, call("c1", "10:00:00", { durationS: 20 }), call("c2", "10:01:00", { durationS: 20 }));
    await take(gong, recording("g1", "10:00:05", { durationS: 18 }), recording("g2", "10:01:05", { durationS: 18 }));
    expect(await doubles()).toEqual([
      { double: "g1", of: "c1", rule: "call.same_time" },
      { double: "g2", of: "c2", rule: "call.same_time" },
    ]);
  });

  test("a long recording over two calls does not make them one", async () => {
    await take(crm, call("c1", "10:00:00"), call("c2", "10:20:00"));
    await take(gong, recording("g1", "10:01:00", { durationS: 1800 }));
    expect(await doubles()).toEqual([{ double: "g1", of: "c1", rule: "call.same_time" }]);
  });

  test("a call with somebody whom the recorder knows by telephone number only", async () => {
    await take(crm, person("pat", { name: "Pat", phones: ["+14155552671"] }));
    await take(gong, person("g-?", { name: null, phones: ["+1 415 555 2671"] }));
    await take(crm, call("c1", "10:00:00", { person: "pat" }));
    await take(gong, recording("g1", "10:00:20", { person: "g-?" }));
    expect(await doubles()).toEqual([{ double: "g1", of: "c1", rule: "call.same_phone" }]);
  });

  test("also when the number is told of after the calls, and not any more when it is another's", async () => {
    await take(crm, call("c1", "10:00:00", { person: "pat" }));
    await take(gong, person("g-?", { name: null, phones: ["+1 415 555 2671"] }));
    await take(gong, recording("g1", "10:00:20", { person: "g-?" }));
    expect(await doubles()).toEqual([]);
    const pat = await take(crm, person("pat", { name: "Pat", phones: ["+14155552671"] }));
    expect(await doubles()).toEqual([{ double: "g1", of: "c1", rule: "call.same_phone" }]);
    await again(crm, pat, person("pat", { name: "Pat", phones: ["+14155550000"] }));
    expect(await doubles()).toEqual([]);
  });

  test("a meeting and its recording by the calendar's key, whoever is in it", async () => {
    await take(crm, call("c1", "10:00:00", { type: "meeting", person: null, matchKeys: ["uid-9"] }));
    await take(gong, recording("g1", "10:20:00", { person: null, matchKeys: ["uid-9"] }));
    await take(gong, recording("g2", "23:30:00", { person: null, matchKeys: ["uid-9"] }));
    expect(await doubles()).toEqual([{ double: "g1", of: "c1", rule: "meeting.calendar_key" }]);
  });

  test("a meeting and its recording without a key, by rep, person and time; a call beside it stays its own", async () => {
    await take(crm, call("c1", "10:00:00", { type: "meeting", durationS: 1800 }), call("c2", "09:40:00"));
    await take(gong, recording("g1", "09:56:00", { type: "meeting" }));
    expect(await doubles()).toEqual([{ double: "g1", of: "c1", rule: "meeting.same_time" }]);
  });

  test("a mail in two tools by its message id, with and without brackets", async () => {
    await take(crm, call("c1", "10:00:00", { type: "email", person: null, matchKeys: ["<a.1@us.example>"] }));
    await take(mail, call("m1", "10:00:00", { type: "email", person: null, matchKeys: ["a.1@us.example"] }));
    expect(await doubles()).toEqual([{ double: "m1", of: "c1", rule: "email.message_id" }]);
  });

  test("a mail in two tools by person and subject within 12 hours; an answer is another mail", async () => {
    const sent = { type: "email", subject: "Your  offer " };
    await take(mail, call("m1", "01:00:00", { ...sent, person: "m-eve" }));
    await take(crm, call("c1", "12:59:00", { ...sent, subject: "your offer" }), call("c2", "14:00:00", sent));
    await take(crm, call("c3", "01:00:00", { ...sent, direction: "inbound" }));
    await take(crm, call("c4", "01:00:00", { ...sent, subject: "Re: your offer" }));
    expect(await doubles()).toEqual([{ double: "m1", of: "c1", rule: "email.same_subject" }]);
  });

  test("by three tools: all but the CRM's own are its doubles", async () => {
    const more = await Plain.connect(store, "dialler");
    await take(more, rep("d-ann", { email: "ann@us.example" }), person("d-eve", { emails: ["eve@acme.example"] }));
    await take(more, call("d1", "10:00:05", { rep: "d-ann", person: "d-eve" }));
    await take(gong, recording("g1", "09:59:55"));
    await take(crm, call("c1", "10:00:00"));
    expect((await doubles()).map(({ double, of }) => [double, of])).toEqual([
      ["d1", "c1"],
      ["g1", "c1"],
    ]);
  });

  test("what is the CRM's is known from its pipelines, also when these come last", async () => {
    const other = await Plain.connect(store, "other");
    await take(other, rep("o-ann", { email: "ann@us.example" }), person("o-eve", { emails: ["eve@acme.example"] }));
    await take(other, call("o1", "10:00:05", { rep: "o-ann", person: "o-eve" }));
    await take(gong, recording("g1", "10:00:00"));
    expect(await doubles()).toMatchObject([{ double: "o1", of: "g1" }]);
    await take(other, pipeline("their-sales", ["A"]));
    expect(await doubles()).toMatchObject([{ double: "g1", of: "o1" }]);
  });

  test("and is judged again when it moves, when its first is deleted, and when people are taken apart", async () => {
    const record = await take(crm, call("c1", "10:00:00"));
    const recorded = await take(gong, recording("g1", "10:00:00"));
    await again(gong, recorded, recording("g1", "11:00:00"));
    expect(await doubles()).toEqual([]);
    await gong.take(
      "others",
      [{ id: recorded, at: null, facts: [recording("g1", "10:00:30")] }],
      "2026-03-07T00:00:00Z",
    );
    expect(await doubles()).toHaveLength(1);

    await undo("person.email", entityId("person", "crm", "eve"));
    expect(await doubles()).toEqual([]);
    const link = {
      entity: "person",
      fromId: entityId("person", "crm", "eve"),
      intoId: entityId("person", "gong", "g-eve"),
    } as const;
    await inOne((tx) => linkManually(tx, { ...link, by: "ops@us.example" }));
    expect(await doubles()).toHaveLength(1);

    await undo("rep.email", entityId("rep", "crm", "ann"));
    expect(await doubles()).toEqual([]);
    await inOne((tx) =>
      linkManually(tx, {
        entity: "rep",
        fromId: entityId("rep", "crm", "ann"),
        intoId: entityId("rep", "gong", "g-ann"),
        by: "ops",
      }),
    );
    expect(await doubles()).toHaveLength(1);
    await crm.take("others", [], "2026-03-08T00:00:00Z", [record]);
    expect(await doubles()).toEqual([]);
  });
});

async function startAnew(): Promise<void> {
  await sql`truncate raw_records, raw_versions, activities, people, companies, reps, deals, deal_changes, deal_observations, pipelines,
    stages, identities, identity_links`.execute(store.db);
  await sql`update stream_states set landed_seq = 0, normalised_seq = 0`.execute(store.db);
}

/** Touches of three tools with one person within half an hour, so that most could be several others; and two ways to bring them in. */
const manyTouches = fc
  .uniqueArray(
    fc.record({
      tool: fc.constantFrom("crm", "gong", "dialler"),
      minute: fc.integer({ min: 0, max: 30 }),
      second: fc.integer({ min: 0, max: 59 }),
      type: fc.constantFrom("call", "call", "meeting"),
      durationS: fc.constantFrom(null, 20, 300, 1200, 60 * 60 * 9),
      key: fc.constantFrom(null, null, null, null, "uid-1", "uid-2"),
    }),
    { minLength: 2, maxLength: 9, selector: ({ tool, minute, second }) => `${tool} ${minute} ${second}` },
  )
  .chain((touches) =>
    fc.record({
      touches: fc.constant(touches),
      order: fc.shuffledSubarray(
        touches.map((_, index) => index),
        { minLength: touches.length },
      ),
      batch: fc.integer({ min: 1, max: 3 }),
    }),
  );

test("however many touches of three tools stand near each other, doubles are the same in any order, any batches, and after a replay", async () => {
  const dialler = await Plain.connect(store, "dialler");
  const tools = { crm, gong, dialler };
  const who = { crm: ["ann", "eve"], gong: ["g-ann", "g-eve"], dialler: ["d-ann", "d-eve"] } as const;
  const bring = async (batches: readonly (readonly (readonly [keyof typeof tools, object])[])[]): Promise<Mark[]> => {
    await startAnew();
    await people();
    await take(dialler, rep("d-ann", { email: "ann@us.example" }), person("d-eve", { emails: ["eve@acme.example"] }));
    for (const batch of batches)
      for (const name of ["crm", "gong", "dialler"] as const) {
        const facts = batch.filter(([tool]) => tool === name).map(([, fact]) => fact);
        if (facts.length > 0) await take(tools[name], ...facts);
      }
    return doubles();
  };
  await fc.assert(
    fc.asyncProperty(manyTouches, async ({ touches, order, batch }) => {
      const facts = touches.map(({ tool, minute, second, type, durationS, key }, index) => {
        const at = `10:${String(minute).padStart(2, "0")}:${String(second).padStart(2, "0")}`;
        const [repId, personId] = who[tool];
        const more = { type, durationS, rep: repId, person: personId, matchKeys: key === null ? [] : [key] };
        return [tool, call(`${tool}-${index}`, at, more)] as const;
      });
      const whole = await bring([facts]);
      const dealt = order.flatMap((index) => facts.slice(index, index + 1));
      const batches = Array.from({ length: Math.ceil(dealt.length / batch) }, (_, at) =>
        dealt.slice(at * batch, (at + 1) * batch),
      );
      expect(await bring(batches)).toEqual(whole);
      for (const tool of Object.values(tools)) await tool.replay("others");
      expect(await doubles()).toEqual(whole);
    }),
    { numRuns: 12 },
  );
});

test("doubles and deals are the same whatever arrives first", async () => {
  const facts: [() => Plain, object][] = [
    [() => crm, pipeline("sales", ["P"])],
    [() => crm, rep("ann", { email: "ann@us.example" })],
    [() => crm, company("acme")],
    [() => crm, person("eve", { emails: ["eve@acme.example"], company: "acme" })],
    [() => crm, deal("d1", { company: "acme", createdAt: instant("2026-03-01T00:00:00Z") })],
    [() => crm, call("c1", "10:00:00")],
    [() => crm, call("c2", "10:12:00")],
    [() => gong, rep("g-ann", { email: "ann@us.example" })],
    [() => gong, person("g-eve", { emails: ["eve@acme.example"] })],
    [() => gong, recording("g1", "10:00:04")],
    [() => gong, recording("g2", "10:12:04")],
    [() => mail, person("m-eve", { emails: ["eve@acme.example"] })],
    [() => mail, call("m1", "12:00:00", { type: "email", subject: "Hello", person: "m-eve", rep: null })],
    [() => crm, call("c3", "11:00:00", { type: "email", subject: "hello" })],
  ];
  const said = [
    { double: "g1", of: "c1", rule: "call.same_time" },
    { double: "g2", of: "c2", rule: "call.same_time" },
    { double: "m1", of: "c3", rule: "email.same_subject" },
  ];
  // As written, backwards, and dealt out by sevens, which is no divisor of fourteen less one.
  const orders = [
    facts,
    facts.toReversed(),
    facts.map((_, index) => facts[(index * 5 + 3) % 14] as (typeof facts)[number]),
  ];
  for (const order of orders) {
    await startAnew();
    for (const [tool, fact] of order) await take(tool(), fact);
    expect(await doubles()).toEqual(said);
    expect(new Set(Object.values(await deals()))).toEqual(new Set(["d1 company.open_deal"]));
  }
});

describe("a touch without a deal belongs to", () => {
  beforeEach(people);
  const openFrom = (id: string, at: string, more: object = {}): object =>
    deal(id, { person: "eve", company: "acme", createdAt: instant(at), ...more });

  test("the deal of its person that was open at that moment, in whatever tool the touch was", async () => {
    await take(gong, recording("g0", "08:59:59"), recording("g1", "09:00:00"));
    await take(crm, call("c1", "09:30:00"));
    await take(crm, openFrom("d1", "2026-03-05T09:00:00Z", { company: null }));
    expect(await deals()).toEqual({ g0: null, g1: "d1 person.open_deal", c1: "d1 person.open_deal" });
  });

  test("not to a deal that was closed before, however late we hear of it", async () => {
    await take(gong, recording("g1", "09:00:00"), recording("g2", "12:00:00"));
    await take(crm, openFrom("d1", "2026-03-05T08:00:00Z"));
    expect(await deals()).toEqual({ g1: "d1 person.open_deal", g2: "d1 person.open_deal" });
    await crm.take(
      "changes",
      [
        {
          id: "w",
          at: null,
          facts: [change("w", "d1", "2026-03-05T11:00:00Z", { status: "open" }, { status: "won" })],
        },
      ],
      AT,
    );
    expect(await deals()).toEqual({ g1: "d1 person.open_deal", g2: null });
  });

  test("of several the one that changed last before; the person's before the company's", async () => {
    await take(crm, openFrom("d1", "2026-03-01T00:00:00Z"), openFrom("d2", "2026-03-02T00:00:00Z"));
    await take(crm, openFrom("d3", "2026-03-05T09:59:00Z", { person: null }));
    await take(crm, call("c1", "10:00:00"), call("c2", "10:00:00", { person: null, company: "acme" }));
    expect(await deals()).toEqual({ c1: "d2 person.open_deal", c2: "d3 company.open_deal" });
    // A change of d1 at 09:30 makes it the one that was worked on last.
    await crm.take(
      "changes",
      [{ id: "s", at: null, facts: [change("s", "d1", "2026-03-05T09:30:00Z", { stage: "P" }, { stage: "Q" })] }],
      AT,
    );
    expect(await deals()).toMatchObject({ c1: "d1 person.open_deal" });
  });

  test("none where the source names one, or nobody has an open one; both are kept apart", async () => {
    await take(crm, openFrom("d1", "2026-03-01T00:00:00Z"), openFrom("d2", "2026-03-01T00:00:00Z"));
    await take(crm, call("c1", "10:00:00", { deal: "d1" }), person("zoe"), call("c2", "10:00:00", { person: "zoe" }));
    expect(await deals()).toEqual({ c1: null, c2: null });
    const rows = await store.db
      .selectFrom("activities")
      .select(["external_id", "deal_id"])
      .orderBy("external_id")
      .execute();
    expect(rows).toEqual([
      { external_id: "c1", deal_id: entityId("deal", "crm", "d1") },
      { external_id: "c2", deal_id: null },
    ]);
  });

  test("what it belongs to now: after people are taken apart, a deal moves or is deleted", async () => {
    const d = await take(crm, openFrom("d1", "2026-03-01T00:00:00Z"));
    await take(gong, recording("g1", "10:00:00"));
    expect(await deals()).toEqual({ g1: "d1 person.open_deal" });
    await undo("person.email", entityId("person", "crm", "eve"));
    expect(await deals()).toEqual({ g1: null });
    await inOne((tx) =>
      linkManually(tx, {
        entity: "person",
        fromId: entityId("person", "gong", "g-eve"),
        intoId: entityId("person", "crm", "eve"),
        by: "ops",
      }),
    );
    expect(await deals()).toEqual({ g1: "d1 person.open_deal" });
    await again(crm, d, openFrom("d1", "2026-03-01T00:00:00Z", { person: "zoe" }));
    expect(await deals()).toEqual({ g1: "d1 company.open_deal" });
    await crm.take("others", [], "2026-03-08T00:00:00Z", [d]);
    expect(await deals()).toEqual({ g1: null });
  });

  test("none from the moment on that its own source has deleted it", async () => {
    await take(crm, openFrom("d1", "2026-03-01T00:00:00Z"));
    const record = await take(gong, recording("g1", "10:00:00"));
    expect(await deals()).toEqual({ g1: "d1 person.open_deal" });
    await gong.take("others", [], "2026-03-08T00:00:00Z", [record]);
    expect(await deals()).toEqual({ g1: null });
  });

  test("the deal that was open on its day, where only the day is known", async () => {
    await take(crm, openFrom("d1", "2026-03-05T15:00:00Z"));
    await take(
      crm,
      call("c1", "00:00:00", { occurredAt: { day: "2026-03-05" } }),
      call("c2", "00:00:00", { occurredAt: { day: "2026-03-04" } }),
    );
    expect(await deals()).toEqual({ c1: "d1 person.open_deal", c2: null });
  });
});

describe("how an activity ended", () => {
  beforeEach(people);
  const by = async (dimension: "outcome" | "disposition"): Promise<{ [value: string]: number | null }> => {
    const asked = { from: "2026-03-01", to: "2026-03-31", by: [dimension], filters: [], grain: null, asOf: null };
    const query = { metric: "activities", ...asked, now: new Date("2026-04-01T12:00:00Z") };
    const { rows } = await evaluateMetric(store.db, query);
    return Object.fromEntries(rows.map((row) => [String(row.dimensions[dimension]), row.value]));
  };
  const label = (id: string, name: string): object => ({ kind: "label", namespace: "outcome", externalId: id, name });
  const set = (id: string, at: string, more: object): object => call(id, at, { durationS: null, ...more });

  test("is what its people have called it, also where its name comes later or changes, and after a replay", async () => {
    await take(crm, set("c1", "08:00:00", { outcome: "answered", disposition: "o1" }));
    await take(crm, set("c2", "09:00:00", { outcome: "answered", disposition: "o2" }));
    await take(crm, set("c3", "10:00:00", { type: "meeting", outcome: "held", disposition: "o3" }));
    await take(crm, set("c4", "11:00:00", { outcome: "busy", disposition: "busy" }));
    expect(await by("outcome")).toEqual({ answered: 2, busy: 1, held: 1 });

    const names = await take(crm, label("o1", "Wrong number"), label("o2", "Very keen"), label("o3", "No show"));
    expect(await by("outcome")).toEqual({ answered: 1, busy: 1, no_show: 1, wrong_number: 1 });
    expect(await by("disposition")).toEqual({ "Wrong number": 1, "Very keen": 1, "No show": 1, busy: 1 });
    await take(crm, set("c5", "12:00:00", { outcome: "answered", disposition: "o1" }));
    expect(await by("outcome")).toMatchObject({ wrong_number: 2 });

    await crm.replay("others");
    expect(await by("outcome")).toEqual({ answered: 1, busy: 1, no_show: 1, wrong_number: 2 });
    await again(crm, names, label("o1", "Reached"), label("o2", "Very keen"));
    expect(await by("outcome")).toEqual({ answered: 3, busy: 1, held: 1 });
  });
});
