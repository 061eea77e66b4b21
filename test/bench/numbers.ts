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
  readonly name: string;
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

export async function benchNumbers(folder: string, options: NumbersOptions): Promise<NumbersResult> {
  const embedded = await openEmbedded({ dataDir: path.join(folder, "numbers") });
  const store = openStore(embedded.target);
  try {
    await migrate(store.db);
    if (!(await hasDeals(store, options.deals))) await generate(store, options);
    const rows: AnswerTime[] = [];
    const only = options.only ?? "";
    for (const asked of allAsked().filter(({ name }) => name.includes(only)))
      rows.push(await timeAnswer(store, asked, options.times));
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
  { name, question: asked, asOf, byHand }: AskedHere,
  times: number,
): Promise<AnswerTime> {
  const workspace = await readWorkspace(store.db);
  const { query } = askedNow(asked, NOW, workspace, asOf ?? null);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let nth = 0; nth <= times; nth += 1) {
    const tookMs = await timed(async () => evaluateMetric(store.db, query));
    const byHandMs =
      byHand === null ? null : await timed(async () => store.pool.query(byHand, [query.from, dayAfter(query.to), NOW]));
    if (nth === 0) continue;
    ours.push(tookMs);
    if (byHandMs !== null) theirs.push(byHandMs);
  }
  const medianMs = median(ours);
  const byHandMs = theirs.length === 0 ? null : median(theirs);
  return {
    name,
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
  await work();
  return performance.now() - startMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
