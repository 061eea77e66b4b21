import { beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "../../core/base/log.ts";
import { addDays, type Day, daysBetween } from "../../core/base/time.ts";
import { createRandom } from "../../core/forecast/random.ts";
import type { Flag } from "../../core/metrics/reports/attention.ts";
import { agenda, type Agenda } from "../../core/review/agenda.ts";
import { agendaText } from "../../core/review/render.ts";
import { addAction, addNote, changeAction, makeReview, pickDeal } from "../../core/setup/reviews.ts";
import type { Store } from "../../core/store/db.ts";
import { tell as tellDue } from "../../workers/tell.ts";
import { testDatabase } from "../support/database.ts";
import { type Change, World } from "./kpi-world.ts";
import { newKey, startServer } from "./server-support.ts";

/** Tuesday; the review that was due last, on Monday, looks back on the 22nd to the 28th. */
const NOW = new Date("2026-06-30T12:00:00Z");
const TODAY: Day = "2026-06-30";
const STAGES = ["P", "Q", "M", "N"];
const REPS = ["Ann", "Bob", "Cid", "Dot"];

/** A deal as somebody would tell of it. */
type Story = {
  readonly name: string;
  readonly rep: string;
  readonly amount: number;
  readonly stages: readonly (readonly [at: Day, stage: string])[];
  readonly dates: readonly (readonly [at: Day, expected: Day])[];
  readonly closed: { readonly at: Day; readonly status: "won" | "lost"; readonly reason: string | null } | null;
  readonly touches: readonly { readonly at: string; readonly who: string }[];
  readonly nextStep: string | null;
};

const ago = (days: number): Day => addDays(TODAY, -days);

/** All is well with it. */
function healthy(name: string, number: number): Story {
  return {
    name,
    rep: REPS[number % REPS.length] ?? "Ann",
    amount: 1_000_00 + number * 100,
    stages: [
      [ago(50), "P"],
      [ago(8), "Q"],
    ],
    dates: [[ago(50), addDays(TODAY, 20)]],
    closed: null,
    touches: [
      { at: `${ago(20)}T10:00:00Z`, who: "eve" },
      { at: `${ago(5)}T10:00:00Z`, who: "zoe" },
    ],
    nextStep: `${addDays(TODAY, 3)}T10:00:00Z`,
  };
}

type Fault = readonly [kind: string, count: number, spoil: (story: Story) => Story];
const FAULTS: readonly Fault[] = [
  [
    "slipping",
    5,
    (one) => ({
      ...one,
      dates: [
        [ago(50), ago(30)],
        [ago(40), ago(15)],
        [ago(30), ago(5)],
        [ago(20), addDays(TODAY, 10)],
      ],
    }),
  ],
  ["no_next_step", 4, (one) => ({ ...one, nextStep: null })],
  [
    "cold",
    3,
    (one) => ({ ...one, touches: one.touches.map(({ who }, index) => ({ who, at: `${ago(45 + index)}T10:00:00Z` })) }),
  ],
  ["past_due", 4, (one) => ({ ...one, dates: [[ago(40), ago(2)]] })],
  ["single_threaded", 4, (one) => ({ ...one, touches: one.touches.map((touch) => ({ ...touch, who: "eve" })) })],
  [
    "stuck",
    4,
    (one) => ({
      ...one,
      stages: [
        [ago(50), "P"],
        [ago(45), "Q"],
      ],
    }),
  ],
  ["no_reason", 4, (one) => ({ ...one, closed: { at: ago(5), status: "lost", reason: null }, nextStep: null })],
];
/** And two cold leads: 30 faults in all. */
const COLD_LEADS = 2;

let store: Store;
let world: World;
let stories: Story[];
let planted: string[];

/** Some forty closed deals, thirty with anything at all, and the thirty planted faults. */
beforeAll(async () => {
  store = await testDatabase();
  world = await World.create(store);
  for (const rep of REPS) await world.rep(rep);
  await world.pipeline("Sales", STAGES);
  const random = createRandom("a pipeline to review");
  stories = [];
  for (let number = 0; number < 40; number += 1) {
    const start = 380 - number * 8;
    const path = STAGES.slice(0, 2 + random.below(3)).map((stage, step): [Day, string] => [
      ago(start - step * (3 + random.below(9))),
      stage,
    ]);
    const end = addDays(path.at(-1)?.[0] ?? TODAY, 4 + random.below(10));
    const status = random.next() < 0.5 ? ("won" as const) : ("lost" as const);
    const reason = status === "lost" && random.next() < 0.7 ? "Price" : null;
    stories.push({
      ...healthy(`old ${number}`, number),
      stages: path.toSorted(([a], [b]) => (a < b ? -1 : 1)),
      dates: [],
      closed: { at: end < TODAY ? end : TODAY, status, reason },
    });
  }
  for (let number = 0; number < 30; number += 1) {
    let story = healthy(`any ${number}`, 500 + number * 7);
    for (const [, , spoil] of FAULTS.slice(0, 6)) if (random.next() < 0.3) story = spoil(story);
    if (random.next() < 0.2) story = { ...story, dates: [] };
    stories.push(
      random.next() < 0.15 ? { ...story, closed: { at: ago(random.below(12)), status: "won", reason: null } } : story,
    );
  }
  planted = [];
  for (const [kind, count, spoil] of FAULTS)
    for (let number = 0; number < count; number += 1) {
      const story = spoil(healthy(`${kind} ${number}`, 10 + planted.length));
      stories.push(story);
      planted.push(`${story.name}: ${kind}`);
    }
  for (const who of ["eve", "zoe"]) await world.lead(who, "2026-01-01");
  await store.db.updateTable("people").set({ lead_created_at: null }).execute();
  for (let number = 0; number < COLD_LEADS; number += 1) {
    await world.lead(`cold lead ${number}`, ago(60), { rep: "Ann" });
    await world.activity(`to cold lead ${number}`, `${ago(50)}T09:00:00Z`, {
      direction: "outbound",
      person: `cold lead ${number}`,
    });
    planted.push(`cold lead ${number}: cold lead`);
  }
  await world.lead("touched lead", ago(60), { rep: "Bob" });
  await world.activity("to the lead", `${ago(3)}T09:00:00Z`, { direction: "outbound", person: "touched lead" });
  await world.lead("new lead", ago(2), { rep: "Bob" });
  for (const story of stories) await tell(story);
});

async function tell(story: Story): Promise<void> {
  const { name, rep, amount, stages, dates, closed, touches, nextStep } = story;
  const changes: Change[] = [
    ...stages.map(([at, stage]): Change => ({ at, stage, rep, amountMinor: amount })),
    ...dates.map(([at, expected]): Change => ({ at, expected })),
    ...(closed === null ? [] : [{ at: closed.at, status: closed.status }]),
  ];
  const order = changes.toSorted((a, b) => ((a.at ?? "") < (b.at ?? "") ? -1 : (a.at ?? "") > (b.at ?? "") ? 1 : 0));
  await world.deal(name, { changes: order, ...(closed?.reason == null ? {} : { lostReason: closed.reason }) });
  for (const [index, { at, who }] of touches.entries())
    await world.activity(`${name} touch ${index}`, at, { deal: name, person: who, direction: "outbound" });
  if (nextStep !== null) await world.activity(`${name} next`, nextStep, { deal: name, type: "meeting" });
}

const now = (): Promise<Agenda> => agenda(store.db, { range: null, of: null, asOf: null, now: NOW });
const text = (flag: Flag): string => (flag.kind === "large" ? `large ${flag.rank}` : flag.kind);

/** What is wrong with each story, worked out from the stories alone. */
function recomputed(): string[] {
  const median = (values: readonly number[]): number => {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = sorted.length / 2;
    return sorted.length % 2 === 1
      ? (sorted[Math.floor(middle)] ?? 0)
      : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  };
  const stays = stories.flatMap(({ stages, closed }) =>
    stages.flatMap(([at, stage], index) => {
      const end = stages[index + 1]?.[0] ?? closed?.at;
      return end === undefined || Date.parse(end) <= NOW.getTime() - 365 * 86_400_000
        ? []
        : [{ stage, days: daysBetween(at, end) }];
    }),
  );
  const limitOf = (stage: string): number => {
    const own = stays.filter((stay) => stay.stage === stage);
    const of = own.length >= 20 ? own : stays;
    return of.length < 20 ? 14 : Math.max(14, 2 * median(of.map(({ days }) => days)));
  };
  const open = stories.filter(({ closed }) => closed === null);
  const largest = open.toSorted((a, b) => b.amount - a.amount).slice(0, 10);
  const wrong = open.flatMap((story) => {
    const [since, stage] = story.stages.at(-1) ?? [TODAY, ""];
    const first = story.stages[0]?.[0] ?? TODAY;
    const pushes = story.dates.filter(([, on], index) => index > 0 && on > (story.dates[index - 1]?.[1] ?? on));
    const expected = story.dates.at(-1)?.[1] ?? null;
    const last = Math.max(...story.touches.map(({ at }) => Date.parse(at)));
    const month = NOW.getTime() - 30 * 86_400_000;
    const rank = largest.indexOf(story) + 1;
    return Object.entries({
      stuck: (NOW.getTime() - Date.parse(since)) / 86_400_000 > limitOf(stage),
      slipping: pushes.length >= 3 || pushes.some(([at]) => at >= "2026-06-22"),
      no_date: expected === null,
      past_due: expected !== null && expected < TODAY,
      no_next_step: story.nextStep === null,
      single_threaded: new Set(story.touches.map(({ who }) => who)).size <= 1,
      cold: Date.parse(first) <= month && last <= month,
      [`large ${rank}`]: rank > 0,
    }).flatMap(([kind, is]) => (is ? [`${story.name}: ${kind}`] : []));
  });
  const lost = stories.flatMap(({ name, closed }) =>
    closed?.status === "lost" && closed.reason === null && closed.at >= "2026-06-22" && closed.at <= "2026-06-28"
      ? [`${name}: no_reason`]
      : [],
  );
  return [...wrong, ...lost, "cold lead 0: cold lead", "cold lead 1: cold lead"].toSorted();
}

function named(said: Agenda): string[] {
  return [
    ...said.attention.flatMap(({ name, flags }) => flags.map((flag) => `${name}: ${text(flag)}`)),
    ...said.lost.deals.flatMap(({ name, lost_reason }) => (lost_reason === null ? [`${name}: no_reason`] : [])),
    ...said.clean_up.cold_leads.leads.map(({ name }) => `${name}: cold lead`),
  ].toSorted();
}

describe("the agenda", () => {
  test("names all 30 planted faults, and nothing that recomputing from the stories does not confirm", async () => {
    const said = named(await now());
    expect(planted).toHaveLength(30);
    expect(planted.filter((fault) => !said.includes(fault))).toEqual([]);
    expect(said).toEqual(recomputed());
  });

  test("looks back on the days since the review before, and has their wins, losses and moves", async () => {
    const said = await now();
    expect([said.from, said.to]).toEqual(["2026-06-22", "2026-06-28"]);
    const won = stories.filter(
      ({ closed }) => closed?.status === "won" && closed.at >= said.from && closed.at <= said.to,
    );
    expect(new Set(said.won.deals.map(({ name }) => name))).toEqual(new Set(won.map(({ name }) => name)));
    expect(said.won.value).toBeCloseTo(
      won.reduce((sum, { amount }) => sum + amount / 100, 0),
      2,
    );
    const wonSince = stories.filter(({ closed }) => closed?.status === "won" && closed.at >= said.from);
    expect(said.forecast.moved?.reasons.won.count).toBe(wonSince.length);
    expect(said.forecast.rows.map(({ horizon }) => horizon)).toEqual(["days", "month_end", "quarter_end"]);
    expect(said.clean_up.untouched_leads.leads.map(({ name }) => name)).toEqual(["new lead"]);
  });

  test("of one rep has that rep's deals alone", async () => {
    const said = await agenda(store.db, { range: null, of: { dimension: "rep", value: "bob" }, asOf: null, now: NOW });
    expect(new Set([...said.attention, ...said.won.deals, ...said.lost.deals].map(({ rep }) => rep))).toEqual(
      new Set(["Bob"]),
    );
    expect(said.actions.map(({ rep }) => rep)).toEqual(["Bob"]);
  });

  test("as Markdown and as HTML names every deal, and obeys nothing that a deal is called", async () => {
    const said = await now();
    const evil = "<script>alert(1)</script> | [x](javascript:1)";
    const spoilt = {
      ...said,
      attention: said.attention.map((deal, index) =>
        index === 0 ? { ...deal, name: evil, url: "javascript:alert(1)" } : deal,
      ),
    };
    const written = { name: "Sales", language: "en" };
    const [md, html] = [agendaText(spoilt, "md", written), agendaText(spoilt, "html", written)];
    for (const { name } of said.attention.slice(1)) {
      expect(html).toContain(name);
      expect(md).toContain(name?.replaceAll("_", "\\_"));
    }
    expect(html).not.toMatch(/<script|href="javascript/);
    expect(md).not.toMatch(/[^\\]<script|[^\\]\]\(<?javascript|[^\\]\| \[x\]/);
    expect(md).toContain("\n## Deals that need attention\n");
  });
});

test("in French says everything in French: heads, amounts, what is wrong, what is to be done, and the page's language", async () => {
  const said = await agenda(store.db, { range: null, of: null, asOf: null, now: NOW, language: "fr" });
  const written = { name: "Ventes", language: "fr" };
  const [md, html] = [agendaText(said, "md", written), agendaText(said, "html", written)];
  expect(html).toContain('<html lang="fr">');
  expect(md).toContain("# Revue du pipeline, Ventes : du 2026-06-22 au 2026-06-28");
  expect(md).toContain("\n## Affaires à surveiller\n");
  expect(md).toContain("pas de prochaine étape");
  expect(md).toMatch(/\d €|\d \$US/);
  expect(md).not.toMatch(/\b(nobody|deals|pushed|agree|revive|get in|set a|by value|one contact|last touch)\b/i);
});

describe("what is agreed on", () => {
  const later = new Date("2026-07-06T12:00:00Z");

  test("is written down once, judged from the data or ticked by hand, and followed to the next review", async () => {
    const deps = { db: store.db, now: NOW };
    await pickDeal(deps, "user:ann", world.id("deal", "no_next_step 0"), "They want a pilot");
    await addNote(deps, "user:ann", { reviewId: null, dealId: null, text: "Bob is away in July" });
    const before = await now();
    const picked = before.talk.flatMap(({ deals }) => deals.filter(({ is_picked }) => is_picked));
    expect(picked.map(({ name, note }) => [name, note])).toEqual([["no_next_step 0", "They want a pilot"]]);
    expect(before.notes).toEqual([{ deal_id: null, text: "Bob is away in July", by: "user:ann" }]);
    const due = { at: new Date("2026-06-29T08:00:00Z"), from: "2026-06-22", to: "2026-06-28" };
    const id = await makeReview(deps, "hub", due);
    expect(id).not.toBeNull();
    expect(await makeReview(deps, "hub", due)).toBeNull();
    const { followed: asked, notes, ...rest } = await now();
    expect(notes).toEqual([]);
    expect(rest.last?.id).toBe(id);
    expect(asked.length).toBe(before.actions.reduce((sum, { actions }) => sum + actions.length, 0));
    // Whatever is open is not asked for again.
    const again = rest.actions.flatMap(({ actions }) => actions.map(({ kind, subject_id }) => `${kind} ${subject_id}`));
    expect(asked.filter(({ kind, subject_id }) => again.includes(`${kind} ${subject_id}`))).toEqual([]);
    const events = await store.db.selectFrom("outbox").select("payload").where("type", "=", "review.ready").execute();
    expect(events.map(({ payload }) => payload["review"])).toEqual([{ id, from: "2026-06-22", to: "2026-06-28" }]);

    // Every kind, so that each can be judged: one deal, all that may be agreed on about it.
    const about = (deal: string) => ({ entity: "deal" as const, id: world.id("deal", deal) });
    await world.deal("followed", { changes: [{ at: "2026-06-01", stage: "P", rep: "Cid", expected: "2026-06-20" }] });
    await world.deal("lost one", {
      changes: [
        { at: "2026-06-01", stage: "P" },
        { at: "2026-06-10", status: "lost" },
      ],
    });
    await world.deal("left alone", { changes: [{ at: "2026-06-01", stage: "P", expected: "2026-06-20" }] });
    const kinds = ["move", "set_date", "next_step", "second_contact", "touch", "call", "clean_up"] as const;
    const wanted = [
      ...kinds.flatMap((kind) => ["followed", "left alone"].map((deal) => ({ kind, deal }))),
      { kind: "say_why" as const, deal: "lost one" },
    ];
    for (const { kind, deal } of wanted)
      await addAction(deps, "user:ann", {
        text: `${kind} ${deal}`,
        kind,
        subject: about(deal),
        repId: null,
        dueOn: "2026-07-03",
        note: null,
      });
    const byHand = await addAction(deps, "user:ann", {
      text: "Write to the team",
      kind: "other",
      subject: null,
      repId: null,
      dueOn: null,
      note: null,
    });
    await expect(
      addAction(deps, "user:ann", {
        text: "again",
        kind: "move",
        subject: about("followed"),
        repId: null,
        dueOn: null,
        note: null,
      }),
    ).rejects.toMatchObject({ code: "review.action_exists" });

    // Life goes on.
    await world.remove("followed");
    await world.deal("followed", {
      changes: [
        { at: "2026-06-01", stage: "P", rep: "Cid", expected: "2026-06-20" },
        { at: "2026-07-01", stage: "Q" },
        { at: "2026-07-02", expected: "2026-08-01" },
      ],
    });
    await world.activity("call 1", "2026-07-02T09:00:00Z", { deal: "followed", person: "eve", direction: "outbound" });
    await world.activity("mail 1", "2026-07-01T09:00:00Z", {
      deal: "followed",
      person: "zoe",
      direction: "outbound",
      type: "email",
    });
    await world.activity("demo", "2026-07-10T09:00:00Z", { deal: "followed", type: "meeting" });
    await store.db.updateTable("deals").set({ lost_reason: "Price" }).where("name", "=", "lost one").execute();
    await changeAction({ db: store.db, now: later }, "user:bob", byHand, { state: "done", note: "by mail" });

    const next = await agenda(store.db, { range: null, of: null, asOf: null, now: later });
    const said = new Map(next.followed.map((one) => [one.text, one]));
    expect(
      Object.fromEntries(
        wanted.map(({ kind, deal }) => [`${kind} ${deal}`, said.get(`${kind} ${deal}`)?.evidence ?? null]),
      ),
    ).toEqual({
      "move followed": "moved to Q on 2026-07-01",
      "set_date followed": "expected by 2026-08-01, set on 2026-07-02",
      "next_step followed": "meeting on 2026-07-10",
      "second_contact followed": "in touch with 2 people",
      "touch followed": "email on 2026-07-01",
      "call followed": "called on 2026-07-02",
      "clean_up followed": "email on 2026-07-01",
      "say_why lost one": "lost for: Price",
      ...Object.fromEntries(kinds.map((kind) => [`${kind} left alone`, null])),
    });
    expect(said.get("move left alone")).toMatchObject({ state: "open", is_late: true });
    expect(said.get("Write to the team")).toMatchObject({
      state: "done",
      settled_by: "user:bob",
      note: "by mail",
      evidence: null,
    });

    const second = await makeReview({ db: store.db, now: later }, "hub", null);
    const third = await agenda(store.db, { range: null, of: null, asOf: null, now: new Date("2026-07-07T12:00:00Z") });
    // What was done before the second review is settled and gone; what was not is still there.
    expect(third.followed.some(({ text: what }) => what === "move followed")).toBe(false);
    expect(third.followed.find(({ text: what }) => what === "move left alone")).toMatchObject({ state: "open" });
    expect(third.last?.id).toBe(second);
    const settled = await store.db
      .selectFrom("review_actions")
      .select(["settled_by", "evidence"])
      .where("text", "=", "move followed")
      .execute();
    expect(settled).toEqual([{ settled_by: null, evidence: "moved to Q on 2026-07-01" }]);
  });

  test("is asked for by the schedule, once for each time that it is due, also by a hub that was down then", async () => {
    const made = async (): Promise<number> => (await store.db.selectFrom("reviews").select("id").execute()).length;
    const before = await made();
    const at = (now: string) => tellDue({ store, clock: { now: () => new Date(now) }, log: silentLog });
    await at("2026-08-03T09:00:00Z");
    expect(await made()).toBe(before);
    const value = JSON.stringify({ every: "month", at: "08:00" });
    await store.db.insertInto("settings").values({ section: "review", value }).execute();
    // The first of August is a Saturday, and without business hours every day is a working day.
    await Promise.all([at("2026-08-01T08:00:00Z"), at("2026-08-01T08:00:00Z")]);
    await at("2026-08-01T08:01:00Z");
    expect(await made()).toBe(before + 1);
    await store.db
      .updateTable("workspace")
      .set({ business_hours: JSON.stringify({ monday: ["09:00-17:00"], tuesday: ["09:00-17:00"] }) })
      .execute();
    await at("2026-11-02T07:59:00Z");
    expect(await made()).toBe(before + 1);
    await at("2026-11-02T19:00:00Z");
    const [last] = await store.db.selectFrom("reviews").selectAll().orderBy("made_at", "desc").limit(1).execute();
    expect(last).toMatchObject({ period_from: "2026-10-01", period_to: "2026-10-31", made_by: "hub" });
  });

  test("goes over the API, by those who may write alone, and is in the audit log", async () => {
    const running = await startServer(store, { clock: { now: () => later } });
    try {
      const [reader, writer] = [await newKey(store, "read"), await newKey(store, "write")];
      const call = async (
        as: string,
        method: string,
        path: string,
        body?: object,
      ): Promise<readonly [number, Record<string, unknown>]> => {
        const response = await running.fetch(`/api/v1${path}`, {
          method,
          as,
          ...(body === undefined
            ? {}
            : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
        });
        return [response.status, response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>)];
      };
      const [status, said] = await call(reader, "GET", "/review?rep=Ann");
      expect([status, Object.keys(said).includes("attention")]).toEqual([200, true]);
      expect((await call(reader, "POST", "/review-actions", { text: "x" }))[0]).toBe(403);
      const [made, { id }] = await call(writer, "POST", "/review-actions", {
        text: "Order flowers",
        due_on: "2026-07-08",
      });
      expect(made).toBe(201);
      expect((await call(writer, "PATCH", `/review-actions/${String(id)}`, { state: "done" }))[0]).toBe(204);
      expect((await call(writer, "PATCH", `/review-actions/${String(id)}`, {}))[0]).toBe(400);
      const [, list] = await call(reader, "GET", "/review-actions?state=done&limit=1");
      expect(list["data"]).toMatchObject([{ id, state: "done", due_on: "2026-07-08" }]);
      expect((await call(writer, "POST", "/review-picks", { deal: "00000000-0000-4000-8000-000000000000" }))[0]).toBe(
        422,
      );
      const [, { data: reviews }] = await call(reader, "GET", "/reviews");
      expect(reviews).toHaveLength(4);
      const [, page] = await call(
        reader,
        "GET",
        `/reviews/${String((reviews as { id: string }[])[0]?.id)}/document?format=html`,
      );
      expect(page["text"]).toContain("<h1>");
      const audit = await store.db
        .selectFrom("audit_log")
        .select("action")
        .where("target", "=", String(id))
        .orderBy("id")
        .execute();
      expect(audit.map(({ action }) => action)).toEqual(["review_action.add", "review_action.update"]);
    } finally {
      await running.close();
    }
  });
});
