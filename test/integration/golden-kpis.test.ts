import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { METRICS } from "../../core/metrics/index.ts";
import { dimensionNames } from "../../core/metrics/engine/define.ts";
import { evaluateMetric, type MetricAnswer } from "../../core/metrics/index.ts";
import type { Store } from "../../core/store/db.ts";
import { generate, NOW } from "../bench/numbers-workspace.ts";
import { testDatabase } from "../support/database.ts";

const GOLDEN = fileURLToPath(new URL("./golden-kpis.jsonl", import.meta.url));

let store: Store;
beforeAll(async () => {
  store = await testDatabase();
  await generate(store, { deals: 400, reps: 4 });
  // What the tools of a real company add: the same touch twice, touches without a deal of their own, people and companies that are one.
  await store.pool.query(`
    begin;
    set local tributary.landing = '-infinity';
    update activities a set duplicate_of = b.id from activities b
      where b.external_id = 'activity' || (substr(a.external_id, 9)::int + 1) and substr(a.external_id, 9)::int % 10 = 0;
    update activities set attributed_deal_id = deal_id, deal_id = null where substr(external_id, 9)::int % 4 = 1;
    update people a set merged_into = b.id from people b
      where b.external_id = 'person' || (substr(a.external_id, 7)::int + 3) and substr(a.external_id, 7)::int % 12 = 0;
    update companies a set merged_into = b.id from companies b
      where b.external_id = 'company' || (substr(a.external_id, 8)::int + 3) and substr(a.external_id, 8)::int % 12 = 0;
    update deals a set merged_into = b.id, deleted_at = '2026-01-10T00:00:00Z' from deals b
      where b.external_id = 'deal' || (substr(a.external_id, 5)::int + 1) and substr(a.external_id, 5)::int % 30 = 0;
    update deal_changes set currency = 'CHF' where substr(deal_id::text, 1, 2) = '40';
    update deal_closings set currency = 'CHF' where substr(deal_id::text, 1, 2) = '40';
    update stages set deleted_at = '2026-02-01T00:00:00Z' where external_id = 'stage1-3';
    update workspace set business_hours = '{"mon": ["09:00-17:00"], "tue": ["09:00-17:00"], "wed": ["09:00-17:00"], "thu": ["09:00-17:00"], "fri": ["09:00-12:00"]}',
      holidays = '{2026-05-01}', time_zone = 'Europe/Oslo';
    commit`);
});

const QUARTERS = ["2025-10-01", "2026-06-30", "quarter"] as const;
const MONTH = ["2026-06-01", "2026-06-30", null] as const;
const HALF_A_YEAR_AGO = new Date("2025-12-31T12:00:00Z");

/**
 * What holds a faster way of computing against the one before. Expected values of what a KPI means are worked by hand in the tests of each KPI; this
 * one tells that none of hundreds of answers has moved.
 */
test(
  "no KPI of a seeded company at a fixed instant has changed its value (UPDATE=1 writes them anew)",
  { timeout: 120_000 },
  async () => {
    const lines: unknown[][] = [];
    for (const metric of METRICS) {
      const breakdowns = ["rep", "team", "stage", "channel"].filter((name) => dimensionNames(metric).includes(name));
      const slices = metric.kind === "ranking" ? [] : breakdowns;
      const ask = async (name: string, given: object): Promise<void> => {
        const [from, to, grain] = MONTH;
        const query = { metric: metric.id, from, to, grain, by: [], filters: [], asOf: null, now: NOW, ...given };
        lines.push(...linesOf(`${metric.id} ${name}`, await evaluateMetric(store.db, query)));
      };
      await ask("in a month", {});
      await ask("ever", { from: null, to: null });
      await ask("by quarter", { from: QUARTERS[0], to: QUARTERS[1], grain: QUARTERS[2] });
      for (const name of slices) await ask(`by ${name}`, { by: [name], from: "2026-03-01" });
      await ask("half a year ago", { from: "2025-12-01", to: "2025-12-31", asOf: HALF_A_YEAR_AGO });
    }
    if (process.env["UPDATE"] === "1")
      writeFileSync(GOLDEN, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
    const golden = readFileSync(GOLDEN, "utf8").trimEnd().split("\n");
    const nameOf = (line: string): string => (JSON.parse(line) as string[])[0]?.split(" ")[0] ?? "";
    const known = new Set(golden.map(nameOf));
    // A KPI that is new has no value to keep yet.
    expect(lines.map((line) => JSON.stringify(line)).filter((line) => known.has(nameOf(line)))).toEqual(golden);
  },
);

/** A row a line: what was asked, the slice, the value and what it is made of. The last digits of a float may differ. */
function linesOf(name: string, { rows, exceptions }: MetricAnswer): unknown[][] {
  const short = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(11)));
  const left = exceptions.map(({ reason, count }) => `${reason} ${count}`).join(", ");
  return [
    ...rows.map(({ dimensions, period, value, numerator, denominator, sample_size, interval, ...more }) => [
      [name, period, ...Object.values(dimensions)].filter((part) => part !== null).join(" | "),
      ...[value, numerator, denominator, sample_size].map(short),
      ...(interval ?? []).map(short),
      ...Object.values(more),
    ]),
    ...(left === "" ? [] : [[name, left]]),
  ];
}
