import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { calendarHours, workingHours } from "../../engine/working.ts";
import { ticket } from "../../subjects/ticket.ts";

const times = {
  unit: "hours",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: ticket,
  kind: "median",
} as const;

const WORKING = "; all time is working time where the workspace has no business hours";

export const firstReplyMedian: AggregateMetric = {
  ...times,
  id: "first_reply_median",
  fr: {
    title: "Délai médian de première réponse",
    question: "En combien de temps répondons-nous ?",
    formula: "temps médian de l’ouverture à la première réponse, sur les tickets qui l’ont reçue pendant la période",
  },
  title: "Median time to the first reply",
  question: "How fast do we answer?",
  formula: "median time from opening to the first reply, over tickets first replied to in the period",
  rows: (scope) =>
    measured(ticket.rows.replied(scope), { amount: calendarHours(sql`d.opened_at`, sql`d.first_reply_at`) }),
};

export const firstReplyWorkingMedian: AggregateMetric = {
  ...times,
  id: "first_reply_working_median",
  isInWorkingTime: true,
  fr: {
    title: "Délai médian de première réponse, en temps ouvré",
    question: "En combien de temps ouvré répondons-nous ?",
    formula:
      "temps ouvré médian de l’ouverture à la première réponse, sur les tickets qui l’ont reçue pendant la période ; tout le temps est ouvré si l’espace de travail n’a pas d’horaires",
  },
  title: "Median working time to the first reply",
  question: "How fast do we answer, in working time?",
  formula: `median working time from opening to the first reply, over tickets first replied to in the period${WORKING}`,
  rows: (scope) =>
    measured(ticket.rows.replied(scope), { amount: workingHours(scope, sql`d.opened_at`, sql`d.first_reply_at`) }),
};

export const resolutionMedian: AggregateMetric = {
  ...times,
  id: "resolution_median",
  fr: {
    title: "Délai médian de résolution",
    question: "En combien de temps résolvons-nous ?",
    formula: "temps médian de l’ouverture à la résolution, sur les tickets résolus pendant la période",
  },
  title: "Median time to the solution",
  question: "How fast do we solve?",
  formula: "median time from opening to the solution, over tickets solved in the period",
  rows: (scope) => measured(ticket.rows.solved(scope), { amount: calendarHours(sql`d.opened_at`, sql`d.solved_at`) }),
};
