import type { RankingMetric } from "../../engine/define.ts";
import { deal } from "../../subjects/deal.ts";

export const repLeaderboard: RankingMetric = {
  id: "rep_leaderboard",
  title: "Leaderboard",
  question: "Who is ahead?",
  unit: "money",
  formula:
    "reps by the chosen KPI (won_value unless said), ties sharing a rank and the next rank skipped; movement is against the period of equal length before",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: deal,
  alwaysBy: ["rep"],
  kind: "ranking",
  defaultOf: "won_value",
};
