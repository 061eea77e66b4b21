import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { ticket } from "../../subjects/ticket.ts";

export const reopenRate: AggregateMetric = {
  id: "reopen_rate",
  fr: {
    title: "Tickets rouverts",
    question: "Combien de fois la solution n’en était-elle pas une ?",
    formula: "tickets rouverts au moins une fois ÷ tickets résolus, parmi ceux résolus pendant la période",
  },
  title: "Reopened tickets",
  question: "How often was a solution none?",
  unit: "ratio",
  formula: "tickets reopened at least once ÷ tickets solved, both of those solved in the period",
  numerator: "solved tickets that were reopened",
  denominator: "tickets solved in the period",
  better: "lower",
  subject: ticket,
  kind: "share",
  rows: (scope) => measured(ticket.rows.solved(scope), { inNumerator: sql`coalesce(d.reopens, 0) > 0` }),
};
