import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { ticket } from "../../subjects/ticket.ts";

const tickets = {
  unit: "count",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: ticket,
  kind: "count",
} as const;

export const ticketsOpened: AggregateMetric = {
  ...tickets,
  id: "tickets_opened",
  fr: {
    title: "Tickets ouverts",
    question: "Combien de clients demandent de l’aide ?",
    formula: "nombre de tickets ouverts pendant la période",
  },
  title: "Tickets opened",
  question: "How many customers ask for help?",
  formula: "count of tickets opened in the period",
  rows: (scope) => measured(ticket.rows.opened(scope), {}),
};

export const ticketsOpen: AggregateMetric = {
  ...tickets,
  id: "tickets_open",
  fr: {
    title: "Tickets en cours",
    question: "Combien attendent une réponse ?",
    formula: "nombre de tickets ouverts et non résolus à la fin de la période",
  },
  title: "Open tickets",
  question: "How many wait for an answer?",
  formula: "count of tickets that were opened and not solved by the end of the period",
  isSnapshot: true,
  rows: (scope) => measured(ticket.rows.open(scope), {}),
};
