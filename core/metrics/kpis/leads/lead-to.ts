import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { lead } from "../../subjects/lead.ts";

const cohort = {
  question: "Do leads become deals and customers?",
  unit: "ratio",
  denominator: "leads created in the period",
  better: "higher",
  subject: lead,
  kind: "share",
} as const;

export const leadToDealRate: AggregateMetric = {
  ...cohort,
  id: "lead_to_deal_rate",
  fr: {
    title: "Prospects devenus affaires",
    question: "Les prospects deviennent-ils des affaires et des clients ?",
    formula:
      "prospects créés pendant la période qui ont une affaire à la date d’observation ÷ prospects créés pendant la période",
  },
  title: "Leads that become deals",
  formula: "leads created in the period that have a deal by as-of ÷ leads created in the period",
  numerator: "leads that have a deal by as-of",
  rows: (scope) => measured(lead.rows.cohort(scope), { inNumerator: sql`d.has_deal` }),
};

export const leadToWinRate: AggregateMetric = {
  ...cohort,
  id: "lead_to_win_rate",
  fr: {
    title: "Prospects devenus clients",
    question: "Les prospects deviennent-ils des affaires et des clients ?",
    formula:
      "prospects créés pendant la période qui ont une affaire gagnée à la date d’observation ÷ prospects créés pendant la période",
  },
  title: "Leads that become customers",
  formula: "leads created in the period that have a won deal by as-of ÷ leads created in the period",
  numerator: "leads that have a won deal by as-of",
  rows: (scope) => measured(lead.rows.cohort(scope), { inNumerator: sql`d.has_won` }),
};
