import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { openDeal } from "../../subjects/open-deal.ts";

export const noNextStep: AggregateMetric = {
  id: "no_next_step",
  fr: {
    title: "Affaires sans prochaine étape",
    question: "Qu’est-ce qui n’a pas de suite prévue ?",
    formula: "affaires ouvertes sans rendez-vous ni tâche ouverte après la fin de la période",
  },
  title: "Deals without a next step",
  question: "What has no next step?",
  unit: "count",
  formula: "open deals without a meeting or an open task that lies after the end of the period",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: openDeal,
  kind: "count",
  isSnapshot: true,
  rows: (scope) => measured(openDeal.rows.planned(scope), { counted: sql`not d.has_next_step` }),
};
