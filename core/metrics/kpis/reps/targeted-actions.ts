import { sql } from "kysely";
import type { AggregateMetric } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { targetedAction } from "../../subjects/targeted-action.ts";

export const points: AggregateMetric = {
  id: "points",
  fr: {
    title: "Points",
    question: "Qui fait ce que nous demandons ?",
    formula:
      "Σ points des targeted_actions de la configuration faites pendant la période, chaque enregistrement une seule fois (pour la première action qui lui convient), à qui l’a fait",
  },
  title: "Points",
  question: "Who does what we ask for?",
  unit: "number",
  formula:
    "Σ points of the config's targeted_actions done in the period, each record once (by the first action that it fits), to who did it",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: targetedAction,
  changesBy: "facts",
  kind: "sum",
  rows: (scope) => measured(targetedAction.rows.done(scope), { amount: sql`d.points` }),
};

export const streakDays: AggregateMetric = {
  id: "streak_days",
  isInWorkingTime: true,
  fr: {
    title: "Série",
    question: "Qui tient le rythme ?",
    formula:
      "jours ouvrés consécutifs jusqu’à la fin de la période où le commercial a atteint l’objectif quotidien de l’action ; aujourd’hui n’interrompt rien avant d’être fini",
  },
  title: "Streak",
  question: "Who keeps it up?",
  unit: "days",
  formula:
    "working days in a row up to the end of the period on which the rep reached the daily target of the action; today breaks nothing before it is over",
  numerator: null,
  denominator: null,
  better: "higher",
  subject: targetedAction,
  changesBy: "facts",
  alwaysBy: ["rep", "action"],
  notBy: ["team", "connection"],
  kind: "sum",
  isSnapshot: true,
  rows: (scope) => measured(targetedAction.rows.streaks(scope), { amount: sql`d.days` }),
};
