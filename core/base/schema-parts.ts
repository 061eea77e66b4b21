import { z } from "zod";

/** What zod's schemas are made of. Its own types are wider here (any schema of its core), but all of ours are made by `z`. */

/** The schema inside of what may be absent or null, or has a default; null of others. */
export function innerSchema(schema: z.ZodType): z.ZodType | null {
  const isOpen = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable;
  return isOpen ? (schema.unwrap() as z.ZodType) : null;
}

/** What is read before it is changed or checked further; null of a schema that is no pipe. */
export function pipedSchema(schema: z.ZodType): z.ZodType | null {
  return schema instanceof z.ZodPipe ? (schema.in as z.ZodType) : null;
}

export function fieldSchemas(object: z.ZodObject): { readonly [field: string]: z.ZodType } {
  return object.shape as { readonly [field: string]: z.ZodType };
}

/** The alternatives; none of a schema that has none. */
export function alternatives(schema: z.ZodType): readonly z.ZodType[] {
  return schema instanceof z.ZodUnion ? (schema.options as readonly z.ZodType[]) : [];
}

/** The schema of what stands at a key or an index; null where nothing may, or where there are alternatives. */
export function schemaInside(schema: z.ZodType, step: PropertyKey): z.ZodType | null {
  if (schema instanceof z.ZodObject) return fieldSchemas(schema)[String(step)] ?? null;
  if (schema instanceof z.ZodArray) return /^\d+$/.test(String(step)) ? (schema.element as z.ZodType) : null;
  return schema instanceof z.ZodRecord ? (schema.valueType as z.ZodType) : null;
}
