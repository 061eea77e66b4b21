import type { Measured } from "../../core/schema/canonical.ts";
import { fc } from "../support/properties.ts";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { dimensionNames } from "../../core/metrics/engine/define.ts";
import { evaluateMetric, keptAnswer, METRICS, metricRecords } from "../../core/metrics/index.ts";
import { funnel } from "../../core/metrics/reports/funnel.ts";
import { movement } from "../../core/metrics/reports/movement.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { SOURCE, World } from "./kpi-world.ts";

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
const wonBy = (rep: string, amountMinor: number | null, at = "2026-03-10") => ({
  changes: [
    { at: "2026-01-01", amountMinor, rep },
    { at, status: "won" as const },
  ],
});

describe("leaderboard", () => {
  beforeEach(async () => {
    for (const rep of ["Ann", "Bob", "Cid", "Dan", "Eve"]) await world.rep(rep);
    await world.rep("Gone", { isActive: false });
  });

  test("ties share a rank and the next is skipped; reps with nothing come last with 0", async () => {
    await world.deal("1", wonBy("Ann", 300_00));
    await world.deal("2", wonBy("Bob", 200_00));
    await world.deal("3", wonBy("Cid", 200_00));
    await world.deal("4", wonBy("Dan", 100_00));
    const { rows, unit } = await world.ask("rep_leaderboard", ...march);
    expect(unit).toBe("money");
    expect(rows.map((row) => [row.dimensions["rep"], row.rank, row.value])).toEqual([
      ["Ann", 1, 300],
      ["Bob", 2, 200],
      ["Cid", 2, 200],
      ["Dan", 4, 100],
      ["Eve", 5, 0],
    ]);
  });

  test("by a ratio, reps with nothing have no value and no rank; one who lost all has 0", async () => {
    await world.deal("1", wonBy("Bob", null));
    await world.deal("2", {
      changes: [
        { at: "2026-01-01", rep: "Ann" },
        { at: "2026-03-02", status: "lost" },
      ],
    });
    const { rows } = await world.ask("rep_leaderboard", ...march, { of: "win_rate" });
    expect(rows.map((row) => [row.dimensions["rep"], row.rank, row.value])).toEqual([
      ["Bob", 1, 1],
      ["Ann", 2, 0],
      ["Cid", null, null],
      ["Dan", null, null],
      ["Eve", null, null],
    ]);
  });

  test("where lower is better the lowest leads", async () => {
    await world.deal("1", wonBy("Ann", null, "2026-03-20"));
    await world.deal("2", wonBy("Bob", null, "2026-03-10"));
    const { rows } = await world.ask("rep_leaderboard", ...march, { of: "time_to_close_mean" });
    expect(rows.slice(0, 2).map((row) => row.dimensions["rep"])).toEqual(["Bob", "Ann"]);
  });

  test("movement is against the period of equal length before", async () => {
    // 1 to 10 March against 19 to 28 February: Ann was first and is second, Bob the other way round.
    await world.deal("1", wonBy("Ann", 300_00, "2026-02-20"));
    await world.deal("2", wonBy("Bob", 200_00, "2026-02-28"));
    await world.deal("3", wonBy("Cid", 900_00, "2026-02-18"));
    await world.deal("4", wonBy("Bob", 300_00, "2026-03-01"));
    await world.deal("5", wonBy("Ann", 200_00, "2026-03-10"));
    const { rows } = await world.ask("rep_leaderboard", "2026-03-01", "2026-03-10");
    expect(rows.slice(0, 2).map((row) => [row.dimensions["rep"], row.rank, row.previous_rank, row.movement])).toEqual([
      ["Bob", 1, 2, 1],
      ["Ann", 2, 1, -1],
    ]);
    const allTime = await world.ask("rep_leaderboard", null, null);
    expect(allTime.rows[0]).toMatchObject({ rank: 1, previous_rank: null, movement: null });
  });

  test("of a team lists the team", async () => {
    await world.team("North", [{ rep: "Ann" }, { rep: "Bob", to: "2026-02-01" }]);
    await world.deal("1", wonBy("Cid", 100_00));
    const { rows } = await world.ask("rep_leaderboard", ...march, { filters: [{ dimension: "team", value: "north" }] });
    expect(rows.map((row) => row.dimensions["rep"])).toEqual(["Ann"]);
  });

  test("of what can't be ranked by rep is refused", async () => {
    for (const of of ["rep_leaderboard", "stage_conversion"]) {
      await expect(world.ask("rep_leaderboard", ...march, { of })).rejects.toMatchObject({ code: "kpi.not_rankable" });
    }
    await expect(world.ask("won_value", ...march, { of: "deals_won" })).rejects.toMatchObject({
      code: "kpi.not_rankable",
    });
  });
});

