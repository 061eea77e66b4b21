import { sql } from "kysely";
import type { AggregateMetric, Scope, Sql } from "../../engine/define.ts";
import { daysBefore } from "../../engine/row-parts.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

/** A stage's own history speaks only when at least this many of its deals were closed in the last HISTORY_DAYS. */
const MIN_CLOSED = 20;
const HISTORY_DAYS = 365;

/**
 * The win rate of each stage at each period's end (period_no, stage_id, rate): of the deals that had been in it and were closed in the
 * year before. Only of stages without a probability of their own: nobody asks for the others.
 */
function stageHistory(scope: Scope): Sql {
  return sql`
    select x.period_no, visit.stage_id, avg((x.status = 'won')::int) as rate
    from (select c.period_no, c.id, c.status from (${deal.rows.closed(daysBefore(scope, HISTORY_DAYS))}) c where c.in_period offset 0) x
    join (
      select distinct e.deal_id, e.stage_id
      from deal_entries e
      where e.stage_id in (select s.id from stages s where s.probability is null) and not e.is_skipped and e.at <= ${scope.cutoff}::timestamptz
    ) visit on visit.deal_id = x.id
    group by x.period_no, visit.stage_id
    having count(*) >= ${MIN_CLOSED}`;
}

function rows(scope: Scope): Sql {
  return sql`
    select o.*, coalesce(o.probability::numeric, stage.probability::numeric, history.rate) as p
    from (${deal.rows.openAtEnd(scope)}) o
    left join stages stage on stage.id = o.stage_id
    left join (${stageHistory(scope)}) history
      on history.period_no = o.period_no and history.stage_id = o.stage_id`;
}

export const weightedPipelineValue: AggregateMetric = {
  id: "weighted_pipeline_value",
  fr: {
    title: "Pipeline pondéré",
    question: "Que vaut le pipeline selon les probabilités ?",
    formula:
      "Σ valeur × probabilité des affaires ouvertes à la fin de la période ; la probabilité est celle de l’affaire, sinon de son étape, sinon le taux de gain de l’étape sur 365 jours (d’au moins 20 affaires closes), sinon l’affaire est exclue",
  },
  title: "Weighted pipeline",
  question: "What is the pipeline worth by probability?",
  unit: "money",
  formula: `Σ value × probability of deals open at the end of the period; the probability is the deal's own, else its stage's, else the stage's win rate over the last ${HISTORY_DAYS} days (of ${MIN_CLOSED} or more closed deals), else the deal is left out`,
  numerator: null,
  denominator: null,
  better: "higher",
  subject: deal,
  changesBy: "facts",
  kind: "sum",
  isSnapshot: true,
  rows: (scope) =>
    measured(rows(scope), {
      amount: sql`d.value_minor * d.p`,
      exception: sql`case
        when d.annual_minor is not null and d.value_minor is null then 'no_rate'
        when d.p is null then 'no_probability'
      end`,
    }),
};
