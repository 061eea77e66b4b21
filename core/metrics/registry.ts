import { TributaryError } from "../base/errors.ts";
import { activities } from "./activities.ts";
import { averageDealSize } from "./average-deal-size.ts";
import { dealsLost, dealsWon } from "./closed-counts.ts";
import { lostValue, wonValue } from "./closed-values.ts";
import { dealCount } from "./deal-count.ts";
import type { MetricDefinition } from "./engine/define.ts";
import { newLeads } from "./new-leads.ts";
import { openDealCount } from "./open-deal-count.ts";
import { openPipelineValue } from "./open-pipeline-value.ts";
import { repLeaderboard } from "./rep-leaderboard.ts";
import { salesVelocity } from "./sales-velocity.ts";
import { stageConversion } from "./stage-conversion.ts";
import { stageLeak } from "./stage-leak.ts";
import { timeInStage } from "./time-in-stage.ts";
import { timeToCloseMean, timeToCloseMedian } from "./time-to-close.ts";
import { weightedPipelineValue } from "./weighted-pipeline-value.ts";
import { winRate, winRateCohort, winRateValue } from "./win-rate.ts";

/** Every KPI there is, in the order that lists show them. */
export const METRICS: readonly MetricDefinition[] = [
  openPipelineValue,
  openDealCount,
  weightedPipelineValue,
  averageDealSize,
  dealsWon,
  dealsLost,
  wonValue,
  lostValue,
  winRate,
  winRateValue,
  winRateCohort,
  timeToCloseMean,
  timeToCloseMedian,
  salesVelocity,
  stageConversion,
  stageLeak,
  timeInStage,
  repLeaderboard,
  activities,
  newLeads,
  dealCount,
];

/** @throws TributaryError `kpi.unknown_metric`, naming those there are. */
export function findMetric(id: string): MetricDefinition {
  const metric = METRICS.find((known) => known.id === id);
  if (metric !== undefined) return metric;
  throw new TributaryError({
    code: "kpi.unknown_metric",
    kind: "config",
    message: `There is no KPI "${id}".`,
    mend: `Use one of: ${METRICS.map((known) => known.id).join(", ")}.`,
  });
}
