import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { closingDoubt, measured, noRate } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

export const averageDealSize: AggregateMetric = {
  id: "average_deal_size",
  fr: {
    title: "Valeur moyenne d’une affaire",
    question: "Que vaut une affaire gagnée ?",
    formula: "Σ valeur des affaires gagnées pendant la période ÷ nombre de celles qui ont une valeur",
  },
  title: "Average deal size",
  question: "How big is a win?",
  unit: "money",
  formula: "Σ value of deals won in the period ÷ number of those with a value",
  numerator: "value of the deals won in the period",
  denominator: "deals won in the period that have a value",
  better: "higher",
  subject: deal,
  changesBy: "facts",
  joinsWholes: true,
  kind: "mean",
  rows: (scope) =>
    measured(deal.rows.closed(scope, "won"), {
      counted: sql`d.status = 'won' and d.in_period`,
      inNumerator: sql`d.value_minor is not null`,
      amount: sql`d.value_minor`,
      exception: closingDoubt(sql`d.status = 'won'`, noRate(sql`d.status = 'won' and d.in_period`)),
    }),
};
