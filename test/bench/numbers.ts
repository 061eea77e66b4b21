import path from "node:path";
import { askedNow } from "../../core/metrics/ask/question.ts";
import { evaluateMetric } from "../../core/metrics/index.ts";
import type { MetricAnswer } from "../../core/metrics/engine/query.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { migrate } from "../../core/store/migrate.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { allAsked, type AskedHere } from "./numbers-asked.ts";
import { byHand as writtenByHand } from "./numbers-by-hand.ts";
import { generate, NOW, setUp } from "./numbers-workspace.ts";

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
  /** Of the hand-written SQL; null: nobody has written it. */
  readonly byHandMs: number | null;
  readonly ratio: number | null;
  /** Whether it gives the same numbers, to one in a hundred. Of the past it may not: it reads what the tables have now. */
  readonly isSame: boolean | null;
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
    await setUp(store);
    // For the connections to come, on which the questions are asked.
    await store.pool.query(`alter database "${here[0]?.name}" set statement_timeout = ${PATIENCE_MS}`);
    const asking = openStore(embedded.target);
    const rows: AnswerTime[] = [];
    const only = options.only ?? "";
    for (const asked of allAsked().filter(({ metric, way }) => `${metric}, ${way}`.includes(only))) {
      rows.push(await timeAnswer(asking, asked, options.times));
    }
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
  { metric, way, question: asked, asOf, by }: AskedHere,
  times: number,
): Promise<AnswerTime> {
  const workspace = await readWorkspace(store.db);
  const { query } = askedNow(asked, NOW, workspace, asOf ?? null);
  const period = { from: new Date(query.from ?? 0), to: dayAfter(query.to) ?? NOW };
  const written = writtenByHand(metric, { ...period, now: asOf ?? NOW, by });
  const [ours, theirs]: [number[], number[]] = [[], []];
  let isSame: boolean | null = null;
  for (let nth = 0; nth <= times; nth += 1) {
    const mine = await timed(async () => evaluateMetric(store.db, query));
    if (mine.tookMs >= PATIENCE_MS)
      return { metric, way, medianMs: mine.tookMs, worstMs: mine.tookMs, byHandMs: null, ratio: null, isSame };
    const hand = written === null ? null : await timed(async () => store.pool.query<{ v: unknown }>(written));
    if (nth === 0) {
      if (mine.done !== null && hand?.done != null) isSame = areSame(mine.done, hand.done.rows);
      continue;
    }
    ours.push(mine.tookMs);
    if (hand !== null) theirs.push(hand.tookMs);
  }
  const medianMs = median(ours);
  const byHandMs = theirs.length === 0 ? null : median(theirs);
  const ratio = byHandMs === null ? null : medianMs / byHandMs;
  return { metric, way, medianMs, worstMs: Math.max(...ours), byHandMs, ratio, isSame };
}

/** By hand, what has nothing has no row. */
function areSame({ rows, unit }: MetricAnswer, theirs: readonly { readonly v: unknown }[]): boolean {
  const main = unit === "money" || unit === "money_per_day" ? 100 : unit === "minutes" ? 60 : 1;
  const values = (all: readonly unknown[]): number[] =>
    all.flatMap((value) => (Number(value) === 0 ? [] : Number(value))).toSorted((a, b) => a - b);
  const [one, other] = [values(rows.map(({ value }) => value)), values(theirs.map(({ v }) => v))];
  const isNear = (factor: number): boolean =>
    one.length === other.length &&
    one.every((value, index) => Math.abs(value * factor - (other[index] ?? 0)) <= Math.abs(value * factor) / 100);
  return isNear(main) || isNear(1);
}

function dayAfter(day: string | null): Date | null {
  return day === null ? null : new Date(Date.parse(day) + 86_400_000);
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly tookMs: number; readonly done: T | null }> {
  const startMs = performance.now();
  try {
    const done = await work();
    return { tookMs: performance.now() - startMs, done };
  } catch (error) {
    // The database gave up: see PATIENCE_MS.
    if (performance.now() - startMs < PATIENCE_MS) throw error;
    return { tookMs: performance.now() - startMs, done: null };
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
