import { sql } from "kysely";
import type { AggregateMetric, Scope, Sql } from "../../engine/define.ts";
import * as by from "../../engine/dimensions.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";
import { isOutbound, isTouch } from "../../subjects/touches.ts";

const subject = { ...deal, dimensions: { ...deal.dimensions, touches: by.number("follow_ups") } } as const;

const followUps = {
  question: "How many follow-ups to a win?",
  unit: "number",
  numerator: null,
  denominator: null,
  better: "lower",
  subject,
  changesBy: "facts",
} as const;

const COUNTED =
  "outbound touches of the deal from its last entry into the canonical stage close to the win, over deals won in the period; deals that never were in it are left out";

/** Deals won in the period, with the touches that went out since they came into the stage that is mapped to `close`. */
function rows(scope: Scope): Sql {
  return measured(
    sql`
    select c.*, entered.at as entered_at, case when entered.at is not null then (
        select count(*) from activities a
        where (a.deal_id = c.id or a.attributed_deal_id = c.id) and ${isTouch(scope, "a")} and ${isOutbound("a")}
          and a.occurred_at >= entered.at and a.occurred_at <= c.at) end as follow_ups,
      exists (select from stages s where s.pipeline_id = c.pipeline_id and s.canonical = 'close') as has_stage
    from (${deal.rows.closed(scope)}) c
    left join lateral (
      select max(e.at) as at from deal_entries e join stages s on s.id = e.stage_id and s.canonical = 'close'
      where e.deal_id = c.id and e.at <= c.at
    ) entered on true
    where c.status = 'won' and c.in_period`,
    {
      counted: sql`d.entered_at is not null`,
      amount: sql`d.follow_ups`,
      exception: sql`case when d.entered_at is not null then d.doubt when d.has_stage then 'never_in_close' else 'no_close_stage' end`,
    },
  );
}

export const followUpsToCloseMean: AggregateMetric = {
  ...followUps,
  id: "follow_ups_to_close_mean",
  fr: {
    title: "Relances moyennes avant gain",
    question: "Combien de relances pour un gain ?",
    formula:
      "moyenne des contacts sortants de l’affaire depuis sa dernière entrée dans l’étape canonique close jusqu’au gain, sur les affaires gagnées pendant la période ; celles qui n’y sont jamais passées sont exclues",
  },
  title: "Mean follow-ups to a win",
  formula: `mean ${COUNTED}`,
  numerator: "follow-ups of the deals won",
  denominator: "deals won in the period that were in the stage close",
  notBy: ["touches"],
  kind: "mean",
  rows,
};

export const followUpsToCloseMedian: AggregateMetric = {
  ...followUps,
  id: "follow_ups_to_close_median",
  fr: {
    title: "Relances médianes avant gain",
    question: "Combien de relances pour un gain ?",
    formula:
      "médiane des contacts sortants de l’affaire depuis sa dernière entrée dans l’étape canonique close jusqu’au gain, sur les affaires gagnées pendant la période ; celles qui n’y sont jamais passées sont exclues",
  },
  title: "Median follow-ups to a win",
  formula: `median ${COUNTED}`,
  notBy: ["touches"],
  kind: "median",
  rows,
};

export const followUpsToCloseDistribution: AggregateMetric = {
  ...followUps,
  id: "follow_ups_to_close_distribution",
  fr: {
    title: "Gains selon les relances",
    question: "Après combien de relances concluons-nous ?",
    formula:
      "nombre d’affaires gagnées pendant la période, selon les contacts sortants depuis leur dernière entrée dans l’étape canonique close",
  },
  title: "Wins by follow-ups",
  question: "After how many follow-ups do deals close?",
  unit: "count",
  formula:
    "count of the deals won in the period, by the outbound touches since their last entry into the canonical stage close",
  better: null,
  alwaysBy: ["touches"],
  kind: "count",
  rows,
};
