import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { closingDoubt, measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

const closed = {
  question: "What closed?",
  unit: "count",
  numerator: null,
  denominator: null,
  subject: deal,
  changesBy: "facts",
  joinsWholes: true,
  kind: "count",
} as const;

export const dealsWon: AggregateMetric = {
  ...closed,
  id: "deals_won",
  fr: {
    title: "Affaires gagnées",
    question: "Qu’avons-nous conclu ?",
    formula: "nombre d’affaires gagnées, par instant de clôture dans la période",
  },
  title: "Deals won",
  formula: "count of deals won, by closing instant in the period",
  better: "higher",
  rows: (scope) =>
    measured(deal.rows.closed(scope, "won"), {
      counted: sql`d.status = 'won' and d.in_period`,
      exception: closingDoubt(sql`d.status = 'won'`),
    }),
};

export const dealsLost: AggregateMetric = {
  ...closed,
  id: "deals_lost",
  fr: {
    title: "Affaires perdues",
    question: "Qu’avons-nous conclu ?",
    formula: "nombre d’affaires perdues, par instant de clôture dans la période",
  },
  title: "Deals lost",
  formula: "count of deals lost, by closing instant in the period",
  better: "lower",
  rows: (scope) =>
    measured(deal.rows.closed(scope, "lost"), {
      counted: sql`d.status = 'lost' and d.in_period`,
      exception: closingDoubt(sql`d.status = 'lost'`),
    }),
};
