import { sql } from "kysely";
import { majorUnits } from "../../../base/money.ts";
import { addDays, dayOf } from "../../../base/time.ts";
import { workingDays } from "../../../base/working-time.ts";
import type { AggregateMetric, ComposedMetric, DerivedMetric, Figures } from "../../engine/define.ts";
import { dividing } from "../../engine/dividing.ts";
import { measured } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";
import { goal, targets, whoseBy } from "../../subjects/goal.ts";

/** The goal of a KPI: of everyone, or by rep or team of each. */
export function goalOf(of: AggregateMetric): AggregateMetric {
  return {
    id: "goal",
    title: "Goal",
    question: "What do we aim at?",
    unit: of.unit,
    formula: "the goal for exactly the period, else the sum of the goals that tile it",
    numerator: null,
    denominator: null,
    better: null,
    subject: goal,
    kind: "sum",
    rows: (scope, slicedBy) => measured(targets(scope, of.id, whoseBy(slicedBy)), { amount: sql`d.target` }),
  };
}

const target = {
  question: "Are we on target?",
  unit: "ratio",
  better: "higher",
  subject: deal,
  kind: "derived",
  defaultOf: "won_value",
  // Goals are of everyone, a team or a rep.
  notBy: Object.keys(deal.dimensions).filter((name) => name !== "rep" && name !== "team"),
} as const;

export const quotaAttainment: DerivedMetric = {
  ...target,
  id: "quota_attainment",
  fr: {
    title: "Atteinte de l’objectif",
    question: "Sommes-nous dans l’objectif ?",
    formula:
      "valeur gagnée (ou un autre indicateur, avec of) ÷ son objectif : celui de la période exacte, sinon la somme des objectifs qui la recouvrent, sinon pas de valeur",
  },
  title: "Quota attainment",
  formula:
    "value won (or another KPI, with of) ÷ its goal: that for exactly the period, else the sum of the goals that tile it, else no value",
  numerator: "what was reached",
  denominator: "the goal",
  derive: (of) => towards(of, quotaAttainment, (figures) => dividing([figures[0] ?? NOTHING, goalFigures(figures[1])])),
};

export const pace: DerivedMetric = {
  ...target,
  id: "pace",
  isInWorkingTime: true,
  fr: {
    title: "Rythme",
    question: "Sommes-nous dans l’objectif ?",
    formula:
      "ce qui est atteint ÷ ce qui était attendu à ce jour : l’objectif × les jours ouvrés entiers écoulés ÷ les jours ouvrés de la période ; avec la projection à son terme",
  },
  title: "Pace",
  formula:
    "what was reached ÷ what was to be expected by now: the goal × the whole working days that are over ÷ the working days of the period; with the projection to its end",
  numerator: "what was reached",
  denominator: "what was to be expected by now",
  derive: (of) =>
    towards(of, pace, (figures, { scope, period }) => {
      const aim = goalFigures(figures[1]).value;
      const actual = figures[0]?.value ?? null;
      if (period.from === null || period.to === null) return dividing([]);
      const today = dayOf(scope.cutoff, scope.timeZone);
      const lastOver = today > period.to ? period.to : addDays(today, -1);
      const gone = workingDays(scope.working, period.from, lastOver);
      const all = workingDays(scope.working, period.from, period.to);
      const share = all === 0 || gone === 0 ? null : gone / all;
      const expected = aim === null || share === null ? null : aim * share;
      const isMoney = of.unit === "money";
      const main = (value: number | null): number | null =>
        value === null || !isMoney ? value : majorUnits(value, scope.currency);
      const reached = figures[0] ?? NOTHING;
      return {
        ...dividing([reached, { ...NOTHING, value: expected }]),
        extras: {
          goal: main(aim),
          working_days_gone: gone,
          working_days: all,
          projection: main(actual === null || share === null ? null : actual / share),
        },
      };
    }),
};

const NOTHING: Figures = {
  value: null,
  numerator: null,
  denominator: null,
  sampleSize: 0,
  interval: null,
  exceptions: 0,
};

/** A goal that nobody has set is none, not 0. */
function goalFigures(figures: Figures | undefined): Figures {
  return figures === undefined || figures.sampleSize === 0 ? NOTHING : figures;
}

function towards(of: AggregateMetric, described: DerivedMetric, combine: ComposedMetric["combine"]): ComposedMetric {
  const { kind: _, defaultOf: __, derive: ___, ...rest } = described;
  return {
    ...rest,
    kind: "composed",
    isOfMoney: of.unit === "money",
    parts: [of, goalOf(of)],
    recordsOf: [of],
    combine,
  };
}
