import { sql } from "kysely";
import type { AggregateMetric, FiguresRow } from "../../engine/define.ts";
import { measured } from "../../engine/rows.ts";
import { entriesBy, stageStay } from "../../subjects/stage-stay.ts";

export const stageLeak: AggregateMetric = {
  id: "stage_leak",
  fr: {
    title: "Pertes par étape",
    question: "Où perdons-nous le plus ?",
    formula:
      "parmi les affaires entrées dans l’étape pendant la période, la part perdue depuis cette étape (perdue quand elle y était) à la date d’observation",
  },
  title: "Leak by stage",
  question: "Where do we lose most?",
  unit: "ratio",
  formula:
    "of the deals that entered the stage in the period, the share lost from it (lost while it was the current stage) by as-of",
  numerator: "deals lost from the stage",
  denominator: "deals that entered the stage in the period",
  better: "lower",
  subject: stageStay,
  changesBy: "facts",
  joinsWholes: true,
  alwaysBy: ["stage|canonical_stage"],
  kind: "share",
  rows: (scope, slicedBy) => measured(entriesBy(scope, slicedBy), { inNumerator: sql`d.lost_here` }),
  finish: (rows, names) => {
    // Each slice has its own.
    const sliceOf = ({ groups }: FiguresRow): string =>
      JSON.stringify(groups.flatMap(({ key }, place) => (STAGES.has(names[place] ?? "") ? [] : [key])));
    const slices = new Set(rows.map(sliceOf));
    const worst = new Set([...slices].map((slice) => leakiest(rows.filter((row) => sliceOf(row) === slice))));
    return rows.map((row) => ({ ...row, extras: { is_leakiest: worst.has(row) } }));
  },
};

const STAGES = new Set(["stage", "canonical_stage"]);

/** Fewer deals than these say nothing about a stage. */
const MIN_DEALS = 10;

/** The row, of one period and slice in stage order, that loses the highest share of ten or more deals; of equals the later stage. Null: none has ten. */
function leakiest(rows: readonly FiguresRow[]): FiguresRow | null {
  let worst: FiguresRow | null = null;
  for (const row of rows) {
    if (row.value === null || row.sampleSize < MIN_DEALS) continue;
    if (row.value >= (worst?.value ?? 0)) worst = row;
  }
  return worst;
}