describe("credit", () => {
  test("a win is the owner's at the closing instant, an open deal the owner's at the as-of instant", async () => {
    await world.rep("Ann");
    await world.rep("Bob");
    await world.deal("1", {
      changes: [
        { at: "2026-03-01", rep: "Ann", amountMinor: 100_00 },
        { at: "2026-03-05", rep: "Bob" },
        { at: "2026-03-10", status: "won" },
        { at: "2026-03-12", rep: "Ann" },
      ],
    });
    await world.deal("2", {
      changes: [
        { at: "2026-03-01", rep: "Ann", amountMinor: 100_00 },
        { at: "2026-04-05", rep: "Bob" },
      ],
    });
    expect(await world.values("deals_won", ...march, "rep")).toEqual({ Bob: 1 });
    expect(await world.values("win_rate_cohort", ...march, "rep")).toEqual({ Bob: 0.5 });
    expect(await world.values("open_pipeline_value", ...march, "rep")).toEqual({ Ann: 100 });
    expect(await world.values("open_pipeline_value", null, null, "rep")).toEqual({ Bob: 100 });
  });

  test("by team uses the team that the rep was in at that instant", async () => {
    await world.rep("Ann");
    await world.team("North", [{ rep: "Ann", to: "2026-03-15" }]);
    await world.team("South", [{ rep: "Ann", from: "2026-03-15" }]);
    await world.deal("1", wonBy("Ann", 100_00, "2026-03-14"));
    await world.deal("2", wonBy("Ann", 200_00, "2026-03-15"));
    expect(await world.values("won_value", ...march, "team")).toEqual({ North: 100, South: 200 });
    await world.activity("call", "2026-03-14T12:00:00Z", { rep: "Ann" });
    expect(await world.values("activities", ...march, "team")).toEqual({ North: 1 });
    // The credit of a deal that was created goes by its outcome: the team of then.
    await world.deal("3", {
      changes: [
        { at: "2026-03-02", rep: "Ann" },
        { at: "2026-03-20", status: "lost" },
      ],
    });
    expect(await world.values("win_rate_cohort", "2026-03-02", "2026-03-02", "team")).toEqual({ South: 0 });
  });

  test("reps and companies that are one in two tools count as one, also in the team of either", async () => {
    await world.rep("Ann");
    await world.rep("ann@crm", { mergedInto: "Ann" });
    await world.team("North", [{ rep: "Ann" }]);
    await world.company("Acme");
    await world.company("ACME Inc.", "Acme");
    await world.deal("1", { ...wonBy("ann@crm", 100_00), company: "ACME Inc." });
    await world.deal("2", { ...wonBy("Ann", 200_00), company: "Acme" });
    expect(await world.values("won_value", ...march, "rep")).toEqual({ Ann: 300 });
    expect(await world.values("won_value", ...march, "team")).toEqual({ North: 300 });
    expect(await world.values("won_value", ...march, "company")).toEqual({ Acme: 300 });
  });

  test("two reps of one name stay two", async () => {
    await world.rep("u1", { shownAs: "Ann Lee" });
    await world.rep("u2", { shownAs: "Ann Lee" });
    await world.deal("1", wonBy("u1", 100_00));
    await world.deal("2", wonBy("u2", 200_00));
    expect(await world.values("won_value", ...march, "rep")).toEqual({
      "Ann Lee (crm u1)": 100,
      "Ann Lee (crm u2)": 200,
    });
  });
});

