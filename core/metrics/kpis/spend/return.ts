import { dividing } from "../../engine/dividing.ts";
import type { ComposedMetric, Figures } from "../../engine/define.ts";
import { spend } from "../../subjects/spend.ts";
import { dealsWon } from "../closing/closed-counts.ts";
import { wonValue } from "../closing/closed-values.ts";
import { newLeads } from "../leads/new-leads.ts";
import { spent } from "./spend.ts";

/** Both sides know a channel; nothing else of spend is something that leads and deals have. */
const both = { subject: spend, notBy: ["campaign", "currency", "connection"], kind: "composed" } as const;

export const costPerLead: ComposedMetric = {
  ...both,
  id: "cost_per_lead",
  fr: {
    title: "Coût par prospect",
    question: "Combien coûte un prospect ?",
    formula: "dépenses ÷ nouveaux prospects, de la même période et du même canal",
  },
  title: "Cost per lead",
  question: "What does a lead cost?",
  unit: "money",
  formula: "spend ÷ new leads, of the same period and channel",
  numerator: "spend",
  denominator: "new leads",
  better: "lower",
  parts: [spent, newLeads],
  recordsOf: [spent, newLeads],
  combine: whereSpent,
};

export const costPerWin: ComposedMetric = {
  ...both,
  id: "cost_per_win",
  fr: {
    title: "Coût par gain",
    question: "Combien coûte un client ?",
    formula:
      "dépenses ÷ affaires gagnées, de la même période et du même canal ; le canal d’une affaire est celui de son premier prospect",
  },
  title: "Cost per win",
  question: "What does a customer cost?",
  unit: "money",
  formula: "spend ÷ deals won, of the same period and channel; a deal's channel is that of its first lead",
  numerator: "spend",
  denominator: "deals won",
  better: "lower",
  parts: [spent, dealsWon],
  recordsOf: [spent, dealsWon],
  combine: whereSpent,
};

export const returnOnSpend: ComposedMetric = {
  ...both,
  id: "return_on_spend",
  fr: {
    title: "Retour sur dépenses",
    question: "Que rapporte la publicité ?",
    formula:
      "valeur gagnée ÷ dépenses, de la même période et du même canal ; le canal d’une affaire est celui de son premier prospect",
  },
  title: "Return on spend",
  question: "What does advertising bring?",
  unit: "number",
  formula: "value won ÷ spend, of the same period and channel; a deal's channel is that of its first lead",
  numerator: "value won",
  denominator: "spend",
  isOfMoney: true,
  better: "higher",
  parts: [wonValue, spent],
  recordsOf: [wonValue, spent],
  combine: dividing,
};

/** What nothing is known to have been spent on has no cost, not one of 0. */
function whereSpent([spend, divisor]: readonly Figures[]): Figures {
  const isSpent = spend !== undefined && spend.sampleSize > 0;
  return dividing([isSpent ? spend : { ...NOTHING, exceptions: spend?.exceptions ?? 0 }, divisor ?? NOTHING]);
}

const NOTHING: Figures = {
  value: null,
  numerator: null,
  denominator: null,
  sampleSize: 0,
  interval: null,
  exceptions: 0,
};
