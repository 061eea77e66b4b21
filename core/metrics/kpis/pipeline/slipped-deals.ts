import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { openDeal } from "../../subjects/open-deal.ts";

export const slippedDeals: AggregateMetric = {
  id: "slipped_deals",
  fr: {
    title: "Affaires repoussées",
    question: "Quelles dates glissent ?",
    formula:
      "affaires ouvertes à la fin de la période dont la clôture prévue a été repoussée au moins une fois pendant la période ; une première date n’est pas un report",
  },
  title: "Slipped deals",
  question: "Whose date moves?",
  unit: "count",
  formula:
    "deals open at the end of the period whose expected close was moved to a later day at least once in the period; a first date is no move",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: openDeal,
  kind: "count",
  isSnapshot: true,
  rows: (scope) => measured(openDeal.rows.expected(scope), { counted: sql`d.pushes > 0` }),
};
