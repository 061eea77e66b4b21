import type { RankingMetric } from "../../engine/define.ts";
import { deal } from "../../subjects/deal.ts";

export const repLeaderboard: RankingMetric = {
  id: "rep_leaderboard",
  fr: {
    title: "Classement",
    question: "Qui est en tête ?",
    formula:
      "les commerciaux selon l’indicateur choisi (won_value par défaut), les ex æquo partageant un rang et le suivant étant sauté ; l’évolution est par rapport à la période précédente de même durée",
  },
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
