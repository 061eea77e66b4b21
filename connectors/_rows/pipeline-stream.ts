import { createHash } from "node:crypto";
import { z } from "zod";
import type { Json, JsonObject } from "../../core/base/json.ts";
import {
  defineStream,
  type NormaliseContext,
  type NormaliseResult,
  type Page,
  type PullContext,
  type Stream,
} from "../../core/connector/define.ts";
import { CANONICAL_STAGES } from "../../core/schema/canonical.ts";
import type { RowSettings } from "./mapping.ts";
import { pipelineFact } from "./pipelines.ts";

const stage = z.union([
  z.string(),
  z.object({
    name: z.string(),
    canonical: z.enum(CANONICAL_STAGES).optional(),
    probability: z.number().optional(),
  }),
]);

/** A pipeline as the settings declare it; raw too, so that it is stored, compared and replayed like everything else. */
const pipelineRecord = z.object({
  id: z.string(),
  pipeline: z.object({ stages: z.array(stage), won: z.array(z.string()), lost: z.array(z.string()) }),
});

type Declares = Pick<RowSettings, "pipelines">;

/** The pipelines that the settings declare, as records: stored, compared and replayed like those of a tool that has some. */
export function pipelineStream<Settings extends Declares, Client>(): Stream<Settings, Client> {
  return defineStream<Settings, Client>({
    title: "Pipelines",
    externalId: (record) => pipelineRecord.parse(record).id,
    sourceTime: () => null,
    pull: pullPipelines,
    deletions: "absence",
    listsOnPurpose: () => true,
    isActive: (settings) => Object.keys(settings.pipelines ?? {}).length > 0,
    normalise: normalisePipeline,
  });
}

async function* pullPipelines(context: PullContext<Declares, unknown>): AsyncGenerator<Page> {
  const records = Object.entries(context.settings.pipelines ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    // Settings come from JSON, so what they hold goes back to it.
    .map(([id, pipeline]) => ({ id, pipeline: pipeline as unknown as JsonObject }));
  const next = createHash("sha256").update(JSON.stringify(records)).digest("hex").slice(0, 16);
  if (context.checkpoint === next) return;
  const progress = { done: records.length, total: records.length };
  yield { records, checkpoint: next, progress, startsListing: true };
}

function normalisePipeline(record: Json, context: NormaliseContext<Declares>): NormaliseResult {
  const parsed = pipelineRecord.safeParse(record);
  if (parsed.success) return { facts: [pipelineFact(parsed.data.id, parsed.data.pipeline)], skipped: [] };
  const at = `pipeline ${context.externalId}`;
  return {
    facts: [],
    skipped: [{ code: "csv.row.unreadable", at, reason: "the stored pipeline has not its shape" }],
  };
}
