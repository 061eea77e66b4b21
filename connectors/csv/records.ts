import { z } from "zod";
import { CANONICAL_STAGES } from "../../core/schema/canonical.ts";
import type { Cell } from "./values.ts";

const cell = z.union([
  z.string(),
  z.strictObject({ date: z.string() }),
  z.strictObject({ time: z.string() }),
  z.strictObject({ number: z.string(), shown: z.string().exactOptional(), currency: z.string().exactOptional() }),
  z.strictObject({ percent: z.string() }),
  z.strictObject({ flag: z.boolean() }),
  z.strictObject({ error: z.string() }),
]) satisfies z.ZodType<Cell>;

/**
 * A row as it is kept raw. No line number: a row that moved down because another was inserted above it has not changed. `id` is made
 * of the key's columns; `source` names the mapping's source (see `sourceName`).
 */
export const rowRecord = z.object({
  id: z.string(),
  source: z.string(),
  columns: z.record(z.string(), cell),
});
export type RowRecord = z.infer<typeof rowRecord>;

const stage = z.union([
  z.string(),
  z.object({
    name: z.string(),
    canonical: z.enum(CANONICAL_STAGES).optional(),
    probability: z.number().optional(),
  }),
]);

/** A pipeline as the settings declare it; raw too, so that it is stored, compared and replayed like everything else. */
export const pipelineRecord = z.object({
  id: z.string(),
  pipeline: z.object({ stages: z.array(stage), won: z.array(z.string()), lost: z.array(z.string()) }),
});

/** The id of a record of any of the streams. */
export function recordId(record: unknown): string {
  return idOnly.parse(record).id;
}
const idOnly = z.object({ id: z.string() });
