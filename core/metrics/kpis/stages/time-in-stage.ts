import { sql } from "kysely";
import { DEAL_DIMENSIONS, type AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { stageStays } from "../../engine/stage-rows.ts";

export const timeInStage: AggregateMetric = {
  id: "time_in_stage",
  title: "Time in stage",
  question: "Where do deals wait?",
  unit: "days",
  formula:
    "median days of completed stays in the stage that ended in the period; a stay interrupted by going back is two stays",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: "deal",
  dimensions: DEAL_DIMENSIONS,
  alwaysBy: ["stage"],
  kind: "median",
  rows: (scope) =>
    measured(stageStays(scope), {
      counted: sql`d.days is not null`,
      amount: sql`d.days`,
      exception: sql`case when d.days is null then 'no_entry_time' end`,
    }),
};
