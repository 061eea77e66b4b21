import { sql } from "kysely";
import type { AggregateMetric, ComposedMetric } from "../../engine/define.ts";
import { measured, noRate } from "../../engine/rows.ts";
import { deal } from "../../subjects/deal.ts";
import { openDeal } from "../../subjects/open-deal.ts";
import { wonValue } from "../closing/closed-values.ts";
import { goalOf } from "./quota.ts";

const expectedToClose: AggregateMetric = {
  id: "expected_to_close_value",
  title: "Expected to close",
  question: "What could still close in the period?",
  unit: "money",
  formula: "Σ value of open deals that are expected to close in the period",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: openDeal,
  kind: "sum",
  isSnapshot: true,
  rows: (scope) =>
    measured(openDeal.rows.expected(scope), {
      counted: sql`d.is_expected`,
      amount: sql`case when d.is_expected then d.value_minor end`,
      exception: noRate(sql`d.is_expected`),
    }),
};

export const pipelineCoverage: ComposedMetric = {
  id: "pipeline_coverage",
  fr: {
    title: "Couverture du pipeline",
    question: "Y en a-t-il assez ?",
    formula:
      "valeur ouverte dont la clôture est prévue dans la période ÷ (objectif − gagné à ce jour) ; pas de valeur si l’objectif est atteint ou absent",
  },
  title: "Pipeline coverage",
  question: "Is there enough?",
  unit: "number",
  formula:
    "open value expected to close in the period ÷ (goal − won so far); no value where the goal is met or there is none",
  numerator: "open value expected to close in the period",
  denominator: "goal − won so far",
  isOfMoney: true,
  better: "higher",
  subject: deal,
  notBy: Object.keys(deal.dimensions).filter((name) => name !== "rep" && name !== "team"),
  kind: "composed",
  parts: [expectedToClose, goalOf(wonValue), wonValue],
  recordsOf: [expectedToClose],
  combine: ([open, goal, won]) => {
    const aim = goal === undefined || goal.sampleSize === 0 ? null : goal.value;
    const missing = aim === null ? null : aim - (won?.value ?? 0);
    const isMet = missing !== null && missing <= 0;
    const numerator = open?.value ?? null;
    return {
      value: numerator === null || missing === null || isMet ? null : numerator / missing,
      numerator,
      denominator: missing,
      sampleSize: open?.sampleSize ?? 0,
      interval: null,
      exceptions: (open?.exceptions ?? 0) + (won?.exceptions ?? 0),
    };
  },
};
