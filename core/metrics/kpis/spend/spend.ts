import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured, noRate } from "../../engine/rows.ts";
import { spend } from "../../subjects/spend.ts";

export const spent: AggregateMetric = {
  id: "spend",
  fr: { title: "Dépenses", question: "Combien a coûté la publicité ?", formula: "Σ dépenses des jours de la période" },
  title: "Spend",
  question: "What did advertising cost?",
  unit: "money",
  formula: "Σ spend of the days in the period",
  numerator: null,
  denominator: null,
  better: null,
  subject: spend,
  kind: "sum",
  rows: (scope) => measured(spend.rows.spent(scope), { amount: sql`d.value_minor`, exception: noRate(sql`true`) }),
};
