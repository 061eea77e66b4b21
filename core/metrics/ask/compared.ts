import type { Db } from "../../store/db.ts";
import { readWorkspace } from "../../store/setup/workspace.ts";
import type { ComparedAnswer, MetricAnswer, MetricQuery } from "../engine/query.ts";
import type { ComparedWith } from "./comparison.ts";
import { evaluateMetric } from "./evaluate.ts";
import { comparedQuery, type Question } from "./question.ts";

/**
 * Answers a question, and the same question of the periods that its own is compared with. What has nothing to compare with (all time) is left out.
 *
 * @throws TributaryError as evaluateMetric
 */
export async function evaluateCompared(
  db: Db,
  query: MetricQuery,
  period: Question["period"],
  kinds: readonly ComparedWith[],
): Promise<MetricAnswer> {
  const answer = await evaluateMetric(db, query);
  if (kinds.length === 0) return answer;
  const workspace = await readWorkspace(db);
  const compared: ComparedAnswer[] = [];
  for (const kind of new Set(kinds)) {
    const other = comparedQuery(query, kind, period, query.now, workspace);
    if (other === null) continue;
    const { from, to, as_of, rows } = await evaluateMetric(db, other);
    compared.push({ with: kind, from, to, as_of, rows });
  }
  return { ...answer, compared };
}
