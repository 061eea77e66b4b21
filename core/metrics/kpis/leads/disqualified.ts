import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { lead } from "../../subjects/lead.ts";

const disqualified = { question: "Whom did we rightly let go?", better: null, subject: lead } as const;

export const disqualifiedLeads: AggregateMetric = {
  ...disqualified,
  id: "disqualified_leads",
  fr: {
    title: "Prospects écartés",
    question: "Qui avons-nous écarté à raison ?",
    formula:
      "prospects dont le statut est passé pendant la période à un statut que lead_statuses associe à disqualified",
  },
  title: "Disqualified leads",
  unit: "count",
  formula: "leads whose status changed in the period into one that lead_statuses maps to disqualified",
  numerator: null,
  denominator: null,
  kind: "count",
  rows: (scope) => measured(lead.rows.disqualified(scope), {}),
};

export const disqualificationRate: AggregateMetric = {
  ...disqualified,
  id: "disqualification_rate",
  fr: {
    title: "Taux de disqualification",
    question: "Qui avons-nous écarté à raison ?",
    formula:
      "prospects écartés ÷ prospects sortis de la qualification pendant la période : par un changement de statut, ou par leur première affaire",
  },
  title: "Disqualification rate",
  unit: "ratio",
  formula:
    "leads that were disqualified ÷ leads that left qualification in the period: by a change of status from open to another, or by their first deal",
  numerator: "leads that left qualification as disqualified",
  denominator: "leads that left qualification in the period",
  kind: "share",
  rows: (scope) => measured(lead.rows.left(scope), { inNumerator: sql`d.is_disqualified` }),
};
