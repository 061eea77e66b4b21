import { activities } from "./kpis/touches/activities.ts";
import { averageDealSize } from "./kpis/closing/average-deal-size.ts";
import { dealsLost, dealsWon } from "./kpis/closing/closed-counts.ts";
import { lostValue, wonValue } from "./kpis/closing/closed-values.ts";
import { dealCount } from "./kpis/pipeline/deal-count.ts";
import { dimensionNames, type MetricDefinition, type Saying } from "./engine/define.ts";
import { newLeads } from "./kpis/leads/new-leads.ts";
import { openDealCount } from "./kpis/pipeline/open-deal-count.ts";
import { openPipelineValue } from "./kpis/pipeline/open-pipeline-value.ts";
import { repLeaderboard } from "./kpis/reps/rep-leaderboard.ts";
import { salesVelocity } from "./kpis/pipeline/sales-velocity.ts";
import { stageConversion } from "./kpis/stages/stage-conversion.ts";
import { stageLeak } from "./kpis/stages/stage-leak.ts";
import { timeInStage } from "./kpis/stages/time-in-stage.ts";
import { timeToCloseMean, timeToCloseMedian } from "./kpis/closing/time-to-close.ts";
import {
  emailsSent,
  bounceRate,
  clickRate,
  humanOpenRate,
  openRate,
  unsubscribeRate,
} from "./kpis/marketing/emails.ts";
import { keyEvents, sessions, sessionToLeadRate } from "./kpis/marketing/web.ts";
import { disqualificationRate, disqualifiedLeads } from "./kpis/leads/disqualified.ts";
import { leadToDealRate, leadToWinRate } from "./kpis/leads/lead-to.ts";
import {
  speedToLeadMedian,
  speedToLeadP90,
  speedToLeadWorkingMedian,
  speedToLeadWorkingP90,
} from "./kpis/leads/speed-to-lead.ts";
import { timelyContactRate } from "./kpis/leads/timely-contact-rate.ts";
import { coldLeads } from "./kpis/leads/cold-leads.ts";
import { noNextStep } from "./kpis/pipeline/no-next-step.ts";
import { singleThreadedDeals } from "./kpis/pipeline/single-threaded-deals.ts";
import { slippedDeals } from "./kpis/pipeline/slipped-deals.ts";
import { stalledDeals } from "./kpis/pipeline/stalled-deals.ts";
import { progressRate } from "./kpis/stages/progress-rate.ts";
import { pushesPerDeal } from "./kpis/closing/pushes-per-deal.ts";
import { connectedCallRate, talkMinutes } from "./kpis/touches/calls.ts";
import { replyRate } from "./kpis/touches/reply-rate.ts";
import { pipelineCoverage } from "./kpis/goals/pipeline-coverage.ts";
import { pace, quotaAttainment } from "./kpis/goals/quota.ts";
import { untouchedLeads } from "./kpis/leads/untouched-leads.ts";
import { costPerLead, costPerWin, returnOnSpend } from "./kpis/spend/return.ts";
import { spent } from "./kpis/spend/spend.ts";
import { chatFirstResponseMedian, chatToLeadRate, conversations } from "./kpis/support/conversations.ts";
import { csat } from "./kpis/support/csat.ts";
import { reopenRate } from "./kpis/support/reopen-rate.ts";
import { firstReplyMedian, firstReplyWorkingMedian, resolutionMedian } from "./kpis/support/reply-times.ts";
import { ticketsOpen, ticketsOpened } from "./kpis/support/tickets.ts";
import { assignmentBalance, assignmentBalanceLeads, assignmentBalanceValue } from "./kpis/reps/assignment-balance.ts";
import { points, streakDays } from "./kpis/reps/targeted-actions.ts";
import { onboardingTouchRate, referrals, repeatSaleRate, ticketsPerCustomer } from "./kpis/closing/after-the-win.ts";
import { salesVelocityClose } from "./kpis/pipeline/sales-velocity-close.ts";
import { conversionByActivity } from "./kpis/works/conversion-by-activity.ts";
import {
  followUpsToCloseDistribution,
  followUpsToCloseMean,
  followUpsToCloseMedian,
} from "./kpis/works/follow-ups-to-close.ts";
import { timeToWinKm, winProbability, winProbabilityByAge } from "./kpis/works/time-to-win.ts";
import {
  meetingProbabilityByTouches,
  touchesToMeetingDistribution,
  touchesToMeetingMean,
  touchesToMeetingMedian,
} from "./kpis/works/touches-to-meeting.ts";
import { weightedPipelineValue } from "./kpis/pipeline/weighted-pipeline-value.ts";
import { winRate, winRateCohort, winRateValue } from "./kpis/closing/win-rate.ts";

/** Every built-in KPI, in the order that lists show them. With those of a workspace: catalogue.ts. */
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
  salesVelocityClose,
  timeToWinKm,
  winProbability,
  winProbabilityByAge,
  stageConversion,
  stageLeak,
  timeInStage,
  repLeaderboard,
  activities,
  newLeads,
  dealCount,
  speedToLeadMedian,
  speedToLeadP90,
  speedToLeadWorkingMedian,
  speedToLeadWorkingP90,
  timelyContactRate,
  untouchedLeads,
  disqualifiedLeads,
  disqualificationRate,
  leadToDealRate,
  leadToWinRate,
  coldLeads,
  stalledDeals,
  progressRate,
  slippedDeals,
  pushesPerDeal,
  noNextStep,
  singleThreadedDeals,
  points,
  streakDays,
  assignmentBalance,
  assignmentBalanceValue,
  assignmentBalanceLeads,
  quotaAttainment,
  pace,
  pipelineCoverage,
  talkMinutes,
  connectedCallRate,
  replyRate,
  touchesToMeetingMean,
  touchesToMeetingMedian,
  touchesToMeetingDistribution,
  meetingProbabilityByTouches,
  followUpsToCloseMean,
  followUpsToCloseMedian,
  followUpsToCloseDistribution,
  conversionByActivity,
  onboardingTouchRate,
  repeatSaleRate,
  referrals,
  ticketsOpened,
  ticketsOpen,
  firstReplyMedian,
  firstReplyWorkingMedian,
  resolutionMedian,
  reopenRate,
  ticketsPerCustomer,
  csat,
  conversations,
  chatFirstResponseMedian,
  chatToLeadRate,
  emailsSent,
  openRate,
  humanOpenRate,
  clickRate,
  unsubscribeRate,
  bounceRate,
  sessions,
  keyEvents,
  sessionToLeadRate,
  spent,
  costPerLead,
  costPerWin,
  returnOnSpend,
];

/** A KPI as lists show it. */
export type MetricDescription = Pick<
  MetricDefinition,
  "id" | "title" | "question" | "unit" | "formula" | "numerator" | "denominator" | "better"
> & { readonly dimensions: readonly string[]; readonly is_own: boolean };

/** A KPI's words in the language of a locale (BCP 47): French, else English. */
export function sayingOf(metric: MetricDefinition, locale: string): Saying {
  const isFrench = /^fr\b/i.test(locale);
  return isFrench && metric.fr !== undefined ? metric.fr : metric;
}

export function describeMetric(metric: MetricDefinition, locale = "en"): MetricDescription {
  const { id, unit, numerator, denominator, better } = metric;
  const { title, question, formula } = sayingOf(metric, locale);
  const dimensions = dimensionNames(metric);
  return {
    id,
    title,
    question,
    unit,
    formula,
    numerator,
    denominator,
    better,
    dimensions,
    is_own: metric.isOwn === true,
  };
}
