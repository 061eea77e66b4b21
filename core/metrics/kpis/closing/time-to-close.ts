import { sql } from "kysely";
import type { AggregateMetric, Scope, Sql } from "../../engine/define.ts";
import { daysFrom } from "../../engine/row-parts.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

const timeToClose = {
  question: "How long does a win take?",
  unit: "days",
  better: "lower",
  subject: deal,
  changesBy: "facts",
  joinsWholes: true,
} as const;

function rows(scope: Scope): Sql {
  const days = daysFrom(scope, sql`c.created_at`, sql`c.at`, sql`c.created_is_day or c.at_is_day`);
  return measured(sql`select c.*, ${days} as days from (${deal.rows.closed(scope, "won")}) c`, {
    counted: sql`d.days >= 0`,
    inNumerator: sql`d.days >= 0`,
    amount: sql`d.days`,
    exception: sql`case
      when d.doubt = 'no_closing_date' then d.doubt
      when d.days is null then 'no_creation_time'
      when d.days < 0 then 'created_after_closed'
      else d.doubt
    end`,
  });
}

export const timeToCloseMean: AggregateMetric = {
  ...timeToClose,
  id: "time_to_close_mean",
  fr: {
    title: "Délai moyen de conclusion",
    question: "Combien de temps prend un gain ?",
    formula: "moyenne, sur les affaires gagnées pendant la période, de (clôture − création)",
  },
  title: "Mean time to close",
  formula: "mean over deals won in the period of (closed at − created at)",
  numerator: "days from creation to win, summed",
  denominator: "deals won in the period",
  kind: "mean",
  rows,
};

export const timeToCloseMedian: AggregateMetric = {
  ...timeToClose,
  id: "time_to_close_median",
  fr: {
    title: "Délai médian de conclusion",
    question: "Combien de temps prend un gain ?",
    formula:
      "médiane, sur les affaires gagnées pendant la période, de (clôture − création) ; la moyenne des deux du milieu si leur nombre est pair",
  },
  title: "Median time to close",
  formula:
    "median over deals won in the period of (closed at − created at); the mean of the middle two for an even count",
  numerator: null,
  denominator: null,
  kind: "median",
  rows,
};
