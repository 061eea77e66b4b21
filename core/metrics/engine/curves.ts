import { curveOf, incidenceAt, medianOfEnd, quantileOf, survivalAt, type Spell } from "../../forecast/survival.ts";
import type { Figures } from "./define.ts";

/** What was watched of a row: until when, whether what is asked for had happened by then, and whether anything had that ends the watch. */
export type Watched = readonly [until: number, hasHappened: boolean, hasEnded: boolean | null];

type End = "asked" | "other";

function spells(watched: readonly Watched[]): readonly Spell<End>[] {
  return watched.map(([to, hasHappened, hasEnded]) => ({
    from: 0,
    to,
    end: hasHappened ? "asked" : hasEnded === true ? "other" : null,
  }));
}

/** The chance that it has happened, in the end and half-way there: Aalen-Johansen, what ends it otherwise competing. */
export function incidence(watched: readonly Watched[]): {
  readonly final: number | null;
  readonly medianAge: number | null;
  readonly medianToAnyEnd: number | null;
} {
  const curve = curveOf(spells(watched));
  const last = curve.at(-1);
  return {
    final: last === undefined ? null : (last.incidence.asked ?? 0),
    medianAge: medianOfEnd(curve, "asked"),
    medianToAnyEnd: quantileOf(curve, 0.5),
  };
}

/** One step for every whole step at which something changes: by it, the chance that it has happened, and that any end has come. */
export function stepsOf(
  watched: readonly Watched[],
): readonly { readonly step: number; readonly figures: Pick<Figures, "value" | "extras" | "sampleSize"> }[] {
  const curve = curveOf(spells(watched));
  const steps = [...new Set(curve.map(({ age }) => Math.ceil(age)))];
  return steps.map((step) => ({
    step,
    figures: {
      value: incidenceAt(curve, "asked", step),
      sampleSize: watched.length,
      extras: { any_end: 1 - survivalAt(curve, step) },
    },
  }));
}
