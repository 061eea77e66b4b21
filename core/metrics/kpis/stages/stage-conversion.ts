import { sql } from "kysely";
import { DEAL_DIMENSIONS, type AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { stageEntries } from "../../engine/stage-rows.ts";

export const stageConversion: AggregateMetric = {
  id: "stage_conversion",
  title: "Conversion by stage",
  question: "Where do deals get through?",
  unit: "ratio",
  formula:
    "of the deals that entered the stage in the period, the share that reached a later stage or was won by as-of; a skipped stage was entered and passed by the skip",
  numerator: "deals that reached a later stage or were won",
  denominator: "deals that entered the stage in the period",
  better: "higher",
  subject: "deal",
  dimensions: DEAL_DIMENSIONS,
  alwaysBy: ["stage"],
  kind: "share",
  rows: (scope) => measured(stageEntries(scope), { inNumerator: sql`(d.went_on or d.status = 'won')` }),
};
