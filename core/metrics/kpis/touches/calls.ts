import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { activity } from "../../subjects/activity.ts";

const calls = { subject: activity, better: "higher" } as const;

export const talkMinutes: AggregateMetric = {
  ...calls,
  id: "talk_minutes",
  fr: {
    title: "Minutes de conversation",
    question: "Combien de temps parlons-nous aux clients ?",
    formula: "Σ durée des appels de la période ; un appel connu de deux outils compte une fois",
  },
  title: "Minutes talked",
  question: "How long do we talk to customers?",
  unit: "minutes",
  formula: "Σ duration of the calls in the period; a call that two tools know counts once",
  numerator: null,
  denominator: null,
  kind: "sum",
  rows: (scope) =>
    measured(activity.rows.happened(scope), {
      counted: sql`d.type = 'call'`,
      amount: sql`case when d.type = 'call' then d.duration_s::numeric / 60 end`,
    }),
};

/** A call that says nothing of its outcome and lasted at least so long was answered. */
const ANSWERED_FROM_S = 30;

export const connectedCallRate: AggregateMetric = {
  ...calls,
  id: "connected_call_rate",
  fr: {
    title: "Appels aboutis",
    question: "Nos appels aboutissent-ils ?",
    formula: "appels sortants décrochés ÷ appels sortants ; selon leur issue, et à défaut ceux d’au moins 30 secondes",
  },
  title: "Calls that connect",
  question: "Do our calls land?",
  unit: "ratio",
  formula: `outbound calls answered ÷ outbound calls; by their outcome, and where none is known, those of at least ${ANSWERED_FROM_S} seconds`,
  numerator: "outbound calls answered",
  denominator: "outbound calls",
  kind: "share",
  rows: (scope) =>
    measured(activity.rows.happened(scope), {
      counted: sql`d.type = 'call' and d.direction = 'outbound'`,
      inNumerator: sql`case when d.outcome is null then coalesce(d.duration_s, 0) >= ${ANSWERED_FROM_S}
        else d.outcome = 'answered' end`,
    }),
};
