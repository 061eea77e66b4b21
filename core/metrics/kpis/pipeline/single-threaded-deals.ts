import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { openDeal } from "../../subjects/open-deal.ts";

export const singleThreadedDeals: AggregateMetric = {
  id: "single_threaded_deals",
  fr: {
    title: "Affaires à contact unique",
    question: "Où ne connaissons-nous qu’une personne ?",
    formula:
      "affaires ouvertes qui, depuis leur création, n’ont de contacts, dans un sens ou l’autre, qu’avec une personne au plus",
  },
  title: "Single-threaded deals",
  question: "Where do we know one person only?",
  unit: "count",
  formula: "open deals that since creation have touches, either way, with no more than one person",
  numerator: null,
  denominator: null,
  better: "lower",
  subject: openDeal,
  kind: "count",
  isSnapshot: true,
  rows: (scope) => measured(openDeal.rows.threads(scope), { counted: sql`d.people <= 1` }),
};
