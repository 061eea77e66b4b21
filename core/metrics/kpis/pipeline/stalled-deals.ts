import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { openDeal } from "../../subjects/open-deal.ts";

export const stalledDeals: AggregateMetric = {
  id: "stalled_deals",
  fr: {
    title: "Affaires à l’arrêt",
    question: "Qu’est-ce qui n’avance plus ?",
    formula:
      "affaires ouvertes qui sont dans leur étape depuis plus de 14 jours et plus de deux fois le séjour médian des 365 derniers jours : dans l’étape, sinon (moins de 20 séjours) dans le pipeline, sinon 14 jours",
  },
  title: "Stalled deals",
  question: "What stands still?",
  unit: "count",
  formula:
    "open deals that have been in their stage for longer than 14 days and than twice the median completed stay of the last 365 days: in the stage, else (fewer than 20 stays) in the pipeline, else 14 days",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: openDeal,
  kind: "count",
  isSnapshot: true,
  joinsWholes: true,
  rows: (scope) =>
    measured(openDeal.rows.standing(scope), {
      counted: sql`coalesce(d.stay_days > d.limit_days, false)`,
      exception: sql`case when d.stay_days is null then 'no_entry_time' end`,
    }),
};