describe("breakdowns and filters", () => {
  beforeEach(async () => {
    await world.rep("Ann");
    await world.rep("Bob");
    await world.deal("1", { ...wonBy("Ann", 100_00), attributes: { product: "Pro", seats: 5 } });
    await world.deal("2", { ...wonBy("Bob", 200_00), attributes: { product: "Basic" } });
    await world.deal("3", { ...wonBy("Bob", 400_00), attributes: {} });
  });

  test("an attribute is reached by its full name and by its short one", async () => {
    expect(await world.values("won_value", ...march, "attributes.product")).toEqual({
      Basic: 200,
      Pro: 100,
      "(none)": 400,
    });
    expect(await world.values("won_value", ...march, "product")).toEqual({ Basic: 200, Pro: 100, "(none)": 400 });
    expect(await world.value("won_value", ...march, { filters: [{ dimension: "seats", value: "5" }] })).toBe(100);
  });

  test("several dimensions make a row for each pair there is", async () => {
    const { rows } = await world.ask("won_value", ...march, { by: ["rep", "product"] });
    expect(rows.map((row) => [row.dimensions, row.value])).toEqual([
      [{ rep: "Ann", product: "Pro" }, 100],
      [{ rep: "Bob", product: "Basic" }, 200],
      [{ rep: "Bob", product: null }, 400],
    ]);
  });

  test("values of one dimension are alternatives, dimensions must all hold, (none) is no value", async () => {
    const filters = (...pairs: [string, string][]) => ({
      filters: pairs.map(([dimension, value]) => ({ dimension, value })),
    });
    expect(await world.value("won_value", ...march, filters(["product", "Pro"], ["product", "basic"]))).toBe(300);
    expect(await world.value("won_value", ...march, filters(["product", "Pro"], ["rep", "Bob"]))).toBe(0);
    expect(await world.value("won_value", ...march, filters(["product", "(none)"]))).toBe(400);
  });

  test("with a grain every slice has a row in every period", async () => {
    await world.deal("4", wonBy("Ann", 50_00, "2026-04-02"));
    const { rows } = await world.ask("won_value", "2026-03-01", "2026-04-30", { by: ["rep"], grain: "month" });
    expect(rows.map((row) => [row.period, row.dimensions["rep"], row.value])).toEqual([
      ["2026-03-01", "Ann", 100],
      ["2026-03-01", "Bob", 600],
      ["2026-04-01", "Ann", 50],
      ["2026-04-01", "Bob", 0],
    ]);
  });

  test("velocity is of the slice: its own open deals, win rate, size and time", async () => {
    await world.deal("5", { changes: [{ at: "2026-03-01", rep: "Ann" }] });
    // Ann: 1 open × 1 × 100 ÷ 68 days (1 January to 10 March); Bob has nothing open: 0 × 1 × 300 ÷ 68.
    expect(await world.values("sales_velocity", ...march, "rep")).toEqual({ Ann: 100 / 68, Bob: 0 });
  });

  test("what is unknown is refused, and what is known is named", async () => {
    await expect(world.ask("won", ...march)).rejects.toMatchObject({
      code: "kpi.unknown_metric",
      mend: expect.stringContaining("won_value") as string,
    });
    await expect(world.ask("won_value", ...march, { by: ["colour"] })).rejects.toMatchObject({
      code: "kpi.unknown_dimension",
      message: 'won_value has no dimension "colour".',
      mend: expect.stringMatching(/rep, team, pipeline.*attributes\.product, attributes\.seats/) as string,
    });
    await expect(
      world.ask("won_value", ...march, { filters: [{ dimension: "x' or true", value: "" }] }),
    ).rejects.toMatchObject({ code: "kpi.unknown_dimension" });
    await expect(world.ask("won_value", "2026-04-01", "2026-03-01")).rejects.toMatchObject({ code: "kpi.bad_period" });
    await expect(world.ask("won_value", "2026-02-30", null)).rejects.toMatchObject({ code: "kpi.bad_period" });
  });
});

