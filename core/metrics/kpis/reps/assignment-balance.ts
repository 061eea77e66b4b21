import { sql } from "kysely";
import type { AggregateMetric, Scope, Sql } from "../../engine/define.ts";
import * as by from "../../engine/dimensions.ts";
import { periodTable } from "../../engine/row-parts.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";
import { lead } from "../../subjects/lead.ts";

const balance = {
  unit: "ratio",
  better: "lower",
  numerator: "the rep's",
  denominator: "the mean of the team's active reps",
  subject: {
    ...deal,
    id: "load",
    dimensions: { rep: by.rep, team: by.team },
    rows: {},
    records: {
      kind: "rep",
      table: sql`join reps record on record.id = r.id`,
      columns: sql`record.name, null::text as url, null::timestamptz as created, null as status, '' as sub`,
    },
  },
  kind: "gini",
  isSnapshot: true,
} as const;

/** One row per active rep and period, with the `load` at its end and the mean of the rep's team. */
function loads(scope: Scope, slicedBy: ReadonlySet<string>, loadOf: Sql): Sql {
  const rows = sql`
    select p.no as period_no, rep.id, 0 as nth, p.at, false as at_is_day, rep.id as rep_id, rep.connection_id, '{}'::jsonb as attributes,
      coalesce(load.amount, 0)::numeric as load, avg(coalesce(load.amount, 0)::numeric) over (partition by p.no, membership.team_id) as mean
    from ${periodTable(scope)} p
    cross join reps rep
    left join (${by.teamTimes()}) membership on membership.rep_id = rep.id and membership.starts <= p.at and membership.ends > p.at
    left join (
      select o.period_no, coalesce(own.merged_into, own.id) as rep_id, sum(o.amount) as amount
      from (${loadOf}) o join reps own on own.id = o.rep_id group by 1, 2
    ) load on load.period_no = p.no and load.rep_id = rep.id
    where p.starts <= p.at and rep.merged_into is null and rep.deleted_at is null and rep.is_active is distinct from false`;
  return measured(rows, { amount: sql`d.load`, ...(slicedBy.has("rep") ? { per: sql`d.mean` } : {}) });
}

const WORDS = (what: string): string =>
  `by rep: ${what} ÷ the mean of the team's active reps; else how unevenly they are shared among active reps (Gini coefficient: 0 is even); at the end of the period`;

export const assignmentBalance: AggregateMetric = {
  ...balance,
  id: "assignment_balance",
  fr: {
    title: "Équilibre des affaires ouvertes",
    question: "La charge est-elle équitable ?",
    formula:
      "par commercial : affaires ouvertes ÷ la moyenne des commerciaux actifs de l’équipe ; sinon l’inégalité du partage entre commerciaux actifs (coefficient de Gini : 0 est égal) ; à la fin de la période",
  },
  title: "Balance of open deals",
  question: "Is the load fair?",
  formula: WORDS("open deals"),
  rows: (scope, slicedBy) =>
    loads(scope, slicedBy, sql`select o.period_no, o.rep_id, 1 as amount from (${deal.rows.openAtEnd(scope)}) o`),
};

export const assignmentBalanceValue: AggregateMetric = {
  ...balance,
  id: "assignment_balance_value",
  fr: {
    title: "Équilibre de la valeur ouverte",
    question: "La valeur en jeu est-elle équitablement partagée ?",
    formula:
      "par commercial : valeur des affaires ouvertes ÷ la moyenne des commerciaux actifs de l’équipe ; sinon l’inégalité du partage entre commerciaux actifs (coefficient de Gini : 0 est égal) ; à la fin de la période",
  },
  title: "Balance of open value",
  question: "Is the value in play shared fairly?",
  formula: WORDS("value of open deals"),
  rows: (scope, slicedBy) =>
    loads(
      scope,
      slicedBy,
      sql`select o.period_no, o.rep_id, o.value_minor as amount from (${deal.rows.openAtEnd(scope)}) o`,
    ),
};

export const assignmentBalanceLeads: AggregateMetric = {
  ...balance,
  id: "assignment_balance_leads",
  fr: {
    title: "Équilibre des prospects en attente",
    question: "Les prospects en attente sont-ils équitablement partagés ?",
    formula:
      "par commercial : prospects sans contact sortant ÷ la moyenne des commerciaux actifs de l’équipe ; sinon l’inégalité du partage entre commerciaux actifs (coefficient de Gini : 0 est égal) ; à la fin de la période",
  },
  title: "Balance of waiting leads",
  question: "Are waiting leads shared fairly?",
  formula: WORDS("leads without an outbound touch"),
  rows: (scope, slicedBy) =>
    loads(
      scope,
      slicedBy,
      sql`select l.period_no, l.rep_id, 1 as amount from (${lead.rows.open(scope)}) l where not l.was_reached`,
    ),
};
