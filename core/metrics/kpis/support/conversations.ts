import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { calendarHours } from "../../engine/working.ts";
import { conversation } from "../../subjects/conversation.ts";

export const conversations: AggregateMetric = {
  id: "conversations",
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
