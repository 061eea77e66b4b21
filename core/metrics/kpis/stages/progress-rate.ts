import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

export const progressRate: AggregateMetric = {
  id: "progress_rate",
  fr: {
    title: "Affaires qui avancent",
    question: "Les affaires avancent-elles régulièrement ?",
    formula:
      "affaires ouvertes au début de la période, ou créées pendant celle-ci, passées à une étape ultérieure ou gagnées pendant la période ÷ toutes ces affaires",
  },
  title: "Deals that move",
  question: "Do deals move steadily?",
  unit: "ratio",
  formula:
    "deals that were open at the start of the period, or created in it, and moved to a later stage or were won in the period ÷ all of those deals",
  numerator: "deals that moved to a later stage or were won",
  denominator: "deals open at the start of the period or created in it",
  better: "higher",
  subject: deal,
  joinsWholes: true,
  kind: "share",
  rows: (scope) => measured(deal.rows.moving(scope), { inNumerator: sql`d.moved_on` }),
};
