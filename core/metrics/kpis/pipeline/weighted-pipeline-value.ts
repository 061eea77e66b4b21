import { sql } from "kysely";
import type { AggregateMetric, Scope, Sql } from "../../engine/define.ts";
import { daysBefore, holds, partsOf, periodTable, stillCounts } from "../../engine/row-parts.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";

/** A stage's own history speaks only when at least this many of its deals were closed in the last HISTORY_DAYS. */
const MIN_CLOSED = 20;
const HISTORY_DAYS = 365;

/**
 * The win rate of each stage at each period's end (period_no, stage_id, rate): of the deals that had been in it and were closed in the
 * year before. Only of stages without a probability of their own: nobody asks for the others.
 *
 * The years of twelve months overlap, so closings are counted once, between the bounds of all years, and each year adds up what lies between its own.
 */
function stageHistory(scope: Scope): Sql {
  const years = daysBefore(scope, HISTORY_DAYS);
  const parts = partsOf(years);
  return sql`
    select p.no as period_no, had.stage_id, sum(had.won) / sum(had.closed) as rate
    from (
      select x.part, visited.stage_id, sum(x.won) as won, sum(x.closed) as closed
      from (
        select ${parts.partOf(sql`x.at`)} as part, x.been_in, count(*) filter (where x.status = 'won') as won, count(*) as closed
        from deal_closings x
        join deals d on d.id = x.deal_id and d.merged_into is null and ${stillCounts(scope, "d")}
        where ${parts.isInAny(sql`x.at`)}
          and x.doubt is distinct from 'no_closing_date' and ${holds(scope, "x")}
        group by 1, 2
      ) x
      cross join lateral unnest(x.been_in) visited(stage_id)
      where visited.stage_id in (select s.id from stages s where s.probability is null)
      group by 1, 2
    ) had
    join ${periodTable(years)} p on ${parts.isIn(sql`had.part`)}
    group by 1, 2
    having sum(had.closed) >= ${MIN_CLOSED}`;
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
  joinsWholes: true,
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
