import { z } from "zod";
import { TributaryError } from "../base/errors.ts";
import { CANONICAL_STAGES } from "../schema/canonical.ts";
import type { Db, Tx } from "../store/db.ts";
import { listStages, type StageRow, setStages } from "../store/facts/stages.ts";
import { readSettings } from "../store/setup/settings.ts";

/** What the workspace itself says of its stages: config section `pipelines`, stored under that name in `settings`. */

const stageSettings = z.union([
  z.enum(CANONICAL_STAGES),
  z.strictObject({
    canonical: z.enum(CANONICAL_STAGES).optional().describe("Which of the shared stages it is"),
    probability: z.number().min(0).max(1).optional().describe("How likely a deal in it is won, 0 to 1"),
  }),
]);

/** By the pipeline's name; `stages` by the stage's name. */
export const pipelinesSection = z.record(
  z.string(),
  z.strictObject({
    connection: z
      .string()
      .optional()
      .describe("Only the pipeline of this connection; absent: of any that has the name"),
    also: z
      .array(z.string().min(1))
      .optional()
      .describe(
        "What else is this pipeline, besides those of its name: connection:id (a tool's own id), or another name",
      ),
    stages: z.record(z.string(), stageSettings).default({}),
  }),
);
export type PipelinesSection = z.infer<typeof pipelinesSection>;

export type StageOverride = { readonly canonical: string | null; readonly probability: number | null };

export type StageOverrides = {
  /** What the settings say of a stage, by the names of its pipeline and itself; null when nothing. */
  find(
    connectionId: string,
    pipeline: string,
    stage: string,
  ): (Omit<StageOverride, "canonical"> & { readonly canonical: (typeof CANONICAL_STAGES)[number] | null }) | null;
};

export const NO_OVERRIDES: StageOverrides = { find: () => null };

export async function readStageOverrides(db: Db): Promise<StageOverrides> {
  const section = await readSection(db);
  return {
    find: (connectionId, pipeline, stage) => {
      const settings = section[pipeline];
      if (settings === undefined || (settings.connection ?? connectionId) !== connectionId) return null;
      const said = settings.stages[stage];
      if (said === undefined) return null;
      if (typeof said === "string") return { canonical: said, probability: null };
      return { canonical: said.canonical ?? null, probability: said.probability ?? null };
    },
  };
}

async function readSection(db: Db): Promise<PipelinesSection> {
  return pipelinesSection.parse((await readSettings(db, "pipelines")) ?? {});
}

/**
 * Brings the stored stages to what the settings say of them. Where a setting was taken away, the source's own word comes back with the
 * next replay of the pipelines' stream.
 *
 * @throws TributaryError `config.pipelines.unknown_stage` for a stage that its pipeline does not have; a pipeline that has not been loaded
 * yet is not judged.
 */
export async function applyPipelineSettings(tx: Tx): Promise<void> {
  const [section, overrides] = [await readSection(tx), await readStageOverrides(tx)];
  const stages = await listStages(tx);
  for (const [pipeline, settings] of Object.entries(section)) {
    const isOfIt = (stage: StageRow): boolean =>
      (stage.pipeline ?? stage.pipelineExternalId) === pipeline &&
      (settings.connection ?? stage.connectionId) === stage.connectionId;
    const known = stages.filter((stage) => isOfIt(stage) && !stage.isMention && stage.deletedAt === null);
    if (known.length === 0) continue;
    for (const stage of Object.keys(settings.stages))
      if (!known.some((one) => one.name === stage))
        throw unknownStage(
          pipeline,
          stage,
          known.map((one) => one.name),
        );
  }
  const said = stages.flatMap((stage) => {
    const override = overrides.find(stage.connectionId, stage.pipeline ?? stage.pipelineExternalId, stage.name);
    return override === null ? [] : [{ id: stage.id, ...override }];
  });
  await setStages(tx, said);
}

function unknownStage(pipeline: string, stage: string, known: readonly string[]): TributaryError {
  return new TributaryError({
    code: "config.pipelines.unknown_stage",
    kind: "config",
    message: `The pipeline "${pipeline}" has no stage "${stage}". It has: ${[...new Set(known)].join(", ")}.`,
    mend: `Write one of these under pipelines → ${pipeline} → stages in the config file, or take the line away.`,
  });
}
