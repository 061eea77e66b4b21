import path from "node:path";
import { backtests, forecast } from "../../core/forecast/index.ts";
import { agenda } from "../../core/review/agenda.ts";
import type { Db } from "../../core/store/db.ts";
import { openStore } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { migrate } from "../../core/store/migrate.ts";
import { generate, NOW } from "./numbers-workspace.ts";

/**
 * How long a sales team waits for its reports: the forecast, the back-test of two years, the pipeline review of 25 reps. Each beside the bare reading of
 * the same deals with their histories and touches, by one client in the same run.
 */
export type ReportsResult = {
  readonly deals: number;
  readonly reps: number;
  /** Reading every deal with its changes, and the touches of deals. */
  readonly readMs: number;
  readonly rows: readonly ReportTime[];
};
export type ReportTime = {
  readonly report: string;
  readonly medianMs: number;
  readonly worstMs: number;
  /** CPU time of this process; the rest it waits for the database. */
  readonly cpuMs: number;
  /** To the bare reading. */
  readonly ratio: number;
  /** How long it may take. */
  readonly mostMs: number;
};

/** A team that has sold for years: some 200 deals of each rep. */
const SIZE = { deals: 5_000, reps: 25 };

export async function benchReports(folder: string, times: number): Promise<ReportsResult> {
  const embedded = await openEmbedded({ dataDir: path.join(folder, "reports") });
  const store = openStore(embedded.target);
  try {
    await migrate(store.db);
    await generate(store, SIZE);
    const asked = { asOf: null, now: NOW, seed: "bench" };
    const horizons = [30, 60, 90];
    const reports: readonly (readonly [string, number, (db: Db) => Promise<unknown>])[] = [
      ["forecast of the team", 1_000, (db) => forecast(db, { ...asked, horizons, by: null })],
      ["back-test of two years", 30_000, (db) => backtests(db, { ...asked, horizons, by: null })],
      ["review of 25 reps", 2_000, (db) => agenda(db, { range: null, of: null, asOf: null, now: NOW })],
    ];
    const read = async (): Promise<void> => {
      await store.pool.query("select d.*, c.* from deals d join deal_changes c on c.deal_id = d.id");
      await store.pool.query("select occurred_at, type, deal_id, attributed_deal_id, rep_id from activities");
    };
    const readMs = (await timed(read, times)).medianMs;
    const rows: ReportTime[] = [];
    for (const [report, mostMs, work] of reports) {
      const found = await timed(() => work(store.db), times);
      rows.push({ report, ...found, ratio: found.medianMs / readMs, mostMs });
    }
    return { ...SIZE, readMs, rows };
  } finally {
    await store.close();
    await embedded.release();
  }
}

/** The first time is not counted. */
async function timed(
  work: () => Promise<unknown>,
  times: number,
): Promise<Pick<ReportTime, "medianMs" | "worstMs" | "cpuMs">> {
  const walls: number[] = [];
  const cpus: number[] = [];
  for (let nth = 0; nth <= times; nth += 1) {
    const [startMs, startCpu] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(startCpu);
    if (nth === 0) continue;
    walls.push(performance.now() - startMs);
    cpus.push((user + system) / 1000);
  }
  const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;
  return { medianMs: median(walls), worstMs: Math.max(...walls), cpuMs: median(cpus) };
}
