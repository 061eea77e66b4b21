import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { lead } from "../../subjects/lead.ts";

export const newLeads: AggregateMetric = {
  id: "new_leads",
  fr: {
    title: "Nouveaux prospects",
    question: "Combien sont arrivés ?",
    formula:
      "personnes ou entreprises vues pour la première fois comme prospects pendant la période, selon leur création dans la source",
  },
  title: "New leads",
  question: "How many came in?",
  unit: "count",
  formula: "people or companies first seen as leads in the period, by the source's creation instant",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: lead,
  changesBy: "facts",
  kind: "count",
  rows: (scope) => measured(lead.rows.created(scope), {}),
};
