import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured, noRate } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

export const openPipelineValue: AggregateMetric = {
  id: "open_pipeline_value",
  fr: {
    title: "Pipeline ouvert",
    question: "Combien est en jeu ?",
    formula: "Σ valeur des affaires ouvertes à la fin de la période",
  },
  title: "Open pipeline",
  question: "How much is in play?",
  unit: "money",
  formula: "Σ value of deals open at the end of the period",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: deal,
  changesBy: "facts",
  kind: "sum",
  isSnapshot: true,
  rows: (scope) =>
    measured(deal.rows.openAtEnd(scope), {
      amount: sql`d.value_minor`,
      exception: noRate(sql`true`),
    }),
};
