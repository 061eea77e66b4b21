import path from "node:path";
import { askedNow } from "../../core/metrics/ask/question.ts";
import { evaluateMetric } from "../../core/metrics/index.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { migrate } from "../../core/store/migrate.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { allAsked, type AskedHere } from "./numbers-asked.ts";
import { generate, NOW } from "./numbers-workspace.ts";

/**
 * How fast numbers are answered on a generated workspace, each beside SQL written by hand for the same number on the same tables in the same run.
 * The workspace has reopenings, merged reps, several currencies, changes that landed late, and deletions.
 */
export type NumbersResult = {
  readonly deals: number;
  readonly changes: number;
  readonly activities: number;
  readonly rows: readonly AnswerTime[];
};
export type AnswerTime = {
  readonly metric: string;
  /** For which period, by what. */
  readonly way: string;
  readonly medianMs: number;
  readonly worstMs: number;
  /** Of the hand-written SQL; null: nobody would write it by hand. */
  readonly byHandMs: number | null;
  readonly ratio: number | null;
};

export type NumbersOptions = {
  readonly deals: number;
  /** How often each is asked; the first is not counted. */
  readonly times: number;
  /** Only the questions whose names have this text. */
  readonly only?: string;
};

/** An answer that takes longer is not waited for. */
const PATIENCE_MS = 20_000;

export async function benchNumbers(folder: string, options: NumbersOptions): Promise<NumbersResult> {
  const embedded = await openEmbedded({ dataDir: path.join(folder, "numbers") });
  const store = openStore(embedded.target);
  try {
    await migrate(store.db);
    const { rows: here } = await store.pool.query<{ name: string }>("select current_database() as name");
    if (!(await hasDeals(store, options.deals))) await generate(store, options);
    // For the connections to come, on which the questions are asked.
    await store.pool.query(`alter database "${here[0]?.name}" set statement_timeout = ${PATIENCE_MS}`);
    const asking = openStore(embedded.target);
    const rows: AnswerTime[] = [];
    const only = options.only ?? "";
    for (const asked of allAsked().filter(({ metric, way }) => `${metric}, ${way}`.includes(only)))
      rows.push(await timeAnswer(asking, asked, options.times));
    await asking.close();
    const count = async (table: string): Promise<number> =>
      (await store.pool.query<{ count: number }>(`select count(*) from ${table}`)).rows[0]?.count ?? 0;
    return { deals: options.deals, changes: await count("deal_changes"), activities: await count("activities"), rows };
  } finally {
    await store.close();
    await embedded.release();
  }
}

/** Whether the folder has a workspace of this size from before. */
async function hasDeals(store: Store, deals: number): Promise<boolean> {
  const { rows } = await store.pool.query<{ count: number }>("select count(*) from deals");
  return rows[0]?.count === deals;
}

async function timeAnswer(
  store: Store,
  { metric, way, question: asked, asOf, byHand }: AskedHere,
  times: number,
): Promise<AnswerTime> {
  const workspace = await readWorkspace(store.db);
  const { query } = askedNow(asked, NOW, workspace, asOf ?? null);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let nth = 0; nth <= times; nth += 1) {
    const tookMs = await timed(async () => evaluateMetric(store.db, query));
    if (tookMs >= PATIENCE_MS) return { metric, way, medianMs: tookMs, worstMs: tookMs, byHandMs: null, ratio: null };
    const byHandMs =
      byHand === null ? null : await timed(async () => store.pool.query(byHand, [query.from, dayAfter(query.to), NOW]));
    if (nth === 0) continue;
    ours.push(tookMs);
    if (byHandMs !== null) theirs.push(byHandMs);
  }
  const medianMs = median(ours);
  const byHandMs = theirs.length === 0 ? null : median(theirs);
  return {
    metric,
    way,
    medianMs,
    worstMs: Math.max(...ours),
    byHandMs,
    ratio: byHandMs === null ? null : medianMs / byHandMs,
  };
}

function dayAfter(day: string | null): Date | null {
  return day === null ? null : new Date(Date.parse(day) + 86_400_000);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  try {
    await work();
  } catch (error) {
    // The database gave up: see PATIENCE_MS.
    if (performance.now() - startMs < PATIENCE_MS) throw error;
  }
  return performance.now() - startMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
