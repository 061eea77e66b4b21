import { averageDealSize } from "../closing/average-deal-size.ts";
import type { ComposedMetric } from "../../engine/define.ts";
import { openDealCount } from "./open-deal-count.ts";
import { timeToCloseMean } from "../closing/time-to-close.ts";
import { winRate } from "../closing/win-rate.ts";
import { deal } from "../../subjects/deal.ts";

export const salesVelocity: ComposedMetric = {
  id: "sales_velocity",
  fr: {
    title: "Vélocité des ventes",
    question: "Combien gagnons-nous par jour ?",
    formula:
      "affaires ouvertes à la fin de la période × taux de gain × valeur moyenne ÷ délai moyen de conclusion, de la même période et du même segment ; sans l’un d’eux, pas de valeur",
  },
  title: "Sales velocity",
  question: "How much do we win per day?",
  unit: "money_per_day",
  formula:
    "open deals at the period's end × win rate × average deal size ÷ mean time to close, all of the same period and slice; without any of them no value",
  numerator: "open deals × win rate × average deal size",
  denominator: "mean time to close, in days",
  better: "higher",
  subject: deal,
  changesBy: "facts",
  // Deals that are open and deals that are closed differ in these by nature, so a slice by them has no velocity.
  notBy: ["stage", "canonical_stage", "status", "lost_reason"],
  kind: "composed",
  parts: [openDealCount, winRate, averageDealSize, timeToCloseMean],
  recordsOf: [openDealCount, winRate],
  combine: (figures) => {
    const [open, rate, size, time] = figures;
    const factors = [open?.value ?? null, rate?.value ?? null, size?.value ?? null];
    const numerator = factors.reduce(
      (product, factor) => (product === null || factor === null ? null : product * factor),
      1,
    );
    const denominator = time?.value ?? null;
    const hasValue = numerator !== null && denominator !== null && denominator > 0;
    return {
      value: hasValue ? numerator / denominator : null,
      numerator,
      denominator,
      sampleSize: rate?.sampleSize ?? 0,
      interval: null,
      exceptions: figures.reduce((sum, part) => sum + part.exceptions, 0),
    };
  },
};
