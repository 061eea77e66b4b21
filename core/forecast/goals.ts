import { type Day, daysBetween } from "../base/time.ts";
import { evaluateMetric } from "../metrics/ask/evaluate.ts";
import type { Db } from "../store/db.ts";
import type { Goal } from "./scenario.ts";

/** A goal of the plans, and how it stands. Amounts in main units. */
export type GoalAnswer = Goal & {
  /** Won from its first day on, by as-of. */
  readonly so_far: number | null;
  /** So far, and what the forecast adds until its last day, as planned. Null: it is over, begins later, or ends too far ahead. */
  readonly expected: number | null;
  /** Of what is expected, else of what is there: the share of the target. */
  readonly share: number | null;
};

/** Further ahead nothing is forecast. */
const MOST_DAYS = 366;

/** The days ahead at which goals end that run now. */
export function goalHorizons(goals: readonly Goal[], today: Day): readonly number[] {
  return goals
    .filter(({ from, to }) => from <= today && to > today)
    .map(({ to }) => daysBetween(today, to))
    .filter((days) => days <= MOST_DAYS);
}

export async function goalsNow(
  db: Db,
  goals: readonly Goal[],
  {
    asOf,
    now,
    today,
    comes,
  }: {
    readonly asOf: Date | null;
    readonly now: Date;
    readonly today: Day;
    /** What comes until a day, as planned; null: it is not forecast. */
    readonly comes: (metric: Goal["metric"], until: Day) => number | null;
  },
): Promise<readonly GoalAnswer[]> {
  const answers: GoalAnswer[] = [];
  for (const goal of goals) {
    const { metric, from, to, target } = goal;
    const query = { metric, from, to, by: [], grain: null, filters: [], asOf, now };
    const soFar = from > today ? null : ((await evaluateMetric(db, query)).rows[0]?.value ?? null);
    const more = from <= today && to > today ? comes(metric, to) : null;
    const expected = more === null ? null : (soFar ?? 0) + more;
    const reached = expected ?? soFar;
    answers.push({ ...goal, so_far: soFar, expected, share: reached === null ? null : reached / target });
  }
  return answers;
}
