import { sql } from "kysely";
import type { AggregateMetric, ComposedMetric, Figures, Sql } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { lead } from "../../subjects/lead.ts";
import { openDeal } from "../../subjects/open-deal.ts";

const cold = {
  question: "What clutters the pipeline?",
  unit: "count",
  numerator: null,
  denominator: null,
  better: "lower",
} as const;

/** Old enough, and nobody has touched it for so long. */
function isCold(createdAt: Sql): Sql {
  const since = sql`d.at - make_interval(days => (select cold_after_days from workspace))`;
  return sql`coalesce(${createdAt}, '-infinity') <= ${since} and coalesce(d.last_touch_at, '-infinity') <= ${since}`;
}

export const coldOpenLeads: AggregateMetric = {
  ...cold,
  id: "cold_open_leads",
  title: "Cold leads without a deal",
  formula:
    "leads open at the end of the period, created at least cold_after_days before it, without a touch either way for so long",
  subject: lead,
  kind: "count",
  isSnapshot: true,
  rows: (scope) => measured(lead.rows.open(scope), { counted: isCold(sql`d.lead_created_at`) }),
};

export const coldOpenDeals: AggregateMetric = {
  ...cold,
  id: "cold_open_deals",
  title: "Cold deals",
  formula:
    "deals open at the end of the period, created at least cold_after_days before it, without a touch either way for so long",
  subject: openDeal,
  kind: "count",
  isSnapshot: true,
  rows: (scope) => measured(openDeal.rows.touched(scope), { counted: isCold(sql`d.created_at`) }),
};

export const coldLeads: ComposedMetric = {
  ...cold,
  id: "cold_leads",
  fr: {
    title: "Prospects froids",
    question: "Qu’est-ce qui encombre le pipeline ?",
    formula:
      "prospects ouverts sans affaire, et affaires ouvertes, créés au moins cold_after_days avant la fin de la période et sans contact dans aucun sens depuis autant de jours",
  },
  title: "Cold leads",
  formula:
    "open leads without a deal, and open deals, created at least cold_after_days before the end of the period, without a touch either way for so long",
  subject: lead,
  notBy: ["kind", "first_touch"],
  kind: "composed",
  parts: [coldOpenLeads, coldOpenDeals],
  recordsOf: [coldOpenLeads, coldOpenDeals],
  combine: both,
};

function both(figures: readonly Figures[]): Figures {
  const value = figures.reduce<number | null>(
    (sum, part) => (sum === null || part.value === null ? null : sum + part.value),
    0,
  );
  return {
    value,
    numerator: null,
    denominator: null,
    sampleSize: value ?? 0,
    interval: null,
    exceptions: figures.reduce((sum, part) => sum + part.exceptions, 0),
  };
}
