import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { entriesBy, stageStay } from "../../subjects/stage-stay.ts";

export const stageConversion: AggregateMetric = {
  id: "stage_conversion",
  fr: {
    title: "Conversion par étape",
    question: "Où les affaires passent-elles ?",
    formula:
      "parmi les affaires entrées dans l’étape pendant la période, la part qui a atteint une étape ultérieure ou a été gagnée à la date d’observation ; une étape sautée a été franchie par le saut",
  },
  title: "Conversion by stage",
  question: "Where do deals get through?",
  unit: "ratio",
  formula:
    "of the deals that entered the stage in the period, the share that reached a later stage or was won by as-of; a skipped stage was entered and passed by the skip",
  numerator: "deals that reached a later stage or were won",
  denominator: "deals that entered the stage in the period",
  better: "higher",
  subject: stageStay,
  changesBy: "facts",
  joinsWholes: true,
  alwaysBy: ["stage|canonical_stage"],
  kind: "share",
  rows: (scope, slicedBy) =>
    measured(entriesBy(scope, slicedBy), { inNumerator: sql`(d.went_on or d.status = 'won')` }),
};
