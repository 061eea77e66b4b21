import type { z } from "zod";
import type { Json } from "../base/json.ts";
import type { Fact } from "../schema/facts.ts";
import type { NormaliseContext, NormaliseResult } from "./define.ts";

/** Makes a stream's normaliser of the schema of its records and of what they become. */
export type Reading<Settings> = <T>(
  schema: z.ZodType<T>,
  toFacts: (record: T, context: NormaliseContext<Settings>, raw: Json) => readonly Fact[],
) => (record: Json, context: NormaliseContext<Settings>) => NormaliseResult;

/** A record that does not fit its schema is skipped under the connector's code, with the place that does not fit and none of its values. */
export function readingOf<Settings>({ code }: { readonly code: string }): Reading<Settings> {
  return (schema, toFacts) => (record, context) => {
    const read = schema.safeParse(record);
    if (read.success) return { facts: toFacts(read.data, context, record), skipped: [] };
    const issue = read.error.issues[0];
    const reason = `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unreadable"}`;
    return { facts: [], skipped: [{ code, at: context.externalId, reason }] };
  };
}
