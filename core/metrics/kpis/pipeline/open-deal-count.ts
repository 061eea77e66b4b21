import { sql } from "kysely";
import { dealsAtEnd } from "../../engine/deal-rows.ts";
import { DEAL_DIMENSIONS, type AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";

export const openDealCount: AggregateMetric = {
  id: "open_deal_count",
  title: "Open deals",
  question: "How many deals are in play?",
  unit: "count",
  formula: "count of deals open at the end of the period",
  numerator: null,
  denominator: null,
  better: null,
  subject: "deal",
  dimensions: DEAL_DIMENSIONS,
  kind: "count",
  isSnapshot: true,
  rows: (scope) => measured(dealsAtEnd(scope), { counted: sql`d.status = 'open'` }),
};
