import { sql } from "kysely";
import type { AggregateMetric, Scope, Sql } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { calendarHours, workingHours } from "../../engine/working.ts";
import { lead } from "../../subjects/lead.ts";

const speed = {
  question: "How fast do we reach a new lead?",
  unit: "hours",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: lead,
  kind: "time_quantile",
} as const;

const FORMULA =
  "from the lead's creation to the first touch that went out to the person or its company, over leads created in the period; a lead that nobody has reached counts as waiting until as-of (Kaplan-Meier), one that was touched before counts as 0";

/** Until the first touch; of a lead that nobody has reached, until the cutoff. */
function rows(scope: Scope, hours: (from: Sql, to: Sql) => Sql): Sql {
  const until = sql`coalesce(d.first_touch_at, ${scope.cutoff}::timestamptz)`;
  return measured(lead.rows.reached(scope), {
    inNumerator: sql`d.first_touch_at is not null`,
    amount: sql`greatest(0, ${hours(sql`d.at`, until)})`,
  });
}

export const speedToLeadMedian: AggregateMetric = {
  ...speed,
  id: "speed_to_lead_median",
  fr: {
    title: "Délai médian de premier contact",
    question: "En combien de temps joignons-nous un nouveau prospect ?",
    formula:
      "temps médian de la création du prospect au premier contact sortant avec la personne ou son entreprise, sur les prospects créés pendant la période ; un prospect que personne n’a joint attend jusqu’à la date d’observation (Kaplan-Meier), un prospect contacté avant compte pour 0",
  },
  title: "Median speed to lead",
  formula: `median time ${FORMULA}`,
  quantile: 0.5,
  rows: (scope) => rows(scope, calendarHours),
};

export const speedToLeadP90: AggregateMetric = {
  ...speed,
  id: "speed_to_lead_p90",
  fr: {
    title: "Délai de premier contact, neuf sur dix",
    question: "En combien de temps joignons-nous un nouveau prospect ?",
    formula:
      "temps au bout duquel neuf sur dix sont joints, de la création du prospect au premier contact sortant avec la personne ou son entreprise, sur les prospects créés pendant la période ; un prospect que personne n’a joint attend jusqu’à la date d’observation (Kaplan-Meier), un prospect contacté avant compte pour 0",
  },
  title: "Speed to lead, nine in ten",
  formula: `time by which nine in ten are reached, ${FORMULA}`,
  quantile: 0.9,
  rows: (scope) => rows(scope, calendarHours),
};

export const speedToLeadWorkingMedian: AggregateMetric = {
  ...speed,
  id: "speed_to_lead_working_median",
  isInWorkingTime: true,
  fr: {
    title: "Délai médian de premier contact, en temps ouvré",
    question: "En combien de temps joignons-nous un nouveau prospect ?",
    formula:
      "temps ouvré médian de la création du prospect au premier contact sortant avec la personne ou son entreprise, sur les prospects créés pendant la période ; un prospect que personne n’a joint attend jusqu’à la date d’observation (Kaplan-Meier), un prospect contacté avant compte pour 0 ; tout le temps est ouvré si l’espace de travail n’a pas d’horaires",
  },
  title: "Median speed to lead in working time",
  formula: `median working time ${FORMULA}; all time is working time where the workspace has no business hours`,
  quantile: 0.5,
  rows: (scope) => rows(scope, (from, to) => workingHours(scope, from, to)),
};

export const speedToLeadWorkingP90: AggregateMetric = {
  ...speed,
  id: "speed_to_lead_working_p90",
  isInWorkingTime: true,
  fr: {
    title: "Délai de premier contact en temps ouvré, neuf sur dix",
    question: "En combien de temps joignons-nous un nouveau prospect ?",
    formula:
      "temps ouvré au bout duquel neuf sur dix sont joints, de la création du prospect au premier contact sortant avec la personne ou son entreprise, sur les prospects créés pendant la période ; un prospect que personne n’a joint attend jusqu’à la date d’observation (Kaplan-Meier), un prospect contacté avant compte pour 0 ; tout le temps est ouvré si l’espace de travail n’a pas d’horaires",
  },
  title: "Speed to lead in working time, nine in ten",
  formula: `working time by which nine in ten are reached, ${FORMULA}`,
  quantile: 0.9,
  rows: (scope) => rows(scope, (from, to) => workingHours(scope, from, to)),
};
