import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { closingDoubt, measured, noRate } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

const rate = { unit: "ratio", better: "higher", subject: deal, changesBy: "facts", joinsWholes: true } as const;

export const winRate: AggregateMetric = {
  ...rate,
  id: "win_rate",
  fr: {
    title: "Taux de gain",
    question: "Gagnons-nous souvent ?",
    formula: "gagnées ÷ (gagnées + perdues), par instant de clôture dans la période",
  },
  title: "Win rate",
  question: "How often do we win?",
  formula: "won ÷ (won + lost), both by closing instant in the period",
  numerator: "deals won in the period",
  denominator: "deals won or lost in the period",
  kind: "share",
  rows: (scope) =>
    measured(deal.rows.closed(scope), {
      counted: sql`d.in_period`,
      inNumerator: sql`d.status = 'won'`,
      exception: closingDoubt(sql`true`),
    }),
};

export const winRateValue: AggregateMetric = {
  ...rate,
  id: "win_rate_value",
  fr: {
    title: "Taux de gain en valeur",
    question: "Quelle part de l’argent gagnons-nous ?",
    formula: "Σ valeur gagnée ÷ Σ valeur (gagnée + perdue), par instant de clôture dans la période",
  },
  title: "Win rate by value",
  question: "How much of the money do we win?",
  formula: "Σ value won ÷ Σ value (won + lost), both by closing instant in the period",
  numerator: "value of deals won in the period",
  denominator: "value of deals won or lost in the period",
  kind: "share_of_sum",
  isOfMoney: true,
  rows: (scope) =>
    measured(deal.rows.closed(scope), {
      counted: sql`d.in_period`,
      inNumerator: sql`d.status = 'won'`,
      amount: sql`d.value_minor`,
      exception: closingDoubt(sql`true`, noRate(sql`d.in_period`)),
    }),
};

export const winRateCohort: AggregateMetric = {
  ...rate,
  id: "win_rate_cohort",
  fr: {
    title: "Taux de gain d’une cohorte",
    question: "Parmi les affaires créées pendant la période, combien sont gagnées à la date d’observation ?",
    formula: "gagnées ÷ créées ; les affaires ouvertes restent au dénominateur",
  },
  title: "Win rate of a cohort",
  question: "Of the deals created in the period, how many are won by as-of?",
  formula: "won ÷ created; open ones stay in the denominator",
  numerator: "deals created in the period that are won by as-of",
  denominator: "deals created in the period",
  kind: "share",
  tellsStillOpen: true,
  rows: (scope) => measured(deal.rows.created(scope), { inNumerator: sql`d.status = 'won'` }),
};
