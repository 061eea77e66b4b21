import type { PipelineFact } from "../../core/schema/facts.ts";
import type { DealStatus } from "../../core/schema/canonical.ts";
import type { PipelineSettings, RowSettings } from "./mapping.ts";

/** A stage as deals name it: its ref, and whether a deal in it is open, won or lost. */
export type StageMatch = { readonly ref: string; readonly status: DealStatus };

/** Stage refs are unique within a connection, stage names only within a pipeline. */
function stageRef(pipeline: string, stage: string): string {
  return `${pipeline}/${stage}`;
}

/** The pipeline a row is in: the one it names, or the only one there is. Null where it cannot be told. */
export function pipelineOf(settings: RowSettings, named: string | null): string | null {
  const names = Object.keys(settings.pipelines ?? {});
  if (named !== null) return names.includes(named) ? named : null;
  return names.length === 1 ? (names[0] ?? null) : null;
}

/** Finds a stage of a pipeline by its name; null when the pipeline has none of that name. */
export function findStage(settings: RowSettings, pipeline: string, name: string): StageMatch | null {
  const known = settings.pipelines?.[pipeline];
  if (known === undefined) return null;
  const ref = stageRef(pipeline, name);
  if (known.stages.some((stage) => (typeof stage === "string" ? stage : stage.name) === name))
    return { ref, status: "open" };
  if (known.won.includes(name)) return { ref, status: "won" };
  return known.lost.includes(name) ? { ref, status: "lost" } : null;
}

export function stageNames(settings: RowSettings, pipeline: string): readonly string[] {
  const known = settings.pipelines?.[pipeline];
  if (known === undefined) return [];
  return [
    ...known.stages.map((stage) => (typeof stage === "string" ? stage : stage.name)),
    ...known.won,
    ...known.lost,
  ];
}

/** The pipeline with its open stages in order, then the names of the outcomes. */
export function pipelineFact(name: string, pipeline: PipelineSettings): PipelineFact {
  const outcome = (type: DealStatus) => (stage: string) => ({
    externalId: stageRef(name, stage),
    name: stage,
    type,
    probability: type === "won" ? 1 : 0,
    canonical: null,
  });
  return {
    kind: "pipeline",
    externalId: name,
    isMention: false,
    name,
    stages: [
      ...pipeline.stages.map((stage) => {
        const {
          name: stageName,
          probability,
          canonical,
        } = typeof stage === "string" ? { name: stage, probability: undefined, canonical: undefined } : stage;
        return {
          externalId: stageRef(name, stageName),
          name: stageName,
          type: "open" as const,
          probability: probability ?? null,
          canonical: canonical ?? null,
        };
      }),
      ...pipeline.won.map(outcome("won")),
      ...pipeline.lost.map(outcome("lost")),
    ],
  };
}
