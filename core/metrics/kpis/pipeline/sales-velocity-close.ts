import { sql } from "kysely";
import type { AggregateMetric, ComposedMetric, Scope, Sql } from "../../engine/define.ts";
import { dayIn, daysFrom, inOwnMinor } from "../../engine/row-parts.ts";
import { measured, type Measure } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

/** Deals created in the period, with how they closed: `days` from creation, and `value_minor` at the closing day. */
function cohort(scope: Scope, rows: Sql, measure: Measure): Sql {
  const days = daysFrom(scope, sql`c.created_at`, sql`c.closed_at`, sql`c.created_is_day or c.closed_is_day`);
  const own = inOwnMinor(scope, sql`c.annual_minor`, sql`c.currency`, dayIn(scope, sql`c.closed_at`));
  const worth = sql`case when isfinite(c.closed_at) then ${own} end`;
  return measured(
    sql`
    select c.period_no, c.id, c.nth, c.at, c.credited_at, c.at_is_day, c.status, c.rep_id, c.pipeline_id, c.stage_id, c.currency, c.company_id, c.connection_id,
      c.lost_reason, c.attributes, c.created_at, c.created_is_day, ${days} as days, ${worth} as value_minor
    from (${rows}) c
    where isfinite(c.at)`,
    measure,
  );
}

const part = {
  question: "How much do we win per day?",
  formula: "of the deals created in the period",
  numerator: null,
  denominator: null,
  better: null,
  subject: deal,
  changesBy: "facts",
  joinsWholes: true,
} as const;

const created: AggregateMetric = {
  ...part,
  id: "deals_created",
  title: "Deals created",
  unit: "count",
  kind: "count",
  rows: (scope) => cohort(scope, deal.rows.created(scope), {}),
};
const winRate: AggregateMetric = {
  ...part,
  id: "win_rate_of_created",
  title: "Won of those closed",
  unit: "ratio",
  kind: "share",
  rows: (scope) => cohort(scope, deal.rows.createdAndClosed(scope), { inNumerator: sql`d.status = 'won'` }),
};
const size: AggregateMetric = {
  ...part,
  id: "deal_size_of_created",
  title: "Mean value of those won",
  unit: "money",
  kind: "mean",
  rows: (scope) =>
    cohort(scope, deal.rows.createdAndClosed(scope), { counted: sql`d.status = 'won'`, amount: sql`d.value_minor` }),
};
const timeToWin: AggregateMetric = {
  ...part,
  id: "time_to_win_of_created",
  title: "Mean time to win",
  unit: "days",
  kind: "mean",
  rows: (scope) =>
    cohort(scope, deal.rows.createdAndClosed(scope), {
      counted: sql`d.status = 'won' and d.days >= 0`,
      amount: sql`d.days`,
    }),
};

export const salesVelocityClose: ComposedMetric = {
  ...part,
  id: "sales_velocity_close",
  fr: {
    title: "Vélocité des ventes, selon Close",
    question: "Combien gagnons-nous par jour ?",
    formula:
      "comme dans le rapport d’entonnoir de Close : affaires créées pendant la période × gagnées ÷ (gagnées + perdues) × valeur moyenne des gagnées ÷ délai moyen de la création au gain, toutes parmi les affaires créées pendant la période ; sans l’un d’eux, pas de valeur",
  },
  title: "Sales velocity, as Close reads it",
  unit: "money_per_day",
  formula:
    "as Close's funnel report has it: deals created in the period × won ÷ (won + lost) × mean value of those won ÷ mean time from creation to win, all of the deals created in the period; without any of them no value",
  numerator: "deals created × win rate × mean value of those won",
  denominator: "mean time to win, in days",
  better: "higher",
  notBy: ["stage", "canonical_stage", "status", "lost_reason"],
  kind: "composed",
  parts: [created, winRate, size, timeToWin],
  recordsOf: [created],
  combine: (figures) => {
    const [count, rate, value, time] = figures.map((figure) => figure.value);
    const has = count != null && rate != null && value != null;
    const numerator = has ? count * rate * value : null;
    return {
      value: numerator !== null && time != null && time > 0 ? numerator / time : null,
      numerator,
      denominator: time ?? null,
      sampleSize: figures[0]?.sampleSize ?? 0,
      interval: null,
      exceptions: 0,
    };
  },
};
