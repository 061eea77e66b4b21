import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { activity } from "../../subjects/activity.ts";

export const activities: AggregateMetric = {
  id: "activities",
  fr: {
    title: "Activités",
    question: "Qu’avons-nous fait ?",
    formula:
      "nombre d’activités qui ont eu lieu pendant la période ; sans les doublons, les suppressions et ce qui est prévu pour plus tard",
  },
  title: "Activities",
  question: "What did we do?",
  unit: "count",
  formula:
    "count of activities that happened in the period; doubles, deletions and what is scheduled for later left out",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: activity,
  changesBy: "facts",
  kind: "count",
  rows: (scope) => measured(activity.rows.happened(scope), {}),
};
