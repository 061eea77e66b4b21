import { z } from "zod";
import type { Json, JsonObject } from "../../core/base/json.ts";

/**
 * A posted row as it is kept raw: as it came, with its id and, where the mapping says where that stands, when it last changed. `own`: its fields
 * have the shared schema's own names, whatever the mapping says.
 */
export type PostedRecord = {
  readonly id: string;
  readonly row: JsonObject;
  readonly at?: string;
  readonly own?: true;
};

const json: z.ZodType<JsonObject> = z.record(z.string(), z.custom<Json>());
export const postedRecord = z.object({
  id: z.string().min(1),
  row: json,
  at: z.string().optional(),
  own: z.literal(true).optional(),
});

/** What is kept of a delivery until it is taken in: the rows that can be read. */
export const keptDelivery = z.object({
  table: z.string(),
  records: z.array(z.custom<JsonObject>()),
  deleted: z.array(z.string()),
});
export type KeptDelivery = {
  readonly table: string;
  readonly records: readonly PostedRecord[];
  readonly deleted: readonly string[];
};
