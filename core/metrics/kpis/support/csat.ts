import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { ticket } from "../../subjects/ticket.ts";

export const csat: AggregateMetric = {
  id: "csat",
  fr: {
    title: "Satisfaction des clients",
    question: "Les clients sont-ils contents ?",
    formula: "tickets bien notés ÷ tickets notés, parmi ceux résolus pendant la période",
  },
  title: "Customer satisfaction",
  question: "Are customers content?",
  unit: "ratio",
  formula: "tickets rated good ÷ tickets rated, of those solved in the period",
  numerator: "tickets rated good",
  denominator: "tickets rated, of those solved in the period",
  better: "higher",
  subject: ticket,
  kind: "share",
  rows: (scope) =>
    measured(ticket.rows.solved(scope), {
      counted: sql`d.satisfaction is not null`,
      inNumerator: sql`d.satisfaction = 'good'`,
    }),
};
