import { dealsAtEnd } from "../../engine/deal-rows.ts";
import { DEAL_DIMENSIONS, type AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";

export const dealCount: AggregateMetric = {
  id: "deal_count",
  title: "Deals",
  question: "How many deals are known?",
  unit: "count",
  formula: "count of deals known at the end of the period, whatever their status",
  numerator: null,
  denominator: null,
  better: null,
  subject: "deal",
  dimensions: DEAL_DIMENSIONS,
  kind: "count",
  isSnapshot: true,
  rows: (scope) => measured(dealsAtEnd(scope), {}),
};
