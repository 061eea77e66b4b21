import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { stageStay, staysBy } from "../../subjects/stage-stay.ts";

export const timeInStage: AggregateMetric = {
  id: "time_in_stage",
  fr: {
    title: "Temps dans l’étape",
    question: "Où les affaires attendent-elles ?",
    formula:
      "médiane, en jours, des séjours dans l’étape achevés pendant la période ; un séjour interrompu par un retour en compte deux",
  },
  title: "Time in stage",
  question: "Where do deals wait?",
  unit: "days",
  formula:
    "median days of completed stays in the stage that ended in the period; a stay interrupted by going back is two stays",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: stageStay,
  changesBy: "facts",
  joinsWholes: true,
  alwaysBy: ["stage|canonical_stage"],
  kind: "median",
  rows: (scope, slicedBy) =>
    measured(staysBy(scope, slicedBy), {
      counted: sql`d.days is not null`,
      amount: sql`d.days`,
      exception: sql`case when d.days is null then 'no_entry_time' end`,
    }),
};