describe("filters", () => {
  const asked = (dimension: string, value: string) => ({ filters: [{ dimension, value }] });

  test("a value that nothing has is refused, of every KPI and every dimension, and never a 0", async () => {
    for (const metric of METRICS) {
      for (const dimension of [...dimensionNames(metric), "attributes.plan"]) {
        await expect(
          world.ask(metric.id, ...march, asked(dimension, "Wset")),
          `${metric.id} by ${dimension}`,
        ).rejects.toMatchObject({
          code: "kpi.unknown_value",
          message: `Nothing has the ${dimension} "Wset".`,
        });
      }
    }
  });

  test("what was probably meant is named, else what there is", async () => {
    await world.team("West", [{ rep: "Ann" }]);
    await expect(world.ask("won_value", ...march, asked("team", "Wset"))).rejects.toMatchObject({
      mend: 'Did you mean "West"?',
    });
    await expect(world.ask("won_value", ...march, asked("team", "Produktion"))).rejects.toMatchObject({
      mend: 'There is "West"; "(none)" stands for none.',
    });
    // One that is right does not hide another that is not.
    const both = { filters: [...asked("team", "west").filters, ...asked("team", "Est").filters] };
    await expect(world.ask("won_value", ...march, both)).rejects.toMatchObject({ mend: 'Did you mean "West"?' });
  });

  test("what has nothing in the period is 0: a rep without deals, a status nobody is in, a value of another period", async () => {
    await world.rep("Ann");
    await world.deal("1", { ...wonBy("Bob", 100_00, "2026-05-02"), lostReason: "Price", attributes: { plan: "gold" } });
    expect(await world.value("won_value", ...march, asked("rep", "ann"))).toBe(0);
    expect(await world.value("won_value", ...march, asked("lost_reason", "price"))).toBe(0);
    expect(await world.value("won_value", ...march, asked("plan", "Gold"))).toBe(0);
    expect(await world.value("activities", ...march, asked("outcome", "no_answer"))).toBe(0);
    expect(await world.value("tickets_open", ...march, asked("status", "pending"))).toBe(0);
    expect(await world.value("won_value", ...march, asked("canonical_stage", "(none)"))).toBe(0);
  });

  test("of the past, a value that came later is one", async () => {
    await world.rep("Bob");
    await world.deal("1", wonBy("Bob", 100_00, "2026-05-02"));
    const asOf = new Date("2026-04-01T00:00:00Z");
    expect(await world.value("won_value", ...march, { ...asked("rep", "Bob"), asOf })).toBe(0);
    await expect(world.ask("won_value", ...march, { ...asked("rep", "Bib"), asOf })).rejects.toMatchObject({
      code: "kpi.unknown_value",
    });
  });

  test("the funnel and the movement refuse it, too", async () => {
    const { db } = world.store;
    const about = { by: [], filters: asked("team", "Wset").filters, asOf: null, now: new Date("2026-04-01T00:00:00Z") };
    const refusal = { code: "kpi.unknown_value" };
    await expect(funnel(db, { ...about, range: { from: march[0], to: march[1] } })).rejects.toMatchObject(refusal);
    await expect(movement(db, { ...about, from: march[0], to: march[1], expectedIn: null })).rejects.toMatchObject(
      refusal,
    );
  });
});

describe("records", () => {
  test("come newest first, a page at a time, each once", async () => {
    for (let n = 0; n < 7; n += 1)
      await world.deal(`${n}`, {
        changes: [
          { at: "2026-01-01", amountMinor: 100 },
          { at: `2026-03-0${1 + (n % 3)}`, status: "won" },
        ],
      });
    const query = world.query("deals_won", ...march);
    const seen: string[] = [];
    const days: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof metricRecords>> = await metricRecords(store.db, query, {
        limit: 3,
        cursor,
      });
      seen.push(...page.records.map((record) => record.external_id));
      days.push(...page.records.map((record) => record.at ?? ""));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(["0", "1", "2", "3", "4", "5", "6"]);
    expect(days).toEqual(days.toSorted().toReversed());
  });

  test("of a number made of others are the records of each part", async () => {
    await world.deal("open", { changes: [{ at: "2026-03-01" }] });
    await world.deal("won", { changes: [{ at: "2026-03-01" }, { at: "2026-03-03", status: "won" }] });
    const first = await metricRecords(store.db, world.query("sales_velocity", ...march), { limit: 1, cursor: null });
    expect(first.records.map((record) => [record.metric, record.name])).toEqual([["open_deal_count", "open"]]);
    const second = await metricRecords(store.db, world.query("sales_velocity", ...march), {
      limit: 1,
      cursor: first.next_cursor,
    });
    expect(second.records.map((record) => [record.metric, record.name])).toEqual([["win_rate", "won"]]);
    expect(second.next_cursor).toBeNull();
  });

  test("a made-up cursor is refused", async () => {
    await expect(
      metricRecords(store.db, world.query("deals_won", null, null), { limit: 1, cursor: "nonsense" }),
    ).rejects.toMatchObject({ code: "kpi.bad_cursor" });
  });
});

