import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { lead } from "../../subjects/lead.ts";

export const untouchedLeads: AggregateMetric = {
  id: "untouched_leads",
  fr: {
    title: "Prospects sans contact",
    question: "Qui attend ?",
    formula: "prospects ouverts à la fin de la période sans aucun contact sortant",
  },
  title: "Untouched leads",
  question: "Who waits?",
  unit: "count",
  formula: "leads open at the end of the period without any touch that went out",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: lead,
  kind: "count",
  isSnapshot: true,
  rows: (scope) => measured(lead.rows.open(scope), { counted: sql`not d.was_reached` }),
};
