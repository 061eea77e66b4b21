import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

export const openDealCount: AggregateMetric = {
  id: "open_deal_count",
  fr: {
    title: "Affaires ouvertes",
    question: "Combien d’affaires sont en jeu ?",
    formula: "nombre d’affaires ouvertes à la fin de la période",
  },
  title: "Open deals",
  question: "How many deals are in play?",
  unit: "count",
  formula: "count of deals open at the end of the period",
  numerator: null,
  denominator: null,
  better: null,
  subject: deal,
  changesBy: "facts",
  kind: "count",
  isSnapshot: true,
  rows: (scope) => measured(deal.rows.openAtEnd(scope), {}),
};
