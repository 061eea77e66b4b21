import type { CanonicalStage } from "../schema/canonical.ts";
import type { PipelinesSection } from "../normalise/pipeline-settings.ts";
import type { Db, Tx } from "../store/db.ts";
import { readAppliedFile, readSettings } from "../store/setup/settings.ts";
import { takeTurn } from "../store/turns.ts";
import { ownedByFile } from "./entries.ts";
import type { Actor } from "./verb.ts";
import { setSection } from "./workspace.ts";

/** What a stage is to the workspace. `probability`: of a win, 0 to 1; null: what its tool says. */
export type StageMeaning = { readonly canonical: CanonicalStage; readonly probability: number | null };

/**
 * Maps stages of a pipeline, by their names; its other stages stay as they are. Numbers follow at once.
 *
 * @param pipeline its name, as the tools have it: where several have one of that name, it is meant in all of them.
 * @throws TributaryError `setup.owned_by_file`; `config.pipelines.unknown_stage`
 */
export async function mapStages(
  db: Db,
  actor: Actor,
  pipeline: string,
  stages: { readonly [name: string]: StageMeaning },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // Who maps at the same time, or applies a file, takes nothing of it back.
    await takeTurn(tx, "apply_config");
    if ((await readAppliedFile(tx))?.sections.includes("pipelines") === true)
      throw ownedByFile("The section `pipelines`");
    const all = await readPipelines(tx);
    const before = all[pipeline];
    const named: PipelinesSection[string]["stages"] = { ...before?.stages };
    for (const [name, { canonical, probability }] of Object.entries(stages))
      named[name] = probability === null ? canonical : { canonical, probability };
    const after = { ...before, stages: named };
    const fields = Object.keys(stages).map((name) => `${pipeline}.${name}`);
    await setSection(tx, actor, "pipelines", { ...all, [pipeline]: after }, { action: "update", fields });
  });
}

async function readPipelines(tx: Tx): Promise<Partial<PipelinesSection>> {
  // Written here, and by applying a config file, which has read it by its schema.
  return ((await readSettings(tx, "pipelines")) ?? {}) as Partial<PipelinesSection>;
}
