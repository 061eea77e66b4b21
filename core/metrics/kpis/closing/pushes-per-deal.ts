import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";
import { pushesOf } from "../../subjects/open-deal.ts";

export const pushesPerDeal: AggregateMetric = {
  id: "pushes_per_deal",
  fr: {
    title: "Reports par affaire",
    question: "Combien de fois une date est-elle repoussée ?",
    formula: "nombre moyen de reports de la clôture prévue, sur les affaires closes pendant la période",
  },
  title: "Pushes per deal",
  question: "How often is a date moved?",
  unit: "number",
  formula: "mean number of times that the expected close was moved to a later day, over deals closed in the period",
  numerator: "times the expected close was moved to a later day",
  denominator: "deals closed in the period",
  better: "lower",
  subject: deal,
  kind: "mean",
  rows: (scope) =>
    measured(
      sql`select closing.*, (select count(*) from ${pushesOf(scope, sql`closing.id`)} and x.held_from <= closing.at) as pushes from (${deal.rows.closed(scope)}) closing`,
      { counted: sql`d.in_period`, amount: sql`d.pushes` },
    ),
};
