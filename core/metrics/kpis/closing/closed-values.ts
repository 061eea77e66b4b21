import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { closingDoubt, measured, noRate } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

const closed = {
  question: "What closed?",
  unit: "money",
  numerator: null,
  denominator: null,
  subject: deal,
  changesBy: "facts",
  joinsWholes: true,
  kind: "sum",
} as const;

export const wonValue: AggregateMetric = {
  ...closed,
  id: "won_value",
  fr: {
    title: "Gagné",
    question: "Qu’avons-nous conclu ?",
    formula: "Σ valeur des affaires gagnées, par instant de clôture dans la période",
  },
  title: "Won",
  formula: "Σ value of deals won, by closing instant in the period",
  better: "higher",
  rows: (scope) =>
    measured(deal.rows.closed(scope, "won"), {
      counted: sql`d.status = 'won' and d.in_period`,
      amount: sql`d.value_minor`,
      exception: closingDoubt(sql`d.status = 'won'`, noRate(sql`d.status = 'won' and d.in_period`)),
    }),
};

export const lostValue: AggregateMetric = {
  ...closed,
  id: "lost_value",
  fr: {
    title: "Perdu",
    question: "Qu’avons-nous conclu ?",
    formula: "Σ valeur des affaires perdues, par instant de clôture dans la période",
  },
  title: "Lost",
  formula: "Σ value of deals lost, by closing instant in the period",
  better: "lower",
  rows: (scope) =>
    measured(deal.rows.closed(scope, "lost"), {
      counted: sql`d.status = 'lost' and d.in_period`,
      amount: sql`d.value_minor`,
      exception: closingDoubt(sql`d.status = 'lost'`, noRate(sql`d.status = 'lost' and d.in_period`)),
    }),
};
