import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { landmark, stoodBy } from "../../subjects/landmark.ts";

export const conversionByActivity: AggregateMetric = {
  id: "conversion_by_activity",
  fr: {
    title: "Conversion selon les activités",
    question: "Quels contacts font avancer, étape par étape ?",
    formula:
      "parmi les affaires entrées dans l’étape pendant la période et encore là landmark_days plus tard, groupées selon les contacts sortants de ces premiers jours, la part qui a atteint une étape ultérieure ou a été gagnée à la date d’observation",
  },
  title: "Conversion by activity",
  question: "Which touches convert, stage by stage?",
  unit: "ratio",
  formula:
    "of the deals that entered the stage in the period and were still in it landmark_days later, grouped by the outbound touches of those first days, the share that reached a later stage or was won by as-of",
  numerator: "deals that reached a later stage or were won",
  denominator: "deals that entered the stage in the period and were still in it at the landmark",
  better: "higher",
  subject: landmark,
  alwaysBy: ["stage|canonical_stage", "touch_mix|touches|meeting_type"],
  kind: "share",
  rows: (scope, slicedBy) => measured(stoodBy(scope, slicedBy), { inNumerator: sql`(d.went_on or d.status = 'won')` }),
};
