import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { calendarHours } from "../../engine/working.ts";
import { conversation } from "../../subjects/conversation.ts";

export const conversations: AggregateMetric = {
  id: "conversations",
  fr: {
    title: "Conversations",
    question: "Combien discutent avec nous ?",
    formula: "nombre de conversations commencées pendant la période",
  },
  title: "Conversations",
  question: "How many chat with us?",
  unit: "count",
  formula: "count of conversations started in the period",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: conversation,
  kind: "count",
  rows: (scope) => measured(conversation.rows.started(scope), {}),
};

export const chatFirstResponseMedian: AggregateMetric = {
  id: "chat_first_response_median",
  fr: {
    title: "Délai médian de première réponse en chat",
    question: "En combien de temps répondons-nous aux chats ?",
    formula: "temps médian du début à la première réponse, sur les conversations qui l’ont reçue pendant la période",
  },
  title: "Median time to the first response",
  question: "How fast do we answer chats?",
  unit: "minutes",
  formula: "median time from the start to the first response, over conversations first answered in the period",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: conversation,
  kind: "median",
  rows: (scope) =>
    measured(conversation.rows.answered(scope), {
      amount: sql`${calendarHours(sql`d.started_at`, sql`d.first_response_at`)} * 60`,
    }),
};

export const chatToLeadRate: AggregateMetric = {
  id: "chat_to_lead_rate",
  fr: {
    title: "Chats devenus prospects",
    question: "Les chats apportent-ils des prospects ?",
    formula:
      "conversations dont la personne est devenue prospect en 14 jours ÷ conversations commencées pendant la période",
  },
  title: "Chats that become leads",
  question: "Do chats bring leads?",
  unit: "ratio",
  formula: "conversations whose person became a lead within 14 days ÷ conversations started in the period",
  numerator: "conversations whose person became a lead within 14 days",
  denominator: "conversations started in the period",
  better: "higher",
  subject: conversation,
  kind: "share",
  rows: (scope) => measured(conversation.rows.ledOn(scope), { inNumerator: sql`d.became_lead` }),
};