describe("a span that is compared with one that still runs", () => {
  test("ends at its instant, on screens too, however often that moves on", async () => {
    for (const hour of ["09", "13", "18"]) {
      await world.deal(hour, { changes: [{ at: "2026-06-01" }, { at: `2026-06-26T${hour}:00:00Z`, status: "won" }] });
    }
    const wonUntil = async (until: string | null) => {
      const query = world.query("deals_won", "2026-06-26", "2026-06-26");
      const asked = { ...query, until: until === null ? null : new Date(`2026-06-26T${until}:00Z`) };
      const kept = await keptAnswer(store.db, asked);
      const computed = await evaluateMetric(store.db, asked);
      expect(kept.rows).toEqual(computed.rows);
      return kept.rows[0]?.value;
    };
    expect(await wonUntil("12:00")).toBe(1);
    expect(await wonUntil("13:05")).toBe(2);
    expect(await wonUntil(null)).toBe(3);
    expect(await wonUntil("12:00")).toBe(1);
  });

  test("has the deals that there are: what was deleted since is not in it", async () => {
    for (const [name, more] of [
      ["there", {}],
      ["gone", { deletedAt: "2026-06-20" }],
    ] as const)
      await world.deal(name, { ...more, changes: [{ at: "2026-06-01" }, { at: "2026-06-05", status: "won" }] });
    const until = new Date("2026-06-10T12:00:00Z");
    expect(await world.value("deals_won", "2026-06-01", "2026-06-10", { until })).toBe(1);
  });
});

describe("freshness", () => {
  const stream = (connection: string, name: string, fresh: string | null) =>
    store.db
      .insertInto("stream_states")
      .values({
        connection_id: connection,
        stream: name,
        checkpoint: null,
        running_run_id: null,
        first_load_done_at: null,
        fresh_as_of: fresh === null ? null : new Date(fresh),
        last_success_at: null,
        partial_reason: null,
      })
      .execute();
  const connection = (id: string, state: "active" | "paused" | "needs_auth") =>
    store.db
      .insertInto("connections")
      .values({
        id,
        connector: "close",
        title: id,
        settings: "{}",
        credentials: null,
        state,
        state_code: null,
        state_reason: null,
        account_id: null,
        account_name: null,
        inbound_token: id,
        inbound_secret: null,
        schedule: null,
        streams: null,
        backfill_from: null,
      })
      .execute();

  test("is the oldest of the streams of the connections that the metric's records come from", async () => {
    await connection(SOURCE, "active");
    await connection("mail", "active");
    await stream(SOURCE, "deals", "2026-06-30T11:00:00Z");
    await stream(SOURCE, "users", "2026-06-30T10:00:00Z");
    await stream("mail", "campaigns", "2026-06-01T00:00:00Z");
    await world.deal("1", { changes: [{ at: "2026-03-01" }] });
    expect((await world.ask("deal_count", null, null)).fresh_as_of).toBe("2026-06-30T10:00:00.000Z");
    expect((await world.ask("activities", null, null)).fresh_as_of).toBeNull();
  });

  test("is unknown while one of them was never read, and never later than as-of", async () => {
    await connection(SOURCE, "active");
    await stream(SOURCE, "deals", "2026-06-30T11:00:00Z");
    await world.deal("1", { changes: [{ at: "2026-03-01" }] });
    expect((await world.ask("deal_count", null, null, { asOf: new Date("2026-04-01T00:00:00Z") })).fresh_as_of).toBe(
      "2026-04-01T00:00:00.000Z",
    );
    await stream(SOURCE, "users", null);
    expect((await world.ask("deal_count", null, null)).fresh_as_of).toBeNull();
  });

  /** What the connector of a connection says that its stream `all` gives. */
  const declare = (id: string, ...all: readonly Measured[]) =>
    store.db
      .updateTable("connections")
      .set({ declared: JSON.stringify({ everyS: 300, gives: { users: [], all } }) })
      .where("id", "=", id)
      .execute();

  test("counts every connection that should give the metric's records, whether it ever did or not", async () => {
    await connection(SOURCE, "active");
    await connection("late", "active");
    await declare(SOURCE, "deal");
    await declare("late", "deal", "activity");
    await stream(SOURCE, "all", "2026-06-30T11:59:30Z");
    const asked = async (metric: string) => {
      const { fresh_as_of, sources, notes } = await world.ask(metric, null, null);
      return { fresh_as_of, sources: sources.map((one) => [one.connection, one.state]), notes };
    };
    expect(await asked("deal_count")).toEqual({
      fresh_as_of: null,
      sources: [
        [SOURCE, "current"],
        ["late", "loading"],
      ],
      notes: ["late is still loading"],
    });
    // Neither gives tickets, and nobody waits for a stream that gives names alone.
    expect(await asked("tickets_opened")).toEqual({ fresh_as_of: null, sources: [], notes: [] });
    await stream("late", "all", null);
    await store.db
      .updateTable("stream_states")
      .set({ failures_in_a_row: 3 })
      .where("connection_id", "=", "late")
      .execute();
    expect((await asked("activities")).notes).toEqual(["late could not be read yet"]);
    // What a KPI looks at besides its subject counts as well: whether a lead was reached is told by touches.
    await declare(SOURCE, "lead");
    expect((await asked("speed_to_lead_median")).sources).toEqual([
      [SOURCE, "current"],
      ["late", "unread"],
    ]);
    await store.db.updateTable("connections").set({ state: "paused" }).where("id", "=", "late").execute();
    expect((await asked("activities")).sources).toEqual([]);
  });

  test("says how much of a source could not be read, and what it may have lost", async () => {
    await connection(SOURCE, "active");
    await declare(SOURCE, "deal");
    await stream(SOURCE, "all", "2026-06-30T11:59:30Z");
    const notes = async () => (await world.ask("deal_count", null, null)).notes;
    await store.db.updateTable("stream_states").set({ refused: 8000 }).execute();
    expect(await notes()).toEqual([`${SOURCE} has 8,000 rows that could not be read`]);
    await store.db.updateTable("stream_states").set({ held_deletions: 40, is_partial: true }).execute();
    expect(await notes()).toEqual([`${SOURCE} lists 40 fewer records than before`]);
    await store.db.updateTable("stream_states").set({ held_deletions: 0, refused: 0, is_partial: false }).execute();
    expect(await notes()).toEqual([]);
  });

  test("a connection that waits for a new sign-in holds it back, one that was paused does not", async () => {
    await connection(SOURCE, "needs_auth");
    await stream(SOURCE, "deals", "2026-06-01T00:00:00Z");
    await world.deal("1", { changes: [{ at: "2026-03-01" }] });
    expect((await world.ask("deal_count", null, null)).fresh_as_of).toBe("2026-06-01T00:00:00.000Z");
    await store.db.updateTable("connections").set({ state: "paused" }).execute();
    expect((await world.ask("deal_count", null, null)).fresh_as_of).toBeNull();
  });
});

