import { beforeEach, expect, test } from "vitest";
import { applyConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { silentLog } from "../../core/base/log.ts";
import { addDays } from "../../core/base/time.ts";
import { agenda } from "../../core/review/agenda.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { recordConclusion } from "../../core/setup/conclusions.ts";
import { dispatchOutbox } from "../../core/store/outbox/deliveries.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { tell } from "../../workers/tell.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";
import { newKey, startServer } from "./server-support.ts";

const store = await testDatabase();
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
const options = { connectors: [], destinations: DESTINATIONS };
let world: World;
let now: Date;

beforeEach(async () => {
  world = await World.create(store);
  await world.clear();
  for (const table of ["rule_states", "conclusions"] as const) await store.db.deleteFrom(table).execute();
  for (const rep of ["Ann", "Bob"]) await world.rep(rep);
  await world.pipeline("Sales", ["P", "Q"]);
  now = new Date("2026-03-16T12:00:00Z");
});

async function configure(yaml: string): Promise<void> {
  const variable = (): string => "https://hooks.slack.example/x";
  const desired = parseConfig(yaml, "c.yaml", { ...options, variable });
  await applyConfig(store.db, desired, { ...options, secrets, actor: "test", prune: false });
}

/** Rules that cannot be looked at are logged: here none may be. */
const warn = (...said: unknown[]): never => {
  throw new Error(`a rule failed: ${JSON.stringify(said)}`);
};
const log = { ...silentLog, warn } as unknown as typeof silentLog;

/** Time goes on, and what rules watch is looked at, by two processes at once. @returns the events that are new. */
async function after(minutes: number): Promise<readonly (readonly [string, { readonly [field: string]: unknown }])[]> {
  now = new Date(now.getTime() + minutes * 60_000);
  const last = await store.db
    .selectFrom("outbox")
    .select((eb) => eb.fn.max("id").as("id"))
    .executeTakeFirst();
  const deps = { store, clock: { now: () => now }, log };
  await tell(deps);
  await tell(deps);
  const rows = await store.db
    .selectFrom("outbox")
    .select(["type", "payload"])
    .where("id", ">", last?.id ?? 0)
    .orderBy("id")
    .execute();
  return rows.map(({ type, payload }) => [type, payload]);
}

let deals = 0;
async function win(rep: string, amount: number): Promise<void> {
  const at = now.toISOString();
  await world.deal(`deal ${(deals += 1)}`, {
    created: "2026-03-01",
    changes: [
      { at: "2026-03-01", stage: "P", rep, amountMinor: amount * 100 },
      { at, status: "won" },
    ],
  });
  // A rule reads what the measuring job keeps; it comes to know of the change by the touch.
  await store.db.deleteFrom("kept_answers").execute();
}

test("a KPI that crosses a threshold is told once, and again only after it was well below", async () => {
  await configure(
    "rules: [{ id: big, when: kpi_crosses, metric: won_value, rises_to: 1000 }, { id: each, when: kpi_crosses, metric: won_value, by: rep, rises_to: 500 }]",
  );
  await win("Ann", 400);
  expect(await after(1)).toEqual([]);
  await win("Bob", 600);
  expect(await after(1)).toMatchObject([
    [
      "kpi.crossed",
      {
        rule: { id: "big", when: "kpi_crosses" },
        value: 1000,
        threshold: 1000,
        direction: "rises",
        from: "2026-03-01",
        to: "2026-03-31",
        dimensions: {},
      },
    ],
    ["kpi.crossed", { rule: { id: "each" }, value: 600, dimensions: { rep: "Bob" } }],
  ]);
  await win("Ann", 300);
  expect(await after(1)).toMatchObject([
    ["kpi.crossed", { rule: { id: "each" }, dimensions: { rep: "Ann" }, value: 700 }],
  ]);
  expect(await after(1)).toEqual([]);
  // In the next month it begins anew.
  now = new Date("2026-04-02T12:00:00Z");
  expect(await after(1)).toEqual([]);
  await win("Ann", 1_200);
  expect((await after(1)).map(([type]) => type)).toEqual(["kpi.crossed", "kpi.crossed"]);
});

test("a rule that is new, or says something else, tells nothing of what was so before", async () => {
  await win("Ann", 5_000);
  await configure("rules: [{ id: big, when: kpi_crosses, metric: won_value, rises_to: 1000 }]");
  expect(await after(1)).toEqual([]);
  await configure("rules: [{ id: big, when: kpi_crosses, metric: won_value, rises_to: 2000 }]");
  expect(await after(1)).toEqual([]);
  await configure("rules: [{ id: big, when: kpi_crosses, metric: won_value, rises_to: 6000 }]");
  expect(await after(1)).toEqual([]);
  await win("Ann", 2_000);
  expect(await after(1)).toMatchObject([["kpi.crossed", { value: 7000 }]]);
});

test("a goal that is reached, and an order that has stood", async () => {
  await world.goal("won_value", "2026-03-01", "2026-03-31", "Ann", { target: 1_000_00 });
  await configure(
    "rules: [{ id: goal, when: goal_reached, by: rep }, { id: podium, when: rank_changed, for_minutes: 5 }]",
  );
  await win("Ann", 600);
  await win("Bob", 500);
  expect(await after(1)).toEqual([]);
  await win("Bob", 300);
  expect(await after(1)).toEqual([]);
  expect(await after(5)).toMatchObject([
    [
      "rank.changed",
      {
        unit: "money",
        ranks: [
          { rep: "Bob", rank: 1, previous_rank: 2, value: 800 },
          { rep: "Ann", rank: 2, previous_rank: 1 },
        ],
      },
    ],
  ]);
  await win("Ann", 450);
  expect(await after(1)).toMatchObject([
    ["goal.reached", { dimensions: { rep: "Ann" }, reached: 1050, goal: 1000, unit: "money" }],
  ]);
  // Ann was first again, and Bob is before the order has stood.
  await win("Bob", 300);
  expect(await after(2)).toEqual([]);
  expect(await after(10)).toEqual([]);
});

test("deals that come to stand still, leads that go cold or wait, each once", async () => {
  await configure(
    "rules: [{ id: stuck, when: deal_stuck }, { id: cold, when: lead_cold }, { id: waiting, when: lead_untouched, after_minutes: 60 }]",
  );
  await world.deal("old", { changes: [{ at: "2026-02-01", stage: "P", rep: "Ann", amountMinor: 100_00 }] });
  await world.lead("eve", "2026-03-16T10:00:00Z", { rep: "Ann" });
  expect(await after(0)).toEqual([]);
  await world.deal("slow", { changes: [{ at: "2026-03-03T00:00:00Z", stage: "P", rep: "Bob", amountMinor: 200_00 }] });
  await world.lead("zoe", "2026-03-16T12:00:00Z", { rep: "Bob" });
  expect(await after(59)).toEqual([]);
  expect(await after(1)).toMatchObject([
    ["lead.untouched", { lead: { name: "zoe", owner: { name: "Bob" } }, working_minutes: 60 }],
  ]);
  expect(await after(60)).toEqual([]);
  // After 14 days in its stage.
  now = new Date("2026-03-17T00:10:00Z");
  expect(await after(0)).toMatchObject([
    [
      "deal.stuck",
      {
        rule: { id: "stuck" },
        deal: {
          name: "slow",
          value: { amount: 200, currency: "USD" },
          pipeline: "Sales",
          stage: "P",
          owner: { name: "Bob" },
        },
      },
    ],
  ]);
  now = new Date("2026-04-02T01:00:00Z");
  const cold = await after(0);
  expect(cold.map(([type, { lead }]) => [type, lead])).toMatchObject([["lead.cold", { kind: "deal", name: "slow" }]]);
  expect(await after(60)).toEqual([]);
  // One that moves is told again when it stands still again.
  await world.remove("slow");
  await world.deal("slow", {
    changes: [
      { at: "2026-03-03T00:00:00Z", stage: "P" },
      { at: "2026-04-02T00:00:00Z", stage: "Q" },
    ],
  });
  await world.activity("call", "2026-04-02T00:30:00Z", { deal: "slow", direction: "outbound" });
  expect(await after(10)).toEqual([]);
  now = new Date("2026-04-16T01:00:00Z");
  const again = await after(0);
  expect(again.filter(([type]) => type === "deal.stuck")).toMatchObject([
    ["deal.stuck", { deal: { name: "slow", stage: "Q" } }],
  ]);
  const gone = again.flatMap(([type, { lead }]) => (type === "lead.cold" ? [lead] : []));
  expect(gone).toHaveLength(2);
  for (const name of ["eve", "zoe"]) expect(gone).toContainEqual(expect.objectContaining({ kind: "lead", name }));
});

test("a forecast that moves, of the same quarter, and not by what is won as expected", async () => {
  for (let number = 0; number < 60; number += 1) {
    const created = addDays("2025-06-01", number * 4);
    const at = addDays(created, 20);
    await world.deal(`past ${number}`, {
      changes: [
        { at: created, stage: "P", amountMinor: 100_00 },
        ...(at < "2026-03-16" ? [{ at, status: "won" as const }] : []),
      ],
    });
  }
  await configure("rules: [{ id: quarter, when: forecast_moved, percent: 25 }]");
  expect(await after(1)).toEqual([]);
  expect(await after(61)).toEqual([]);
  for (let number = 0; number < 20; number += 1) await win("Ann", 1_000);
  const [moved] = await after(61);
  expect(moved).toMatchObject(["forecast.moved", { until: "2026-03-31", what: "value" }]);
  expect(Number(moved?.[1]["expected"])).toBeGreaterThan(1.25 * Number(moved?.[1]["previous"]));
  expect(await after(61)).toEqual([]);
});

test("a conclusion is tested each week on later records, and told when it stops holding", async () => {
  await configure("rules: [{ id: lessons, when: conclusion_fails }]");
  const close = async (rep: string, day: string, won: number, lost: number): Promise<void> => {
    for (let number = 0; number < won + lost; number += 1)
      await world.deal(`${rep} ${day} ${number}`, {
        created: day,
        changes: [
          { at: day, stage: "P", rep },
          { at: addDays(day, 1), status: number < won ? "won" : "lost" },
        ],
      });
  };
  await close("Ann", "2026-02-10", 24, 6);
  await close("Bob", "2026-02-10", 6, 24);
  const claim = { metric: "win_rate", filters: {}, a: { rep: "Ann" }, b: { rep: "Bob" } };
  const id = await recordConclusion({ db: store.db, now }, "user:ann", {
    claim,
    from: "2026-02-01",
    to: "2026-02-28",
    sentence: null,
  });
  const verdict = async () => {
    const row = await store.db
      .selectFrom("conclusions")
      .select(["sentence", "verdict"])
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    return [row.verdict, row.sentence.slice(0, 48)];
  };
  expect(await verdict()).toEqual([null, "Win rate: rep Ann 80.0 % (24 of 30) against rep "]);
  const week = 7 * 24 * 60;
  expect(await after(week)).toEqual([]);
  expect((await verdict())[0]).toBe("not_enough_data");
  await close("Ann", "2026-03-24", 20, 5);
  await close("Bob", "2026-03-24", 5, 20);
  expect(await after(week)).toEqual([]);
  expect((await verdict())[0]).toBe("holds");
  await close("Ann", "2026-03-31", 0, 40);
  await close("Bob", "2026-03-31", 60, 0);
  expect(await after(week)).toMatchObject([
    ["conclusion.no_longer_holds", { rule: { id: "lessons" }, conclusion: { id, recorded_by: "user:ann" } }],
  ]);
  expect(await after(week)).toEqual([]);
  const { conclusions } = await agenda(store.db, { range: null, of: null, asOf: null, now });
  expect(conclusions).toMatchObject([{ id, verdict: "no_longer_holds" }]);
  const tests = await store.db.selectFrom("conclusion_tests").select("verdict").orderBy("tested_at").execute();
  expect(tests.map((one) => one.verdict)).toEqual(["not_enough_data", "holds", "no_longer_holds", "no_longer_holds"]);
});

test("conclusions go over the API; what cannot be concluded from is refused", async () => {
  for (let number = 0; number < 60; number += 1) {
    const [rep, won] = [number % 2 === 0 ? "Ann" : "Bob", number % 2 === 0 ? number % 6 !== 0 : number % 5 === 0];
    const changes = [
      { at: "2026-02-01", stage: "P", rep },
      { at: "2026-02-02", stage: "Q" },
      { at: "2026-02-03", status: won ? ("won" as const) : ("lost" as const) },
    ];
    await world.deal(`c ${number}`, { changes });
  }
  const running = await startServer(store, { clock: { now: () => now } });
  try {
    const as = await newKey(store, "write");
    const post = async (claim: object): Promise<readonly [number, Record<string, unknown>]> => {
      const body = JSON.stringify({ claim, from: "2026-02-01", to: "2026-02-28" });
      const response = await running.fetch("/api/v1/conclusions", {
        method: "POST",
        as,
        body,
        headers: { "content-type": "application/json" },
      });
      return [response.status, (await response.json()) as Record<string, unknown>];
    };
    const groups = { a: { rep: "Ann" }, b: { rep: "Bob" } };
    const [status, made] = await post({ metric: "win_rate", ...groups });
    expect([status, made]).toMatchObject([
      201,
      { verdict: null, result: { a: { hits: 20, total: 30 }, b: { hits: 6, total: 30 }, is_clear: true } },
    ]);
    expect(await post({ metric: "won_value", ...groups })).toMatchObject([422, { code: "conclusion.no_share" }]);
    expect(await post({ metric: "stage_conversion", ...groups })).toMatchObject([
      422,
      { code: "conclusion.several_shares" },
    ]);
    expect(await post({ metric: "win_rate", a: {}, b: {} })).toMatchObject([422, { code: "conclusion.no_difference" }]);
    expect((await post({ metric: "win_rate", a: {} }))[0]).toBe(400);
    const test = await running.fetch(`/api/v1/conclusions/${String(made["id"])}/test`, { method: "POST", as });
    expect(await test.json()).toMatchObject({ verdict: "not_enough_data" });
    expect((await running.fetch(`/api/v1/conclusions/${String(made["id"])}`, { method: "DELETE", as })).status).toBe(
      204,
    );
    const gone = await running.fetch(`/api/v1/conclusions/${String(made["id"])}`, { as });
    expect(gone.status).toBe(422);
  } finally {
    await running.close();
  }
});

test("goes to the receivers that ask for it, and to those that ask for this rule alone", async () => {
  await configure(`
rules: [{ id: stuck, when: deal_stuck }, { id: big, when: kpi_crosses, metric: deals_won, rises_to: 1 }]
slack:
  - { id: all, url: "\${A}", events: ["*"] }
  - { id: one, url: "\${A}", events: ["*"], filters: { rules: [stuck] } }
  - { id: none, url: "\${A}", events: [deal.won] }
`);
  await after(1);
  await win("Ann", 100);
  await after(1);
  await dispatchOutbox(store.db, now, 100);
  const rows = await store.db
    .selectFrom("deliveries")
    .innerJoin("webhook_endpoints", "webhook_endpoints.id", "deliveries.endpoint_id")
    .innerJoin("outbox", "outbox.id", "deliveries.outbox_id")
    .select(["webhook_endpoints.name", "outbox.type"])
    .where("outbox.type", "=", "kpi.crossed")
    .execute();
  expect(rows).toEqual([{ name: "all", type: "kpi.crossed" }]);
});
