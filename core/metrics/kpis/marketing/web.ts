import { sql } from "kysely";
import type { AggregateMetric, ComposedMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { dividing } from "../../engine/dividing.ts";
import { newLeads } from "../leads/new-leads.ts";
import { webTraffic } from "../../subjects/web-traffic.ts";

const traffic = {
  unit: "count",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: webTraffic,
  kind: "sum",
} as const;

export const sessions: AggregateMetric = {
  ...traffic,
  id: "sessions",
  fr: { title: "Sessions", question: "Combien nous visitent ?", formula: "Σ sessions des jours de la période" },
  title: "Sessions",
  question: "How many visit us?",
  formula: "Σ sessions of the days in the period",
  rows: (scope) => measured(webTraffic.rows.visited(scope), { amount: sql`d.sessions` }),
};

export const keyEvents: AggregateMetric = {
  ...traffic,
  id: "key_events",
  fr: {
    title: "Événements clés",
    question: "Que font les visiteurs qui compte ?",
    formula: "Σ événements clés des jours de la période",
  },
  title: "Key events",
  question: "What do visitors do that counts?",
  formula: "Σ key events of the days in the period",
  rows: (scope) => measured(webTraffic.rows.visited(scope), { amount: sql`d.key_events` }),
};

export const sessionToLeadRate: ComposedMetric = {
  id: "session_to_lead_rate",
  fr: {
    title: "Sessions devenues prospects",
    question: "Les visites apportent-elles des prospects ?",
    formula: "nouveaux prospects ÷ sessions, de la même période et du même canal",
  },
  title: "Sessions that become leads",
  question: "Do visits bring leads?",
  unit: "ratio",
  formula: "new leads ÷ sessions, of the same period and channel",
  numerator: "new leads",
  denominator: "sessions",
  better: "higher",
  subject: webTraffic,
  notBy: ["source_medium", "landing_page", "connection"],
  kind: "composed",
  parts: [newLeads, sessions],
  recordsOf: [newLeads, sessions],
  combine: dividing,
};
