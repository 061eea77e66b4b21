import type { MetricDefinition } from "../engine/define.ts";
import type { OwnMetric } from "./section.ts";

/** What stands for all kinds. `words`: the formula where the definition gives none. */
export function described(
  spec: OwnMetric,
  words: string,
): Pick<MetricDefinition, "id" | "title" | "question" | "formula" | "better" | "isOwn"> {
  const named = spec.id.replaceAll("_", " ");
  const title = spec.title ?? named.charAt(0).toUpperCase() + named.slice(1);
  return {
    id: spec.id,
    title,
    question: spec.question ?? title,
    formula: spec.formula ?? words,
    better: spec.better ?? null,
    isOwn: true,
  };
}