describe("for any deals", () => {
  const day = fc.integer({ min: 1, max: 28 }).map((n) => `2026-0${1 + (n % 4)}-${String(n).padStart(2, "0")}`);
  const closing = fc.option(
    fc.record({
      at: fc.integer({ min: 10, max: 28 }).map((n) => `2026-0${4 + (n % 2)}-${n}`),
      status: fc.constantFrom("won" as const, "lost" as const),
    }),
    { nil: null },
  );
  const deals = fc.array(
    fc.record({
      created: day,
      amountMinor: fc.option(fc.integer({ min: 0, max: 10_000_000 }), { nil: null }),
      rep: fc.constantFrom("Ann", "Bob", null),
      closing,
    }),
    { maxLength: 12 },
  );

  test("sums by rep add up to the total, and counts of the months to that of the whole", async () => {
    await fc.assert(
      fc.asyncProperty(deals, async (specs) => {
        await world.clear();
        await world.rep("Ann");
        await world.rep("Bob");
        for (const [n, { created, amountMinor, rep, closing: end }] of specs.entries()) {
          await world.deal(`${n}`, { changes: [{ at: created, amountMinor, rep }, ...(end === null ? [] : [end])] });
        }
        const sum = (values: readonly (number | null)[]): number =>
          values.reduce<number>((total, value) => total + Math.round((value ?? 0) * 100), 0);
        for (const metric of ["won_value", "lost_value", "open_pipeline_value", "deals_won", "open_deal_count"]) {
          const total = await world.value(metric, null, null);
          expect(sum(Object.values(await world.values(metric, null, null, "rep")))).toBe(sum([total]));
        }
        for (const metric of ["deals_won", "deals_lost"]) {
          const { rows } = await world.ask(metric, "2026-01-01", "2026-06-30", { grain: "week" });
          expect(sum(rows.map((row) => row.value))).toBe(sum([await world.value(metric, null, null)]));
        }
      }),
      { numRuns: 15 },
    );
  });
});
