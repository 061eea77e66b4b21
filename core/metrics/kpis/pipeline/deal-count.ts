import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

export const dealCount: AggregateMetric = {
  id: "deal_count",
  fr: {
    title: "Affaires",
    question: "Combien d’affaires sont connues ?",
    formula: "nombre d’affaires connues à la fin de la période, quel que soit leur statut",
  },
  title: "Deals",
  question: "How many deals are known?",
  unit: "count",
  formula: "count of deals known at the end of the period, whatever their status",
  numerator: null,
  denominator: null,
  better: null,
  subject: deal,
  changesBy: "facts",
  kind: "count",
  isSnapshot: true,
  rows: (scope) => measured(deal.rows.atEnd(scope), {}),
};
