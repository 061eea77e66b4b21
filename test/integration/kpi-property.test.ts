import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { METRICS } from "../../core/metrics/index.ts";
import { funnel } from "../../core/metrics/reports/funnel.ts";
import { movement } from "../../core/metrics/reports/movement.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { BEGINNING, companies, NOW, ZONE } from "./kpi-model/company.ts";
import { dealKpis } from "./kpi-model/deals.ts";
import type { Expected } from "./kpi-model/expected.ts";
import { FROM, Known, TO } from "./kpi-model/known.ts";
import { leadKpis } from "./kpi-model/leads.ts";
import { repKpis } from "./kpi-model/reps.ts";
import { toolKpis } from "./kpi-model/tools.ts";
import { write } from "./kpi-model/write.ts";
import { World } from "./kpi-world.ts";

/**
 * Companies drawn at random, and the KPIs recomputed from their records in plain TypeScript, by docs/kpis.md and without a line of the code under
 * test: for the whole and for slices (rep, team, pipeline, stage, source, segment, channel), now and as of an instant. Histories reopen, are
 * deleted, merged, skip stages, change hands, pipelines and currencies, and land late. `PROPERTY_RUNS=200` tries more than the suite does,
 * `PROPERTY_SEED` others.
 */
const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 2);
const SEED = Number(process.env["PROPERTY_SEED"] ?? 20261201);

let store: Store;
let world: World;
beforeAll(async () => {
  store = await testDatabase();
  world = await World.create(store, { timeZone: ZONE });
});

const expectedOf = (known: Known): Expected[] => [
  ...dealKpis(known),
  ...leadKpis(known),
  ...repKpis(known),
  ...toolKpis(known),
];

test("every KPI is recomputed", () => {
  const [company] = fc.sample(companies, { numRuns: 1, seed: SEED });
  if (company === undefined) throw new Error("no company was drawn");
  const recomputed = new Set(expectedOf(new Known(company, null)).map(({ metric }) => metric));
  expect(METRICS.map(({ id }) => id).filter((id) => !recomputed.has(id))).toEqual([]);
});

const iso = (at: number): string => new Date(at).toISOString();
const same = (a: number | null, b: number | null): boolean =>
  a === b || (a !== null && b !== null && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a)));

/** Where an answer is not what it should be, as texts. */
async function differences({ metric, by, values, part }: Expected, asOf: number | null): Promise<string[]> {
  const at = { asOf: asOf === null ? null : new Date(asOf), now: new Date(NOW) };
  // A curve is always by its own dimension.
  const isCurve = ["meeting_probability_by_touches", "win_probability_by_age"].includes(metric);
  const { rows } = await world.ask(metric, FROM, TO, { by: isCurve ? [] : by, ...at });
  const said = new Map(
    rows.map((row) => [
      by.map((name) => row.dimensions[name] ?? "-").join(" | "),
      part === undefined ? row.value : row[part],
    ]),
  );
  // A slice may be there for its exceptions alone; every rep on a board is there for a reason.
  const isListed = (key: string): boolean =>
    values.has(key) || metric === "rep_leaderboard" || (said.get(key) ?? 0) !== 0;
  // This curve has more steps than those at which it rises.
  const keys =
    metric === "meeting_probability_by_touches" ? values.keys() : new Set([...values.keys(), ...said.keys()]);
  return [...keys].flatMap((key) => {
    const [found, wanted] = [said.get(key) ?? null, values.get(key) ?? null];
    const where = `${metric} ${part ?? ""} ${by.join()} ${key} (as of ${asOf === null ? "now" : iso(asOf)})`;
    return same(found, wanted) || !isListed(key) ? [] : [`${where}: ${found}, expected ${wanted}`];
  });
}

test(
  "numbers over random histories are those that plain TypeScript makes of them, and movement and funnel add up",
  { timeout: Math.max(120_000, RUNS * 30_000) },
  async () => {
    const asOfs = fc.integer({ min: 24 * 45, max: 24 * 100 }).map((hours) => BEGINNING + hours * 3_600_000 + 1);
    // In the suite each of two histories is asked half of it.
    let run = 0;
    await fc.assert(
      fc.asyncProperty(companies, asOfs, async (company, instant) => {
        await write(world, company);
        const wrong: string[] = [];
        run += 1;
        for (const asOf of [null, instant]) {
          const known = new Known(company, asOf);
          const all = expectedOf(known);
          for (const [no, one] of all.entries())
            if (RUNS > 2 || no % 2 === run % 2) wrong.push(...(await differences(one, asOf)));
          wrong.push(...(await sums(known, all, asOf)));
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
  },
);

const TAKES_AWAY = new Set([
  "value_down",
  "won",
  "lost",
  "deleted",
  "merged",
  "owner_out",
  "pipeline_out",
  "pushed_out",
]);
/** These change what deals are worth, not how many there are. */
const WORTH_ONLY = new Set(["value_up", "value_down", "currency"]);

/** The funnel asks for nine numbers each time: for the whole and two slices is enough. */
const FUNNELS = ["", "team", "pipeline"];

/** The movement of the month ends at what is open at its end, and the funnel's outcomes are its entries, for every slice. */
async function sums(known: Known, all: readonly Expected[], asOf: number | null): Promise<string[]> {
  const at = { asOf: asOf === null ? null : new Date(asOf), now: new Date(NOW) };
  const wrong: string[] = [];
  const of = (expected: readonly Expected[], metric: string, by: readonly string[]) =>
    expected.find((one) => one.metric === metric && one.by.join() === by.join())?.values;
  const standing = dealKpis(known.beforeDeletions());
  for (const by of [[], ["rep"], ["team"], ["pipeline"], ["stage"], ["channel"], ["attributes.segment"]]) {
    const moved = await movement(store.db, { from: "2026-02-28", to: TO, by, filters: [], expectedIn: null, ...at });
    for (const { start, reasons, end, dimensions } of moved.rows) {
      const key = by.map((name) => dimensions[name] ?? "-").join(" | ");
      for (const part of ["count", "value"] as const) {
        const total = Object.entries(reasons).reduce((all, [reason, moved]) => {
          if (part === "count" && WORTH_ONLY.has(reason)) return all;
          return all + (TAKES_AWAY.has(reason) ? -1 : 1) * moved[part];
        }, start[part]);
        if (Math.abs(total - end[part]) > 1e-6) wrong.push(`movement ${key} ${part}: ${total}, ends at ${end[part]}`);
      }
      const open = of(standing, "open_deal_count", by)?.get(key) ?? 0;
      if (known.hasBegun && open !== end.count)
        wrong.push(`movement ${key} ends with ${end.count} deals, expected ${open}`);
    }
    if (!FUNNELS.includes(by.join())) continue;
    const { stages } = await funnel(store.db, { range: { from: FROM, to: TO }, by, filters: [], ...at });
    const conversion = of(all, "stage_conversion", [...by.filter((name) => name !== "stage"), "stage"]);
    for (const one of stages) {
      const outcomes = one.went_on + one.lost + one.went_back + one.moved_away + one.still_there;
      if (outcomes !== one.entered) wrong.push(`funnel ${one.stage}: ${outcomes} outcomes of ${one.entered} entries`);
      const key = [...by.flatMap((name) => (name === "stage" ? [] : (one.dimensions[name] ?? "-"))), one.stage].join(
        " | ",
      );
      if (!same(one.conversion, conversion?.get(key) ?? null)) wrong.push(`funnel ${key}: converts ${one.conversion}`);
    }
  }
  return wrong;
}
